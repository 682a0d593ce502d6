/*
 * Numbered pieces of work on several threads, and what came of them in the
 * order of their numbers.
 */
#ifndef SYS_JOBS_H
#define SYS_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { JOBS_MAX = 64 };

struct jobs {
	size_t n;     /* the pieces 0 to n - 1 */
	bool is_long; /* a piece takes longer than to start a thread */
	void *arg;
	/* On any thread; `worker` is below `threads` and no other's just now.
	 */
	void *(*work)(void *arg, size_t worker, size_t i);
	/* In order, one at a time, on whatever thread. */
	void (*hand_on)(void *arg, size_t i, void *result);
};

/*
 * What stands behind -j.
 *
 * in:  a number from 1; NULL or "auto" is one for each processor
 * out: *to, at most JOBS_MAX
 * err: -1 and *e when it is neither
 */
int jobs_count(const char *text, size_t *to, struct err *e);

/*
 * Do all pieces, and hand on the result of each. After stop_signal() no piece
 * is begun; those that were are handed on.
 *
 * in:  threads, 1 to JOBS_MAX, the caller's own among them; where that many
 *      cannot be had or are not worth it, fewer
 * out: how many pieces were done
 * mem: a few results for each thread wait to be handed on, never more
 */
size_t jobs_run(const struct jobs *j, size_t threads);

#endif
