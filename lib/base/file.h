/*
 * Descriptors and files.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* A descriptor that is closed at the end of its scope. */
#define AUTO_FD __attribute__((cleanup(fd_close))) int

/* Close *fd if it is open, and make it -1. */
void fd_close(int *fd);

/* Carry a descriptor out of its AUTO_FD. */
static inline int
fd_steal(int *fd)
{
	int got = *fd;

	*fd = -1;
	return got;
}

/*
 * Read to end-of-file and append to *out. `name` is for the message.
 *
 * err: -1 and *e on a read error, or when more than `limit` bytes come
 *      (0: 64 MiB)
 */
int fd_drain(
    int fd, const char *name, size_t limit, struct buf *out, struct err *e);

/* Write all of s[n]; -1 and errno on failure. */
int fd_write(int fd, const char *s, size_t n);

/*
 * Read a whole regular file (or fifo), of at most 64 MiB.
 *
 * err: -1 and *e ("path: why"); a directory is an error
 */
int file_read(const char *path, struct buf *out, struct err *e);

/*
 * Replace a file in one step: written beside it, synced, renamed over it.
 * Directories that are missing on the way are made.
 *
 * in:  mode, for a file that is new
 * err: -1 and *e; the old content is then untouched
 */
int file_replace(
    const char *path, const char *s, size_t n, mode_t mode, struct err *e);

/*
 * The same without waiting for the disk: for what is told from a good one when
 * it is read, and may be lost.
 */
int file_renew(
    const char *path, const char *s, size_t n, mode_t mode, struct err *e);

/* Make a directory and all above it. */
int file_mkdirs(const char *path, mode_t mode, struct err *e);

/* Make the directories on the way to a file. */
int file_mkparent(const char *path, struct err *e);

/*
 * Remove a tree, never following links out of it. Missing is fine.
 *
 * err: -1 with errno of the first thing that could not be removed; the rest
 *      is removed all the same
 */
int file_remove_tree(const char *path);

/* The same of a name in an open directory. */
int file_remove_at(int dir, const char *name);

#endif
