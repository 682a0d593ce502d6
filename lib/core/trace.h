/*
 * Our own part of a trace: ids, the parent that the code under test is given,
 * and the spans `clnrm.run` and `clnrm.step:NAME`, which are shown and never
 * counted for an expectation.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/stage.h"

enum {
	TRACE_ID = 33, /* 16 bytes in lower-case hex, and a NUL */
	TRACE_SPAN = 17,
	TRACE_PARENT = 56,
};

/* A random id, never all zero. */
void trace_new_id(char hex[TRACE_ID]);
void trace_new_span(char hex[TRACE_SPAN]);

/* src: W3C Trace Context, version 00 */
void trace_parent(char text[TRACE_PARENT], const char *trace_id,
    const char *span_id, bool is_sampled);

/* Something that happened in the time of a span. */
struct trace_event {
	const char *name;
	int64_t at_ns;
	const char *key, *value; /* its attribute; NULL: none */
};

struct trace_span {
	const char *trace_id, *span_id;
	const char *parent_id; /* "" for a root */
	const char *name;
	int64_t start_ns, end_ns; /* since the Unix epoch */
	bool is_error;
	const char *message; /* of the status; "" for none */
	const char *key[4];  /* attributes, sorted by key; NULL ends */
	const char *value[4];
	const struct trace_event *event; /* event[events], in their order */
	size_t events;
};

/* Write one as a `span` record, via `clnrm`. */
void trace_write(struct stage *s, const struct record_key *key,
    const struct trace_span *span);

#endif
