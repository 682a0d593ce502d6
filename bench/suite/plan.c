/*
 * What a run keeps books of, in one process: plans, their scenarios and
 * services, environments, counters. No program is started.
 */
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
    {"clean/creation", NULL, make_environment, 1, NULL, US(200), 0, US(500),
	NULL, NULL},
    {"clean/registration", make_services, take_plan, 1, NULL, US(100), 0,
	US(300), NULL, NULL},
    {"clean/first_create", add_scenarios, lint_first, 1, NULL, US(150), 0,
	US(500), NULL, NULL},
    {"clean/reuse_existing", fill_cache, lint_again, 1, NULL, US(5), 0, US(20),
	NULL, NULL},
    {"clean/metrics", make_metrics, read_metrics, 1, NULL, US(10), 0, US(50),
	NULL, NULL},
    {"mem/containers/10", make_scenarios, take_plan, 10, N, 0, 0, 0, NULL,
	NULL},
    {"mem/containers/50", make_scenarios, take_plan, 50, N, 0, 0, 0, NULL,
	NULL},
    {"mem/containers/100", make_scenarios, take_plan, 100, N, US(500), 0, 0,
	NULL, NULL},
    {"mem/containers/500", make_scenarios, take_plan, 500, N, 0, 0, 0, NULL,
	NULL},
    {"mem/containers/1000", make_scenarios, take_plan, 1000, N, MS(5), 0, 0,
	NULL, NULL},
    {"mem/services/10", make_services, take_plan, 10, N, 0, 0, 0, NULL, NULL},
    {"mem/services/50", make_services, take_plan, 50, N, 0, 0, 0, NULL, NULL},
    {"mem/services/100", make_services, take_plan, 100, N, MS(5), 0, 0, NULL,
	NULL},
    {"mem/services/500", make_services, take_plan, 500, N, 0, 0, 0, NULL, NULL},
    {"mem/lookup/10", make_names, look_up, 10, NULL, 0, 0, 0, NULL, NULL},
    {"mem/lookup/100", make_names, look_up, 100, NULL, 0, 0, 0, NULL, NULL},
    {"mem/lookup/1000", make_names, look_up, 1000, NULL, 0, 0, 0, NULL, NULL},
    {"mem/metrics/0", make_metrics, count_and_read, 0, NULL, 0, 0, 0, NULL,
	NULL},
    {"mem/metrics/1", make_metrics, count_and_read, 1, NULL, 0, 0, 0, NULL,
	NULL},
    {"mem/metrics/10", make_metrics, count_and_read, 10, NULL, 0, 0, 0, NULL,
	NULL},
    {"mem/clone/handle", hold_test, hold_and_release, 1, NULL, 0, 0, 0, NULL,
	NULL},
    {"micro/toml_cached", fill_with_toml, lint_again, 10000, NULL, MS(0.3), 0,
	0, NULL, NULL},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
