/*
 * Buffered output with a memory for failure: a write that was lost is known
 * at the end, however many came after it.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct out {
	int fd;
	struct buf pending; /* what was added; the first `done` are written */
	size_t done;
	int lost;     /* errno of the first failed write, or 0 */
	bool is_held; /* written by out_trickle() and out_flush() only */
};

/* Standard output; cli_finish() looks after it. */
extern struct out out_std;

/* Append s[n]; written when much has gathered, or by out_flush(). */
void out_add(struct out *o, const char *s, size_t n);

/* Bytes that wait to be written. */
static inline size_t
out_pending(const struct out *o)
{
	return o->pending.len - o->done;
}

/*
 * Write all that is pending; call it before every wait.
 *
 * err: -1 when this or an earlier write was lost (o->lost says why)
 */
int out_flush(struct out *o);

/*
 * Write as much as a pipe that poll() called writable takes without blocking.
 *
 * err: -1 when a write was lost
 */
int out_trickle(struct out *o);

void out_free(struct out *o);

#endif
