/*
 * What the parts of core/report share: the tests in the order of the plan, and
 * the two ways to print them.
 */
#ifndef CORE_REPORT_INT_H
#define CORE_REPORT_INT_H

#include "base/arena.h"
#include "base/map.h"
#include "core/finding.h"
#include "core/report.h"

/* What a step printed: the ends of it. */
struct shot {
	const char *step, *out, *err; /* NULL: nothing */
	bool is_out_cut, is_err_cut;
};

/* One verdict, or the place that waits for it. */
struct result {
	const char *scenario; /* NULL: the file's */
	const char *name, *verdict;
	const char *message; /* of the first failure, or NULL */
	const char *unjudged; /* "2 tables not judged: …", or NULL */
	int64_t duration_ns, spans, required, found;
	struct finding *finding; /* finding[findings] */
	size_t findings, finding_cap;
	struct shot *shot; /* shot[shots] */
	size_t shots, shot_cap;
	bool is_done;
};

/* One source and variant: a plan, or what kept it from having one. */
struct entry {
	struct arena a;
	const char *source, *variant;
	int64_t gen;
	bool has_plan;
	bool is_settled;       /* without a plan: none will come any more */
	bool is_stale;	       /* a newer text is known: nobody waits for it */
	struct result *result; /* result[n], in the order of the plan */
	size_t n, result_cap, shown;
	struct finding *finding; /* finding[findings]: of the source itself */
	size_t findings, finding_cap;
	bool has_error;	     /* among them */
	bool is_unsupported; /* it asks for what there is not yet */
	bool is_bad;	     /* something of it is told again at the end */
};

struct totals {
	uint64_t pass, fail, fake, error, skip, not_run;
	uint64_t warnings;
};

struct report {
	struct report_how how;
	struct out *out;
	struct entry **queue; /* queue[n], in the order of the plan */
	size_t n, cap;
	struct entry **kept; /* kept[keeps]: shown, and bad */
	size_t keeps, keep_cap;
	struct entry loose;   /* diagnostics that belong to no entry */
	struct totals now;    /* since the last batch */
	struct map worst;     /* by source and variant: its last exit status */
	struct map isolation; /* what was below `full`, in words */
	uint64_t tests;	      /* in the whole stream */
	uint64_t points;      /* TAP's */
	int64_t first_edit_ns, edit_gen, begun_ns, stage_ns;
	size_t name_width;
	struct finding_source text; /* that findings are shown with */
	int status;		    /* of the stages before */
	bool is_edit_due;	    /* the batch being summed up has an edit */
	bool has_head, has_error_verdict;
	bool has_plan, has_batch, is_interrupted, is_cut;
};

/* Print into the report. */
void report_say(struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What records say, copied into the arena. */
const char *report_text_of(
    struct arena *a, const struct value *tree, const char *key);
struct shot report_shot(struct arena *a, const struct value *tree);
void report_fill(struct arena *a, struct result *v, const struct value *tree);

/* A result is due; for a source without a plan `v` is NULL. */
void report_text_result(
    struct report *r, const struct entry *e, const struct result *v);
void report_tap_result(
    struct report *r, const struct entry *e, const struct result *v);

/* The findings and the summary since the last one. */
void report_text_summary(struct report *r, bool is_last, int status);
void report_tap_summary(struct report *r, bool is_last, int status);

/* What would run, from a `plan` record. */
void report_plan(struct report *r, const struct value *plan);

static inline bool
report_is_red(const struct result *v)
{
	return *v->verdict != 'p' && *v->verdict != 's';
}

#endif
