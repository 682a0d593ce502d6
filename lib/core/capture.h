/*
 * What is kept of a stream: all of it, or its first and last half when it is
 * longer than the limit; the middle is counted and gone.
 */
#ifndef CORE_CAPTURE_H
#define CORE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct capture {
	size_t limit;	 /* bytes kept at most */
	struct buf head; /* the first half */
	struct buf tail; /* a ring once it is full: the oldest at `turn` */
	size_t turn;
	uint64_t dropped; /* bytes of the middle */
};

void capture_open(struct capture *c, size_t limit);

/* Take s[n]. */
void capture_add(struct capture *c, const char *s, size_t n);

/* Append what was kept, in order. */
void capture_text(const struct capture *c, struct buf *out);

void capture_free(struct capture *c);

#endif
