/*
 * The records that are stored of scenarios (core/replay.h), for who keeps
 * house: `clnrm cache`.
 */
#ifndef CORE_STORED_H
#define CORE_STORED_H

#include "base/buf.h"
#include "base/err.h"

/*
 * in:  what: "list"; "gc": remove what was of no use for long and what is too
 *      much; "clear": remove all. root: the project's, or NULL: found upwards
 * out: *text, lines of what there is or what went
 * err: -1 and *e: there is no project, or `what` is none of these
 */
int stored_tell(
    const char *what, const char *root, struct buf *text, struct err *e);

#endif
