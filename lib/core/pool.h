/*
 * Cleanrooms that are set up ahead, while others are at work: a scenario that
 * takes one starts in the time of a fork. Each serves one scenario only.
 *
 *	s = pool_take(p, &plan, &ready, &is_ready);  NULL: make one
 *	pool_fill(p, n);                             now and then
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "sys/loop.h"
#include "sys/sandbox.h"

struct pool;

/*
 * in:  most, how many may wait at a time; less where memory is short
 * mem: pool_del() it, before the loop and the spawner go
 */
struct pool *pool_new(
    struct loop *loop, struct sandbox_spawner *spawner, size_t most);

/*
 * A cleanroom of this plan, if one waits or is being set up. What the plan
 * names on the machine (the project, volumes) is still what it was then.
 *
 * out: *is_ready: *ready is its SANDBOX_READY; else that is yet to come
 * mem: the caller's now, with the listeners of *ready
 */
struct sandbox *pool_take(struct pool *p, const struct sandbox_plan *plan,
    struct sandbox_event *ready, bool *is_ready);

/* See to it that n of the kind that was asked for last wait. */
void pool_fill(struct pool *p, size_t n);

void pool_del(struct pool *p);

#endif
