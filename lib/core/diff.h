/*
 * What changed from one trace to another. They are compared as trees; ids and
 * times of day do not count.
 *
 * Spans are matched by position, name, contents and what is below them: at
 * first whole subtrees that are equal, then what is alike under one parent,
 * then subtrees that went elsewhere, then what bears another name.
 */
#ifndef CORE_DIFF_H
#define CORE_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/out.h"
#include "core/spans.h"

enum diff_op {
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_CHANGED,
	DIFF_RENAMED,
	DIFF_MOVED,
	DIFF_REORDERED,
	DIFF_OPS
};

/* "added", "removed", … */
const char *diff_op_name(enum diff_op op);

/* Of one span; before and after are JSON, NULL where there is none. */
struct diff_change {
	enum diff_op op;
	const char *part;     /* "attributes", "status", …; NULL: all of it */
	struct pull_text key; /* of the part, or NULL */
	struct pull_text before, after;
};

/* A span of the two trees laid over each other, parents first. */
struct diff_entry {
	uint32_t base, now; /* SPAN_NONE: on the other side only */
	uint32_t up;	    /* its parent here; SPAN_NONE: a root */
	uint32_t depth;
	uint32_t change, changes; /* diff.change[change, change + changes) */
	uint32_t below;		  /* changes of all that is under it */
};

/* Where a span stands, and what it belongs to: small, since every round of a
 * match goes through all of them. */
struct diff_node {
	uint32_t up;	    /* SPAN_NONE: a root */
	uint32_t kid, kids; /* spans.order[kid, kid + kids), by start */
	uint32_t mate;	    /* SPAN_NONE: none */
	uint32_t place; /* among its siblings; of base: in the other trace, as
			   far as those beside it tell */
	bool is_displaced;
};

/* What it is and holds, as sums. */
struct diff_sum {
	uint64_t what; /* contents, without name and durations */
	uint64_t own;  /* the same with its name */
	uint64_t said; /* and what it took, and its resource; 0: not one */
	uint64_t tree; /* and all that is below, in any order */
	uint64_t rest; /* the same, without its own name */
	uint32_t sketch[4];
	uint32_t size; /* spans of its subtree */
	float took;    /* binary logarithm; negative: not known */
};

struct diff {
	/* set by the caller */
	struct spans *base, *now;
	double tolerance; /* a duration may be so many times another */
	int64_t least_ns; /* and differ by this much */
	bool no_durations, no_order;
	uint32_t max_depth; /* deeper changes are counted alone; 0: all kept */
	/* the result */
	struct diff_node *node[2]; /* the last one stands above the roots */
	struct diff_entry *entry;
	size_t entries, entries_cap;
	struct diff_change *change;
	size_t changes, changes_cap;
	size_t hidden;		/* changes that are too deep to be kept */
	size_t count[DIFF_OPS]; /* spans added and removed, else changes */
	struct arena arena;
	struct diff_sum *sum[2];
	size_t nodes_cap; /* of node[1] and sum[1] */
	struct diff_matcher *matcher;
	struct diff_live *live;
};

/*
 * Leave out what is named: "duration" and "order" are all durations, and the
 * order of children; anything else is a glob of attributes, of which base->keys
 * hears before the traces are read.
 *
 * err: -1 and *e: no glob
 */
int diff_ignore(struct diff *d, const char *what, struct err *e);

/*
 * The durations of another run of the same become those of `to`, with its own.
 * Where the other holds several itself, and they take in those of `to`, they
 * are taken as they are: so a recorded trace changes only where it must.
 */
void diff_take_runs(struct spans *to, struct spans *other);

enum { DIFF_RUNS = 5 }; /* so many, and their noise is known */

/*
 * Between which durations s would be no news: what its runs took, and five
 * times their median distance from the median around that.
 *
 * out: false: it has fewer than DIFF_RUNS; else band[3] = low, median, high
 */
bool diff_band(const struct span *s, double band[3]);

/* Match, then compare. */
void diff_run(struct diff *d);

/*
 * The same while `now` grows by spans_grow(): the counts become those of the
 * traces as they are, by what is new and what it touches. Tells of each
 * span of both that is found to have changed or to be renamed, again when that
 * is no longer the same. diff_finish() does what diff_run() does at last.
 *
 * mem: change[n] is good until fn returns
 */
typedef void diff_tell_fn(void *arg, const struct diff *d, uint32_t base,
    uint32_t now, const struct diff_change change[], size_t n);
void diff_update(struct diff *d, diff_tell_fn *fn, void *arg);
void diff_finish(struct diff *d);

/* How many changes there are. */
static inline size_t
diff_changes(const struct diff *d)
{
	return d->changes + d->hidden;
}

/* "a/b/c" of an entry, as text; long ones lose their middle. */
void diff_path(const struct diff *d, size_t entry, struct buf *b);

/* The same of a span in its own trace. */
void diff_path_of(const struct spans *t, uint32_t span, struct buf *b);

/* "attributes.http.route", or "" for all of the span. */
void diff_field(const struct diff_change *c, struct buf *b);

/* The span that an entry is shown by. */
const struct span *diff_span(const struct diff *d, const struct diff_entry *e);

void diff_free(struct diff *d);

#endif
