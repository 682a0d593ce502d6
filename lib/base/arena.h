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
	size_t used;		   /* bytes taken of it */
};

/* Zeroed memory of n bytes, aligned for any object; lives as long as *a. */
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
