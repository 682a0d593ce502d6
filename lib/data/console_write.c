#include "data/console_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/mem.h"

static void put_any(struct json *j, const char *key, const struct value *v);

static void
put_text(struct json *j, const char *key, const struct value *v)
{
	if (v && v->kind == VALUE_STR)
		json_strn(j, key, v->str.s, v->str.len);
}

static void
put_attributes(struct json *j, const char *key, const struct value *table)
{
	json_open(j, key, '[');
	for (size_t i = 0;
	     table && table->kind == VALUE_TABLE && i < table->table.n; i++) {
		const struct value_member *m = &table->table.member[i];

		json_open(j, NULL, '{');
		json_strn(j, "key", m->key, m->len);
		put_any(j, "value", m->value);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_list(struct json *j, const struct value *v)
{
	json_open(j, "arrayValue", '{');
	json_open(j, "values", '[');
	for (size_t i = 0; i < v->list.n; i++)
		put_any(j, NULL, v->list.item[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void
put_double(struct json *j, double d)
{
	if (isnan(d))
		json_str(j, "doubleValue", "NaN");
	else if (isinf(d))
		json_str(j, "doubleValue", d < 0 ? "-Infinity" : "Infinity");
	else
		json_float(j, "doubleValue", d);
}

/* No member at all is the empty value, which null becomes. */
static void
put_any(struct json *j, const char *key, const struct value *v)
{
	json_open(j, key, '{');
	switch (v ? v->kind : VALUE_NULL) {
	case VALUE_STR:
		put_text(j, "stringValue", v);
		break;
	case VALUE_BOOL:
		json_bool(j, "boolValue", v->b);
		break;
	case VALUE_INT:
		json_int(j, "intValue", v->i);
		break;
	case VALUE_UINT:
		put_double(j, (double)v->u);
		break;
	case VALUE_FLOAT:
		put_double(j, v->f);
		break;
	case VALUE_LIST:
		put_list(j, v);
		break;
	case VALUE_TABLE:
		json_open(j, "kvlistValue", '{');
		put_attributes(j, "values", v);
		json_close(j, '}');
		break;
	case VALUE_TIME:
	case VALUE_NULL:
		break;
	}
	json_close(j, '}');
}

static void
put_id(struct json *j, const char *key, const char *id, size_t n)
{
	if (id)
		json_strn(j, key, id, n);
}

/* What is no count of 32 bits was printed by nobody. */
static void
put_count(struct json *j, const char *key, int64_t n)
{
	if (n > 0 && n <= UINT32_MAX)
		json_int(j, key, n);
}

static void
put_events(struct json *j, const struct console_span *s)
{
	json_open(j, "events", '[');
	for (size_t i = 0; i < s->events; i++) {
		const struct console_event *ev = &s->event[i];

		json_open(j, NULL, '{');
		json_nano(j, "timeUnixNano", ev->time_ns);
		put_text(j, "name", ev->name);
		put_attributes(j, "attributes", ev->attributes);
		put_count(j, "droppedAttributesCount", ev->dropped);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_links(struct json *j, const struct console_span *s)
{
	json_open(j, "links", '[');
	for (size_t i = 0; i < s->links; i++) {
		const struct console_link *l = &s->link[i];

		json_open(j, NULL, '{');
		put_id(j, "traceId", l->trace_id, 32);
		put_id(j, "spanId", l->span_id, 16);
		put_text(j, "traceState", l->state);
		put_attributes(j, "attributes", l->attributes);
		put_count(j, "droppedAttributesCount", l->dropped);
		json_int(j, "flags", l->flags);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_span(struct json *j, const struct console_span *s)
{
	json_open(j, NULL, '{');
	put_id(j, "traceId", s->trace_id, 32);
	put_id(j, "spanId", s->span_id, 16);
	put_id(j, "parentSpanId", s->parent_id, 16);
	put_text(j, "traceState", s->state);
	json_int(j, "flags", s->flags);
	put_text(j, "name", s->name);
	json_int(j, "kind", s->kind);
	json_nano(j, "startTimeUnixNano", s->start_ns);
	json_nano(j, "endTimeUnixNano", s->end_ns);
	json_open(j, "status", '{');
	json_int(j, "code", s->code);
	put_text(j, "message", s->message);
	json_close(j, '}');
	put_attributes(j, "attributes", s->attributes);
	put_count(j, "droppedAttributesCount", s->dropped);
	put_events(j, s);
	put_count(j, "droppedEventsCount", s->dropped_events);
	put_links(j, s);
	put_count(j, "droppedLinksCount", s->dropped_links);
	json_close(j, '}');
}

static void
put_scope(struct json *j, const struct console_span *s)
{
	json_open(j, NULL, '{');
	json_open(j, "scope", '{');
	put_text(j, "name", s->scope);
	put_text(j, "version", s->version);
	json_close(j, '}');
	put_text(j, "schemaUrl", s->scope_schema);
	json_open(j, "spans", '[');
	put_span(j, s);
	json_close(j, ']');
	json_close(j, '}');
}

void
console_write(const struct console_span *s, struct json *j)
{
	json_open(j, NULL, '{');
	json_open(j, "resourceSpans", '[');
	json_open(j, NULL, '{');
	json_open(j, "resource", '{');
	put_attributes(j, "attributes", s->resource);
	json_close(j, '}');
	put_text(j, "schemaUrl", s->resource_schema);
	json_open(j, "scopeSpans", '[');
	put_scope(j, s);
	json_close(j, ']');
	json_close(j, '}');
	json_close(j, ']');
	json_close(j, '}');
}

struct console_event *
console_add_event(struct arena *a, struct console_span *s)
{
	s->event =
	    arena_more(a, s->event, s->events, &s->event_cap, sizeof *s->event);
	return &s->event[s->events++];
}

struct console_link *
console_add_link(struct arena *a, struct console_span *s)
{
	s->link =
	    arena_more(a, s->link, s->links, &s->link_cap, sizeof *s->link);
	return &s->link[s->links++];
}
