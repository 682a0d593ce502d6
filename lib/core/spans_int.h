/*
 * What the parts of core/spans share.
 */
#ifndef CORE_SPANS_INT_H
#define CORE_SPANS_INT_H

#include "base/slots.h"
#include "core/spans.h"

/* What was read last, as it stood; mostly the same comes again. */
struct spans_last {
	struct pull_text raw; /* an object or a list; NULL: neither */
	struct span_resource *resource;
	struct pull_text scope;
};

/* One reading: the cursor, and a text that values are put together in. */
struct spans_reader {
	struct spans *t;
	struct pull p;
	struct buf scratch;
	struct span_attr *attr; /* of the list that is being read */
	size_t attrs_cap;
	struct spans_last resource, bare, scope;
};

/* What is known of a trace that may grow. */
struct spans_links {
	struct slots by_id; /* of spans, or who waits for one; index + 1 */
	size_t done;	    /* spans that hang in the tree */
	size_t cap;	    /* of these: */
	uint32_t *next;	    /* who waits for the same parent, as in the slot */
	uint32_t *mark;	    /* which walk came by; 0: none */
	uint32_t *wait;	    /* children that are yet to be told */
	uint32_t *changed;  /* see spans_hang() */
	size_t changes;
	size_t placed, order_cap; /* of spans.order */
	uint32_t *last; /* of recorded spans: the last of each depth */
	size_t lasts, lasts_cap;
	unsigned lines; /* before the text that is read */
};

/* Whom all readings of one trace share; spans_free() ends it. */
struct spans_reader *spans_reader(struct spans *t);
void spans_reader_del(struct spans_reader *r);

/* What one object may turn out to be. */
struct spans_draft {
	struct span span;
	struct span_resource *resource;
	bool has_name, has_id, has_depth;
	bool is_record; /* a span and nothing else, for sure */
	bool is_other, is_node, is_baseline;
	bool has_run, is_ours, is_unbound;
	uint32_t depth;
	size_t hint;
};

/* Of which nothing is known yet. */
extern const struct spans_draft spans_draft;

/* The members of the object that is next. */
int spans_members(struct spans_reader *r, struct spans_draft *d);

/* A string; anything else is passed over, and leaves an empty one. */
int spans_string(struct spans_reader *r, struct pull_text *to);

/* {"attributes":…}, or where it is bare the attributes themselves. */
int spans_resource(
    struct spans_reader *r, bool is_bare, struct span_resource **to);

/* Its name. */
int spans_scope(struct spans_reader *r, struct pull_text *to);

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
