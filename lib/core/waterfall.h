/*
 * A picture of spans over time: a bar for each, below its parent.
 */
#ifndef CORE_WATERFALL_H
#define CORE_WATERFALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A span, as far as a picture of the trace needs it. */
struct bar {
	const char *id, *parent, *name, *kind, *service;
	const char *words;	  /* attributes and events, as text */
	int64_t start_ns, end_ns; /* since the same moment */
	unsigned depth;
	bool is_error;
	bool is_ours; /* of the run itself, never counted */
	bool is_critical;
	bool is_timeless; /* when it was is not known */
	bool is_missing;  /* a test asks for it; the time is its parent's */
	const char *mark; /* a class of CSS in place of these, or NULL */
};

struct waterfall {
	const struct bar *bar;
	size_t bars;
	const char *label; /* what the reader of a screen is told */
	bool has_axis;	   /* and can be zoomed into */
	bool is_alone;	   /* a file of its own, not within a page */
};

/* The bars in the order of their tree, with their depth. */
void waterfall_sort(struct bar bar[], size_t n);

/* Append the picture as SVG. src: SVG 1.1 */
void waterfall_print(struct buf *b, const struct waterfall *w);

/* Rules of CSS for it, on page_colors; */
extern const char waterfall_style[];

/* and what zooms: a script, with its SHA-256 for a policy. */
extern const char waterfall_script[];
extern const char waterfall_script_hash[];

#endif
