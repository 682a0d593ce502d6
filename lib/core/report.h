/*
 * What a person reads: verdicts in the order of the plan, as they come, and
 * what went wrong once more at the end.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <stdbool.h>

#include "base/out.h"
#include "core/record.h"

enum report_format {
	REPORT_TEXT,
	REPORT_TAP,
	REPORT_PLAN, /* what would run, and what is wrong with it */
};

struct report_how {
	enum report_format format;
	bool has_color;
	bool is_strict;	     /* warnings are findings */
	bool none_is_a_pass; /* nothing selected exits 0 */
	unsigned width;	     /* columns of a terminal; 0: lines are not cut */
};

struct report;

/* mem: heap; `out` is borrowed. report_del() it */
struct report *report_new(const struct report_how *how, struct out *out);

/* Take a record in, and print what it lets be told. */
void report_take(struct report *r, const struct record *record);

/*
 * Print what is left and the summary.
 *
 * in:  the status of the reading stage itself (3: the stream was cut)
 * out: the exit status: the worst of the stages' before and of the verdicts
 */
int report_finish(struct report *r, int status);

void report_del(struct report *r);

#endif
