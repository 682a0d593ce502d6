/*
 * String keys to pointers, in insertion order.
 *
 *	struct map m = {0};
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	const char *key; /* owned by the map, NUL-terminated */
	size_t len;
	uint32_t hash;
	void *value; /* NULL: the entry was removed; skip it */
};

struct map {
	struct map_entry *entry; /* entry[n], in insertion order */
	size_t n, cap;
	size_t alive;	/* entries that are not removed */
	uint32_t *slot; /* open addressing; index + 1, 0 is free */
	size_t slots;
};

/* The value of key[len], or NULL. */
void *map_get(const struct map *m, const char *key, size_t len);

/*
 * Set key[len] to value (not NULL); a key that is there keeps its place.
 *
 * out: the value that was there, or NULL
 * mem: the key is copied; values belong to the caller
 */
void *map_set(struct map *m, const char *key, size_t len, void *value);

/* Remove key[len]; its value, or NULL. */
void *map_del(struct map *m, const char *key, size_t len);

void map_free(struct map *m);

#define AUTO_MAP __attribute__((cleanup(map_free))) struct map

#endif
