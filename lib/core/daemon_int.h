/*
 * Inside of core/daemon.
 */
#ifndef CORE_DAEMON_INT_H
#define CORE_DAEMON_INT_H

#include "core/daemon.h"

/*
 * Find where the engine is, by the environment and docker's own files.
 *
 * in:  d->kind
 * out: the members of d from `place` to `is_unchecked`
 * err: -1 and *e; d->place is NULL where none is named or found
 */
int daemon_place(struct daemon *d, struct err *e);

#endif
