/*
 * What a person or a harness reads: verdicts in the order of the plan, as they
 * come, and what went wrong once more at the end; in one format on standard
 * output, and in any number of files beside it.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/out.h"
#include "core/record.h"

struct keep;

struct report_how {
	const char *format; /* of report_formats, NULL: TAP */
	bool has_color;
	bool clears;	     /* the screen, before what comes of a change */
	bool is_strict;	     /* warnings are findings */
	bool is_unordered;   /* a file is told once all of it is known */
	bool none_is_a_pass; /* nothing selected exits 0 */
	bool is_on_github;   /* annotations beside the log, on `err` */
	const char *github_summary; /* a file to append Markdown to, or NULL */
	unsigned width;	 /* columns of a terminal; 0: lines are not cut */
	struct out *err; /* standard error, for slow tests and annotations */
	const struct keep *keep; /* of this run, or NULL */
	int64_t slow_ns;  /* a test that runs longer is named; 0: none is */
	unsigned columns; /* of the terminal on `err`, for a line that is drawn
			     again and again; 0: none is drawn */
};

/* The names, as an option shows them: "text|tap|…". */
#define REPORT_FORMATS "text|tap|plan|junit|json|ctrf|github|ndjson|html|failed"

struct report;

/* mem: heap; `out` and what *how points to are borrowed. report_del() it */
struct report *report_new(const struct report_how *how, struct out *out);

/*
 * Write the same in another format to a file as well. It is there, whole, when
 * the run is over, or at the end of each batch.
 *
 * in:  "FORMAT=FILE"
 * err: -1 and *e: no such format or nothing to write to (status 2); a file that
 *      cannot be written (status 3), told apart by *status
 */
int report_also(
    struct report *r, const char *target, int *status, struct err *e);

/* Take a record in, and print what it lets be told. */
void report_take(struct report *r, const struct record *record);

/*
 * The same of a record that the reading stage itself has made, and which is
 * not part of the stream.
 */
void report_take_own(struct report *r, const struct record *record);

/*
 * Tell on standard error how far the run is, and which tests are slow.
 *
 * out: milliseconds after which there may be more to tell, -1: none
 */
int report_tick(struct report *r);

/* Wipe the line that report_tick() draws: something else is to be printed. */
void report_hush(struct report *r);

/*
 * Print what is left and the summary, and write the files.
 *
 * in:  the status of the reading stage itself (3: the stream was cut)
 * out: the exit status: the worst of the stages' before and of the verdicts
 */
int report_finish(struct report *r, int status);

void report_del(struct report *r);

#endif
