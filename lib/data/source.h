/*
 * Bytes that come one after the other: from a file or a part of it, and
 * through what unpacks them. Each source counts what it hands out, and may
 * bound and digest it.
 *
 *	AUTO_SOURCE *s = source_fd(fd, 0, size, "layer.tar");
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "data/hash_stream.h"

struct source {
	/* Up to n bytes, n > 0; 0 at the end; -1 and *e. */
	ssize_t (*read)(struct source *s, char *to, size_t n, struct err *e);
	/* Pass over up to n bytes; those that were. NULL: they are read. */
	uint64_t (*skip)(struct source *s, uint64_t n);
	void (*close)(struct source *s); /* NULL: free() does */
	struct source *in;	  /* what it reads from and closes, or NULL */
	const char *name;	  /* for messages; borrowed */
	uint64_t done;		  /* bytes handed out or passed over */
	uint64_t limit;		  /* more than that is an error; 0: no limit */
	struct hash_stream *hash; /* gets what is handed out; NULL: nothing */
};

/*
 * Part of a file: len bytes from `at` on. The place of fd does not move.
 *
 * mem: borrows fd and name; source_close() it
 */
struct source *source_fd(int fd, uint64_t at, uint64_t len, const char *name);

/* s[n], which is borrowed. */
struct source *source_bytes(const char *s, size_t n, const char *name);

/*
 * Read n bytes; fewer only at the end.
 *
 * err: -1 and *e: a read error, what is packed is malformed, over the limit
 */
ssize_t source_read(struct source *s, char *to, size_t n, struct err *e);

/* Pass over n bytes; 0 when fewer came, else 1. */
int source_skip(struct source *s, uint64_t n, struct err *e);

/* Read to the end. */
int source_drain(struct source *s, struct err *e);

/* Free it and what it reads from. NULL is fine. */
void source_close(struct source *s);

static inline void
source_auto(struct source **s)
{
	source_close(*s);
}
#define AUTO_SOURCE __attribute__((cleanup(source_auto))) struct source

#endif
