/*
 * What a scenario read of the host: from the names that its processes used,
 * found again on the host once it is over.
 *
 * Names are followed as the cleanroom shows the host's files: what is fresh in
 * every cleanroom is nobody's input, the project excepted.
 *
 * src: clnrm-records(7), input
 */
#ifndef CORE_READING_H
#define CORE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "data/hash.h"

enum reading_kind {
	READING_READ,
	READING_EXECUTED,
	READING_LISTED,
	READING_LOOKED, /* a directory, or no regular file */
	READING_MISSING,
	READING_LINK,
	READING_ENV,
	READING_IMAGE,
	READING_MORE, /* there are more than are kept */
};

/* How a name was used. */
enum reading_use {
	READING_USE_OPEN = 1,
	READING_USE_RUN = 2,
	READING_USE_LOOK = 4,
	READING_USE_LINK = 8,
	READING_USE_MADE = 16, /* first of all it was written anew */
	READING_USE_NAME = 32, /* it may be used by another name, too */
};

enum { READING_MAX = 100000 };

struct reading {
	const char *project; /* its root */
	const char **shown;  /* shown[shows]: the host's in other places */
	size_t shows, show_cap;
	bool has_own_hosts; /* /etc/hosts is none of the host's */
	struct map names;   /* enum reading_use */
	size_t bytes;
	bool is_cut; /* names came that are not kept */
	struct arena a;
	struct map found; /* what is told: enum reading_kind + 1 */
};

/* Digests of files by their path, as long as those stay the same. */
struct reading_digests {
	struct map known;
	struct arena a;
};

/* What of the host is shown as a volume, wherever it is; borrows the path. */
void reading_show(struct reading *in, const char *path);

/* A name was used; absolute, with whatever ways in it. */
void reading_note(struct reading *in, const char *name, unsigned use);

/* Tells of one; sha256 NULL: there is none. */
typedef void reading_fn(
    void *arg, enum reading_kind kind, const char *path, const char *sha256);

/*
 * Find all on the host, and tell them in the order of their paths, those of
 * the project as from its root.
 *
 * out: is that all of them?
 */
bool reading_tell(struct reading *in, struct reading_digests *digests,
    reading_fn *fn, void *arg);

/*
 * Once all is told: append what each of them is on the disk, and the
 * directories on the way, for reading_is_as_was().
 *
 * in:  since_unix_ns, when the first of them may have been used
 * err: -1 and *e: it is not what it was then, as far as the times of files
 * tell, or cannot be said in lines
 */
int reading_print(const struct reading *in, struct reading_digests *digests,
    int64_t since_unix_ns, struct buf *to, struct err *e);

/*
 * Is what such a text tells of still as it was? Files with other times are
 * read.
 *
 * in:  text, of lines that reading_print() wrote and no others
 */
bool reading_is_as_was(struct reading_digests *digests, const char *text);

/* The digest of a file, a list or a link, in hex or elsewhere; or NULL. */
const char *reading_digest(struct reading_digests *d, enum reading_kind kind,
    const char *path, char hex[HASH_HEX]);

/* Is it something of the host's that the scenario could see there? */
bool reading_is_hosts(const struct reading *in, const char *path);

void reading_free(struct reading *in);
void reading_digests_free(struct reading_digests *d);

const char *reading_kind_name(enum reading_kind kind);

#endif
