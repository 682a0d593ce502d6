/*
 * What really changed: a table of stat data and SHA-256 over sys/watch, so
 * that a touch or an undo is no change.
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/map.h"
#include "core/change_cache.h"
#include "data/hash.h"
#include "sys/watch.h"

enum change_event {
	CHANGE_INITIAL, /* it was there at the start */
	CHANGE_CREATED,
	CHANGE_MODIFIED,
	CHANGE_DELETED,
	CHANGE_MOVED,
};

struct change {
	const char *source, *from; /* from: only of what moved, else NULL */
	enum change_event event;
	const char *sha256, *sha256_before; /* NULL: none, or not known */
	int64_t size;			    /* -1: it is gone */
	int64_t wall_ns;		    /* of the first notice */
	bool is_written; /* its times changed, whatever is in it */
};

/* A file as it was seen last. */
struct change_file {
	int64_t size, mtime_ns, ctime_ns;
	dev_t dev;
	ino_t inode;
	mode_t kind;	       /* S_IFREG or S_IFLNK */
	mode_t mode;	       /* who may do what with it */
	bool is_fresh;	       /* it may change again without other times */
	char sha256[HASH_HEX]; /* "": too large, or unreadable */
};

struct change_table {
	struct map file; /* path -> struct change_file */
	struct watch *watch;
	struct watch_batch batch;
	size_t next;	  /* in the batch */
	uint64_t batches; /* so far */
	bool is_initial;
	bool is_widened; /* the next batch has what was not watched before */
	bool is_wide;	 /* this one has */

	/* Is that no file of the project's? NULL: none is. Of those that are
	 * found, only what changed since then is a change. */
	bool (*is_foreign)(const char *path);
	int64_t since_ns;
	const struct change_cache *cache; /* of earlier runs, or NULL */
	size_t hashed;			  /* files, and not by the cache */
	dev_t own_dev; /* our own output, which is never a change */
	ino_t own_inode;
	struct buf
	    reached; /* a directory of this batch that no link leads to */

	/* What the last change points to. */
	char from[4096];
	char sha256[HASH_HEX], before[HASH_HEX];
};

/*
 * An empty table: the first batch is the initial one.
 *
 * in:  `watch` gets back a path that changed while it was read; may be NULL.
 *      own_fd is never reported, where it is a file
 */
void change_init(struct change_table *t, struct watch *watch, int own_fd);

/* Take a batch over; the one before is at its end. */
void change_open(struct change_table *t, struct watch_batch *b);

/* Are there paths of the batch left to look at? */
bool change_is_open(const struct change_table *t);

/*
 * Look at the next path of the batch.
 *
 * out: true: it changed; and *c, of which only `source` and `is_written`
 *      count else. The texts live until the next call.
 */
bool change_step(struct change_table *t, struct change *c);

/* "created" */
const char *change_event_name(enum change_event event);

/*
 * Does version control change files just now? Its lock in `dir` or above says
 * so, unless it is so old that it was left behind.
 */
bool change_is_locked(const char *dir);

/* Files in the table. */
size_t change_files(const struct change_table *t);

void change_free(struct change_table *t);

#endif
