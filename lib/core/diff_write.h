/*
 * A difference in words: for machines as records, JSON or commands of GitHub
 * Actions, for people as a tree.
 */
#ifndef CORE_DIFF_WRITE_H
#define CORE_DIFF_WRITE_H

#include "base/out.h"
#include "core/diff.h"
#include "core/stage.h"

/* The test that both traces are of, and what became of it. */
struct diff_test {
	const char *source;
	int64_t gen;
	const char *verdict;
};

/* The records `diff` and `diff.summary`; `test` may be NULL. */
void diff_write_records(
    const struct diff *d, const struct diff_test *test, struct stage *s);

/* The same while the trace comes, for diff_update(); arg is the stage. */
void diff_write_so_far(void *arg, const struct diff *d, uint32_t base,
    uint32_t now, const struct diff_change change[], size_t n);
void diff_write_summary_so_far(const struct diff *d, struct stage *s);

/* {"summary":{…},"changes":[…]}, their members. */
void diff_write_json(const struct diff *d, struct out *to);

/* An annotation for each change. */
void diff_write_github(const struct diff *d, struct out *to);

struct diff_view {
	bool only_changes, has_color;
	long max_depth; /* 1: the roots; negative: all */
};

/* + added, - removed, ~ changed, > elsewhere. */
void diff_print(
    const struct diff *d, const struct diff_view *view, struct out *to);

/* A line of what was found so far, for diff_update(); arg is the output. */
void diff_print_so_far(void *arg, const struct diff *d, uint32_t base,
    uint32_t now, const struct diff_change change[], size_t n);

/* How much of each name changed, and all in a line. */
void diff_print_stat(const struct diff *d, struct out *to);
void diff_print_summary(const struct diff *d, struct out *to);

/* The tree and a waterfall of both traces, as a page of HTML. */
void diff_write_html(
    const struct diff *d, const struct diff_view *view, struct out *to);

/* Of these: a span's line begins with diff_mark(), and says its changes. */
char diff_mark(const struct diff *d, const struct diff_entry *e);
void diff_print_change(struct buf *b, const struct diff_change *c);
bool diff_is_shown(const struct diff_entry *e, const struct diff_view *view);

/* "1 changed; 3 spans before, 3 now" */
void diff_summary(const struct diff *d, struct buf *b);

#endif
