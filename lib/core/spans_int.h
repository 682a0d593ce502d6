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
};

/* An id, known by its span or by those that wait for it; index + 1, 0: none */
struct spans_slot {
	uint32_t span, wait;
};

/* What is known of a trace that may grow. */
struct spans_links {
	struct spans_slot *slot; /* open addressing */
	size_t mask, slots;
	size_t done;	   /* spans that hang in the tree */
	size_t cap;	   /* of these: */
	uint32_t *next;	   /* who waits for the same parent, as in the slot */
	uint32_t *mark;	   /* which walk came by; 0: none */
	uint32_t *wait;	   /* children that are yet to be told */
	uint32_t *changed; /* see spans_hang() */
	size_t changes;
	size_t placed, order_cap; /* of spans.order */
	uint32_t *last; /* of recorded spans: the last of each depth */
	size_t lasts, lasts_cap;
	unsigned lines; /* before the text that is read */
};

/* A value as plain JSON, or as OTLP's {"stringValue":…}, made canonical. */
int spans_value(struct spans_reader *r, struct pull_text *to);
int spans_any(struct spans_reader *r, struct pull_text *to);

/* Attributes as an object of plain values, or OTLP's list of keys and values;
 * null has none. */
int spans_attrs(struct spans_reader *r, struct span_attrs *to);

/* Read all texts of JSON in s[n], which is borrowed. */
void spans_json(struct spans *t, const char *s, size_t n);

void spans_links_free(struct spans *t);

static inline struct pull_text
span_text(const char *s)
{
	return (struct pull_text){s, strlen(s)};
}

#endif
