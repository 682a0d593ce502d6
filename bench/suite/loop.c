/*
 * From the save of a file to what someone sees: the watch, the warm pipe, the
 * whole loop.
 */
#include "data/hash.h"
#include "place.h"

static struct place_program program;
static long saves, services, scenarios;

static void
stop(void)
{
	place_stop(&program);
}

static void
start(const char *line)
{
	const char *argv[] = {"sh", "-c", line, NULL};

	program = place_start(argv);
	kit_other = program.pid;
	atexit(stop);
}

/* Long enough that the next save is one after a calm. */
static void
wait_for_calm(void)
{
	usleep(60000);
}

/* As long as any silence that the watch may wait for. */
static void
wait_for_quiet(void)
{
	usleep(1100000);
}

/* ---- the watch */

static void
make_files(int64_t n)
{
	place_make();
	for (int64_t i = 0; i < n; i++) {
		char path[64];

		snprintf(path, sizeof path, "t/%lld/f%lld", (long long)i / 20,
		    (long long)i);
		place_put(path, "%lld\n", (long long)i);
	}
	place_put("t/saved", "0\n");
}

static void
start_watch(int64_t files)
{
	make_files(files);
	start("exec clnrm-watch t");
	if (!place_await(&program, "\"type\":\"ready\"", 1))
		die(EXIT_RUN, "the watch is not ready");
}

/* What the watch itself takes, without the silence that it waits for. */
static void
start_eager_watch(int64_t files)
{
	make_files(files);
	start("exec clnrm-watch --debounce 0s t");
	if (!place_await(&program, "\"type\":\"ready\"", 1))
		die(EXIT_RUN, "the watch is not ready");
}

static uint64_t
save_to_record(void)
{
	char text[32], sha[HASH_HEX];
	int n = snprintf(text, sizeof text, "save %ld\n", ++saves);

	hash_hex(text, (size_t)n, sha);
	place_put("t/saved", "%s", text);
	return place_await(&program, sha, 1);
}

static uint64_t
watch_to_ready(void)
{
	const char *argv[] = {"clnrm-watch", "t", NULL};
	struct place_program p = place_start(argv);
	bool is_ready = place_await(&p, "\"type\":\"ready\"", 1);

	place_stop(&p);
	return is_ready;
}

/* ---- the pipe up to the plan: nothing is run */

static void
save_test(const char *path)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b,
	    "[meta]\nname = \"%.*s\"\nversion = \"1.0.{{ %ld - 0 }}\"\n",
	    (int)strcspn(path + 2, "."), path + 2, saves);
	for (long i = 0; i < services; i++)
		buf_addf(&b,
		    "[services.s%ld]\nplugin = \"generic_container\"\n"
		    "image = \"alpine:3.%ld\"\n",
		    i, i);
	for (long i = 0; i < scenarios; i++)
		buf_addf(
		    &b, "[[scenario]]\nname = \"c%ld\"\nrun = \"true\"\n", i);
	place_put(path, "%s", b.s);
}

static long at_once = 1;

static void
save_all(void)
{
	saves++;
	for (long i = 0; i < at_once; i++) {
		char path[64];

		snprintf(path, sizeof path, "t/t%ld.clnrm.toml.tera", i);
		save_test(path);
	}
}

static uint64_t
save_to_plan(void)
{
	char version[32];

	save_all();
	snprintf(version, sizeof version, "\"version\":\"1.0.%ld\"", saves);
	return place_await(&program, version, at_once);
}

/* size: a hundred for each service, one for each scenario */
static void
start_pipe(int64_t size)
{
	place_make();
	services = (long)(size / 100);
	scenarios = (long)(size % 100);
	save_all();
	start("clnrm-watch t | clnrm-render - | clnrm-lint -");
	if (!place_await(&program, "\"type\":\"plan\"", at_once))
		die(EXIT_RUN, "no plan came");
	wait_for_quiet();
}

static void
start_pipe_of_ten(int64_t files)
{
	at_once = (long)files;
	start_pipe(101);
}

/* ---- the loop up to the verdict: a scenario is run */

static void
start_loop(int64_t unused)
{
	(void)unused;
	place_make();
	place_put("t/a.clnrm.toml",
	    "[meta]\nname = \"a\"\nversion = \"1\"\n"
	    "[[scenario]]\nname = \"s\"\nrun = \"true\"\n");
	start("exec clnrm dev --allow-degraded --format text t");
	if (!place_await(&program, "1 passed", 1))
		die(EXIT_RUN, "the first run did not pass");
	wait_for_quiet();
}

static uint64_t
save_to_verdict(void)
{
	place_put("t/a.clnrm.toml",
	    "[meta]\nname = \"a\"\nversion = \"1\"\n"
	    "[[scenario]]\nname = \"s\"\nrun = \"exit 0 # %ld\"\n",
	    ++saves);
	return place_await(&program, "edit to verdict", 1);
}

static uint64_t
save_without_effect(void)
{
	place_put("README", "%ld\n", ++saves);
	return place_await(&program, "no test depends on it", 1);
}

#define FILES "elements"
#define KB "peak_rss_kb"
#define WATCH(n, start_ms, event_ms, kb)                                      \
	{"scale/watch/" #n "/start", .setup = make_files,                     \
	    .op = watch_to_ready, .size = n, .unit = FILES,                   \
	    .target = MS(start_ms)},                                          \
	    {"scale/watch/" #n "/event", .setup = start_eager_watch,          \
		.op = save_to_record, .size = n, .target = MS(event_ms),      \
		.before = wait_for_calm},                                     \
	{                                                                     \
		"scale/watch/" #n "/memory", .setup = make_files,             \
					     .op = watch_to_ready, .size = n, \
					     .target = kb, .metric = KB       \
	}

static const struct kit_bench benches[] = {
    {"op/watch_reaction", .setup = start_watch, .op = save_to_record,
	.size = 100, .target = MS(100), .acceptable = MS(300),
	.unacceptable = MS(500), .before = wait_for_calm},
    {"op/debounce_single", .setup = start_watch, .op = save_to_record,
	.size = 1, .target = MS(100), .acceptable = MS(300),
	.unacceptable = MS(500), .metric = "p50_ns", .before = wait_for_quiet},
    {"path/detect", .setup = start_watch, .op = save_to_record, .size = 1,
	.target = MS(100), .before = wait_for_calm},
    {"path/reload", .setup = start_pipe, .op = save_to_plan, .size = 101,
	.target = MS(3000), .before = wait_for_calm},
    {"path/reload_services/1x1", .setup = start_pipe, .op = save_to_plan,
	.size = 101, .target = MS(3000), .before = wait_for_calm},
    {"path/reload_services/3x5", .setup = start_pipe, .op = save_to_plan,
	.size = 305, .target = MS(3000), .before = wait_for_calm},
    {"path/reload_services/5x10", .setup = start_pipe, .op = save_to_plan,
	.size = 510, .target = MS(3000), .before = wait_for_calm},
    {"path/reload_multi", .setup = start_pipe_of_ten, .op = save_to_plan,
	.size = 10, .target = MS(3000), .before = wait_for_calm},
    {"e2e/full_pipeline", .setup = start_loop, .op = save_to_verdict, .size = 1,
	.target = MS(6000), .before = wait_for_calm},
    {"e2e/cached_iteration", .setup = start_loop, .op = save_without_effect,
	.size = 1, .target = MS(1000), .before = wait_for_calm},
    WATCH(10, 50, 5, 10240),
    WATCH(100, 200, 10, 10240),
    WATCH(1000, 800, 15, 25600),
    WATCH(10000, 3000, 20, 102400),
    {"mem/rss/watch", .setup = start_watch, .op = save_to_record, .size = 10000,
	.target = 25600, .acceptable = 102400, .metric = KB,
	.before = wait_for_calm},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
