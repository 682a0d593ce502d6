/*
 * Images: root directories by name, unpacked once into a store of the user's.
 *
 *	STORE/roots/KEY/root	a root directory; KEY is the SHA-256 of
 *	STORE/roots/KEY/config.json	this, its configuration
 *	STORE/roots/KEY/info	its size, and whether owners were kept
 *	STORE/names	KEY NAME, a line each
 *	STORE/files	files of [images], and the keys they became
 *	STORE/blobs	parts of images that are being fetched
 *	STORE/tmp	roots that are being filled, or deleted
 *	STORE/lock, STORE/locks	see flock(2)
 *
 * What is in roots/ is whole, and is never written again.
 *
 * src: OCI Image Format 1.1; Docker Image Specification 1.3
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/hash.h"
#include "data/value.h"

struct image_rule; /* a line of [images] */

/* Where images come from: the store, and what [images] says. */
struct image_set {
	char *store;	     /* its directory, absolute */
	int64_t max_bytes;   /* of one image's files, unpacked */
	int64_t max_entries; /* files, directories, links, … of one */
	struct image_rule *rule;
	size_t rules, cap;
	struct arena kept;
};

#define AUTO_IMAGE_SET __attribute__((cleanup(image_set_free))) struct image_set

/*
 * Read [images] of the project's and the user's clnrm.conf, and find the store:
 * the argument, else the key `store` there, else $XDG_DATA_HOME/clnrm/images,
 * else ~/.local/share/clnrm/images. It is made when something comes in.
 *
 * in:  store, or NULL
 * err: -1 and *e: a file that is no INI, a pattern that is none, no HOME
 */
int image_set_open(struct image_set *set, const char *store, struct err *e);

void image_set_free(struct image_set *set);

struct image_health {
	char **test; /* as in the image, "CMD" or "CMD-SHELL" first; NULL:
			none */
	int64_t interval_ns, timeout_ns, start_period_ns; /* 0: not said */
	int64_t retries;
};

/* An image that can be run. */
struct image {
	bool is_host;	  /* the host's own root: nothing below is set */
	int root;	  /* its root directory, O_PATH */
	int held;	  /* open as long as it shall not be removed; or -1 */
	bool has_owners;  /* ids of 0 to 65535; else all is the caller's */
	const char *path; /* of the root directory */
	const char *key;  /* NULL: a directory that [images] names */
	char **env;	  /* "NAME=VALUE"; this and the next end with NULL */
	char **entrypoint, **cmd;
	const char *workdir, *user; /* "": not said */
	struct image_health health;
};

/*
 * Find an image: `host`; what [images] has for it (the first line of which
 * the pattern is the name as given, in its short, or in its full form); the
 * store. A file is unpacked when it is first asked for.
 *
 * err: -1 and *e, which says how to get it
 * mem: texts hang off *a; image_free() closes the descriptors
 */
int image_resolve(struct image_set *set, const char *name, struct arena *a,
    struct image *to, struct err *e);

/* What a configuration says of it; NULL: nothing. Texts hang off *a. */
void image_take_config(
    struct image *to, struct arena *a, const struct value *config);

void image_free(struct image *image);

/* What came of an import. */
struct image_done {
	char key[HASH_HEX];
	bool is_new;		/* else it was there already */
	int64_t bytes, entries; /* 0 unless new */
	int64_t devices;	/* that were left out */
	struct buf notes;	/* what else is to be told, a line each */
};

#define IMAGE_DONE_INIT            \
	{                          \
		.notes = BUF_INIT, \
	}

/*
 * Take in what `path` is: an archive of `docker save`, an OCI layout (a
 * directory or a tar), a tar of a root directory, or one; tars may be packed
 * with gzip or zstd. "-" is standard input.
 *
 * err: -1 and *e; the store is then as it was
 */
int image_import(struct image_set *set, const char *name, const char *path,
    struct image_done *done, struct err *e);

/* The parts of an image that a layout does not hold yet. */
enum image_part { IMAGE_MANIFEST, IMAGE_CONFIG, IMAGE_LAYER };

struct image_remote {
	/*
	 * Put what a descriptor tells of among the blobs of the layout. On any
	 * thread, and several at a time.
	 *
	 * in:  the digest is "sha256:" and 64 digits, all else unchecked
	 */
	int (*fetch)(void *arg, const struct value *descriptor,
	    enum image_part part, struct err *e);
	void *arg;
};

/*
 * The same of an OCI layout, a directory, that is filled while it is read; of
 * an image that the store has, only its configuration is asked for.
 */
int image_import_remote(struct image_set *set, const char *name,
    const char *path, const struct image_remote *remote,
    struct image_done *done, struct err *e);

enum image_state {
	IMAGE_MISSING,
	IMAGE_MAPPED, /* `host`, or [images] has a line for it */
	IMAGE_STORED,
};

/*
 * Where would image_resolve() find it? Nothing is unpacked.
 *
 * out: *to; where it is IMAGE_STORED its key
 * err: -1 and *e: it is no name, or the store cannot be read
 */
int image_state(struct image_set *set, const char *name, enum image_state *to,
    char key[HASH_HEX], struct err *e);

/*
 * Make a directory in the store's place for what is not done yet, which gc
 * leaves alone as long as the descriptor is open.
 *
 * out: a descriptor, and its path in *path
 */
int image_scratch(const struct image_set *set, const char *kind,
    struct buf *path, struct err *e);

/*
 * Make an image of programs of the host, with the libraries, the interpreters
 * and the links that they need. An operand is a name in PATH or a path; with a
 * directory comes all below it.
 */
int image_from_host(struct image_set *set, const char *name,
    char *const *program, struct image_done *done, struct err *e);

struct image_entry {
	const char *name; /* short; NULL: the image has no name */
	const char *key;
	int64_t bytes, entries;
};

typedef void image_entry_fn(void *arg, const struct image_entry *entry);

/* Call fn with each name in order, then with each image without one. */
int image_list(
    struct image_set *set, image_entry_fn *fn, void *arg, struct err *e);

/*
 * Forget a name.
 *
 * err: -1 and *e, when it is not there too
 */
int image_remove(struct image_set *set, const char *name, struct err *e);

struct image_gone {
	int64_t images, bytes, partial; /* removed; begun and never done */
	int64_t busy;			/* left, since they are being used */
};

/*
 * Remove images without a name (those stay that a file of [images] became,
 * while it is as it was) and what interrupted imports left.
 */
int image_gc(struct image_set *set, struct image_gone *gone, struct err *e);

/* ---- names */

/*
 * The full form, docker.io/library/alpine:latest for alpine.
 *
 * err: -1 and *e when it is no name of an image
 */
int image_name_full(const char *name, struct buf *to, struct err *e);

/* The short form of a full one, alpine:latest. */
void image_name_short(const char *full, struct buf *to);

#endif
