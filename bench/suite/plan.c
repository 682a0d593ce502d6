/*
 * What a run keeps books of, in one process: plans, their scenarios and
 * services, environments, counters. No program is started.
 */
#include <malloc.h>

#include "base/map.h"
#include "core/lint.h"
#include "core/metric.h"
#include "core/test.h"
#include "core/world.h"
#include "kit.h"
#include "text.h"

static struct buf text = BUF_INIT, line = BUF_INIT;
static struct lint_cache cache;

static void
add_scenarios(int64_t n)
{
	buf_adds(&text, "[meta]\nname = \"t\"\nversion = \"1\"\n");
	for (int64_t i = 0; i < n; i++)
		buf_addf(&text,
		    "[[scenario]]\nname = \"s%lld\"\nrun = \"true\"\n",
		    (long long)i);
}

static void
add_services(int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		buf_addf(&text,
		    "[services.v%lld]\nplugin = \"generic_container\"\n"
		    "image = \"alpine:3\"\n",
		    (long long)i);
}

static struct lint
the_text(void)
{
	struct lint l = {.s = text.s, .n = text.len, .has_plan = true};

	l.src.path = "t.clnrm.toml";
	return l;
}

/* The `plan` line that lint writes of the text. */
static void
make_plan(void)
{
	struct out sink = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "lint", .out = &sink};
	struct lint l = the_text();
	const char *from;

	lint_text(&st, &l);
	from = strstr(sink.pending.s, "{\"type\":\"plan\"");
	if (!from)
		die(EXIT_RUN, "there is no plan");
	buf_add(&line, from, strcspn(from, "\n"));
	out_free(&sink);
}

static void
make_scenarios(int64_t n)
{
	add_scenarios(n);
	make_plan();
}

static void
make_services(int64_t n)
{
	add_scenarios(1);
	add_services(n);
	make_plan();
}

/* Freed memory goes back to the kernel, as if it were a first plan. */
static void
hold_nothing(void)
{
	malloc_trim(0);
}

static uint64_t
take_plan(void)
{
	struct record r = {
	    .type = RECORD_PLAN, .line = line.s, .len = line.len, .number = 1};
	struct err e = {0};
	struct test *t = test_new(&r, &e);
	uint64_t n = t ? value_count(t->scenarios) +
			     value_count(value_get(t->plan, "services"))
		       : 0;

	if (t)
		test_release(t);
	return n;
}

/* ---- a text that lint sees, and sees again */

static uint64_t
lint_with(struct lint_cache *c)
{
	struct out sink = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "lint", .out = &sink};
	struct lint l = the_text();
	uint64_t n;

	lint_cached(c, &st, &l);
	n = st.status == EXIT_YES ? sink.pending.len : 0;
	out_free(&sink);
	return n;
}

static uint64_t
lint_first(void)
{
	struct lint_cache none = {0};

	return lint_with(&none);
}

static uint64_t
lint_again(void)
{
	return lint_with(&cache);
}

static void
fill_cache(int64_t n)
{
	cache.max_entries = 16;
	cache.max_bytes = 1 << 24;
	add_scenarios(n);
	if (!lint_again())
		die(EXIT_RUN, "the text is not right");
}

static void
fill_with_toml(int64_t size)
{
	cache.max_entries = 16;
	cache.max_bytes = 1 << 24;
	text_make(&text, "toml", size, 0);
	if (!lint_again())
		die(EXIT_RUN, "the text is not right");
}

static struct test *test;

static void
hold_test(int64_t unused)
{
	struct err e = {0};

	make_scenarios(unused);
	test = test_new(&(struct record){.type = RECORD_PLAN,
			    .line = line.s,
			    .len = line.len,
			    .number = 1},
	    &e);
	if (!test)
		die(EXIT_RUN, "%s", e.text);
}

/* Each of its scenarios holds it. */
static uint64_t
hold_and_release(void)
{
	uint64_t is_held = test_hold(test)->refs > 1;

	test_release(test);
	return is_held;
}

/* ---- environments, counters, names */

static uint64_t
make_environment(void)
{
	struct world w = {.test = "t",
	    .scenario = "s",
	    .home = "/home",
	    .tmpdir = "/tmp",
	    .run_id = "0123456789abcdef",
	    .service_name = "t",
	    .protocol = "http/protobuf",
	    .port = 4318};
	AUTO_ARENA a = {0};
	char **env = world_environ(&a, &w,
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", NULL);
	uint64_t n = 0;

	while (env[n])
		n++;
	return n;
}

static struct metrics *metrics;
static int64_t reads;

static void
make_metrics(int64_t many)
{
	reads = many;
	metrics = metrics_new();
	for (int i = 0; i < 100; i++) {
		metric_count(metrics, "scenarios", "1", "status", "ok");
		metric_try(metrics, "hits", NULL, NULL, i % 3);
		metric_sample(metrics, "took", i);
	}
}

static uint64_t
read_metrics(void)
{
	uint64_t n = 0;
	size_t at = 0;

	for (;;) {
		AUTO_JSON j = JSON_INIT;

		json_open(&j, NULL, '{');
		if (!metric_print(metrics, &at, &j))
			return n;
		json_close(&j, '}');
		n += j.text.len;
	}
}

/* One more of something, and so many looks at them all. */
static uint64_t
count_and_read(void)
{
	uint64_t sum = 1;

	metric_count(metrics, "scenarios", "1", "status", "ok");
	for (int64_t i = 0; i < reads; i++)
		sum += read_metrics() > 0;
	return sum;
}

static struct map names;
static int64_t name_count;

static void
make_names(int64_t n)
{
	name_count = n;
	for (int64_t i = 0; i < n; i++) {
		char name[32];
		int len = snprintf(name, sizeof name, "n%lld", (long long)i);

		map_set(&names, name, (size_t)len, &names);
	}
}

static uint64_t
look_up(void)
{
	static int64_t next;
	char name[32];
	int len = snprintf(
	    name, sizeof name, "n%lld", (long long)(next++ % name_count));

	return map_get(&names, name, (size_t)len) == &names;
}

#define N "elements"

static const struct kit_bench benches[] = {
    {"clean/creation", .op = make_environment, .size = 1, .target = US(200),
	.unacceptable = US(500)},
    {"clean/registration", .setup = make_services, .op = take_plan, .size = 1,
	.target = US(100), .unacceptable = US(300)},
    {"clean/first_create", .setup = add_scenarios, .op = lint_first, .size = 1,
	.target = US(150), .unacceptable = US(500)},
    {"clean/reuse_existing", .setup = fill_cache, .op = lint_again, .size = 1,
	.target = US(5), .unacceptable = US(20)},
    {"clean/metrics", .setup = make_metrics, .op = read_metrics, .size = 1,
	.target = US(10), .unacceptable = US(50)},
    {"mem/containers/10", .setup = make_scenarios, .op = take_plan, .size = 10,
	.unit = N},
    {"mem/containers/50", .setup = make_scenarios, .op = take_plan, .size = 50,
	.unit = N},
    {"mem/containers/100", .setup = make_scenarios, .op = take_plan,
	.size = 100, .unit = N, .target = US(500)},
    {"mem/containers/100/first", .setup = make_scenarios, .op = take_plan,
	.size = 100, .before = hold_nothing},
    {"mem/containers/500", .setup = make_scenarios, .op = take_plan,
	.size = 500, .unit = N},
    {"mem/containers/1000", .setup = make_scenarios, .op = take_plan,
	.size = 1000, .unit = N, .target = MS(5)},
    {"mem/services/10", .setup = make_services, .op = take_plan, .size = 10,
	.unit = N},
    {"mem/services/50", .setup = make_services, .op = take_plan, .size = 50,
	.unit = N},
    {"mem/services/100", .setup = make_services, .op = take_plan, .size = 100,
	.unit = N, .target = MS(5)},
    {"mem/services/500", .setup = make_services, .op = take_plan, .size = 500,
	.unit = N},
    {"mem/lookup/10", .setup = make_names, .op = look_up, .size = 10},
    {"mem/lookup/100", .setup = make_names, .op = look_up, .size = 100},
    {"mem/lookup/1000", .setup = make_names, .op = look_up, .size = 1000},
    {"mem/metrics/0", .setup = make_metrics, .op = count_and_read},
    {"mem/metrics/1", .setup = make_metrics, .op = count_and_read, .size = 1},
    {"mem/metrics/10", .setup = make_metrics, .op = count_and_read, .size = 10},
    {"mem/clone/handle", .setup = hold_test, .op = hold_and_release, .size = 1},
    {"micro/toml_cached", .setup = fill_with_toml, .op = lint_again,
	.size = 10000, .target = MS(0.3)},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
