/*
 * Say which files changed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/out.h"
#include "core/change.h"
#include "core/ignore.h"
#include "core/project.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/loop.h"
#include "sys/stop.h"
#include "sys/watch.h"

static const char IGNORE_FILE[] = ".clnrmignore";
enum { AHEAD = 64 << 10 }; /* bytes that may wait for a slow reader */

static const char *debounce = "auto", *given_root;
static int64_t cap_ns = 1000000000;
static struct cli_list ignored;

static const struct cli_opt opts[] = {
    {0, "debounce", "TIME", "silence that ends a batch, or auto", CLI_TEXT,
	&debounce},
    {0, "debounce-max", "TIME", "a batch waits no longer (1s)", CLI_TIME,
	&cap_ns},
    {0, "ignore", "PATTERN", "ignore such paths, as in .gitignore", CLI_LIST,
	&ignored},
    {0, "root", "DIR", "the project's root", CLI_TEXT, &given_root},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-watch",
    .does = "say which files changed",
    .operands = "[PATH ...]",
    .examples = "  clnrm-watch tests | clnrm-render - | clnrm-lint -\n"
		"  clnrm-watch --ignore target/ | jq -r '.source // empty'\n",
    .opts = opts,
};

static struct stage stage;
static struct watch *watch;
static struct change_table table;
static struct ignore ignore;
static struct loop loop;

/* The batch that is being written. */
static struct {
	int64_t gen, size, debounce_ms;
	bool is_partial, is_ready, has_patterns;
} now;

static struct buf root_dir = BUF_INIT;
static char **operand; /* lives as long as the process */
static bool reader_is_gone;

static int64_t
quiet_ns(void)
{
	int64_t ns = -1;
	struct cli_opt time = *cli_find(opts, "debounce");
	struct err e = {0};

	if (!strcmp(debounce, "auto"))
		return -1;
	time.kind = CLI_TIME;
	time.to = &ns;
	if (cli_set(&time, debounce, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	return ns;
}

static void
tell(void *arg, const char *path, const struct err *e)
{
	(void)arg;
	stage_diagnose(
	    &stage, path && *path ? path : NULL, "warning", "W401", e);
}

static bool
skips(void *arg, const char *path, bool is_dir)
{
	return ignore_skips(arg, path, is_dir);
}

/* Patterns are separated by blanks, as in clnrm.conf. */
static void
add_patterns(const char *text)
{
	char *copy = mem_str(text), *rest = copy, *word;

	while ((word = strsep(&rest, " \t")))
		ignore_add(&ignore, word);
	free(copy);
}

static void
read_patterns(void)
{
	AUTO_BUF path = BUF_INIT;
	struct err e = {0};

	ignore_reset(&ignore);
	ignore_defaults(&ignore);
	buf_addf(&path, "%s/%s", root_dir.s, IGNORE_FILE);
	if (ignore_read(&ignore, path.s, &e) < 0)
		stage_diagnose(&stage, path.s, "warning", "W402", &e);
	for (size_t i = 0; i < ignored.n; i++)
		add_patterns(ignored.item[i]);
}

/* Where below the project's root an operand lies: for bound patterns. */
static void
place(const char *path)
{
	char *real = realpath(path, NULL);
	bool is_cwd = !strcmp(path, ".") || !strcmp(path, "./");
	AUTO_BUF name = BUF_INIT;
	const char *at = "";

	if (real && watch_is_below(real, root_dir.s))
		at = real + root_dir.len;
	at += strspn(at, "/");
	buf_adds(&name, is_cwd ? "" : path);
	while (name.len > 1 && name.s[name.len - 1] == '/')
		buf_cut(&name, name.len - 1);
	ignore_place(&ignore, name.s, at);
	free(real);
}

static void
put_change(const struct change *c)
{
	AUTO_JSON j = stage_record(&stage, "change");

	json_str(&j, "source", c->source);
	json_str(&j, "event", change_event_name(c->event));
	json_str(&j, "from", c->from);
	json_int(&j, "gen", now.gen);
	json_str(&j, "sha256", c->sha256);
	json_str(&j, "sha256_before", c->sha256_before);
	if (c->size < 0)
		json_null(&j, "size");
	else
		json_int(&j, "size", c->size);
	json_bool(&j, "partial", now.is_partial);
	json_int(&j, "debounce_ms", now.debounce_ms);
	json_nano(&j, "event_unix_nano", (uint64_t)c->wall_ns);
	json_nano(&j, "emit_unix_nano", (uint64_t)clock_wall_ns());
	stage_put(&stage, &j);
}

static void
put_batch(void)
{
	AUTO_JSON j = stage_record(&stage, "batch");

	json_int(&j, "gen", now.gen);
	json_int(&j, "size", now.size);
	stage_put(&stage, &j);
	now.gen++;
}

static void
put_ready(void)
{
	AUTO_JSON j = stage_record(&stage, "ready");

	json_int(&j, "files", (int64_t)change_files(&table));
	json_int(&j, "directories", (int64_t)watch_dirs(watch));
	json_int(&j, "duration_ns", clock_mono_ns() - stage.start_ns);
	stage_put(&stage, &j);
	now.is_ready = true;
}

static int
close_batch(struct err *e)
{
	if (now.size || !now.is_ready)
		put_batch();
	now.size = 0;
	if (!now.is_ready)
		put_ready();
	if (!now.has_patterns)
		return 0;
	now.has_patterns = false;
	read_patterns();
	return watch_start(watch, e);
}

/* Take the next batch when it is time; the first one is. */
static bool
open_batch(bool at_once)
{
	struct watch_batch b = {0};

	if (!watch_take(watch, at_once || !now.is_ready, &b) && now.is_ready)
		return false;
	now.is_partial = b.is_partial;
	now.debounce_ms = now.is_ready ? b.quiet_ns / 1000000 : 0;
	change_open(&table, &b);
	return true;
}

static void
step(void)
{
	struct change c;
	const char *slash;

	if (!change_step(&table, &c))
		return;
	now.size++;
	put_change(&c);
	slash = strrchr(c.source, '/');
	if (now.is_ready && !strcmp(slash ? slash + 1 : c.source, IGNORE_FILE))
		now.has_patterns = true;
}

/*
 * Write what is due, as far as the reader keeps up. Notices are read in
 * between: the kernel's queue is short.
 *
 * out: 1 there is more to do at once, 0 wait
 */
static int
work(struct err *e)
{
	bool is_open = change_is_open(&table);
	int64_t until = clock_mono_ns() + 5000000;

	if (!is_open && !open_batch(false))
		return 0;
	while (change_is_open(&table)) {
		if (out_pending(&out_std) >= AHEAD)
			return 0;
		if (clock_mono_ns() >= until)
			return 1;
		step();
	}
	return close_batch(e);
}

static void
on_notice(void *arg, int events)
{
	(void)arg;
	(void)events;
}

static void
on_stdout(void *arg, int events)
{
	(void)arg;
	if (events & POLLOUT)
		out_trickle(&out_std);
	if (events & (POLLERR | POLLHUP | POLLNVAL))
		reader_is_gone = true;
}

/* How long nothing is to be done; a reader that is slow says when it can. */
static int64_t
wait_ns(int more)
{
	int64_t at = watch_wake_ns(watch), left;
	int64_t due = watch_due_ns(watch);

	if (more)
		return 0;
	if (!change_is_open(&table) && due < at)
		at = due;
	if (at == INT64_MAX)
		return -1;
	left = at - clock_mono_ns();
	return left > 0 ? left : 0;
}

static int
follow(struct err *e)
{
	int more = 1;

	while (!stop_signal() && !reader_is_gone && !out_std.lost) {
		loop_set(&loop, 1, out_pending(&out_std) ? POLLOUT : 0);
		if (loop_once(&loop, wait_ns(more)) < 0)
			return err_set(e, "cannot wait:");
		if (watch_read(watch, e) < 0)
			return -1;
		more = work(e);
		if (more < 0)
			return -1;
	}
	return 0;
}

/* What was saved before the order to stop is told. */
static int
finish(struct err *e)
{
	if (!now.is_ready || reader_is_gone)
		return 0;
	if (watch_read(watch, e) < 0)
		return -1;
	do {
		while (change_is_open(&table))
			step();
		if (close_batch(e) < 0)
			return -1;
	} while (open_batch(true));
	return 0;
}

/* Without operands it is the whole project, named as render names it. */
static int
find_root(struct err *e)
{
	static char *project[2];
	char *here;

	if (project_root(*operand ? *operand : ".", given_root, &root_dir, e)) {
		if (!*operand || given_root)
			return -1;
		/* No project's, but named: its own patterns then. */
		here = realpath(".", NULL);
		buf_reset(&root_dir);
		buf_adds(&root_dir, here ? here : ".");
		free(here);
	}
	if (*operand)
		return 0;
	here = realpath(".", NULL);
	project[0] =
	    here && !strcmp(here, root_dir.s) ? (char *)"." : root_dir.s;
	free(here);
	operand = project;
	return 0;
}

static int
add_operands(struct err *e)
{
	for (char **path = operand; *path; path++) {
		if (watch_add(watch, *path, e) < 0)
			return -1;
		place(*path);
	}
	return 0;
}

static void
fail(int status, const char *code, const struct err *e)
{
	stage_diagnose(&stage, NULL, "error", code, e);
	stage_status(&stage, status);
}

static void
run(void)
{
	struct err e = {0};

	if (find_root(&e) < 0 || add_operands(&e) < 0) {
		fail(EXIT_INPUT, "E101", &e);
		return;
	}
	read_patterns();
	loop_add(&loop, stop_fd(), POLLIN, on_notice, NULL);
	loop_add(&loop, out_std.fd, 0, on_stdout, NULL);
	if (watch_start(watch, &e) < 0) {
		fail(EXIT_RUN, "E406", &e);
		return;
	}
	loop_add(&loop, watch_fd(watch), POLLIN, on_notice, NULL);
	if (follow(&e) < 0 || finish(&e) < 0)
		fail(EXIT_RUN, "E406", &e);
	if (stop_signal())
		stage_status(&stage, 128 + stop_signal());
}

int
main(int argc, char *argv[])
{
	struct watch_opts how;

	operand = setting_start(&tool, argc, argv);
	how = (struct watch_opts){.quiet_ns = quiet_ns(),
	    .cap_ns = cap_ns,
	    .skips = skips,
	    .tell = tell,
	    .arg = &ignore};

	stop_catch(true);
	out_std.is_held = true;
	stage_source(&stage, "watch", &out_std, argv);
	watch = watch_new(&how);
	change_init(&table, watch, out_std.fd);
	run();
	stage_end(&stage);
	change_free(&table);
	watch_free(watch);
	ignore_free(&ignore);
	loop_free(&loop);
	buf_free(&root_dir);
	return cli_finish(stage.status);
}
