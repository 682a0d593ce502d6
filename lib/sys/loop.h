/*
 * Waiting for many things at once: descriptors and deadlines, one thread.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called with the poll(2) events that came. It may add and drop watches. */
typedef void loop_fn(void *arg, int events);

struct loop_watch {
	int fd; /* -1: dropped */
	short events;
	loop_fn *fn;
	void *arg;
};

struct loop_timer {
	int64_t at_ns; /* clock_mono_ns() */
	void (*fn)(void *arg);
	void *arg;
	uint64_t id;
};

struct loop {
	struct loop_watch *watch;
	size_t n, cap;
	struct loop_timer *timer;
	size_t timers, timer_cap;
	uint64_t last_id;
	struct pollfd *poll;
	size_t poll_cap;
};

/* Watch fd for poll(2) events; 0 events: errors and hang-ups only. */
void loop_add(struct loop *l, int fd, short events, loop_fn *fn, void *arg);

/* Change what is watched for. */
void loop_set(struct loop *l, int fd, short events);

/* Stop watching; the descriptor stays open. */
void loop_drop(struct loop *l, int fd);

/* Call fn once at that time; the id is for loop_cancel(). */
uint64_t loop_at(
    struct loop *l, int64_t mono_ns, void (*fn)(void *arg), void *arg);

/* Forget a timer; 0 or one that has fired is fine. */
void loop_cancel(struct loop *l, uint64_t id);

/*
 * Wait once, and call what is due.
 *
 * in:  at most `wait_ns` (negative: until something comes)
 * err: -1 with errno when poll(2) fails otherwise than by a signal
 */
int loop_once(struct loop *l, int64_t wait_ns);

void loop_free(struct loop *l);

#endif
