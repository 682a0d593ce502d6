/*
 * The insides of sys/watch: watch.c keeps the dirty set and its debounce,
 * watch_dir.c the table of watched directories, watch_note.c reads notices.
 */
#ifndef SYS_WATCH_INT_H
#define SYS_WATCH_INT_H

#include "base/buf.h"
#include "sys/watch.h"

/* An operand. */
struct watch_root {
	char *path;	 /* without a slash at the end; "" stands for "." */
	char *real;	 /* by realpath(3) */
	struct map only; /* name -> path: files alone; else empty */
	int wd;		 /* -1: it is gone, and looked for now and then */
	bool is_polled;	 /* or it is there, and gives no notices */
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
	struct map dirty;  /* path -> struct watch_item */
	struct map polled; /* path -> struct watch_root */
	struct map fresh;  /* paths that were created and not yet closed */
	int64_t first_ns, last_ns, poll_ns, scan_ns, fresh_ns;
	int64_t now_ns, wall_ns; /* of this reading */
	size_t forgotten;	 /* numbers that will not come again */
	bool is_started, is_lost, is_more;
	bool is_open;	  /* the library is */
	bool is_limited;  /* that a limit was reached has been told */
	bool is_hasty;	  /* the cookie is in the dirty set */
	bool is_lone;	  /* the dirty set began after a calm */
	bool looks_again; /* once more, a moment after the next scan */
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

/* Tell something that does not end the watch. */
void watch_tell(struct watch *w, const char *path, const struct err *e);

/*
 * Look at a directory now and then instead of waiting for notices.
 *
 * out: 1, or 0 when it is not there
 */
int watch_poll(struct watch *w, struct watch_root *root, const char *path);

/* Poll an operand besides, where changes come from elsewhere. */
void watch_poll_remote(struct watch *w, struct watch_root *root);

/* The next look at what is polled; it may begin to give notices. */
int watch_scan(struct watch *w, struct err *e);
void watch_plan_scan(struct watch *w);

/* A limit of the kernel is reached: said once, and polled from then on. */
void watch_no_instance(struct watch *w);
void watch_no_room(struct watch *w);

/* An operand is not there. */
void watch_gone(struct watch *w, struct watch_root *root);

/* Forget half a rename. */
void watch_move_free(struct watch *w, size_t i);

#endif
