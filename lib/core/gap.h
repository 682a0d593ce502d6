/*
 * Edges that a test asks for and a trace has not: expect.graph.must_include,
 * and the parents of expect.span.
 */
#ifndef CORE_GAP_H
#define CORE_GAP_H

#include "base/arena.h"
#include "core/spans.h"

struct gap {
	const char *up, *down;	 /* globs of names, as the test has them */
	uint32_t up_at, down_at; /* the first span of each; SPAN_NONE */
};

struct gaps {
	struct gap *gap;
	size_t n, cap;
	struct arena arena;
};

/*
 * Hold the trace against the `plan` records among the lines of text[n].
 *
 * err: -1 and *e: a plan that is malformed
 */
int gaps_find(struct gaps *to, const struct spans *t, const char *text,
    size_t n, struct err *e);

void gaps_free(struct gaps *g);

#endif
