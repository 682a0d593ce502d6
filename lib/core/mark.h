/*
 * What became of a stored running of a scenario (core/replay.h): written by who
 * judges, read by who runs.
 *
 * A file KEY.mark beside it, with one line: STATE ID PLAN. What is no such line
 * is no mark.
 */
#ifndef CORE_MARK_H
#define CORE_MARK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/hash.h"

enum mark_state {
	MARK_NONE,
	MARK_PASS,
	MARK_FAIL,  /* or no verdict */
	MARK_FLAKY, /* both, of the same plan and the same inputs */
};

struct mark {
	enum mark_state state;
	char id[33];	     /* of the running */
	char plan[HASH_HEX]; /* the plan that it was judged by */
};

/* Where a project has them: -1 and *e as project_root(). */
int mark_directory(
    const char *source, const char *root, struct buf *dir, struct err *e);

/* Is it the name of a stored running: a digest, and no way anywhere else? */
bool mark_is_key(const char *key);

void mark_read(const char *dir, const char *key, struct mark *m);

/*
 * err: -1 and *e: it cannot be written, and the old one is gone if that can
 *      be had
 */
int mark_write(
    const char *dir, const char *key, const struct mark *m, struct err *e);

/*
 * What a new one makes of an old one.
 *
 * in:  m, PASS or FAIL; is_same: nothing that was read has changed since
 */
enum mark_state mark_after(
    const struct mark *old, const struct mark *m, bool is_same);

#endif
