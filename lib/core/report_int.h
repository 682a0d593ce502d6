/*
 * What the parts of core/report share: the tests in the order of the plan, and
 * the views that print them.
 */
#ifndef CORE_REPORT_INT_H
#define CORE_REPORT_INT_H

#include "base/arena.h"
#include "base/map.h"
#include "base/ticker.h"
#include "core/catalogue.h"
#include "core/finding.h"
#include "core/page.h"
#include "core/report.h"
#include "core/waterfall.h"
#include "data/value.h"

/* What a step printed: the ends of it. */
struct shot {
	const char *step, *out, *err; /* NULL: nothing */
	bool is_out_cut, is_err_cut;
};

/* One thing that was asked, and whether it holds. */
struct proof {
	const char *rule, *message;
	bool is_ok;
};

/* One verdict, or the place that waits for it. */
struct result {
	const char *scenario; /* NULL: the file's */
	const char *id;	      /* of its running, or NULL */
	const char *name;
	const char *verdict;  /* NULL: it did not run */
	const char *message;  /* of the first failure, or NULL */
	const char *unjudged; /* "2 tables not judged: …", or NULL */
	const char *digest;   /* of its trace, or NULL */
	const char *level;    /* of isolation, or NULL */
	unsigned line;	      /* of the scenario, or 0 */
	int64_t start_ns;     /* since the Unix epoch; 0: not known */
	int64_t duration_ns, spans, required, found;
	struct finding *finding; /* finding[findings] */
	size_t findings, finding_cap;
	struct shot *shot; /* shot[shots] */
	size_t shots, shot_cap;
	struct bar *bar; /* bar[bars]: where a view draws them */
	size_t bars, bar_cap, bars_left_out;
	struct proof *proof; /* proof[proofs]: the same */
	size_t proofs, proof_cap;
	const struct result *before; /* an earlier running, red too; or NULL */
	bool is_done;
	bool is_cached; /* it came again and did not run */
};

/* One source and variant: a plan, or what kept it from having one. */
struct entry {
	struct arena a;
	uint64_t number; /* no two have the same */
	const char *source, *variant;
	int64_t gen;
	bool has_plan;
	bool is_settled;       /* without a plan: none will come any more */
	bool is_stale;	       /* a newer text is known: nobody waits for it */
	struct result *result; /* result[n], in the order of the plan */
	size_t n, result_cap, shown;
	struct finding *finding; /* finding[findings]: of the source itself */
	size_t findings, finding_cap;
	const char *news;    /* how its trace is not as recorded; or NULL */
	struct view *own[3]; /* that its [report] asks for; NULL: no more */
	bool has_error;	     /* among the findings */
	bool is_bad;	     /* something of it is red */
	bool is_told;	     /* a flaky test's failures are told at the end */
};

struct totals {
	uint64_t pass, fail, fake, error, skip, flaky, not_run;
	uint64_t warnings;
	int64_t start_ns, stop_ns; /* of the tests; 0: not known */
	int64_t duration_ns;	   /* theirs together */
};

/* A scenario that runs. */
struct runner {
	char *id, *name;
	int64_t since_ns, tell_ns; /* when it is slow next */
};

/* What is drawn on standard error while tests run. */
struct progress {
	struct runner *runner; /* runner[n] */
	size_t n, cap;
	uint64_t planned, done;
	struct ticker ticker;
};

struct view;

/*
 * A format. Each function may be NULL.
 *
 * result: a verdict is due; `v` is NULL for a source without a plan, and
 *         v->verdict is NULL for a test that did not run
 * summary: all since the last summary is known, and told again where it is bad
 */
struct report_form {
	const char *name;
	size_t size; /* of its state */
	bool has_bars;
	bool is_document; /* each summary ends one, and begins another */
	void (*record)(struct view *w, const struct record *record);
	void (*result)(
	    struct view *w, const struct entry *e, const struct result *v);
	void (*summary)(struct view *w, bool is_last);
	void (*forget)(struct view *w); /* what the state holds */
};

/* One format on its way to one place. */
struct view {
	struct report *r;
	const struct report_form *form;
	void *state;	 /* zeroed at first and after each document */
	struct out *out; /* its place */
	struct out file; /* the place, where it is a file */
	char *path;	 /* of the file, or NULL */
	char *temp;	 /* that becomes it, or NULL */
	bool is_new;	 /* it is put in place when it is whole */
	bool is_own;	 /* of [report]: shows only the tests that ask for it */
	bool is_used;	 /* since the last summary */
	bool is_written; /* a summary of it is out */
	struct totals now;
};

/* What was done last, of one generation. */
struct edit {
	int64_t gen;
	int64_t first_ns; /* the first notice, since the Unix epoch; or 0 */
	int64_t seen_ns;  /* how long the watch waited for more */
	/* By clock_mono_ns(): the first record, the last plan, the last end. */
	int64_t begun_ns, planned_ns, ran_ns;
	struct buf names; /* of the files, the first of them */
	size_t named;
	struct map why; /* source -> "template lib/base.tera" */
	bool is_order;	/* a key, and no file */
	bool is_told, is_due;
};

/* How one trace differs from the recorded one, the first lines. */
struct news {
	struct buf text;
	size_t n; /* differences */
};

/* That tests run several times: an `attempts` record said so. */
struct report_again {
	bool is_on, is_repeat;
	uint64_t times, begins;
	struct map test;      /* by source, variant and scenario */
	struct entry **entry; /* entry[n]: told, or to be told at last */
	size_t n, cap;
};

struct report {
	struct report_how how;
	struct view **view; /* view[views]; the first is standard output */
	size_t views, view_cap;
	struct entry **queue; /* queue[n], in the order of the plan */
	size_t n, cap;
	struct entry **kept; /* kept[keeps]: shown, and bad */
	size_t keeps, keep_cap;
	struct entry loose;   /* diagnostics that belong to no entry */
	struct totals now;    /* since the last batch */
	struct map worst;     /* by source and variant: its last exit status */
	struct map isolation; /* what was below `full`, in words */
	struct catalogue catalogue; /* of spans, since the last batch */
	struct progress progress;
	uint64_t entries, tests; /* in the whole stream */
	struct edit edit;
	struct news news;
	struct report_again again;
	int64_t begun_ns, stage_ns;
	size_t name_width;
	char *command;		    /* that began the stream, or NULL */
	struct finding_source text; /* that findings are shown with */
	const char *incomplete; /* why it is not all that there is, or NULL */
	int status;		/* of the stages before; at last, of all */
	int file_status;	/* of writing files */
	bool has_error_verdict, has_bars;
	bool is_plan;
	bool is_list; /* nothing is to be written beside it */
	bool has_plan, has_batch, is_interrupted, is_cut;
};

extern const struct report_form report_text, report_tap, report_plan,
    report_junit, report_json, report_ctrf, report_github, report_markdown,
    report_ndjson, report_html, report_failed, report_digest;

/* The same text, or both NULL? */
bool report_is_same(const char *a, const char *b);

/* The newest entry that waits for this source; any variant where NULL. */
struct entry *report_entry_of(struct report *r, const char *source);

/* The one of that key, or NULL. */
struct entry *report_entry_keyed(
    struct report *r, const struct record_key *key);

/* A new one, at the end of the queue. */
struct entry *report_entry_new(struct report *r, const char *source);
void report_entry_free(struct entry *e);

/* Tell at last what waits to be run again. */
void report_show_left(struct report *r);

/* Sources pass the stages before one by one: no plan comes for these now. */
void report_settle_others(struct report *r, const struct entry *but);

/* Tell what is known, in the order of the plan. */
void report_advance(struct report *r, bool is_last);

/* Print into a view. */
void report_say(struct view *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void report_put(struct view *w, const struct buf *b);

/* What records say, copied into the arena. */
const char *report_text_of(
    struct arena *a, const struct value *tree, const char *key);
int64_t report_nano(const struct value *tree, const char *key);
struct shot report_shot(struct arena *a, const struct value *tree);
void report_fill(struct arena *a, struct result *v, const struct value *tree);
struct bar report_bar(struct arena *a, const struct value *tree);

/* Print what would run, from a `plan` record. */
void report_plan_put(struct view *w, const struct value *plan);

/* The name of a test, its variant behind it. */
const char *report_name(
    struct arena *a, const struct entry *e, const struct result *v);

/* What to say of a result that is not green: a check, else the source's. */
struct finding report_reason(const struct entry *e, const struct result *v);

/* The first finding of the source that is an error, or NULL. */
const struct finding *report_error_of(const struct entry *e);

/* "PASS"; for a verdict NULL "NOT RUN". */
const char *report_word(const struct result *v);

/* Does the view show that entry? */
bool report_shows(const struct view *w, const struct entry *e);

/* The state of a view in JSON: what is not printed yet. */
struct report_document {
	struct json j;
	bool is_begun;
};
void report_json_flush(struct view *w);
void report_json_forget(struct view *w);

/*
 * The catalogue of spans of a whole run: the first names in a line each, behind
 * `mark`, where there are several tests; or all of it.
 */
void report_catalogue_text(struct view *w, const char *mark);
void report_catalogue_json(struct view *w, struct json *j);
void report_catalogue_junit(struct view *w, struct buf *b);
void report_catalogue_markdown(struct view *w, struct buf *b);
void report_catalogue_html(struct view *w, struct buf *b);

/* A property of a test or a suite; nothing where the value is NULL. */
void report_junit_property(struct buf *b, const char *name, const char *value);

/* A text's first line that draws nothing in Markdown. */
void report_markdown_plain(struct buf *b, const char *text);

/* Did all pass, and was it all there is? */
bool report_is_green(const struct view *w);

/* What was told to this view since the last summary, and how many it was. */
const struct totals *report_totals(const struct view *w);
uint64_t report_tests(const struct totals *t);
void report_count(struct totals *t, const struct result *v);

/* "3 tests: 2 passed, 1 failed" */
void report_totals_put(struct buf *b, const struct totals *t);

/*
 * Views.
 *
 * in:  path NULL: `out` is the place
 * err: NULL and *e: the file cannot be written
 */
struct view *report_view(struct report *r, const struct report_form *form,
    const char *path, struct out *out, struct err *e);
void report_on_github(struct report *r);
const struct report_form *report_form_of(const char *name, size_t len);
void report_show(
    struct report *r, const struct entry *e, const struct result *v);
void report_summary(struct report *r, bool is_last);
void report_view_del(struct view *w);

/* One whose file is made when there is something to tell. */
struct view *report_view_later(
    struct report *r, const struct report_form *form, const char *path);

/* Write no file now, and say why. */
void report_void(struct view *w, const char *why);

/* The views that the [report] of a plan asks for. */
void report_own(struct report *r, struct entry *e, const struct value *plan);

/* A report that cannot be written is told in the other ones. */
void report_lose(struct report *r, const char *path, const struct err *e);

/* What was done: saved files and keys, and what followed from them. */
void report_edit_change(struct report *r, const struct value *tree);
void report_edit_affected(struct report *r, const struct value *tree);
void report_edit_request(struct report *r, const struct value *tree);
void report_edit_planned(struct report *r, int64_t gen);
void report_edit_ran(struct report *r, int64_t gen);

/* Why the test ran, where it was not saved itself; or NULL. */
const char *report_edit_why(const struct report *r, const struct entry *e);

/* Name the files once; and, at the end, the time that each stage took. */
void report_edit_put(struct view *w, bool has_tests);
void report_edit_times(struct view *w);
void report_edit_free(struct edit *d);

/* What differs from recorded traces, told behind the verdict of the test: an
 * entry that is shown takes its own along. */
void report_recorded_change(struct report *r, const struct value *tree);
void report_recorded_summary(struct report *r, const struct value *tree);
void report_recorded_show(struct report *r, const struct entry *e);

/* For a page: a row of a difference; of a `diff.summary` the table of them. */
void report_recorded_row(struct buf *b, const struct value *tree);
void report_recorded_table(struct buf *b, const struct value *tree,
    const struct buf *rows, uint64_t left_out);

/* That it was recorded instead, or why not. */
void report_recorded_take(struct report *r, const struct value *tree);

/* Tests begin and end. */
void report_progress_start(struct report *r, const char *id, const char *name);
void report_progress_end(struct report *r, const char *id);
void report_progress_free(struct report *r);

/* 2026-01-31T12:00:00 of a time since the Unix epoch. */
void report_time_put(struct buf *b, int64_t ns);

/*
 * Tests that run several times: how often, then each verdict of theirs.
 *
 * out: of report_again_take(), what is to be told now and *e of it, or NULL;
 *      of report_again_left(), what waits for a further running that does not
 *      come any more
 */
void report_again_begin(struct report *r, const struct value *tree);
struct result *report_again_take(
    struct report *r, struct entry **e, struct result *v);
struct result *report_again_left(
    struct report *r, size_t *at, struct entry **e);
void report_again_hold(struct report *r, struct entry *e);
void report_again_free(struct report *r);

/* Is this status of a stage no more than that of verdicts, told later? */
bool report_again_forgives(
    const struct report *r, int64_t status, const char *stage);

/* Did it not pass, or not run? */
bool report_is_red(const struct result *v);

#endif
