#include "sys/loop.h"

#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

enum { LATER = 1000000000 };

struct seen {
	struct loop *loop;
	int fd, events, calls;
	int also; /* a descriptor to drop when called */
};

static void
on_event(void *arg, int events)
{
	struct seen *s = arg;

	s->calls++;
	s->events = events;
	if (s->also >= 0)
		loop_drop(s->loop, s->also);
}

static void
open_pair(int pair[2])
{
	if (pipe(pair) < 0)
		abort();
}

static void
close_pair(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static void
a_descriptor_is_reported_when_it_is_ready(void)
{
	struct loop l = {0};
	int pair[2];

	open_pair(pair);
	struct seen s = {.loop = &l, .also = -1};
	loop_add(&l, pair[0], POLLIN, on_event, &s);
	is_int(loop_once(&l, 0), 0);
	is_int(s.calls, 0);
	is_int(write(pair[1], "x", 1), 1);
	is_int(loop_once(&l, -1), 0);
	is_int(s.calls, 1);
	is_true(s.events & POLLIN);
	loop_free(&l);
	close_pair(pair);
}

static void
a_hang_up_is_reported_unasked(void)
{
	struct loop l = {0};
	int pair[2];

	open_pair(pair);
	struct seen s = {.loop = &l, .also = -1};
	loop_add(&l, pair[1], 0, on_event, &s);
	loop_once(&l, 0);
	is_int(s.calls, 0);
	close(pair[0]);
	loop_once(&l, -1);
	is_true(s.events & POLLERR);
	close(pair[1]);
	loop_free(&l);
}

static void
what_is_watched_for_can_change(void)
{
	struct loop l = {0};
	int pair[2];

	open_pair(pair);
	struct seen s = {.loop = &l, .also = -1};
	is_int(write(pair[1], "x", 1), 1);
	loop_add(&l, pair[0], 0, on_event, &s);
	loop_once(&l, 0);
	is_int(s.calls, 0);
	loop_set(&l, pair[0], POLLIN);
	loop_once(&l, 0);
	is_int(s.calls, 1);
	loop_free(&l);
	close_pair(pair);
}

static void
a_watch_that_another_dropped_in_the_same_round_is_silent(void)
{
	struct loop l = {0};
	int one[2], two[2];

	open_pair(one);
	open_pair(two);
	struct seen first = {.loop = &l, .also = two[0]};
	struct seen second = {.loop = &l, .also = -1};
	is_int(write(one[1], "x", 1) + write(two[1], "x", 1), 2);
	loop_add(&l, one[0], POLLIN, on_event, &first);
	loop_add(&l, two[0], POLLIN, on_event, &second);
	loop_once(&l, -1);
	is_int(first.calls, 1);
	is_int(second.calls, 0);
	loop_once(&l, 0);
	is_int(first.calls, 2);
	is_int(second.calls, 0);
	is_int(l.n, 1);
	loop_free(&l);
	close_pair(one);
	close_pair(two);
}

static char order[16];

static void
note(void *arg)
{
	strcat(order, arg);
}

static void
timers_fire_once_and_in_the_order_of_their_times(void)
{
	struct loop l = {0};

	*order = 0;
	clock_freeze(100);
	loop_at(&l, 300, note, (char *)"c");
	loop_at(&l, 100, note, (char *)"a");
	loop_at(&l, 200, note, (char *)"b");
	loop_once(&l, 0);
	is_str(order, "a");
	clock_freeze(1000);
	loop_once(&l, -1);
	is_str(order, "abc");
	loop_once(&l, 0);
	is_str(order, "abc");
	clock_freeze(-1);
	loop_free(&l);
}

static void
a_timer_that_was_cancelled_is_silent(void)
{
	struct loop l = {0};
	uint64_t id;

	*order = 0;
	id = loop_at(&l, 0, note, (char *)"a");
	loop_at(&l, 0, note, (char *)"b");
	loop_cancel(&l, id);
	loop_cancel(&l, id);
	loop_cancel(&l, 0);
	loop_once(&l, -1);
	is_str(order, "b");
	loop_free(&l);
}

static void
again(void *arg)
{
	strcat(order, "x");
	loop_at(arg, 0, again, arg);
}

static void
a_timer_set_by_a_timer_waits_for_the_next_round(void)
{
	struct loop l = {0};

	*order = 0;
	loop_at(&l, 0, again, &l);
	loop_once(&l, -1);
	is_str(order, "x");
	loop_once(&l, -1);
	is_str(order, "xx");
	loop_free(&l);
}

static void
a_wait_ends_at_the_next_deadline(void)
{
	struct loop l = {0};
	int64_t start = clock_mono_ns();

	*order = 0;
	loop_at(&l, start + 20000000, note, (char *)"a");
	while (!*order && clock_mono_ns() < start + 10 * (int64_t)LATER)
		loop_once(&l, 10 * (int64_t)LATER);
	is_str(order, "a");
	is_true(clock_mono_ns() >= start + 20000000);
	is_true(clock_mono_ns() < start + 5 * (int64_t)LATER);
	loop_free(&l);
}

TAP_MAIN(TEST(a_descriptor_is_reported_when_it_is_ready),
    TEST(a_hang_up_is_reported_unasked), TEST(what_is_watched_for_can_change),
    TEST(a_watch_that_another_dropped_in_the_same_round_is_silent),
    TEST(timers_fire_once_and_in_the_order_of_their_times),
    TEST(a_timer_that_was_cancelled_is_silent),
    TEST(a_timer_set_by_a_timer_waits_for_the_next_round),
    TEST(a_wait_ends_at_the_next_deadline))
