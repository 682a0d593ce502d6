/*
 * What the files of data/otlp share. A request is gone over once, which finds
 * all that can be wrong with it and where its spans lie; canonical text is
 * printed from there, for who asks. One in JSON is put in protobuf first.
 */
#ifndef DATA_OTLP_INT_H
#define DATA_OTLP_INT_H

#include "base/arena.h"
#include "data/otlp.h"

/* A part of the request. */
struct wire {
	const char *s, *end;
};

/* A ScopeSpans or ResourceSpans, of whose spans it is the tail. */
struct otlp_tail {
	struct wire s;
	size_t most;	 /* bytes of its text */
	struct buf text; /* empty: not yet printed */
	uint64_t digest; /* 0: not yet known */
	const char *run; /* run[run_len]; NULL if none */
	size_t run_len;
};

struct otlp_kept {
	struct otlp_span span; /* the first: it is what others see */
	struct otlp *of;
	struct wire s;
	size_t most;
	uint32_t scope, resource; /* tails */
};

/* An attribute that is being printed; the key is mended. */
struct otlp_attr {
	const char *key, *value; /* an AnyValue */
	uint32_t key_len;
	uint32_t value_len : 31;
	uint32_t is_split : 1; /* value: a KeyValue that has more than one */
};

/* One decoding. */
struct otlp {
	struct otlp_result *r;
	struct err *e;
	const char *s;
	size_t n, at; /* the body, and where the reader is */
	unsigned nesting;
	struct buf scratch, number;
	struct buf wire; /* in protobuf, what came in JSON */
	struct otlp_kept *kept;
	size_t spans, spans_cap;
	struct otlp_tail *tail;
	size_t tails, tails_cap;
	struct otlp_attr *attr; /* of all maps that are open */
	size_t attrs, attrs_cap;
	struct arena keys; /* that had to be mended */
	size_t limit;	   /* of a text: nobody wants the rest of it */
};

/* Find what is wrong, and the spans: 0, or -1 and *o->e. */
int otlp_pb(struct otlp *o);

/* Put a request in JSON in o->wire: 0, or -1 and *o->e. */
int otlp_json(struct otlp *o);

/* "… at byte N"; -1. */
int otlp_fail(struct otlp *o, const char *what);

/* Append s[n] in quotes; what is not UTF-8 becomes U+FFFD. */
void otlp_text(struct otlp *o, struct buf *to, const char *s, size_t n);

/* Take in a KeyValue, to be printed with all since o->attrs was `from`. */
void otlp_attr(struct otlp *o, size_t from, struct wire pair);

/* The value, if it is a string; else s is NULL. */
struct wire otlp_attr_text(struct otlp *o, const struct otlp_attr *it);

/* Append them as an object, by key, of equal keys the last; forget them. */
void otlp_attrs_print(struct otlp *o, size_t from, struct buf *to);

#endif
