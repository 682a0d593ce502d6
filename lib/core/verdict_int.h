/*
 * What the parts of core/verdict share: the file being judged, and the way a
 * rule says what it found.
 */
#ifndef CORE_VERDICT_INT_H
#define CORE_VERDICT_INT_H

#include <stdbool.h>

#include "core/verdict.h"

/* A span that came while the file ran. */
struct seen {
	const char *id, *trace, *parent, *name, *kind;
	size_t name_len;
	const struct value *tree;  /* of the record what is asked for */
	uint64_t start_ns, end_ns; /* 0: not told */
	size_t up;		   /* index of its parent, or SIZE_MAX */
	bool is_counted;	   /* bound to this run and not our own */
	bool is_ours;		   /* via clnrm */
	bool has_trace;		   /* carried this run's trace id */
};

/* One running of one scenario of the file. */
struct running {
	const char *id, *name;
	const struct value *
	    *step; /* step[steps], by index; NULL: did not run */
	size_t steps;
	const struct value *end; /* its scenario.end, or NULL */
	size_t spans;		 /* counted ones */
	bool is_output_bad;	 /* a check on exit or output does not hold */
};

struct verdict_file {
	struct arena a; /* all that follows hangs off it */
	const struct value *plan;
	struct record_key key; /* id NULL */
	struct running *run;   /* run[runs], in the order of the plan */
	size_t runs;
	struct seen *seen; /* seen[n], in the order of arrival */
	size_t n, cap;
	struct map by_id;	/* trace and span id: index + 1 */
	size_t strangers;	/* spans that are not bound to this run */
	const char *trouble;	/* the last error diagnostic on the source */
	bool is_unsupported;	/* it was about what there is not yet */
	const char *incomplete; /* what of the collection is not; or NULL */
};

enum outcome {
	HOLDS,
	FAILS,
	MISSING, /* no counted span of a name that it needs */
	UNDECIDED,
};

/* What one rule found. Texts that are NULL become null. */
struct check {
	const char *rule, *code;
	enum outcome outcome;
	bool is_open;	/* one more span could turn it */
	bool is_output; /* on exit status, output or time */
	const char *message, *expected, *actual, *hint;
	const char **span; /* span[spans]: ids */
	size_t spans;
};

/* One verdict in the making. */
struct judging {
	struct verdict *v;
	struct verdict_file *file;
	struct running *run; /* NULL: for the file */
	struct arena a;	     /* scratch, freed after each rule */
	struct map needs;    /* names needed: found (2) or not (1) */
	size_t checks, failed;
	bool has_failed, has_missing, has_undecided;
	const char *first_rule, *first_message;
};

/* Write the check's record and remember what it means for the verdict. */
void verdict_check(struct judging *j, struct check *c);

/* The id of a span, as a list of one. */
void verdict_name_span(
    struct judging *j, struct check *c, const struct seen *s);

/* The counted spans that a pattern of names takes. */
struct picked {
	bool *is; /* is[file->n] */
	size_t n; /* how many */
	const char *pattern;
	size_t len;
};

/*
 * Pick by a name or glob. A `needed` one is a name without which there is no
 * evidence; `with_ours` takes our own spans too, which are not in n.
 */
struct picked verdict_pick(struct judging *j, const struct value *pattern,
    bool needed, bool with_ours);

/* Is `up` an ancestor of the span at `i`? */
bool verdict_is_above(const struct verdict_file *f, size_t up, size_t i);

/* "no span with this name; …", and the hint on what came instead. */
void verdict_missing(
    struct judging *j, struct check *c, const struct picked *p);

/* A scalar's canonical text: what attributes are compared by. */
const char *verdict_text(struct arena *a, const struct value *v);

/* Its length too, for texts that hold a NUL. */
bool verdict_is_text(
    struct arena *a, const struct value *v, const struct value *want);

/* Keep a span record of the file; what is kept is copied. */
void verdict_see(struct verdict_file *f, const struct value *v);

/* Count a span record, where nothing is asked of it. */
void verdict_count(struct verdict_file *f, const struct value *v);

/* Find every span's parent, once all are there. */
void verdict_link(struct verdict_file *f);

/* The checks on exit status, output and time of j->run. */
void verdict_steps(struct judging *j, size_t index);

/* What each table of [expect] asks; `want` is its part of the plan. */
void verdict_spans(struct judging *j, const struct value *want);
void verdict_counts(struct judging *j, const struct value *want);
void verdict_graph(struct judging *j, const struct value *want);
void verdict_windows(struct judging *j, const struct value *want);
void verdict_order(struct judging *j, const struct value *want);
void verdict_status(struct judging *j, const struct value *want);
void verdict_hermeticity(struct judging *j, const struct value *want);

#endif
