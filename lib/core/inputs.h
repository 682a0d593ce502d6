/*
 * Which plans declared which files of the host, by a volume or by [meta]
 * inputs, so that a change of one runs exactly those again.
 */
#ifndef CORE_INPUTS_H
#define CORE_INPUTS_H

#include "base/buf.h"
#include "base/map.h"
#include "core/test.h"

/* Below the project's root, the volumes of its tests: a real path a line. */
#define INPUTS_VOLUMES ".clnrm/cache/volumes"

struct inputs {
	struct map by_test; /* source and variant -> what it declared */
	const char *root;   /* the project's, or NULL: found upwards */
	struct buf list;    /* where the volumes are kept; no text: nowhere */
	struct buf kept;    /* what it says */
};

/* Take note of what the newest plan of a test declares; it holds the test. */
void inputs_set(struct inputs *in, struct test *t);

/*
 * A file changed: what is planned of it as a test is forgotten, and those that
 * declared it are due.
 */
void inputs_change(struct inputs *in, const char *path, int64_t gen);

/*
 * The changes of a generation are known: call fn with each test that is due
 * and was not planned since, with the file that made it so, and how, "volume"
 * or "input".
 *
 * in: fn may set
 */
typedef void inputs_fn(
    void *arg, struct test *t, const char *by, const char *how);
void inputs_due(struct inputs *in, int64_t gen, inputs_fn *fn, void *arg);

/*
 * Keep the list of all volumes, for who watches what lies outside the project.
 *
 * err: -1 and *e: it cannot be written
 */
int inputs_keep(struct inputs *in, struct err *e);

void inputs_free(struct inputs *in);

#endif
