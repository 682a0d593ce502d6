/*
 * The inside of images: the store, and the ways into it.
 */
#ifndef CORE_IMAGE_INT_H
#define CORE_IMAGE_INT_H

#include <pthread.h>

#include "base/map.h"
#include "core/image.h"
#include "data/source.h"
#include "data/value.h"
#include "sys/rootdir.h"

struct match;

struct image_rule {
	struct match *pattern;
	const char *value; /* host, a path, or a name */
	const char *dir;   /* where its clnrm.conf is */
	const char *file;
	unsigned line;
};

/* ---- the store */

/* Open STORE/lock and flock it. The descriptor, or -1 and *e. */
int image_lock(const struct image_set *set, int how, struct err *e);

/*
 * Open the directory of an entry and hold it, while the store is locked.
 *
 * out: a descriptor; -1 with errno ENOENT when there is none, EWOULDBLOCK
 *      when it cannot be held that way now
 */
int image_hold(const struct image_set *set, const char *key, int how);

/* Full names to keys. The keys hang off *a. */
int image_names_read(const struct image_set *set, struct arena *a,
    struct map *names, struct err *e);
int image_names_write(
    const struct image_set *set, const struct map *names, struct err *e);

/* Give an entry that is there one more name; `name` NULL: do nothing. */
int image_names_add(const struct image_set *set, const char *name,
    const char *key, struct err *e);

/* Is there such an entry? Then it is named. 1, 0, or -1 and *e. */
int image_is_there(const struct image_set *set, const char *name,
    const char *key, struct err *e);

/* Wait for others who make this entry. A descriptor to hold, or -1 and *e. */
int image_key_lock(const struct image_set *set, const char *key, struct err *e);

/* The size of an entry, as its `info` has it. */
void image_info_read(const struct image_set *set, const char *key,
    int64_t *bytes, int64_t *entries, bool *has_owners);

/*
 * The key that a line of STORE/files has for its file, if that is still as it
 * was: 1, or 0.
 */
int image_file_key(const char *path, char key[HASH_HEX]);

/* A root that is being filled. */
struct image_draft {
	const struct image_set *set;
	char *path; /* STORE/tmp/…, NULL: none */
	int lock;   /* on that directory */
	struct rootdir root;
	int64_t bytes, entries, devices;
	struct image_time *time; /* of directories, set when all is done */
	size_t times, cap;
	struct arena a;
};

struct image_time {
	const char *name;
	struct timespec mtime;
};

#define IMAGE_DRAFT_INIT                      \
	{                                     \
		.lock = -1, .root = { -1, 0 } \
	}
#define AUTO_DRAFT __attribute__((cleanup(image_draft_free))) struct image_draft

int image_draft_begin(
    struct image_draft *d, const struct image_set *set, struct err *e);

/* One more entry, of so many bytes: within the limits? */
int image_draft_count(struct image_draft *d, uint64_t bytes, struct err *e);

/* This directory's time is to be set at the end. */
void image_draft_time(
    struct image_draft *d, const char *name, struct timespec mtime);

/*
 * Make it the entry of config[n], and name it. When another was faster, his
 * stays.
 */
int image_draft_publish(struct image_draft *d, const char *name,
    const char *config, size_t n, struct image_done *done, struct err *e);

/* Remove what was not published. */
void image_draft_free(struct image_draft *d);

/* ---- what comes in */

/* Some bytes of a file. */
struct image_blob {
	int fd;
	uint64_t at, len;
	const char *name; /* for messages */
};

/* An archive or a directory of files by name. */
struct image_archive {
	const char *path;
	int fd;		    /* the tar, when it is one */
	struct rootdir dir; /* else the directory */
	struct map index;   /* clean name to struct image_blob */
	struct arena a;
	const struct image_remote *remote; /* of what is missing, or NULL */
	pthread_mutex_t lock;		   /* on the index of a directory */
};

#define IMAGE_ARCHIVE_INIT                                                   \
	{                                                                    \
		.fd = -1, .dir = {-1, 0}, .lock = PTHREAD_MUTEX_INITIALIZER, \
	}
#define AUTO_ARCHIVE \
	__attribute__((cleanup(image_archive_free))) struct image_archive

enum image_kind { IMAGE_DOCKER, IMAGE_OCI, IMAGE_ROOT };

/*
 * Open a tar (unpacked, or so it becomes) or a directory, and tell its kind.
 *
 * mem: borrows path
 */
int image_archive_open(struct image_archive *ar, const struct image_set *set,
    const char *path, enum image_kind *kind, struct err *e);

/* A file of it; 1, or 0 when there is none. Lives as long as *ar. */
int image_archive_find(struct image_archive *ar, const char *name,
    struct image_blob *to, struct err *e);

/* All of a small file of it. */
int image_archive_text(
    struct image_archive *ar, const char *name, struct buf *to, struct err *e);

void image_archive_free(struct image_archive *ar);

/* A layer, read through once. */
struct image_layer {
	struct image_blob blob;
	char digest[HASH_HEX];	/* of it as it is */
	char diff_id[HASH_HEX]; /* unpacked */
	char **whiteout;	/* names that it removes from below; with a
				   slash behind: all in that directory */
	size_t whiteouts, cap;
	struct arena a;
};

/* Read all of it, and check all names; write nothing. */
int image_layer_read(
    struct image_layer *l, const struct image_set *set, struct err *e);

/* Lay it over what the draft has. */
int image_layer_apply(
    const struct image_layer *l, struct image_draft *d, struct err *e);

void image_layer_free(struct image_layer *l);

/* Import an archive of that kind. */
int image_docker_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e);
int image_oci_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e);

/* What both come to: a configuration, and layers. */
struct image_recipe {
	struct image_archive *ar;
	const char *name; /* of the image; NULL: none */
	struct buf config;
	const char **layer;  /* files of the archive, lowest first */
	const char **digest; /* of each, or NULL where it is not told */
	const struct value **descriptor; /* of each; NULL: there are none */
	size_t layers;
};

int image_recipe_import(struct image_set *set, const struct image_recipe *r,
    struct image_done *done, struct err *e);

/* Import one tar, or a directory, as a root. */
int image_root_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e);

/*
 * Copy a directory of the host into a draft, below the clean name `to` ("":
 * as its root), and digest all that is copied, in the order of the names.
 */
int image_tree_copy(struct image_draft *d, const char *from, const char *to,
    struct hash_stream *hash, struct err *e);

/* Copy one file, link, … of the directory `dir`. */
int image_tree_copy_at(struct image_draft *d, int dir, const char *base,
    const char *to, struct hash_stream *hash, struct err *e);

/* Make one directory, and digest that. */
int image_tree_dir(struct image_draft *d, const char *to,
    const struct rootdir_meta *meta, struct hash_stream *hash, struct err *e);

/* Append a configuration for a root with that digest. */
void image_config_print(struct buf *to, const char *digest, const char *cmd);

/* This machine's architecture in the images' words. */
const char *image_architecture(void);

#endif
