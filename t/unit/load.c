#include "core/load.h"

#include "base/arena.h"
#include "sys/machine.h"
#include "tap.h"

static const struct need none;

static struct test *
test_of(const char *members)
{
	static char line[2000];
	struct record r;
	struct err e = {0};

	snprintf(line, sizeof line,
	    "{\"type\":\"plan\",\"source\":\"a\",\"gen\":0,\"meta\":{\"name\":"
	    "\"a\"},\"scenarios\":[{\"name\":\"s\",\"steps\":[{}]}]%s}",
	    members);
	is_true(!record_read(line, strlen(line), &r, &e));
	return test_new(&r, &e);
}

static struct need
need_of(const struct load *l, const char *members)
{
	struct test *t = test_of(members);
	struct need n = load_need(l, t, 0);

	test_release(t);
	return n;
}

static void
a_fixed_number_of_jobs_is_kept(void)
{
	struct need huge = {INT64_MAX / 4, 1000000};
	struct load l;

	load_open(&l, 3);
	for (int i = 0; i < 3; i++) {
		is_true(load_admits(&l, &huge));
		load_add(&l, &huge);
	}
	is_true(!load_admits(&l, &none));
	load_sub(&l, &huge);
	is_true(load_admits(&l, &none));
	load_close(&l);
}

static void
auto_is_a_processor_each_and_twice_that_for_those_that_sleep(void)
{
	const struct rusage asleep = {0};
	size_t cores = (size_t)machine_processors();
	struct test *t = test_of("");
	struct load l;

	load_open(&l, 0);
	l.running = cores < 16 ? cores : 16;
	is_true(!load_admits(&l, &none));
	for (int i = 0; i < 40; i++)
		load_learn(&l, t, 0, &asleep, 1000000000);
	is_int(load_admits(&l, &none), cores < 16);
	l.running = 2 * cores < 16 ? 2 * cores : 16;
	is_true(!load_admits(&l, &none));
	test_release(t);
	load_close(&l);
}

static void
the_need_is_guessed_by_the_kind_of_service(void)
{
	struct load l;

	load_open(&l, 0);
	is_int(need_of(&l, "").bytes, 256 << 20);
	is_int(need_of(&l, "").millicores, 500);
	is_int(need_of(&l, ",\"services\":[{\"plugin\":\"x\",\"image\":"
			   "\"docker.io/library/Postgres:15\"}]")
		   .bytes,
	    (256LL << 20) + (1LL << 30));
	is_int(need_of(&l, ",\"services\":[{\"plugin\":\"ollama\"},{}]").bytes,
	    (512LL << 20) + (4LL << 30));
	load_close(&l);
}

static void
limits_of_the_file_stand_for_a_guess(void)
{
	struct load l;
	struct need n;

	load_open(&l, 0);
	n = need_of(&l, ",\"services\":[{\"plugin\":\"vllm\"}],\"limits\":{"
			"\"memory_mb\":64,\"cpu_millicores\":250}");
	is_int(n.bytes, 64 << 20);
	is_int(n.millicores, 250);
	load_close(&l);
}

static void
what_was_seen_stands_for_a_guess(void)
{
	const struct rusage used = {
	    .ru_utime.tv_sec = 1, .ru_maxrss = 10 << 10};
	struct test *t = test_of("");
	struct load l;

	load_open(&l, 0);
	load_learn(&l, t, 0, &used, 4000000000);
	is_int(load_need(&l, t, 0).bytes, 10 << 20);
	is_int(load_need(&l, t, 0).millicores, 250);
	test_release(t);
	load_close(&l);
}

static void
what_does_not_fit_beside_the_others_waits_and_then_runs_alone(void)
{
	struct load l;
	struct need half = {0, 0}, most;

	load_open(&l, 0);
	half.bytes = l.free.bytes / 2 + 1;
	most = (struct need){l.free.bytes * 2, 0};
	load_add(&l, &half);
	is_true(!load_admits(&l, &half));
	load_sub(&l, &half);
	is_true(load_admits(&l, &most));
	load_close(&l);
}

TAP_MAIN(TEST(a_fixed_number_of_jobs_is_kept),
    TEST(auto_is_a_processor_each_and_twice_that_for_those_that_sleep),
    TEST(the_need_is_guessed_by_the_kind_of_service),
    TEST(limits_of_the_file_stand_for_a_guess),
    TEST(what_was_seen_stands_for_a_guess),
    TEST(what_does_not_fit_beside_the_others_waits_and_then_runs_alone))
