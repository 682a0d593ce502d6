/*
 * clnrm-pull: images for tests, from registries.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/ticker.h"
#include "core/dock.h"
#include "core/finding.h"
#include "core/registry.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/jobs.h"
#include "sys/stop.h"

#define S INT64_C(1000000000)

enum { AT_ONCE = 4, BAR = 20 };

static const char *backend = "sandbox", *image, *jobs_text, *store;
static int64_t max_size, stall_ns;
static long max_files;
static int loose, quiet, update;

static const struct cli_opt opts[] = {
    {0, "backend", "NAME",
	"for whom: sandbox, docker, podman or auto: an engine (sandbox)",
	CLI_TEXT, &backend},
    {0, "image", "NAME", "with an engine: of steps that name no service",
	CLI_TEXT, &image},
    {'j', "jobs", "N", "images that are fetched at once (4)", CLI_TEXT,
	&jobs_text},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "max-files", "N", "files and directories an image may have", CLI_INT,
	&max_files},
    {0, "max-size", "SIZE", "bytes an image may have, unpacked", CLI_SIZE,
	&max_size},
    {'q', "quiet", NULL, "tell of failures only", CLI_FLAG, &quiet},
    {0, "stall", "TIME",
	"how long it may be silent (a registry 30s, an engine 5m)", CLI_TIME,
	&stall_ns},
    {0, "store", "DIR", "where images are kept", CLI_TEXT, &store},
    {0, "update", NULL, "ask for images that are there, too", CLI_FLAG,
	&update},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-pull",
    .does = "fetch the images of tests from registries",
    .operands = "[NAME ... | -]",
    .examples = "  clnrm-render tests | clnrm-lint - | clnrm-pull -\n"
		"  clnrm-pull redis:7 ghcr.io/team/tool:1.2\n",
    .opts = opts,
};

static struct image_set set;
static struct registry *registry;
static struct daemon engine, twin[JOBS_MAX]; /* of a worker each */
static bool has_engine;
static int status;

/* ---- what is told */

static struct out err_out = {.fd = 2, .pending = BUF_INIT};

static struct {
	pthread_mutex_t lock;
	struct ticker ticker;
	size_t images, done;
} bar = {.lock = PTHREAD_MUTEX_INITIALIZER, .ticker = {.to = &err_out}};

static void
print_size(struct buf *b, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1023.95 && u + 1 < COUNT(units)) {
		n /= 1024;
		u++;
	}
	buf_addf(b, "%.*f %s", u && n < 100 ? 1 : 0, n, units[u]);
}

static void
draw(void)
{
	struct registry_progress *p = registry_progress(registry);
	int64_t wanted = p->wanted, here = p->here;
	int full =
	    wanted > 0 && here <= wanted ? (int)(here * BAR / wanted) : 0;
	AUTO_BUF b = BUF_INIT;

	buf_addc(&b, '[');
	for (int i = 0; i < BAR; i++)
		buf_addc(&b, i < full ? '#' : ' ');
	buf_adds(&b, "] ");
	print_size(&b, here);
	buf_adds(&b, " of ");
	print_size(&b, wanted);
	buf_addf(&b, ", %zu of %zu images", bar.done, bar.images);
	ticker_draw(&bar.ticker, b.s, b.len);
	out_flush(&err_out);
}

static void
on_tick(void *arg)
{
	(void)arg;
	if (!bar.ticker.columns || pthread_mutex_trylock(&bar.lock))
		return;
	if (ticker_is_due(&bar.ticker))
		draw();
	pthread_mutex_unlock(&bar.lock);
}

/* Under the lock, before a line is printed. */
static void
wipe(void)
{
	ticker_wipe(&bar.ticker);
	out_flush(&err_out);
}

static void
say_failure(const char *name, const struct err *e)
{
	warn("%s: %s%s%s", name, e->text, *e->hint ? "\nhint: " : "", e->hint);
}

/* ---- images */

struct wanted {
	char *name;
	struct image_done done;
	int64_t came;
	bool was_there;
	int got;
	struct err e;
};

static struct wanted *list;
static size_t wanted, cap;
static struct map seen;

static void
want(const char *name)
{
	if (map_get(&seen, name, strlen(name)))
		return;
	list = mem_more(list, wanted, &cap, sizeof *list);
	list[wanted] =
	    (struct wanted){.name = mem_str(name), .done = IMAGE_DONE_INIT};
	map_set(&seen, name, strlen(name), list);
	wanted++;
}

/* The engine does it, for itself. */
static void
order(struct wanted *w, size_t worker)
{
	struct daemon *d = &twin[worker];
	AUTO_BUF full = BUF_INIT;

	if (image_name_full(w->name, &full, &w->e) < 0) {
		w->got = -2;
		return;
	}
	if (!d->transfer)
		daemon_twin(&engine, d);
	w->got = registry_order(registry, d, w->name, update, &w->done, &w->e);
	w->was_there = !update && !w->done.is_new;
}

static void *
fetch(void *arg, size_t worker, size_t i)
{
	struct wanted *w = &list[i];

	(void)arg;
	if (has_engine)
		order(w, worker);
	else if (!w->was_there && w->got == 0)
		w->got =
		    registry_pull(registry, w->name, &w->done, &w->came, &w->e);
	return w;
}

static void
print_source(struct buf *b, const struct wanted *w)
{
	if (has_engine) {
		buf_addf(b, ", fetched by %s\n", daemon_name(&engine));
		return;
	}
	buf_addf(b, ", %" PRId64 " files, ", w->done.entries);
	print_size(b, w->came);
	buf_adds(b, " fetched\n");
}

static void
say_done(const struct wanted *w)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s %.12s ", w->name, w->done.key);
	if (w->done.is_new) {
		print_size(&b, w->done.bytes);
		print_source(&b, w);
	} else {
		buf_adds(&b, w->was_there ? "was there\n" : "is the newest\n");
	}
	out_add(&out_std, b.s, b.len);
	out_flush(&out_std);
}

static void
tell(void *arg, size_t i, void *result)
{
	struct wanted *w = result;

	(void)arg;
	(void)i;
	pthread_mutex_lock(&bar.lock);
	wipe();
	bar.done++;
	if (w->got < 0) {
		say_failure(w->name, &w->e);
		status =
		    exit_worse(status, w->got == -2 ? EXIT_INPUT : EXIT_RUN);
	} else if (!quiet) {
		say_done(w);
	}
	for (char *s = w->done.notes.s; w->got == 0 && *s;
	     s += strcspn(s, "\n") + 1)
		warn("%s: %.*s", w->name, (int)strcspn(s, "\n"), s);
	buf_free(&w->done.notes);
	pthread_mutex_unlock(&bar.lock);
}

/* What is mapped elsewhere is not wanted; what is there is no work. */
static void
look(void)
{
	size_t left = 0;

	for (size_t i = 0; i < wanted; i++) {
		struct wanted *w = &list[i];
		enum image_state state = IMAGE_MISSING;

		if (image_state(&set, w->name, &state, w->done.key, &w->e) < 0)
			w->got = -2;
		w->was_there = state == IMAGE_STORED && !update;
		if (w->got == 0 && state == IMAGE_MAPPED)
			free(w->name);
		else
			list[left++] = *w;
	}
	wanted = left;
}

static void
pull_all(void)
{
	const struct registry_how how = {.stall_ns = stall_ns	? stall_ns
						   : has_engine ? 300 * S
								: 30 * S,
	    .tick = on_tick};
	struct jobs jobs = {.is_long = true, .work = fetch, .hand_on = tell};
	size_t threads = AT_ONCE;
	struct err e = {0};

	if (jobs_text && jobs_count(jobs_text, &threads, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	registry = registry_new(&set, &how, &e);
	if (!registry)
		die(EXIT_INPUT, "%s%s%s", e.text, *e.hint ? "\nhint: " : "",
		    e.hint);
	if (!has_engine)
		look();
	bar.ticker.columns = quiet ? 0 : ticker_columns(2);
	bar.images = jobs.n = wanted;
	jobs_run(&jobs, threads);
	wipe();
	registry_del(registry);
}

/* ---- the stream */

static struct stage st;

static void
say_finding(const struct value *record)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct finding f = finding_of(&a, record);

	if (!f.severity || strcmp(f.severity, "error"))
		return;
	finding_print_line(&b, &f);
	warn("%.*s", (int)strcspn(b.s, "\n"), b.s);
}

static void
take_plan(const struct value *plan)
{
	const struct value *services = value_get(plan, "services");

	for (size_t i = 0; i < value_count(services); i++) {
		const char *name = value_str_or(
		    value_get(services->list.item[i], "image"), NULL);

		if (name)
			want(name);
	}
}

/* A test that does not lint is wrong input to us. */
static void
take_end(int64_t of_stage)
{
	stage_status(&st, of_stage == EXIT_NO ? EXIT_INPUT : (int)of_stage);
}

static void
take(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v;

	if (r->type != RECORD_PLAN && r->type != RECORD_DIAGNOSTIC &&
	    r->type != RECORD_END)
		return;
	v = record_value(r, &a);
	if (r->type == RECORD_PLAN)
		take_plan(v);
	else if (r->type == RECORD_DIAGNOSTIC)
		say_finding(v);
	else
		take_end(value_int_or(value_get(v, "status"), EXIT_RUN));
}

/* What this stage itself has to say is among its records. */
static void
say_own(struct out *held)
{
	char *line = held->pending.s + held->done, *lf;

	for (; (lf = strchr(line, '\n')); line = lf + 1) {
		AUTO_ARENA a = {0};
		struct err e;

		say_finding(json_parse(&a, line, (size_t)(lf - line), &e));
	}
}

static void
read_stream(char **operand)
{
	struct out held = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct err e = {0};
	struct record r;

	stage_filter(&st, "pull", &held, stage_input(&tool, operand), loose);
	do {
		while (stage_pull(&st, &r))
			take(&r);
	} while (!st.in.is_eof && ndjson_fill(&st.in, &e) >= 0);
	stage_check_cut(&st);
	if (has_engine && image)
		want(image);
	say_own(&held);
	status = stage_end(&st);
	out_free(&held);
}

static void
find_store(void)
{
	struct err e = {0};

	if (image_set_open(&set, store, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	if (max_size)
		set.max_bytes = max_size;
	if (max_files)
		set.max_entries = max_files;
}

static void
find_engine(void)
{
	struct err e = {0};

	if (daemon_find(&engine, backend, &e) < 0)
		die(EXIT_RUN, "%s%s%s", e.text, *e.hint ? "\nhint: " : "",
		    e.hint);
}

static void
leave_engine(void)
{
	for (size_t i = 0; i < COUNT(twin); i++)
		if (twin[i].transfer)
			daemon_free(&twin[i]);
	daemon_free(&engine);
}

int
main(int argc, char *argv[])
{
	char **name = setting_start(&tool, argc, argv);
	struct err e = {0};

	if (dock_check(backend, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	has_engine = strcmp(backend, "sandbox") != 0;
	stop_catch(true);
	if (!*name || !strcmp(*name, "-"))
		read_stream(name);
	for (; *name && strcmp(*name, "-"); name++)
		want(*name);
	if (has_engine)
		find_engine();
	else
		find_store();
	pull_all();
	leave_engine();
	image_set_free(&set);
	if (stop_signal())
		status = 128 + stop_signal();
	return cli_finish(status);
}
