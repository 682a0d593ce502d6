/*
 * What the files of data/console share: a printed span in one form.
 */
#ifndef DATA_CONSOLE_INT_H
#define DATA_CONSOLE_INT_H

#include <stdint.h>

#include "data/console.h"
#include "data/json.h"
#include "data/value.h"

enum { CONSOLE_NESTING = 100 };

/* Texts are VALUE_STR, or anything else for ""; attributes are tables. */
struct console_event {
	uint64_t time_ns;
	const struct value *name, *attributes;
	int64_t dropped;
};

struct console_link {
	const char *trace_id, *span_id; /* 32 and 16 digits */
	const struct value *state, *attributes;
	uint32_t flags;
	int64_t dropped;
};

struct console_span {
	enum console_form form;
	const char *trace_id, *span_id; /* 32 and 16 digits */
	const char *parent_id;		/* the same, or NULL */
	const struct value *state, *name, *message;
	uint32_t flags;
	int kind, code; /* numbers of OTLP */
	uint64_t start_ns, end_ns;
	const struct value *attributes;
	struct console_event *event;
	struct console_link *link;
	size_t events, event_cap, links, link_cap;
	int64_t dropped, dropped_events, dropped_links;
	const struct value *resource, *resource_schema; /* its attributes */
	const struct value *scope, *version, *scope_schema;
};

/*
 * Read one object as JSON, Python or Node print it.
 *
 * err: NULL: it is none, or nested deeper than CONSOLE_NESTING
 * mem: hangs off *a
 */
struct value *console_object(struct arena *a, const char *s, size_t n);

/* Is this object a span, and of which exporter? */
bool console_is_span(
    struct arena *a, struct value *object, struct console_span *to);

/* The same for the text between the braces of an OStreamSpanExporter. */
bool console_is_text_span(
    struct arena *a, const char *s, size_t n, struct console_span *to);

/* The digits of an id of n of them, 0x before it or not; NULL: it is none. */
const char *console_id(const struct value *v, size_t n);

/* The same; NULL for one of zeros too. */
const char *console_parent(const struct value *v);

/* Make room for one more. */
struct console_event *console_add_event(
    struct arena *a, struct console_span *s);
struct console_link *console_add_link(struct arena *a, struct console_span *s);

/* Write it as a request of OTLP, in JSON. */
void console_write(const struct console_span *s, struct json *j);

#endif
