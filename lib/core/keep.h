/*
 * Keeping a run: its stream, the ids of its traces, and of what did not pass a
 * folder with all that is needed to look at it and to repeat it.
 *
 * It is written to a directory of its own, which gets its name when the run is
 * over. What cannot be written is told once, and changes nothing else.
 *
 * src: clnrm-report(1), FILES
 */
#ifndef CORE_KEEP_H
#define CORE_KEEP_H

#include "core/record.h"

enum { KEEP_STREAM = 256 << 20 };

struct keep;

/*
 * Begin, in the project of the working directory.
 *
 * in:  runs, how many are kept, this one too; limit, bytes of a stream, such as
 *      KEEP_STREAM: what is longer ends in a diagnostic that says so
 * err: NULL and *e
 */
struct keep *keep_start(size_t runs, size_t limit, struct err *e);

void keep_take(struct keep *k, const struct record *r);

/*
 * The run is over: write the folders, give it its name, remove the oldest. A
 * run without a record leaves nothing.
 *
 * err: -1 and *e: it is not kept
 */
int keep_finish(struct keep *k, struct err *e);

/*
 * The folder of what did not pass, as a path from the working directory where
 * that is short, once it is finished; NULL: it has none.
 */
const char *keep_folder(
    const struct keep *k, const struct record_key *key, const char *scenario);

/* mem: what is not finished is removed; NULL is fine */
void keep_del(struct keep *k);

#endif
