/*
 * A directory that is somebody's root, written to by the words of strangers:
 * nothing outside of it is touched, whatever links lie within. A link on the
 * way leads to where it would lead if the directory were `/`; the last
 * component of a name is never followed.
 *
 * Names are relative, of components without `.` and `..`, as rootdir_name()
 * makes them; "" is the directory itself. Parents that are missing are made.
 *
 * src: openat2(2), RESOLVE_IN_ROOT; where it is not there (before Linux 5.6),
 *      links on the way are errors
 */
#ifndef SYS_ROOTDIR_H
#define SYS_ROOTDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"

enum { ROOTDIR_DEPTH_MAX = 256 }; /* components of a name */

struct rootdir {
	int fd;
	bool has_owners; /* chown works, for all of 0 to 65535 */
};

#define ROOTDIR_INIT      \
	{                 \
		-1, false \
	}
#define AUTO_ROOTDIR __attribute__((cleanup(rootdir_close))) struct rootdir

struct rootdir_meta {
	uint32_t mode; /* 07777 */
	uint64_t uid, gid;
	struct timespec mtime;
};

/*
 * Begin to fill an empty directory of ours.
 *
 * err: -1 and *e when it cannot be opened
 */
int rootdir_open(struct rootdir *r, const char *path, struct err *e);

void rootdir_close(struct rootdir *r);

/*
 * Clean a name: leading `./`, doubled and trailing slashes go.
 *
 * err: -1 and *e: absolute, empty, with `..`, too deep, a component of more
 *      than 255 bytes
 */
int rootdir_name(const char *name, struct buf *to, struct err *e);

/*
 * Make a directory, or give one that is there this mode and owner; u+rwx is
 * added. What else has the name goes.
 */
int rootdir_dir(struct rootdir *r, const char *name,
    const struct rootdir_meta *meta, struct err *e);

/*
 * Begin a new file; what has the name goes.
 *
 * out: a descriptor to write to, then for rootdir_seal(), then to be closed
 */
int rootdir_file(struct rootdir *r, const char *name, struct err *e);

/* Give the file that was written its mode, owner and time. */
int rootdir_seal(struct rootdir *r, int fd, const char *name,
    const struct rootdir_meta *meta, struct err *e);

/* Make a symbolic link to any text. What has the name goes. */
int rootdir_symlink(struct rootdir *r, const char *name, const char *target,
    const struct rootdir_meta *meta, struct err *e);

/* Make a fifo. What has the name goes. */
int rootdir_fifo(struct rootdir *r, const char *name,
    const struct rootdir_meta *meta, struct err *e);

/* Make a hard link to another name. What has the name goes. */
int rootdir_link(
    struct rootdir *r, const char *name, const char *target, struct err *e);

/*
 * Remove what has the name, with all below; nothing there is fine. Here no
 * link is a way: below one there is nothing.
 */
int rootdir_remove(struct rootdir *r, const char *name, struct err *e);

/* The same of all below a directory. */
int rootdir_empty(struct rootdir *r, const char *name, struct err *e);

/* Set the time of a directory; no directory there is fine. */
void rootdir_touch(struct rootdir *r, const char *name, struct timespec mtime);

/*
 * Open what a name stands for, and follow links, the last one too.
 *
 * in:  flags of open(2); nothing is made
 * err: -1 with errno
 */
int rootdir_look(const struct rootdir *r, const char *name, int flags);

#endif
