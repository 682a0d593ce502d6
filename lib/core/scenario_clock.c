#include "core/scenario_int.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "core/program.h"
#include "data/instant.h"
#include "sys/preload.h"

static int64_t
seconds(int64_t ns)
{
	return ns / 1000000000 - (ns % 1000000000 < 0);
}

/* Where nobody looks for files, and removes none: /dev is the cleanroom's own;
 * at level process, beside TMPDIR. */
const char *
scenario_clock_place(struct scenario *s, const struct sandbox_event *ready)
{
	const char *tmp = ready->tmpdir, *slash = strrchr(tmp, '/');

	/* The one place outside the test's own that no policy closes. */
	return s->level != SANDBOX_PROCESS
		 ? "/dev/shm/clnrm-freeze.so"
		 : arena_fmt(&s->arena, "%.*s/clnrm-freeze.so",
		       slash ? (int)(slash - tmp) : 0, tmp);
}

static int
freeze(struct scenario *s, const char *text, struct err *e)
{
	struct world *w = &s->world;
	int64_t ns;

	if (instant_parse(text, &ns, e) < 0)
		return -1;
	w->freeze_clock = text;
	w->clock_ns = arena_fmt(&s->arena, "%lld", (long long)ns);
	w->clock_s = arena_fmt(&s->arena, "%lld", (long long)seconds(ns));
	w->preload = scenario_clock_place(s, &s->ready);
	return 0;
}

int
scenario_set_clock(struct scenario *s, struct err *e)
{
	const struct value *d = value_get(s->test->plan, "determinism");
	const struct value *seed = value_get(d, "seed");
	const char *clock = value_str_or(value_get(d, "freeze_clock"), NULL);
	int64_t n = value_int_or(seed, -1);

	if (n >= 0) {
		s->world.seed = arena_fmt(&s->arena, "%lld", (long long)n);
		s->world.seed_32 = arena_fmt(
		    &s->arena, "%u", (unsigned)((uint64_t)n & UINT32_MAX));
	}
	if (!clock || !freeze(s, clock, e))
		return 0;
	err_set(e,
	    "determinism.freeze_clock is '%.80s', which is no time "
	    "between 1678 and 2262",
	    clock);
	return err_hint(e, "such as 2025-01-01T00:00:00Z");
}

int
scenario_place_clock(struct scenario *s, struct err *e)
{
	AUTO_FD own = preload_open(e);
	bool is_ours = s->placed <= s->rooms;
	const char *to = is_ours
			   ? s->world.preload
			   : scenario_clock_place(s, scenario_reuse_ready(s));
	char *argv[] = {(char *)"/proc/self/fd/0", (char *)to, NULL};
	char *env[] = {NULL};
	struct sandbox_step step = {.id = SCENARIO_PLACING_ID,
	    .room = (unsigned)(is_ours ? s->placed : s->placed - s->rooms - 1),
	    .argv = argv,
	    .env = env,
	    .in = own,
	    .out = -1,
	    .err = -1};

	return own < 0
		 ? -1
		 : sandbox_run(is_ours ? s->sandbox : scenario_reuse_sandbox(s),
		       &step, e);
}

bool
scenario_clock_is_placed(const struct scenario *s)
{
	bool also = s->reuse && !scenario_was_left(s);

	return s->placed > s->rooms + (also ? s->lodgers + 1 : 0);
}

int
scenario_clock_placed(
    const struct scenario *s, const struct sandbox_event *ev, struct err *e)
{
	int error = ev->error		  ? ev->error
		  : WIFEXITED(ev->status) ? WEXITSTATUS(ev->status)
					  : ECANCELED;

	if (!error)
		return 0;
	errno = error;
	return err_set(e, "determinism.freeze_clock: %s:", s->world.preload);
}

static const char *
variable(char *const env[], const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return "";
}

/* Where the step ran: in its workdir from the project's root on. */
static const char *
directory(const struct step *st)
{
	struct scenario *s = st->scenario;
	const char *below = value_str_or(value_get(st->spec, "workdir"), "");

	return *below == '/' ? below
	     : *below	     ? arena_fmt(&s->arena, "%s/%s", s->project, below)
			     : s->project;
}

void
scenario_doubt_clock(struct step *st, char *const argv[], char *const env[])
{
	struct scenario *s = st->scenario;
	struct program p = {
	    .path = variable(env, "PATH"), .dir = directory(st)};

	if (s->world.preload)
		program_escapes(&p, argv, &s->unfrozen);
}

void
scenario_add_clock_notes(const struct scenario *s, struct buf *notes)
{
	const char *line = s->unfrozen.s;

	for (size_t n; *line; line += n + 1) {
		n = strcspn(line, "\n");
		buf_addf(notes, "%sclock: partial: %.*s",
		    notes->len ? "\n" : "", (int)n, line);
	}
}
