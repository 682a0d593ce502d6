/*
 * The insides of sys/watch: watch.c keeps the dirty set and its debounce,
 * watch_dir.c the table of watched directories, watch_note.c reads notices.
 */
#ifndef SYS_WATCH_INT_H
#define SYS_WATCH_INT_H

#include "base/buf.h"
#include "base/map.h"
#include "sys/watch.h"

/* An operand. */
struct watch_root {
	char *path;	 /* without a slash at the end; "" stands for "." */
	char *real;	 /* by realpath(3) */
	struct map only; /* name -> path: files alone; else empty */
	int wd;		 /* -1: it is gone, and looked for now and then */
	bool is_covered; /* lies in another operand */
	bool is_missed;	 /* that it is gone has been told */
};

struct watch_dir {
	int wd;
	uint32_t limbo; /* cookie of the notice that moved it away, or 0 */
	struct watch_root *root;
	char *path;
};

/* Half a rename: MOVED_FROM came, MOVED_TO did not yet. */
struct watch_move {
	uint32_t cookie;
	bool is_dir;
	char *from;
	int64_t mono_ns;
};

struct watch {
	struct watch_opts opts;
	int fd;
	struct watch_root **root;
	size_t roots, root_cap;
	struct watch_dir **dir; /* dir[wd], NULL where none */
	size_t dir_cap, dirs;
	struct watch_move *move;
	size_t moves, move_cap;
	struct map dirty; /* path -> struct watch_item */
	int64_t first_ns, last_ns, poll_ns;
	int64_t now_ns, wall_ns; /* of this reading */
	size_t forgotten;	 /* numbers that will not come again */
	bool is_started, is_lost, is_more;
};

/* The path of a name in a directory. */
void watch_join(struct buf *to, const char *dir, const char *name);

/* Put path[len] into the dirty set; its entry. */
struct watch_item *watch_dirty(struct watch *w, const char *path, size_t len);

/* The same for a path that was renamed from `from`. */
void watch_renamed(
    struct watch *w, const char *from, const char *to, bool is_dir);

/* Read the clocks. */
void watch_now(struct watch *w);

/*
 * Watch a directory and all below it: add each, then list it.
 *
 * out: 1, or 0 when it is not there or may not be read
 * err: -1 and *e: a limit of the kernel
 */
int watch_walk(
    struct watch *w, struct watch_root *root, const char *path, struct err *e);

/* Begin with an operand, or look for one that was gone. */
int watch_root_start(struct watch *w, struct watch_root *root, struct err *e);

/* Forget a directory, its watch being gone already. */
void watch_forget(struct watch *w, struct watch_dir *d);

/* Forget every directory in that limbo, and its watch. */
void watch_drop_limbo(struct watch *w, uint32_t cookie);

/* Put an operand's directories from `path` downwards into a limbo. */
void watch_to_limbo(struct watch *w, const struct watch_root *root,
    const char *path, uint32_t cookie);

/* Begin, and end, with the library. */
int watch_open(struct watch *w, struct err *e);
void watch_shut(struct watch *w);

/* Forget half a rename. */
void watch_move_free(struct watch *w, size_t i);

#endif
