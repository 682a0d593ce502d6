/*
 * Whole runs: scenarios in cleanrooms, the steps of someone new, workers.
 */
#include "place.h"

static struct place_program engine;
static struct buf plan = BUF_INIT;
static long ends = 1;
static const char *end = "\"status\":\"ok\",\"complete\"";

/* ---- an engine that is warm: a plan goes in, the ends of its scenarios come
 */

static void
stop(void)
{
	place_stop(&engine);
}

static void
add_scenario(struct buf *b, long i, const char *more, long steps)
{
	buf_addf(b,
	    "[[scenario]]\nname = \"s%ld\"\nisolation = \"process\"\n%s", i,
	    more);
	for (long k = 0; k < steps; k++)
		buf_addf(b,
		    "[[scenario.steps]]\nname = \"p%ld\"\n"
		    "command = [\"/bin/echo\", \"step %ld\"]\n"
		    "expected_output_regex = \"^step\"\n",
		    k, k);
}

/* The plan of a test file, as lint writes it. */
static void
make_plan(const char *toml)
{
	const char *argv[] = {"sh", "-c",
	    "clnrm-render t.clnrm.toml | clnrm-lint - | grep "
	    "'^{\"type\":\"plan\"'",
	    NULL};

	place_put("t.clnrm.toml", "%s", toml);
	if (place_run(argv, &plan) != 0)
		die(EXIT_RUN, "the test file is not right");
	kit_others_kb = 0;
}

static void
start_with(const char *toml, long n)
{
	const char *argv[] = {"clnrm-exec", "--allow-degraded", "-", NULL};

	place_make();
	make_plan(toml);
	ends = n;
	engine = place_start(argv);
	kit_other = engine.pid;
	atexit(stop);
}

static void
start_engine(long n, long steps, const char *top, const char *more)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "[meta]\nname = \"t\"\nversion = \"1\"\n%s", top);
	for (long i = 0; i < n; i++)
		add_scenario(&b, i, more, steps);
	start_with(b.s, n);
}

static void
start_steps(int64_t steps)
{
	start_engine(1, (long)steps, "", "");
}

static void
start_scenarios(int64_t n)
{
	start_engine((long)n, 1, "", "concurrent = true\n");
}

static void
start_seeded(int64_t seed)
{
	AUTO_BUF top = BUF_INIT;

	buf_addf(&top, "[determinism]\nseed = %lld\n", (long long)seed);
	start_engine(1, 2, top.s, "");
}

/* size: 1 low, 2 medium, 3 high */
static void
start_policy(int64_t level)
{
	static const char *const names[] = {"", "low", "medium", "high"};
	AUTO_BUF more = BUF_INIT;

	buf_addf(&more, "policy = { security_level = \"%s\" }\n", names[level]);
	start_engine(1, 1, "", more.s);
}

static void
start_limited(int64_t mb)
{
	AUTO_BUF top = BUF_INIT;

	buf_addf(&top,
	    "[limits]\nmemory_mb = %lld\noptional = [\"memory_mb\"]\n",
	    (long long)mb);
	start_engine(1, 1, top.s, "");
}

static void
start_empty(int64_t unused)
{
	(void)unused;
	start_with("[meta]\nname = \"t\"\nversion = \"1\"\n"
		   "[[scenario]]\nname = \"s\"\nisolation = \"process\"\n"
		   "run = \":\"\n",
	    1);
}

/* So many steps, all at once. */
static void
start_async(int64_t steps)
{
	start_engine(1, (long)steps, "", "concurrent = true\n");
}

/* A step that would never end. */
static void
start_hanging(int64_t ms)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b,
	    "[meta]\nname = \"t\"\nversion = \"1\"\n"
	    "[[scenario]]\nname = \"s\"\nisolation = \"process\"\n"
	    "[[scenario.steps]]\nname = \"p\"\ntimeout_ms = %lld\n"
	    "command = [\"/bin/sleep\", \"600\"]\n",
	    (long long)ms);
	end = "\"status\":\"timeout\",\"complete\"";
	start_with(b.s, 1);
}

static uint64_t
run_plan(void)
{
	if (fd_write(engine.in, plan.s, plan.len) < 0)
		return 0;
	return place_await(&engine, end, ends);
}

/* ---- commands of the driver */

static const char *line;
static int wanted; /* exit status */

static uint64_t
run_line(void)
{
	const char *argv[] = {"sh", "-c", line, NULL};

	return place_run(argv, NULL) == wanted;
}

static void
put_test(const char *path, const char *step)
{
	place_put(path,
	    "[meta]\nname = \"%.*s\"\nversion = \"1\"\n"
	    "[[scenario]]\nname = \"s\"\nrun = \"%s\"\n",
	    (int)strcspn(path, "."), path, step);
}

static void
make_one(int64_t unused)
{
	(void)unused;
	place_make();
	put_test("a.clnrm.toml", "true");
	line = "exec clnrm run --allow-degraded a.clnrm.toml";
}

/* Files whose scenario takes a second, on as many workers. */
static void
make_slow(int64_t files)
{
	static char text[128];

	place_make();
	for (int64_t i = 0; i < files; i++) {
		char path[64];

		snprintf(path, sizeof path, "t/t%lld.clnrm.toml", (long long)i);
		place_put(path,
		    "[meta]\nname = \"t%lld\"\nversion = \"1\"\n"
		    "[[scenario]]\nname = \"s\"\nrun = \"sleep 1\"\n",
		    (long long)i);
	}
	snprintf(text, sizeof text, "exec clnrm run --allow-degraded -j %lld t",
	    (long long)files);
	line = text;
}

/* Sixteen scenarios of half a second on so many workers. */
static void
make_workers(int64_t workers)
{
	static char text[128];
	AUTO_BUF b = BUF_INIT;

	place_make();
	buf_adds(&b, "[meta]\nname = \"t\"\nversion = \"1\"\n");
	for (int i = 0; i < 16; i++)
		buf_addf(&b,
		    "[[scenario]]\nname = \"s%d\"\nconcurrent = true\n"
		    "run = \"sleep 0.5\"\n",
		    i);
	place_put("t.clnrm.toml", "%s", b.s);
	snprintf(text, sizeof text,
	    "exec clnrm run --allow-degraded -j %lld t.clnrm.toml",
	    (long long)workers);
	line = text;
}

/* A hundred files, checked by so many workers. */
static void
make_hundred(int64_t workers)
{
	static char text[128];
	const char *argv[] = {"sh", "-c",
	    "mkdir t; i=0; while [ $i -lt 100 ]; do i=$((i + 1)); "
	    "clnrm-bench gen toml --size 10000 -o t/$i.clnrm.toml || exit 1; "
	    "done",
	    NULL};

	place_make();
	if (place_run(argv, NULL) != 0)
		die(EXIT_RUN, "no workload");
	kit_others_kb = 0;
	snprintf(text, sizeof text,
	    "exec clnrm-lint --format text -q -j %lld t/*", (long long)workers);
	line = text;
}

static void
make_traces(int64_t spans)
{
	char text[256];
	const char *argv[] = {"sh", "-c", text, NULL};

	place_make();
	snprintf(text, sizeof text,
	    "clnrm-bench gen trace --size %lld -o a.ndjson && clnrm-bench gen "
	    "trace --size %lld --mutate 10 -o b.ndjson",
	    (long long)spans, (long long)spans);
	if (place_run(argv, NULL) != 0)
		die(EXIT_RUN, "no workload");
	kit_others_kb = 0;
	line = "clnrm-diff --format text a.ndjson b.ndjson >report";
	wanted = 1; /* there is a difference */
}

/* A thousand templates through one process, and what it holds at most. */
static void
make_templates(int64_t files)
{
	char text[128];
	const char *argv[] = {"sh", "-c", text, NULL};

	place_make();
	snprintf(text, sizeof text,
	    "clnrm-bench gen templates --size %lld -o t", (long long)files);
	if (place_run(argv, NULL) != 0)
		die(EXIT_RUN, "no workload");
	kit_others_kb = 0;
	line = "exec clnrm-render t";
}

/* ---- the first steps of someone new */

static char project[32];
static long projects;

static void
new_project(void)
{
	snprintf(project, sizeof project, "p%ld", ++projects);
	if (mkdir(project, 0755) < 0 || chdir(project) < 0)
		die(EXIT_RUN, "no directory");
}

static void
leave_project(void)
{
	if (chdir(place_dir) < 0)
		die(EXIT_RUN, "no way back");
	new_project();
}

static void
begin_user(int64_t unused)
{
	(void)unused;
	place_make();
	unlink("clnrm.conf");
	new_project();
	line = "exec clnrm init";
}

static void
init_user(const char *then)
{
	begin_user(0);
	if (!run_line())
		die(EXIT_RUN, "no project");
	kit_others_kb = 0;
	line = then;
}

static void
make_first_test(int64_t unused)
{
	(void)unused;
	init_user("exec clnrm run --allow-degraded");
}

static void
make_results(int64_t unused)
{
	make_first_test(unused);
	if (!run_line())
		die(EXIT_RUN, "the first test does not pass");
	line = "exec clnrm report --last";
}

static void
make_dev(int64_t unused)
{
	(void)unused;
	init_user("");
}

static uint64_t
start_dev(void)
{
	const char *argv[] = {
	    "clnrm", "dev", "--allow-degraded", "--format", "text", NULL};
	struct place_program p = place_start(argv);
	bool is_seen = place_await(&p, "1 passed", 1);

	place_stop(&p);
	return is_seen;
}

static void
begin_total(int64_t unused)
{
	begin_user(unused);
	line =
	    "clnrm init && clnrm run --allow-degraded && clnrm report --last";
}

#define KB "peak_rss_kb"

static const struct kit_bench benches[] = {
    {"op/scenario", .setup = make_one, .op = run_line, .size = 1,
	.target = MS(5000), .acceptable = MS(30000), .unacceptable = MS(60000)},
    {"op/diff", .setup = make_traces, .op = run_line, .size = 1000,
	.unit = "elements", .target = MS(100), .acceptable = MS(500),
	.unacceptable = MS(1000)},
    {"path/display", .setup = make_results, .op = run_line, .size = 1,
	.target = MS(50)},
    {"e2e/pipeline_seq", .setup = make_slow, .op = run_line, .size = 1,
	.target = MS(1386)},
    {"e2e/pipeline_two", .setup = make_slow, .op = run_line, .size = 2,
	.target = MS(1386)},
    {"user/init", .setup = begin_user, .op = run_line, .size = 1,
	.target = MS(2000), .before = leave_project},
    {"user/dev_start", .setup = make_dev, .op = start_dev, .size = 1,
	.target = MS(3000)},
    {"user/first_test_warm", .setup = make_first_test, .op = run_line,
	.size = 1, .target = MS(30000)},
    {"user/results", .setup = make_results, .op = run_line, .size = 1,
	.target = MS(1000)},
    {"user/total", .setup = begin_total, .op = run_line, .size = 1,
	.target = MS(60000), .before = leave_project},
    {"scale/validate/1", .setup = make_hundred, .op = run_line, .size = 1,
	.target = MS(5000)},
    {"scale/validate/2", .setup = make_hundred, .op = run_line, .size = 2,
	.target = MS(2500)},
    {"scale/validate/8", .setup = make_hundred, .op = run_line, .size = 8,
	.target = MS(625)},
    {"scale/workers/1", .setup = make_workers, .op = run_line, .size = 1,
	.target = MS(8900)},
    {"scale/workers/2", .setup = make_workers, .op = run_line, .size = 2,
	.target = MS(4450)},
    {"scale/workers/4", .setup = make_workers, .op = run_line, .size = 4,
	.target = MS(4450)},
    {"scale/workers/8", .setup = make_workers, .op = run_line, .size = 8,
	.target = MS(4450)},
    {"scale/workers/16", .setup = make_workers, .op = run_line, .size = 16,
	.target = MS(4450)},
    {"scale/memlimit/256", .setup = start_limited, .op = run_plan, .size = 256},
    {"scale/memlimit/512", .setup = start_limited, .op = run_plan, .size = 512},
    {"scale/memlimit/1024", .setup = start_limited, .op = run_plan,
	.size = 1024},
    {"scale/memlimit/2048", .setup = start_limited, .op = run_plan,
	.size = 2048},
    {"scen/single_step/cleanroom", .setup = start_steps, .op = run_plan,
	.size = 1},
    {"scen/multi_step/cleanroom/2", .setup = start_steps, .op = run_plan,
	.size = 2, .unit = "elements"},
    {"scen/multi_step/cleanroom/5", .setup = start_steps, .op = run_plan,
	.size = 5, .unit = "elements"},
    {"scen/multi_step/cleanroom/10", .setup = start_steps, .op = run_plan,
	.size = 10, .unit = "elements"},
    {"scen/multi_step/cleanroom/20", .setup = start_steps, .op = run_plan,
	.size = 20, .unit = "elements"},
    {"scen/multi_step/cleanroom/50", .setup = start_steps, .op = run_plan,
	.size = 50, .unit = "elements"},
    {"scen/concurrent/cleanroom/5", .setup = start_scenarios, .op = run_plan,
	.size = 5, .unit = "elements"},
    {"scen/concurrent/cleanroom/10", .setup = start_scenarios, .op = run_plan,
	.size = 10, .unit = "elements"},
    {"scen/concurrent/cleanroom/20", .setup = start_scenarios, .op = run_plan,
	.size = 20, .unit = "elements"},
    {"scen/policy/cleanroom/low", .setup = start_policy, .op = run_plan,
	.size = 1},
    {"scen/policy/cleanroom/medium", .setup = start_policy, .op = run_plan,
	.size = 2},
    {"scen/policy/cleanroom/high", .setup = start_policy, .op = run_plan,
	.size = 3},
    {"scen/deterministic/cleanroom", .setup = start_seeded, .op = run_plan,
	.size = 12345},
    {"scen/async/cleanroom/1", .setup = start_async, .op = run_plan, .size = 1,
	.unit = "elements"},
    {"scen/async/cleanroom/5", .setup = start_async, .op = run_plan, .size = 5,
	.unit = "elements"},
    {"scen/async/cleanroom/10", .setup = start_async, .op = run_plan,
	.size = 10, .unit = "elements"},
    {"scen/async/cleanroom/20", .setup = start_async, .op = run_plan,
	.size = 20, .unit = "elements"},
    {"scen/timeout/cleanroom/100", .setup = start_hanging, .op = run_plan,
	.size = 100, .target = MS(200)},
    {"scen/timeout/cleanroom/500", .setup = start_hanging, .op = run_plan,
	.size = 500, .target = MS(600)},
    {"scen/timeout/cleanroom/1000", .setup = start_hanging, .op = run_plan,
	.size = 1000, .target = MS(1100)},
    {"scen/timeout/cleanroom/5000", .setup = start_hanging, .op = run_plan,
	.size = 5000, .target = MS(5100)},
    {"clean/execute_test", .setup = start_empty, .op = run_plan, .size = 1},
    {"clean/concurrent/1", .setup = start_scenarios, .op = run_plan, .size = 1,
	.unit = "elements"},
    {"clean/concurrent/5", .setup = start_scenarios, .op = run_plan, .size = 5,
	.unit = "elements"},
    {"clean/concurrent/10", .setup = start_scenarios, .op = run_plan,
	.size = 10, .unit = "elements"},
    {"clean/concurrent/25", .setup = start_scenarios, .op = run_plan,
	.size = 25, .unit = "elements"},
    {"clean/concurrent/50", .setup = start_scenarios, .op = run_plan,
	.size = 50, .unit = "elements"},
    {"mem/rss/exec", .setup = start_scenarios, .op = run_plan, .size = 20,
	.target = 102400, .metric = KB},
    {"mem/rss/diff", .setup = make_traces, .op = run_line, .size = 10000,
	.target = 102400, .metric = KB},
    {"mem/rss/templates", .setup = make_templates, .op = run_line, .size = 1000,
	.target = 51200, .metric = KB},
    {"dx/memory_usage/sustained_load", .setup = make_templates, .op = run_line,
	.size = 1000, .target = 102400, .metric = KB},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
