/*
 * What the parts of core/verdict share: the file being judged, and the way a
 * rule says what it found.
 */
#ifndef CORE_VERDICT_INT_H
#define CORE_VERDICT_INT_H

#include <stdbool.h>

#include "base/slots.h"
#include "core/spans.h"
#include "core/verdict.h"
#include "data/match.h"

enum { NS_OF_MS = 1000000 };

/* A span that came while the file ran, each once. */
struct seen {
	const char *id, *trace, *parent, *name, *kind;
	size_t name_len;
	uint32_t before; /* the one before it of its name: index + 1, or 0 */
	uint32_t at;	 /* the rest of it: file->spans.span[at] */
	uint64_t start_ns, end_ns; /* 0: not told */
	uint64_t blur_ns; /* both may be up to that much later: its clock */
	size_t up;	  /* index of its parent, or SIZE_MAX */
	bool is_counted;  /* bound to this run and not our own */
	bool is_ours;	  /* via clnrm */
	bool is_earlier;  /* of an earlier running, whole in itself */
	const struct running *run; /* NULL: of none */
	size_t round;		   /* of that run */
	bool has_trace;		   /* carried this run's trace id */
};

/* Whose a span of file->spans is. */
struct owner {
	const struct running *run; /* NULL: of none */
	size_t round;
	bool is_counted;
};

/* One running of one scenario of the file. */
struct running {
	const char *id, *name;
	const struct value *
	    *step; /* step[steps], by index; NULL: did not run */
	size_t steps;
	const struct value *end;	/* its scenario.end, or NULL */
	const struct value **violation; /* violation[violations] */
	size_t violations, violation_cap;
	size_t spans;	    /* counted ones */
	size_t round;	    /* runnings of it that were before this one */
	bool is_green;	    /* its verdict is a pass */
	bool is_output_bad; /* a check on exit or output does not hold */
};

struct verdict_file {
	struct arena a; /* all that follows hangs off it */
	const struct value *plan;
	struct record_key key; /* id NULL */
	struct running *run;   /* run[runs], in the order of the plan */
	size_t runs;
	struct span_keys keys;
	struct spans spans;  /* all that came, for rules and the digest */
	struct owner *owner; /* owner[spans.n] */
	size_t owners_cap;
	struct seen *seen; /* seen[n], in the order of arrival */
	size_t n, cap;
	struct slots by_id; /* of seen: index + 1 */
	struct map names;   /* number + 1 */
	uint32_t *last;	    /* last[names.n]: the last of each: index + 1 */
	size_t lasts_cap;
	size_t strangers;	/* spans that are not bound to this run */
	const char *trouble;	/* the last error diagnostic on the source */
	const char *incomplete; /* what of the collection is not; or NULL */
	int64_t given_gen;	/* of the saved run at hand; else -1 */
	bool is_red;		/* its own verdict on several is no pass */
	bool is_trace;		/* spans are all there is: no run */
	bool is_pooling;	/* earlier spans are picked, too */
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

/* A check that waits for its turn: all are told in the order of the file. */
struct told {
	struct json record;
	const char *rule, *message; /* of one that does not hold; else NULL */
	uint64_t file, line, column;
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
	struct told *told; /* told[checks] */
	size_t cap;
	struct map places; /* files of places: index + 1 */
	const char *first_rule, *first_message;
	const char *known; /* why a failure is none; or NULL */
};

/* Make the check's record and remember what it means for the verdict. */
void verdict_check(struct judging *j, struct check *c);

/*
 * All rules of a scenario are judged: is its failure one that is known? Where
 * it did not fail, or no longer may, that is one more check that does not hold.
 */
void verdict_known(struct judging *j);

/* All of a file is judged: say so of those of its runnings that are stored. */
void verdict_mark(const struct verdict *v, const struct verdict_file *f);

/* Write all checks so far, as their rules stand in the file; frees them. */
void verdict_tell(struct judging *j);

/* The id of a span, as a list of one. */
void verdict_name_span(
    struct judging *j, struct check *c, const struct seen *s);

/* The counted spans that a pattern of names takes. */
struct picked {
	bool *is;      /* is[file->n] */
	size_t n;      /* how many */
	bool is_there; /* one at least, be it ours */
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

/* All there is of a span. */
static inline const struct span *
verdict_span(const struct verdict_file *f, const struct seen *s)
{
	return &f->spans.span[s->at];
}

/* An attribute of a span or of its resource, or NULL. */
const struct value *verdict_value(
    struct arena *a, const struct span_attrs *attrs, const char *key);

/* A scalar's canonical text: what attributes are compared by. */
const char *verdict_text(struct arena *a, const struct value *v);

/* Its length too, for texts that hold a NUL. */
bool verdict_is_text(
    struct arena *a, const struct value *v, const struct value *want);

/* One attribute of an expected span: a text, or a table of conditions. */
struct attr_ask {
	const struct value_member *want;
	const struct span_key *key;
	struct match *regex; /* NULL: none is asked */
	bool is_hopeless;    /* it found no answer in its time */
};

struct attr_asks {
	struct attr_ask *ask; /* ask[n] */
	size_t n;
};

/* Make ready a table of the plan; verdict_asks_free() it. */
struct attr_asks verdict_asks(struct judging *j, const struct value *want);
void verdict_asks_free(struct attr_asks *asks);

/* Do the attributes of a span have it? */
bool verdict_attr(
    struct judging *j, struct attr_ask *ask, const struct span_attrs *attrs);

/* Append what is asked, in words: "n at least 2". */
void verdict_say_ask(
    struct judging *j, const struct attr_ask *ask, struct buf *b);

/* What the plan says of a span, made ready for all candidates. */
struct wish {
	struct judging *j;
	const struct value *want;
	size_t at;	/* its place in expect.spans */
	unsigned asked; /* conditions, by their bits */
	struct picked name, parent, ancestor, sibling, follows;
	struct attr_asks all, any;
	bool *below;	   /* below[file->n]: is an ancestor there? */
	struct map family; /* trace and parent id: how many of `sibling` */
	bool is_hopeless;
};

/*
 * Make ready what is asked of the spans around; verdict_kin_free() it. What is
 * `needed` is evidence.
 */
void verdict_kin(struct wish *w, bool needed);
void verdict_kin_free(struct wish *w);

/* Make ready all that is asked of a span of the plan; verdict_wish_free() it.
 */
struct wish verdict_wish(
    struct judging *j, const struct value *want, size_t at, bool needed);
void verdict_wish_free(struct wish *w);

/* Is a span of the name all that is asked, but for how long it took? */
bool verdict_is_like(struct wish *w, const struct seen *s);

/* The quantiles of the durations of such spans, of all runs that there are. */
void verdict_quantiles(struct judging *j, const struct value *want, size_t at);

/* One condition of a wish against one candidate. */
struct asked {
	struct wish *w;
	const struct seen *s;
	/* Filled where it does not hold; NULL: nobody wants to know why. */
	struct buf *expected, *actual;
};

bool verdict_has_parent(struct asked *q);
bool verdict_has_ancestor(struct asked *q);
bool verdict_has_sibling(struct asked *q);
bool verdict_has_follows(struct asked *q);

/*
 * A parent begins before its child and ends after it, so between relatives
 * the starts decide; else the first must have ended when the second begins.
 * What the clocks cannot tell is taken as so.
 */
bool verdict_is_before(const struct verdict_file *f, size_t a, size_t b);

/* A bound of the plan: in words, met by n, and whether more could turn it. */
void verdict_say_bound(struct buf *b, const struct value *bound);
bool verdict_is_within(const struct value *bound, uint64_t n);
bool verdict_is_bound_open(const struct value *bound, uint64_t n);
int64_t verdict_least(const struct value *bound);

/* The scenario of the file that a record is about, or NULL. */
struct running *verdict_run_of(struct verdict_file *f, const struct value *v);

/*
 * The scenario runs anew: what counts is what comes now. Spans of a running
 * that was complete stay as earlier ones.
 */
void verdict_run_anew(
    struct verdict_file *f, struct running *run, const char *id);

/* Why the evidence of a running is not whole; NULL: it is. */
const char *verdict_gap(struct arena *a, const struct running *run);

/* Forget what was seen of the file. */
void verdict_reset(struct verdict_file *f);

/* Keep a `violation` of the file. Borrows v. */
void verdict_charge(struct verdict_file *f, const struct value *v);

/*
 * Keep a span record of the file; id is that of the running it names, or NULL.
 *
 * err: -1 and *e: see spans_add()
 */
int verdict_see(struct verdict_file *f, const struct record *r, const char *id,
    struct err *e);

/* The same; what is no span is told in a `diagnostic`. */
void verdict_take_span(struct verdict *v, struct verdict_file *f,
    const struct record *r, const char *id);

/* Forget the spans. */
void verdict_unsee(struct verdict_file *f);

/*
 * The member `digest`: of the counted spans, null where it could not run. It
 * uses up the spans of a file that has one running.
 */
void verdict_digest(
    const struct judging *j, const char *verdict, struct json *to);

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
