/*
 * The recorded traces of tests, to hold later ones against: of each test a
 * file, its head with what does not count, and the normal form behind it.
 *
 * src: clnrm-records(7), baseline and node
 */
#ifndef CORE_RECORDING_H
#define CORE_RECORDING_H

#include "base/cli.h"
#include "base/map.h"
#include "core/diff.h"
#include "core/stage.h"

/*
 * Append a trace as it is recorded.
 *
 * in:  ignored[n], for the head: the names that its keys leave out
 */
void recording_print(const struct spans *t, const char *const ignored[],
    size_t n, struct buf *b);

/* How traces are held against recordings, which ignore names themselves. */
struct recording_rules {
	const struct cli_list *ignores; /* as of diff_ignore() */
	bool all; /* what differs from run to run counts, too */
	double tolerance;
	int64_t least_ns;
};

enum { RECORDINGS_LIMIT = 256 << 20 };

struct recorded;

/* The recordings below a directory, and the tests of a stream that have one. */
struct recordings {
	struct stage *stage; /* that the stream comes by */
	const char *dir;
	struct recording_rules rules;
	size_t limit; /* bytes that all tests together may hold */
	/* the rest is its own */
	struct map tests;      /* by source */
	struct recorded *open; /* further plans of it may come; or NULL */
	size_t held;	       /* bytes, of all texts */
};

/*
 * Pass a record on. Where the last verdict of a recorded test was given, what
 * changed is told behind it; of a request to accept, tests that passed and
 * differ are recorded as they are now.
 *
 * mem: keeps the spans of recorded tests that run, and of those that differ
 */
void recordings_take(struct recordings *r, const struct record *record);

void recordings_free(struct recordings *r);

/* One test of these. */
struct recorded {
	char *source, *path; /* of the recording */
	int64_t gen;
	size_t due;	     /* verdicts */
	const char *verdict; /* the worst of them */
	bool is_settled;     /* all its plans are known */
	bool is_lost;	     /* its spans were too many to be held */
	bool differs;
	struct buf text; /* its spans, as they came */
	size_t held;	 /* of that, in recordings.held */
};

/*
 * Hold the spans against the recording, and tell what changed.
 *
 * out: t->differs
 * err: -1 and *e: the recording cannot be read
 */
int recording_compare(struct recorded *t, const struct recording_rules *rules,
    struct stage *stage, struct err *e);

/*
 * Record the spans instead. Names that are ignored stay, and so do durations
 * that take in the new ones.
 *
 * err: -1 and *e: the recording cannot be read or written, and is as it was
 */
int recording_renew(
    struct recorded *t, const struct recording_rules *rules, struct err *e);

#endif
