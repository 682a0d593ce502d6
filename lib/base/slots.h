/*
 * Where numbered things are found by a hash: open addressing. Whoever keeps the
 * things tells which one is meant.
 *
 *	slots_make_room(&x, 1);
 *	s = slots_first(&x, hash);
 *	while (s->number && !is_it(thing[s->number - 1]))
 *		s = slots_next(&x, s);
 *	if (!s->number)
 *		slots_put(&x, s, ++things);
 */
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot {
	uint32_t hash;	 /* of its thing, or the one that is looked for */
	uint32_t number; /* 0: free */
};

struct slots {
	struct slot *slot;
	size_t n, room; /* taken ones; all: a power of two, or 0 */
};

/* Make room for `more` of them, so that half of all stay free. */
void slots_make_room(struct slots *x, size_t more);

void slots_free(struct slots *x);

/* The slot from `at` on that is free or has this hash. There is room. */
static inline struct slot *
slots_from(const struct slots *x, size_t at, uint32_t hash)
{
	for (;; at++) {
		struct slot *s = &x->slot[at & (x->room - 1)];

		if (!s->number)
			s->hash = hash;
		if (s->hash == hash)
			return s;
	}
}

static inline struct slot *
slots_first(const struct slots *x, uint32_t hash)
{
	return slots_from(x, hash, hash);
}

/* The next one of the same hash, or a free one. */
static inline struct slot *
slots_next(const struct slots *x, const struct slot *s)
{
	return slots_from(x, (size_t)(s - x->slot) + 1, s->hash);
}

/* Take a free one that slots_first() or slots_next() gave. */
static inline void
slots_put(struct slots *x, struct slot *s, uint32_t number)
{
	s->number = number;
	x->n++;
}

#endif
