/*
 * Trees of files on their way into a container: a tar, as it is read.
 *
 * All of it belongs to user 0 there, as in the sandbox.
 *
 * src: POSIX.1-2017, pax, "pax Interchange Format"
 */
#ifndef CORE_FREIGHT_H
#define CORE_FREIGHT_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Begin a child that writes all below a directory as a tar. What is neither
 * file, directory nor link is left out, as is what cannot be read.
 *
 * out: *pid, to be waited for
 * err: -1 and *e, else the descriptor to read from
 */
int freight_tree(const char *dir, pid_t *pid, struct err *e);

/* The same of one file that is held in memory. */
int freight_file(const char *name, unsigned mode, const char *s, size_t n,
    pid_t *pid, struct err *e);

#endif
