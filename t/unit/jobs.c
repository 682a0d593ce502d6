#include "sys/jobs.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/stop.h"
#include "tap.h"

enum { MANY = 3000 };

struct run {
	atomic_size_t begun, waiting, most_waiting;
	atomic_bool is_busy[JOBS_MAX];
	size_t handed;
	bool is_wrong, stops;
};

static void *
work(void *arg, size_t worker, size_t i)
{
	struct run *r = arg;
	size_t now = atomic_fetch_add(&r->waiting, 1) + 1;

	if (atomic_exchange(&r->is_busy[worker], true))
		r->is_wrong = true;
	atomic_fetch_add(&r->begun, 1);
	if (now > r->most_waiting)
		r->most_waiting = now;
	if (i % 16 == 0)
		usleep(100); /* the others overtake */
	if (r->stops && i == 100)
		raise(SIGTERM);
	atomic_store(&r->is_busy[worker], false);
	return (char *)arg + i;
}

static void
hand_on(void *arg, size_t i, void *result)
{
	struct run *r = arg;

	if (i != r->handed++ || result != (char *)arg + i)
		r->is_wrong = true;
	atomic_fetch_sub(&r->waiting, 1);
}

static size_t
run(struct run *r, size_t n, size_t threads)
{
	struct jobs j = {.n = n, .arg = r, .work = work, .hand_on = hand_on};

	return jobs_run(&j, threads);
}

static void
results_come_in_order_whoever_worked(void)
{
	static const size_t threads[] = {1, 2, 3, 8, JOBS_MAX};

	for (size_t i = 0; i < COUNT(threads); i++) {
		struct run r = {0};

		is_int(run(&r, MANY, threads[i]), MANY);
		is_int(r.handed, MANY);
		is_true(!r.is_wrong);
		is_true(r.most_waiting <= threads[i] * 16 + 1);
	}
}

static void
nothing_to_do_is_done_at_once(void)
{
	struct run r = {0};

	is_int(run(&r, 0, 4), 0);
	is_int(run(&r, 1, 4), 1);
	is_int(r.handed, 1);
}

static int
count(const char *text)
{
	struct err e = {0};
	size_t n = 0;

	return jobs_count(text, &n, &e) < 0 ? -1 : (int)n;
}

static void
a_count_is_a_number_from_one_or_auto(void)
{
	struct err e = {0};
	size_t n;

	is_int(count("1"), 1);
	is_int(count("7"), 7);
	is_int(count("100000"), JOBS_MAX);
	is_true(count("auto") >= 1);
	is_int(count(NULL), count("auto"));
	is_int(count(""), -1);
	is_int(count("-1"), -1);
	is_int(count("2x"), -1);
	is_int(count("99999999999999999999"), -1);
	is_int(jobs_count("0", &n, &e), -1);
	is_str(e.text, "--jobs: '0' is no number from 1, nor auto");
}

/* The last one: the signal stays. */
static void
after_a_signal_what_was_begun_is_handed_on(void)
{
	struct run r = {.stops = true};
	size_t done;

	stop_catch(true);
	done = run(&r, MANY, 4);
	is_true(done > 100 && done < MANY);
	is_int(r.handed, done);
	is_int(r.begun, done);
	is_true(!r.is_wrong);
}

TAP_MAIN(TEST(results_come_in_order_whoever_worked),
    TEST(nothing_to_do_is_done_at_once),
    TEST(a_count_is_a_number_from_one_or_auto),
    TEST(after_a_signal_what_was_begun_is_handed_on))
