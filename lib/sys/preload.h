/*
 * A library of ours that the dynamic linker loads before a program's own:
 * lib/preload/freeze.c, which stops the wall clock. It travels in the tool.
 */
#ifndef SYS_PRELOAD_H
#define SYS_PRELOAD_H

#include <stddef.h>

#include "base/err.h"

/* Its bytes; *n, how many. */
const char *preload_freeze(size_t *n);

/*
 * The same as a file without a name, to be run from its descriptor with
 * itself as standard input: it writes itself to its one argument, and exits
 * with 0 or an errno.
 *
 * out: a descriptor, close-on-exec, that many may use at a time
 * err: -1 and *e
 */
int preload_open(struct err *e);

#endif
