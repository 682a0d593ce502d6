/*
 * What the parts of core/diff share.
 */
#ifndef CORE_DIFF_INT_H
#define CORE_DIFF_INT_H

#include "core/diff.h"

enum { BASE, NOW };

static inline struct spans *
diff_side(const struct diff *d, int side)
{
	return side == BASE ? d->base : d->now;
}

/* Children by start; of the node above the roots: the roots. */
static inline const uint32_t *
diff_kids(const struct spans *t, uint32_t i, uint32_t *n)
{
	*n = i == t->n ? t->roots : t->span[i].kids;
	return t->order + (i == t->n ? 0 : t->span[i].kid);
}

static inline uint32_t
diff_up(const struct spans *t, uint32_t i)
{
	return t->span[i].up == SPAN_NONE ? (uint32_t)t->n : t->span[i].up;
}

static inline bool
diff_is_text(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* Fill in the hashes of both sides. */
void diff_hash(struct diff *d);

/* How alike two spans are, 0 to 1. */
double diff_likeness(const struct diff *d, uint32_t b, uint32_t c);

/*
 * Which of b[nb] belong to which of c[nc], all equal but for details: in
 * order, those left out that fit least. mate[nb] gets indexes of c, or
 * SPAN_NONE.
 */
void diff_align(const struct diff *d, const uint32_t b[], uint32_t nb,
    const uint32_t c[], uint32_t nc, uint32_t mate[]);

/* Set the mates. */
void diff_match(struct diff *d);

/* Fill in entries and changes. */
void diff_compare(struct diff *d);

/* The differences between two spans with their entry. */
void diff_pair(struct diff *d, uint32_t b, uint32_t c);
struct diff_change *diff_add(struct diff *d, enum diff_op op, const char *part);

#endif
