/*
 * What the parts of core/spans share.
 */
#ifndef CORE_SPANS_INT_H
#define CORE_SPANS_INT_H

#include "core/spans.h"

/* One reading: the cursor, and a text that values are put together in. */
struct spans_reader {
	struct spans *t;
	struct pull p;
	struct buf scratch;
	struct span_attr *attr; /* of the list that is being read */
	size_t attrs_cap;
	uint32_t *last; /* of recorded spans: the last of each depth */
	size_t lasts, lasts_cap;
};

/* A value as plain JSON, or as OTLP's {"stringValue":…}, made canonical. */
int spans_value(struct spans_reader *r, struct pull_text *to);
int spans_any(struct spans_reader *r, struct pull_text *to);

/* Attributes as an object of plain values, or OTLP's list of keys and values;
 * null has none. */
int spans_attrs(struct spans_reader *r, struct span_attrs *to);

/* Read all texts of JSON in t->text. */
void spans_json(struct spans *t);

/* The tree of all spans that were read. */
void spans_link(struct spans *t);

static inline struct pull_text
span_text(const char *s)
{
	return (struct pull_text){s, strlen(s)};
}

#endif
