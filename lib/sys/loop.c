#include "sys/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

static struct loop_watch *
find(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->watch[i].fd == fd)
			return &l->watch[i];
	return NULL;
}

void
loop_add(struct loop *l, int fd, short events, loop_fn *fn, void *arg)
{
	l->watch = mem_more(l->watch, l->n, &l->cap, sizeof *l->watch);
	l->watch[l->n++] = (struct loop_watch){fd, events, fn, arg};
}

void
loop_set(struct loop *l, int fd, short events)
{
	struct loop_watch *w = find(l, fd);

	if (w)
		w->events = events;
}

void
loop_drop(struct loop *l, int fd)
{
	struct loop_watch *w = find(l, fd);

	if (w)
		w->fd = -1;
}

uint64_t
loop_at(struct loop *l, int64_t at_ns, void (*fn)(void *), void *arg)
{
	l->timer =
	    mem_more(l->timer, l->timers, &l->timer_cap, sizeof *l->timer);
	l->timer[l->timers++] =
	    (struct loop_timer){at_ns, fn, arg, ++l->last_id};
	return l->last_id;
}

void
loop_cancel(struct loop *l, uint64_t id)
{
	for (size_t i = 0; i < l->timers; i++)
		if (l->timer[i].id == id) {
			l->timer[i] = l->timer[--l->timers];
			return;
		}
}

static int64_t
next_deadline(const struct loop *l)
{
	int64_t at = INT64_MAX;

	for (size_t i = 0; i < l->timers; i++)
		if (l->timer[i].at_ns < at)
			at = l->timer[i].at_ns;
	return at;
}

static void
fire(struct loop *l)
{
	int64_t now = clock_mono_ns();

	/* One that a timer sets is due in the next round at the earliest. */
	for (uint64_t last = l->last_id;;) {
		struct loop_timer due = {.at_ns = INT64_MAX};

		for (size_t i = 0; i < l->timers; i++)
			if (l->timer[i].at_ns <= now &&
			    l->timer[i].id <= last &&
			    l->timer[i].at_ns < due.at_ns)
				due = l->timer[i];
		if (!due.fn)
			return;
		loop_cancel(l, due.id);
		due.fn(due.arg);
	}
}

/* Dropped watches leave before the next wait, when nobody walks the array. */
static void
sweep(struct loop *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->watch[i].fd >= 0)
			l->watch[n++] = l->watch[i];
	l->n = n;
	if (l->poll_cap < n) {
		l->poll_cap = l->cap;
		l->poll = mem_resize(l->poll, l->poll_cap * sizeof *l->poll);
	}
	for (size_t i = 0; i < n; i++)
		l->poll[i] =
		    (struct pollfd){l->watch[i].fd, l->watch[i].events, 0};
}

static int
wait_for(struct loop *l, int64_t wait_ns)
{
	int64_t until = next_deadline(l), now = clock_mono_ns();
	struct timespec t;

	if (until != INT64_MAX) {
		int64_t left = until > now ? until - now : 0;

		if (wait_ns < 0 || left < wait_ns)
			wait_ns = left;
	}
	t = (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
	return ppoll(l->poll, (nfds_t)l->n, wait_ns < 0 ? NULL : &t, NULL);
}

int
loop_once(struct loop *l, int64_t wait_ns)
{
	size_t n;
	int got;

	sweep(l);
	n = l->n;
	got = wait_for(l, wait_ns);
	if (got < 0 && errno != EINTR)
		return -1;
	for (size_t i = 0; got > 0 && i < n; i++)
		if (l->poll[i].revents && l->watch[i].fd == l->poll[i].fd)
			l->watch[i].fn(l->watch[i].arg, l->poll[i].revents);
	fire(l);
	return 0;
}

void
loop_free(struct loop *l)
{
	free(l->watch);
	free(l->timer);
	free(l->poll);
	memset(l, 0, sizeof *l);
}
