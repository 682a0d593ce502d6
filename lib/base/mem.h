/*
 * Allocation that succeeds or ends the process with exit status 3.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for `n` objects of `size` bytes; free() it. */
void *mem_new(size_t n, size_t size);

/* A NUL-terminated copy of s[n]; free() it. */
char *mem_dup(const char *s, size_t n);

/* The same of a whole string; NULL stays NULL. */
char *mem_str(const char *s);

/*
 * Make room for one more element at p[n], doubling. Use: v = mem_more(v, n,
 * &cap, sizeof *v);
 *
 * out: the array, moved perhaps; new elements are zeroed
 */
void *mem_more(void *p, size_t n, size_t *cap, size_t size);

/* realloc that does not fail. */
void *mem_resize(void *p, size_t size);

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
