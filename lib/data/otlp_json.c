#include "data/otlp_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "data/otlp_word.h"

/* src: the JSON Protobuf Encoding of OTLP 1.11 */

/* Reads one value, null included, into `to`. */
typedef int value_fn(struct otlp *o, unsigned level, void *to);

/* The same for the member `key` of an object. */
typedef int member_fn(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to);

/* Inline, so that the length of a name is known and comparing is a few words.
 */
static inline __attribute__((always_inline)) bool
is(const struct otlp_word *key, const char *name)
{
	return key->n == strlen(name) && !memcmp(key->s, name, key->n);
}

/* An object, its members one by one; null has none. */
static int
object(struct otlp *o, member_fn *fn, unsigned level, void *to)
{
	struct otlp_word key;
	int got;

	if (otlp_take_null(o))
		return 0;
	if (otlp_open(o, '{') < 0)
		return -1;
	for (bool more = false; (got = otlp_member(o, &key, more)) > 0;
	     more = true)
		if (fn(o, &key, level, to) < 0)
			return -1;
	return got;
}

static int
list(struct otlp *o, value_fn *fn, unsigned level, void *to)
{
	int got;

	if (otlp_take_null(o))
		return 0;
	if (otlp_open(o, '[') < 0)
		return -1;
	for (bool more = false; (got = otlp_item(o, more)) > 0; more = true)
		if (fn(o, level, to) < 0)
			return -1;
	return got;
}

static int
read_text(struct otlp *o, struct buf *to)
{
	struct otlp_word w;

	buf_reset(to);
	if (otlp_take_null(o))
		return 0;
	if (otlp_string(o, &w) < 0)
		return -1;
	otlp_text(o, to, w.s, w.n);
	return 0;
}

static int
read_id(struct otlp *o, struct otlp_id *to)
{
	struct otlp_word w;

	*to = (struct otlp_id){0};
	if (otlp_take_null(o))
		return 0;
	if (otlp_string(o, &w) < 0)
		return -1;
	if (w.n % 2)
		return otlp_fail(o, "an id of an odd number of hex digits");
	for (size_t i = 0; i < w.n; i += 2) {
		int high = hex_value(w.s[i]), low = hex_value(w.s[i + 1]);

		if (high < 0 || low < 0)
			return otlp_fail(
			    o, "an id that is not hex (base64 is not meant)");
		if (i / 2 < sizeof to->b)
			to->b[i / 2] = (unsigned char)(high << 4 | low);
	}
	to->len = w.n / 2;
	return 0;
}

static int
read_unsigned(struct otlp *o, uint64_t most, uint64_t *to)
{
	struct otlp_whole w;

	*to = 0;
	if (otlp_take_null(o))
		return 0;
	if (otlp_whole(o, &w) < 0)
		return -1;
	if (w.is_large || w.magnitude > most || (w.is_negative && w.magnitude))
		return otlp_fail(o, "a number out of range");
	*to = w.magnitude;
	return 0;
}

static int
read_u32(struct otlp *o, uint32_t *to)
{
	uint64_t v;

	if (read_unsigned(o, UINT32_MAX, &v) < 0)
		return -1;
	*to = (uint32_t)v;
	return 0;
}

/* Names are not allowed to be sent, but some do. */
static int
read_name(struct otlp *o, const char *const name[], int32_t *to)
{
	struct otlp_word w;

	if (otlp_string(o, &w) < 0)
		return -1;
	for (int32_t i = 0; name[i]; i++)
		if (is(&w, name[i])) {
			*to = i;
			return 1;
		}
	return otlp_fail(o, "an enum that is neither number nor name");
}

static int
read_enum(struct otlp *o, const char *const name[], enum otlp_warning bit,
    int32_t *to)
{
	struct otlp_whole w;
	uint64_t most = INT32_MAX;

	*to = 0;
	if (otlp_take_null(o))
		return 0;
	if (otlp_is_word(o)) {
		o->r->warnings |= bit;
		return read_name(o, name, to) < 0 ? -1 : 0;
	}
	if (otlp_whole(o, &w) < 0)
		return -1;
	if (w.is_large || w.magnitude > most + w.is_negative)
		return otlp_fail(o, "a number out of range");
	*to = (int32_t)(w.is_negative ? -(int64_t)w.magnitude
				      : (int64_t)w.magnitude);
	return 0;
}

static int
read_int(struct otlp *o, struct otlp_any *v)
{
	struct otlp_whole w;
	double d;

	if (otlp_whole(o, &w) < 0)
		return -1;
	if (!w.is_large && w.magnitude <= (uint64_t)INT64_MAX + w.is_negative) {
		otlp_any_int(
		    v, (int64_t)(w.is_negative ? -w.magnitude : w.magnitude));
		return 0;
	}
	d = strtod(o->number.s, NULL);
	if (!isfinite(d))
		return otlp_fail(o, "a number out of range");
	o->r->warnings |= OTLP_BIG_INT;
	otlp_any_double(v, d);
	return 0;
}

static int
read_double(struct otlp *o, struct otlp_any *v)
{
	double d;

	if (otlp_double(o, &d) < 0)
		return -1;
	otlp_any_double(v, d);
	return 0;
}

static int
read_bytes(struct otlp *o, struct otlp_any *v)
{
	struct otlp_word w;

	if (otlp_base64(o, &w) < 0)
		return -1;
	otlp_any_bytes(v, (const unsigned char *)w.s, w.n);
	return 0;
}

static int read_pair(struct otlp *o, unsigned level, void *to);

static int any_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to);

static int
read_any(struct otlp *o, unsigned level)
{
	otlp_any_reset(&o->any[level]);
	return object(o, any_member, level, NULL);
}

static int
read_list_item(struct otlp *o, unsigned level, void *to)
{
	struct otlp_any *item = &o->any[level + 1];

	(void)to;
	if (read_any(o, level + 1) < 0)
		return -1;
	otlp_any_add(&o->any[level], item);
	return 0;
}

static int
nest_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_any *v = &o->any[level];

	(void)to;
	if (!is(key, "values"))
		return otlp_skip(o);
	buf_reset(&v->text);
	otlp_attrs_reset(&v->map);
	if (v->kind == OTLP_MAP)
		return list(o, read_pair, level + 1, &v->map);
	return list(o, read_list_item, level, NULL);
}

static int
read_nest(struct otlp *o, unsigned level, enum otlp_kind kind)
{
	if (level == OTLP_LEVELS)
		return otlp_fail(o, "a value nested too deep");
	otlp_any_reset(&o->any[level]);
	o->any[level].kind = kind;
	return object(o, nest_member, level, NULL);
}

static int
any_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_any *v = &o->any[level];
	bool yes;

	(void)to;
	if (is(key, "stringValueStrindex"))
		o->r->warnings |= OTLP_STRINDEX_VALUE;
	if (otlp_take_null(o))
		return 0;
	if (is(key, "stringValue"))
		return read_text(o, otlp_any_scalar(v));
	if (is(key, "intValue"))
		return read_int(o, v);
	if (is(key, "doubleValue"))
		return read_double(o, v);
	if (is(key, "bytesValue"))
		return read_bytes(o, v);
	if (is(key, "arrayValue"))
		return read_nest(o, level, OTLP_LIST);
	if (is(key, "kvlistValue"))
		return read_nest(o, level, OTLP_MAP);
	if (!is(key, "boolValue"))
		return otlp_skip(o);
	if (otlp_bool(o, &yes) < 0)
		return -1;
	otlp_any_bool(v, yes);
	return 0;
}

static int
pair_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_any *v = &o->any[level];
	struct otlp_word w;

	(void)to;
	if (is(key, "value"))
		return read_any(o, level);
	if (is(key, "keyStrindex"))
		o->r->warnings |= OTLP_STRINDEX_KEY;
	if (!is(key, "key"))
		return otlp_skip(o);
	buf_reset(&v->key);
	if (otlp_take_null(o))
		return 0;
	if (otlp_string(o, &w) < 0)
		return -1;
	buf_add(&v->key, w.s, w.n);
	return 0;
}

static int
read_pair(struct otlp *o, unsigned level, void *to)
{
	struct otlp_any *v = &o->any[level];

	otlp_any_reset(v);
	buf_reset(&v->key);
	if (object(o, pair_member, level, NULL) < 0)
		return -1;
	otlp_attr(to, v);
	return 0;
}

static int
read_attrs(struct otlp *o, struct otlp_attrs *to)
{
	otlp_attrs_reset(to);
	return list(o, read_pair, 0, to);
}

static int
event_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_event *ev = &o->event;

	(void)level;
	(void)to;
	if (is(key, "timeUnixNano"))
		return read_unsigned(o, UINT64_MAX, &ev->time_ns);
	if (is(key, "name"))
		return read_text(o, &ev->name);
	if (is(key, "attributes"))
		return read_attrs(o, &ev->attrs);
	if (is(key, "droppedAttributesCount"))
		return read_u32(o, &ev->dropped);
	return otlp_skip(o);
}

static int
read_event(struct otlp *o, unsigned level, void *to)
{
	otlp_event_reset(&o->event);
	if (object(o, event_member, level, to) < 0)
		return -1;
	otlp_event_end(o);
	return 0;
}

static int
link_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_link *l = &o->link;

	(void)level;
	(void)to;
	if (is(key, "traceId"))
		return read_id(o, &l->trace_id);
	if (is(key, "spanId"))
		return read_id(o, &l->span_id);
	if (is(key, "traceState"))
		return read_text(o, &l->state);
	if (is(key, "attributes"))
		return read_attrs(o, &l->attrs);
	if (is(key, "droppedAttributesCount"))
		return read_u32(o, &l->dropped);
	if (is(key, "flags"))
		return read_u32(o, &l->flags);
	return otlp_skip(o);
}

static int
read_link(struct otlp *o, unsigned level, void *to)
{
	otlp_link_reset(&o->link);
	if (object(o, link_member, level, to) < 0)
		return -1;
	otlp_link_end(o);
	return 0;
}

static int
status_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	static const char *const name[] = {
	    "STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR", NULL};

	(void)level;
	(void)to;
	if (is(key, "message"))
		return read_text(o, &o->draft.message);
	if (is(key, "code"))
		return read_enum(o, name, OTLP_STATUS_NAME, &o->draft.code);
	return otlp_skip(o);
}

static int
read_status(struct otlp *o)
{
	buf_reset(&o->draft.message);
	o->draft.code = 0;
	return object(o, status_member, 0, NULL);
}

static int
read_kind(struct otlp *o)
{
	static const char *const name[] = {"SPAN_KIND_UNSPECIFIED",
	    "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
	    "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER", NULL};

	return read_enum(o, name, OTLP_KIND_NAME, &o->draft.kind);
}

/* The members of a span that are lists and counts. */
static int
span_part(struct otlp *o, const struct otlp_word *key)
{
	struct otlp_draft *d = &o->draft;

	if (is(key, "attributes"))
		return read_attrs(o, &d->attrs);
	if (is(key, "droppedAttributesCount"))
		return read_u32(o, &d->dropped);
	if (is(key, "droppedEventsCount"))
		return read_u32(o, &d->dropped_events);
	if (is(key, "droppedLinksCount"))
		return read_u32(o, &d->dropped_links);
	if (is(key, "status"))
		return read_status(o);
	if (is(key, "events")) {
		buf_reset(&d->events);
		return list(o, read_event, 0, NULL);
	}
	if (is(key, "links")) {
		buf_reset(&d->links);
		return list(o, read_link, 0, NULL);
	}
	return otlp_skip(o);
}

static int
span_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_draft *d = &o->draft;

	(void)level;
	(void)to;
	if (is(key, "traceId"))
		return read_id(o, &d->trace_id);
	if (is(key, "spanId"))
		return read_id(o, &d->span_id);
	if (is(key, "parentSpanId"))
		return read_id(o, &d->parent_id);
	if (is(key, "traceState"))
		return read_text(o, &d->state);
	if (is(key, "flags"))
		return read_u32(o, &d->flags);
	if (is(key, "name"))
		return read_text(o, &d->name);
	if (is(key, "kind"))
		return read_kind(o);
	if (is(key, "startTimeUnixNano"))
		return read_unsigned(o, UINT64_MAX, &d->start_ns);
	if (is(key, "endTimeUnixNano"))
		return read_unsigned(o, UINT64_MAX, &d->end_ns);
	return span_part(o, key);
}

static int
read_span(struct otlp *o, unsigned level, void *to)
{
	otlp_draft_reset(&o->draft);
	if (object(o, span_member, level, to) < 0)
		return -1;
	return otlp_span_end(o);
}

static int
scope_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	struct otlp_scope *s = &o->scope;

	(void)level;
	(void)to;
	if (is(key, "name"))
		return read_text(o, &s->name);
	if (is(key, "version"))
		return read_text(o, &s->version);
	if (is(key, "attributes"))
		return read_attrs(o, &s->attrs);
	if (is(key, "droppedAttributesCount"))
		return read_u32(o, &s->dropped);
	return otlp_skip(o);
}

/* to: where the spans of the envelope begin */
static int
scope_spans_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	if (is(key, "spans")) {
		otlp_rewind(o, *(struct otlp_mark *)to);
		return list(o, read_span, level, NULL);
	}
	if (is(key, "schemaUrl"))
		return read_text(o, &o->scope.schema);
	if (!is(key, "scope"))
		return otlp_skip(o);
	otlp_scope_reset(&o->scope);
	return object(o, scope_member, level, NULL);
}

static int
read_scope_spans(struct otlp *o, unsigned level, void *to)
{
	struct otlp_mark from = otlp_mark(o);

	(void)to;
	otlp_scope_reset(&o->scope);
	buf_reset(&o->scope.schema);
	if (object(o, scope_spans_member, level, &from) < 0)
		return -1;
	otlp_scope_end(o, from.spans);
	return 0;
}

static int
resource_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	(void)level;
	(void)to;
	if (is(key, "attributes"))
		return read_attrs(o, &o->resource.attrs);
	if (is(key, "droppedAttributesCount"))
		return read_u32(o, &o->resource.dropped);
	return otlp_skip(o);
}

static int
resource_spans_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	if (is(key, "scopeSpans")) {
		otlp_rewind(o, *(struct otlp_mark *)to);
		return list(o, read_scope_spans, level, NULL);
	}
	if (is(key, "schemaUrl"))
		return read_text(o, &o->resource.schema);
	if (!is(key, "resource"))
		return otlp_skip(o);
	otlp_resource_reset(&o->resource);
	return object(o, resource_member, level, NULL);
}

static int
read_resource_spans(struct otlp *o, unsigned level, void *to)
{
	struct otlp_mark from = otlp_mark(o);

	(void)to;
	otlp_resource_reset(&o->resource);
	buf_reset(&o->resource.schema);
	if (object(o, resource_spans_member, level, &from) < 0)
		return -1;
	otlp_resource_end(o, from.spans);
	return 0;
}

static int
request_member(
    struct otlp *o, const struct otlp_word *key, unsigned level, void *to)
{
	if (is(key, "resourceSpans")) {
		otlp_rewind(o, (struct otlp_mark){0});
		return list(o, read_resource_spans, level, to);
	}
	if (is(key, "resource_spans"))
		o->r->warnings |= OTLP_SNAKE_CASE;
	return otlp_skip(o);
}

int
otlp_json(struct otlp *o)
{
	if (otlp_start(o) < 0 || object(o, request_member, 0, NULL) < 0)
		return -1;
	return otlp_stop(o);
}
