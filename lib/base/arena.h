/*
 * Memory that is freed all at once. What is parsed hangs off an arena that the
 * caller gives.
 *
 *	AUTO_ARENA a = {0};
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *block; /* the one being filled */
	char *at;		   /* its next free byte, and how many follow */
	size_t left;
	size_t size; /* of all blocks */
};

enum { ARENA_ALIGN = 16 };

/* What arena_take() does when the block is full. */
void *arena_grow(struct arena *a, size_t n);

/*
 * Memory of n bytes that holds anything, aligned for any object, for who writes
 * all of it at once; lives as long as *a.
 */
static inline void *
arena_take(struct arena *a, size_t n)
{
	size_t need = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	char *p = a->at;

	if (a->left < need || need < n || !p)
		return arena_grow(a, n);
	a->at += need;
	a->left -= need;
	return p;
}

/*
 * Give back what is behind the first `used` bytes of the memory that was taken
 * last, of n bytes; what has a block of its own stays whole.
 */
static inline void
arena_trim(struct arena *a, const char *p, size_t n, size_t used)
{
	size_t had = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	size_t has = (used + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	if (a->at != p + had)
		return;
	a->at -= had - has;
	a->left += had - has;
}

/* Such memory, zeroed. */
void *arena_alloc(struct arena *a, size_t n);

/* A NUL-terminated copy of s[n]. */
char *arena_dup(struct arena *a, const char *s, size_t n);

/* The same of a whole string; NULL stays NULL. */
char *arena_str(struct arena *a, const char *s);

/* A formatted string. */
char *arena_fmt(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Make room for one more element at p[n], doubling, zeroed; the old array
 * stays in the arena.
 */
void *arena_more(struct arena *a, void *p, size_t n, size_t *cap, size_t size);

/* Free everything; *a can be used again. */
void arena_free(struct arena *a);

#define AUTO_ARENA __attribute__((cleanup(arena_free))) struct arena

#endif
