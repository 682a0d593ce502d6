/*
 * Pictures of one trace.
 */
#ifndef CORE_DRAW_H
#define CORE_DRAW_H

#include "base/out.h"
#include "core/gap.h"
#include "core/spans.h"

/* Which spans are wanted; all where nothing is set. */
struct draw_filter {
	struct match *name; /* a glob */
	const char *status; /* "OK", "ERROR", "UNSET" */
	const char *attr;   /* "KEY=VALUE", or "KEY" */
	int64_t longer_ns;
	const struct gaps *gaps; /* what a test misses, or NULL */
};

bool draw_is_wanted(const struct draw_filter *f, const struct span *s);

/*
 * is[t->n]: the spans of the critical path: the roots, and of each span on it
 * the child that ends last.
 *
 * mem: free() it
 */
bool *draw_critical(const struct spans *t);

/*
 * A line a span, with durations; `*` is the critical path: of each span the
 * child that ends last; `!` is missing. What has no parent says why.
 */
void draw_tree(
    const struct spans *t, const struct draw_filter *f, struct out *to);

/* NAME SERVICE DURATION STATUS, and how many. */
void draw_table(
    const struct spans *t, const struct draw_filter *f, struct out *to);

/* An object a line: name, service, kind, status, duration_ns, attributes. */
void draw_ndjson(
    const struct spans *t, const struct draw_filter *f, struct out *to);

/* The graph for Graphviz and Mermaid, and {"nodes":[…],"edges":[…]}. */
void draw_dot(
    const struct spans *t, const struct draw_filter *f, struct out *to);
void draw_mermaid(
    const struct spans *t, const struct draw_filter *f, struct out *to);
void draw_json(
    const struct spans *t, const struct draw_filter *f, struct out *to);

/* A waterfall, as a picture and as a page of HTML. */
void draw_svg(
    const struct spans *t, const struct draw_filter *f, struct out *to);
void draw_html(
    const struct spans *t, const struct draw_filter *f, struct out *to);

#endif
