/*
 * Scenarios that need not run: of one whose inputs are all known its records
 * are stored, and come again, `cached`, as long as it passed and nothing that
 * it read has changed. What is not known to be unchanged runs.
 *
 * .clnrm/cache/runs of the project holds a file for each, named by the digest
 * of all that is known before it runs: what of its plan is run, our own
 * program, our options, who we are. In it
 *
 *	clnrm-replay 1 SHA256	of all that follows
 *	{"id": …}		the key of its records
 *	…			its inputs, a line each, up to an empty one
 *	…			its records
 */
#ifndef CORE_REPLAY_H
#define CORE_REPLAY_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/image.h"
#include "core/reading.h"
#include "core/stage.h"
#include "core/test.h"
#include "data/hash.h"

/* What the runs of a process share. */
struct replay {
	bool is_forced; /* store, but let nothing come again */
	bool is_asked;	/* the same up to the next batch: somebody wants it */
	char program[HASH_HEX];
	struct stage *stage;
	const char *root;   /* the project's, or NULL: found upwards */
	struct buf options; /* as far as a scenario depends on them */
	struct reading_digests *digests;
	struct image_set *(*images)(void *arg, struct err *e);
	void *images_arg;
	struct map places; /* directories that were looked after */
	size_t written;	   /* bytes, since then */
};

enum {
	REPLAY_SCRIPT = 16 << 20, /* bytes of records that are stored of one */
	REPLAY_BYTES = 256 << 20, /* of all in a project; the oldest go */
	REPLAY_DAYS = 30,
};

#define REPLAY_AGE_NS (REPLAY_DAYS * 24 * 3600 * (int64_t)1000000000)

/*
 * Who it is for, what stands between program and places, is for the caller to
 * fill in.
 *
 * err: -1 and *e: our own program cannot be read
 */
int replay_start(struct replay *r, bool is_forced, struct err *e);
void replay_free(struct replay *r);

/* The name that a scenario is stored by when it is run at that level. */
void replay_key(const struct replay *r, const struct test *t, size_t index,
    const char *level, char key[HASH_HEX]);

/*
 * Let the scenarios of a test come again that can: their records are written.
 * Where [expect] binds several they come together or not at all.
 *
 * out: which of them are to be run all the same: runs[n], in the plan's order
 */
void replay_test(
    struct replay *r, struct test *t, const char *level, bool runs[]);

/* Would any of its scenarios run? Nothing is written. */
bool replay_runs(struct replay *r, const struct test *t, const char *level);

/* Is one stored under the name, and all it read still as it was? */
bool replay_is_unchanged(
    struct replay *r, const struct test *t, const char *key);

/* What is to be stored of a scenario that is over. */
struct replay_kept {
	const char *key;
	struct record_key record;
	const struct buf *inputs, *script;
};

/* Nothing is told of what cannot be written: then it runs again. */
void replay_keep(struct replay *r, const struct replay_kept *k);

/* What is stored of it is not what it last was. */
void replay_forget(struct replay *r, const char *source, const char *key);

/* What is stored of a scenario. */
struct replay_told {
	const char *source, *variant; /* variant: or NULL */
	int64_t bytes, used_s;	      /* last of use, since 1970 */
	bool comes;		      /* again, if its inputs are unchanged */
	bool is_flaky;
};

typedef void replay_told_fn(void *arg, const struct replay_told *told);

/* Tell of each in a directory; what cannot be read is passed over. */
void replay_each(const char *dir, replay_told_fn *fn, void *arg);

struct replay_size {
	size_t files, removed;
	int64_t bytes, removed_bytes;
};

/* Remove what is older, and the oldest of what is more; 0 bytes: all. */
void replay_prune(
    const char *dir, int64_t bytes, int64_t age_ns, struct replay_size *size);

#endif
