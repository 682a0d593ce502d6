/*
 * What the two decoders of data/otlp share: a draft of the span being read,
 * in pieces of canonical text, and the spans that are whole.
 */
#ifndef DATA_OTLP_INT_H
#define DATA_OTLP_INT_H

#include "data/otlp.h"

/* Attributes: raw keys and canonical values, all in one text. */
struct otlp_attrs {
	struct buf text;
	struct otlp_attr {
		uint32_t key, key_len, value, value_len;
	} * item;
	size_t n, cap;
};

enum otlp_kind { OTLP_NONE, OTLP_SCALAR, OTLP_LIST, OTLP_MAP };

/* The value being read at one level, with the key that it goes by. */
struct otlp_any {
	enum otlp_kind kind;
	struct buf key;	 /* raw */
	struct buf text; /* a scalar; of a list, what is between its brackets */
	struct otlp_attrs map;
};

struct otlp_id {
	unsigned char b[16];
	size_t len; /* as it came, which may be more than fits */
};

/* Texts are quoted; an empty buf stands for "". */
struct otlp_event {
	uint64_t time_ns;
	struct buf name;
	struct otlp_attrs attrs;
	uint32_t dropped;
};

struct otlp_link {
	struct otlp_id trace_id, span_id;
	struct buf state;
	uint32_t flags, dropped;
	struct otlp_attrs attrs;
};

struct otlp_draft {
	struct otlp_id trace_id, span_id, parent_id;
	struct buf state, name, message;
	uint32_t flags, dropped, dropped_events, dropped_links;
	int32_t kind, code;
	uint64_t start_ns, end_ns;
	struct otlp_attrs attrs;
	struct buf events, links; /* what is between the brackets */
};

struct otlp_scope {
	struct buf name, version, schema;
	struct otlp_attrs attrs;
	uint32_t dropped;
};

struct otlp_resource {
	struct buf schema;
	struct otlp_attrs attrs;
	uint32_t dropped;
};

/* How far a list had come: JSON takes the last of equal names. */
struct otlp_mark {
	size_t spans, rejected;
};

struct otlp_kept {
	size_t at, len; /* in otlp.text: the members before "resource" */
	size_t scope, resource;
	struct otlp_span span;
};

/* The text of a resource or a scope; run: test.run.id in otlp.text. */
struct otlp_tail {
	size_t at, len, run, run_len;
};

/* One decoding. */
struct otlp {
	struct otlp_result *r;
	struct err *e;
	const char *s;
	size_t n, at; /* the body, and where the reader is */
	unsigned nesting;
	struct otlp_any any[OTLP_LEVELS + 1];
	struct otlp_event event;
	struct otlp_link link;
	struct otlp_draft draft;
	struct otlp_scope scope;
	struct otlp_resource resource;
	struct buf scratch, number;
	struct buf text;
	struct otlp_kept *kept;
	size_t spans, spans_cap;
	struct otlp_tail *tail;
	size_t tails, tails_cap;
};

/* The readers of the two forms: 0, or -1 and *o->e. */
int otlp_pb(struct otlp *o);
int otlp_json(struct otlp *o);

/* "… at byte N"; -1. */
int otlp_fail(struct otlp *o, const char *what);

/* Set *to to s[n] in quotes; what is not UTF-8 becomes U+FFFD. */
void otlp_text(struct otlp *o, struct buf *to, const char *s, size_t n);

/* Set *to to s[n], mended in the same way. */
void otlp_key(struct otlp *o, struct buf *to, const char *s, size_t n);

/* Forget the value, not the key. */
void otlp_any_reset(struct otlp_any *v);
struct buf *otlp_any_scalar(struct otlp_any *v); /* emptied, to be filled */
void otlp_any_int(struct otlp_any *v, int64_t i);
void otlp_any_bool(struct otlp_any *v, bool b);
void otlp_any_double(struct otlp_any *v, double d);
void otlp_any_bytes(struct otlp_any *v, const unsigned char *s, size_t n);

/* Append to the list that `list` is. */
void otlp_any_add(struct otlp_any *list, struct otlp_any *item);

/* Append v under its key. */
void otlp_attr(struct otlp_attrs *to, struct otlp_any *v);
void otlp_attrs_reset(struct otlp_attrs *a);

/* Append them as an object, by key; of equal keys the last. */
void otlp_attrs_print(struct buf *to, struct otlp_attrs *a);

/* Make ready for the next one of its kind. */
void otlp_event_reset(struct otlp_event *ev);
void otlp_link_reset(struct otlp_link *l);
void otlp_draft_reset(struct otlp_draft *d);
void otlp_scope_reset(struct otlp_scope *s);
void otlp_resource_reset(struct otlp_resource *r);

/* The event, link, span is whole: keep it. */
void otlp_event_end(struct otlp *o);
void otlp_link_end(struct otlp *o);
int otlp_span_end(struct otlp *o);

/* The scope, resource holds for the spans kept since `from`. */
void otlp_scope_end(struct otlp *o, size_t from);
void otlp_resource_end(struct otlp *o, size_t from);

static inline struct otlp_mark
otlp_mark(const struct otlp *o)
{
	return (struct otlp_mark){o->spans, o->r->rejected};
}

static inline void
otlp_rewind(struct otlp *o, struct otlp_mark m)
{
	o->spans = m.spans;
	o->r->rejected = m.rejected;
}

#endif
