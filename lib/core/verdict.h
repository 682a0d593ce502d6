/*
 * What becomes of a test: its plan and what was seen while it ran go in, checks
 * and verdicts come out.
 *
 * src: clnrm-verify(1), clnrm.toml(5)
 */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include <stdbool.h>

#include "base/map.h"
#include "core/record.h"
#include "core/stage.h"

struct verdict {
	struct stage *stage; /* where checks and verdicts are written */
	struct map files;    /* by source and variant: plans that run */
	struct map newest;   /* by source: the newest gen seen, plus one */
	struct map worst;    /* by source and variant: its last exit status */
	char *stranger;	     /* the saved source that stands for the one plan */
	size_t given;	     /* records of a run, and spans, that were given */
	bool marks;	     /* stored runnings get one (core/mark.h) */
	const char *root;    /* their project's, or NULL: found upwards */
	bool is_red;	     /* some verdict is */
	bool is_stopped;     /* what did not end is skipped */
	bool is_given;	     /* what ran is given, and not seen in the stream */
};

/*
 * Pass a record on, and write the checks and verdicts that it completes behind
 * it (before it, where it is the runner's `end`).
 *
 * mem: keeps what a file's plan, steps and spans need until its verdict
 */
void verdict_take(struct verdict *v, const struct record *r);

/*
 * Hold the plans so far against a record of a saved run, or a span of nobody's:
 * steps and spans of the same source, or of the only one where there is one
 * plan. Verdicts come with verdict_finish().
 *
 * out: what belongs to a plan is passed on under the plan's key
 */
void verdict_given(struct verdict *v, const struct record *r);

/*
 * Nothing more comes, or nobody waits for it: what never ended gets its verdict
 * now, and the stage the status that the last verdict of every file adds up to.
 */
void verdict_finish(struct verdict *v);

void verdict_free(struct verdict *v);

#define AUTO_VERDICT __attribute__((cleanup(verdict_free))) struct verdict

#endif
