/*
 * Digests of files from one run to the next, by what the disk says of them:
 * device, inode, size and times, all of which a change would change.
 *
 * A line for each file, the latest used first; a digest of all in the head, so
 * that a cache that was cut or meddled with is none.
 */
#ifndef CORE_CHANGE_CACHE_H
#define CORE_CHANGE_CACHE_H

#include <stddef.h>

#include "base/err.h"
#include "base/map.h"

struct change_table;
struct change_file;

struct change_cache {
	struct map file; /* device and inode -> struct change_file */
};

/* Files that a cache keeps; the latest used stay. */
enum { CHANGE_CACHE_MAX = 65536 };

/* Read a cache; one that is not there or not whole is empty. */
void change_cache_read(struct change_cache *c, const char *path);

/* The digest of such a file, or NULL; `c` may be NULL. */
const char *change_cache_get(
    const struct change_cache *c, const struct change_file *f);

/*
 * Replace the cache by the table's files, and by what it held before as far
 * as there is room.
 *
 * err: -1 and *e when it cannot be written
 */
int change_cache_write(
    const struct change_table *t, const char *path, struct err *e);

void change_cache_free(struct change_cache *c);

#endif
