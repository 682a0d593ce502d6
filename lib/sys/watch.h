/*
 * Which paths are dirty, debounced. Notices of the kernel only put a path into
 * the dirty set; what became of it is for the caller to look up.
 *
 * One watch a process: libinotifytools keeps its state in static variables.
 */
#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"

struct watch;

struct watch_opts {
	int64_t quiet_ns; /* negative: 20 ms below 16 paths, else 50 ms */
	int64_t lone_ns;  /* then also: of one path after a calm; or negative */
	int64_t cap_ns;	  /* a batch waits no longer than this */

	/* How often what gives no notices is looked at; INT64_MAX: never. */
	int64_t poll_ns;
	bool is_polled; /* ask the kernel for no notices at all */

	/* Is a batch to wait, up to the cap, for what is known to go on? */
	bool (*holds)(void *arg);

	/* A path whose notice makes the dirty set due at once; or NULL. */
	const char *cookie;

	/* A directory is about to be listed; does it hold that name? */
	const char *marker;
	void (*enters)(void *arg, const char *dir, bool has_marker);

	/* Is this path ignored? Not asked again for what lies below it. */
	bool (*skips)(void *arg, const char *path, bool is_dir);

	/* Something to be told, which does not end the watch. */
	void (*tell)(void *arg, const char *path, const struct err *e);
	void *arg;
};

/* A path that may have changed. */
struct watch_item {
	char *path;
	char *from;	 /* the name it had before a rename, or NULL */
	int64_t wall_ns; /* when its first notice was read */
	bool is_tree;	 /* a directory: all that is known below it, too */
};

struct watch_batch {
	struct watch_item *item; /* item[n]: the renamed first, then by path */
	size_t n;
	bool is_partial;  /* cut by the cap: more is to be expected */
	int64_t quiet_ns; /* how long it was waited for silence */
};

/* Nothing is watched yet. watch_free() it. */
struct watch *watch_new(const struct watch_opts *opts);

/*
 * Add an operand: a directory and all below it, or a file alone. What lies in
 * another operand is watched once, under the outer one's name.
 *
 * err: -1 and *e when there is no such path
 */
int watch_add(struct watch *w, const char *path, struct err *e);

/*
 * Watch: every file that is found is dirty. Call it again to begin anew, as
 * when the ignore patterns changed: then the operands are dirty as trees.
 *
 * err: -1 and *e: a limit of the kernel, with its remedy
 */
int watch_start(struct watch *w, struct err *e);

/* Readable when notices wait: for poll(2). It stays the same for good. */
int watch_fd(const struct watch *w);

/*
 * Take in all notices that wait, and do what is due by watch_wake_ns().
 *
 * err: as watch_start()
 */
int watch_read(struct watch *w, struct err *e);

/* When watch_read() has to be called also without notices; or INT64_MAX. */
int64_t watch_wake_ns(const struct watch *w);

/* When the dirty set is due, by clock_mono_ns(); INT64_MAX: it is empty. */
int64_t watch_due_ns(const struct watch *w);

/*
 * Take the dirty set if it is due, or in any case when `now` is set.
 *
 * out: false: nothing to take
 * mem: watch_batch_free() it
 */
bool watch_take(struct watch *w, bool now, struct watch_batch *b);

/* Put a path into the dirty set. */
void watch_mark(struct watch *w, const char *path);

/* At the next watch_read(), look at all that gives no notices. */
void watch_look(struct watch *w);

/*
 * Take a line of `inotifywait -m` or of `fswatch`. All that it could mean is
 * marked; where that is not known, or where such programs are known to
 * overlook something, the tree is read again.
 */
void watch_line(struct watch *w, const char *line);

/* Put a batch in order again. */
void watch_batch_sort(struct watch_batch *b);

/* Is the path that directory ("" for "."), or below it? */
bool watch_is_below(const char *path, const char *dir);

/* Is the path one of the map's directories, or below one? */
bool watch_is_in(const struct map *dirs, const char *path);

/* How many bytes of a path name the operand that it lies in, 0: `.` or none. */
size_t watch_root_len(const struct watch *w, const char *path);

/* Directories that are watched. */
size_t watch_dirs(const struct watch *w);

void watch_batch_free(struct watch_batch *b);
void watch_free(struct watch *w);

#endif
