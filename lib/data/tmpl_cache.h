/*
 * Parsed templates that are kept, by their path and the digest of their text.
 *
 * What a tmpl_parse() takes from it stays until the next one with the same
 * cache; all of them have to be with the same struct tmpl_how.
 */
#ifndef DATA_TMPL_CACHE_H
#define DATA_TMPL_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct tmpl_cache;

struct tmpl_cache_use {
	uint64_t hits, misses, dropped; /* so far */
	size_t count, bytes;		/* that are kept now */
};

/* One that keeps so many at most; what was used least recently goes first. */
struct tmpl_cache *tmpl_cache_new(size_t bytes, size_t count);

/* NULL is fine. */
void tmpl_cache_del(struct tmpl_cache *c);

struct tmpl_cache_use tmpl_cache_use(const struct tmpl_cache *c);

#endif
