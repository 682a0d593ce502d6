#include "data/console_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"

enum { REMOTE_KNOWN = 0x100, REMOTE = 0x200 }; /* bits of a span's flags */

#define SECOND INT64_C(1000000000)
#define SAFE (INT64_C(1) << 53) /* up to here a double is exact */

static const char *const kinds[] = {
    "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
static const char *const codes[] = {"UNSET", "OK", "ERROR"};

const char *
console_id(const struct value *v, size_t n)
{
	const char *s = value_str_or(v, NULL);
	size_t len = s ? v->str.len : 0;

	if (len == n + 2 && s[0] == '0' && s[1] == 'x') {
		s += 2;
		len = n;
	}
	for (size_t i = 0; i < len; i++)
		if (hex_value(s[i]) < 0)
			return NULL;
	return len == n ? s : NULL;
}

const char *
console_parent(const struct value *v)
{
	const char *s = console_id(v, 16);

	return s && strspn(s, "0") < 16 ? s : NULL;
}

static int
find_word(const char *const word[], size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(word[i], s))
			return (int)i;
	return 0;
}

static double
number(const struct value *v)
{
	if (v && v->kind == VALUE_FLOAT && isfinite(v->f))
		return v->f;
	return (double)value_int_or(v, 0);
}

/* Days of the Gregorian calendar since 1970; src: Hinnant, chrono dates. */
static int64_t
days(int64_t y, int64_t m, int64_t d)
{
	int64_t era, year, day;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year = y - era * 400;
	day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

/* The zone behind a time, in seconds: Z, +01:00. */
static int64_t
zone(const char *s)
{
	int h, m;
	char sign;

	if (sscanf(s, "%c%2d:%2d", &sign, &h, &m) != 3)
		return 0;
	return (sign == '-' ? -60 : 60) * (h * 60 + m);
}

/* RFC 3339, with any digits of a second; 0 where it is none. */
static uint64_t
time_ns(const struct value *v)
{
	const char *s = value_str_or(v, "");
	int y, mon, d, h, min, sec, used = 0;
	int64_t ns = 0, all;

	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mon, &d, &h, &min, &sec,
		&used) != 6 ||
	    y < 1970)
		return 0;
	s += used;
	if (*s == '.')
		for (int64_t unit = SECOND / 10; *++s >= '0' && *s <= '9';
		     unit /= 10)
			ns += unit * (*s - '0');
	all = days(y, mon, d) * 86400 + h * 3600 + min * 60 + sec - zone(s);
	return all < 0 || all >= INT64_MAX / SECOND
		 ? 0
		 : (uint64_t)(all * SECOND + ns);
}

static bool
set_ids(struct console_span *to, const struct value *trace,
    const struct value *span, const struct value *parent)
{
	to->trace_id = console_id(trace, 32);
	to->span_id = console_id(span, 16);
	to->parent_id = console_parent(parent);
	return to->trace_id && to->span_id;
}

static void
js_whole(struct value *v)
{
	double d = (double)v->i;

	if (d < 0x1p63) {
		v->i = (int64_t)d;
	} else {
		v->kind = VALUE_FLOAT;
		v->f = d;
	}
}

/*
 * JavaScript has doubles only: it prints the fewest digits that tell one from
 * the next, and zeros behind them.
 */
static const struct value *
js_values(struct value *v)
{
	if (!v)
		return v;
	if (v->kind == VALUE_INT && (v->i > SAFE || v->i < -SAFE))
		js_whole(v);
	for (size_t i = 0; v->kind == VALUE_LIST && i < v->list.n; i++)
		js_values(v->list.item[i]);
	for (size_t i = 0; v->kind == VALUE_TABLE && i < v->table.n; i++)
		js_values(v->table.member[i].value);
	return v;
}

/* Microseconds with a fraction. */
static uint64_t
js_micros(const struct value *v)
{
	double us = number(v);

	if (v && v->kind == VALUE_INT)
		return v->i > 0 && v->i < INT64_MAX / 1000
			 ? (uint64_t)v->i * 1000
			 : 0;
	return us > 0 && us < 9e15 ? (uint64_t)llround(us * 1000) : 0;
}

/* [seconds, nanoseconds] */
static uint64_t
js_time(const struct value *v)
{
	int64_t s = value_int_or(value_find(v, "0"), 0);
	int64_t ns = value_int_or(value_find(v, "1"), 0);

	if (s < 0 || s > INT64_MAX / SECOND - 1 || ns < 0 || ns >= SECOND)
		return 0;
	return (uint64_t)(s * SECOND + ns);
}

static void
js_events(struct arena *a, const struct value *list, struct console_span *to)
{
	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->list.n;
	     i++) {
		const struct value *v = list->list.item[i];

		*console_add_event(a, to) = (struct console_event){
		    js_time(value_get(v, "time")), value_get(v, "name"),
		    js_values(value_get(v, "attributes")),
		    value_int_or(value_get(v, "droppedAttributesCount"), 0)};
	}
}

/* The SDK 1 sends no flags of a link over OTLP either. */
static bool
is_js_1(const struct value *v)
{
	const struct value *sdk = value_get(
	    value_find(v, "resource.attributes"), "telemetry.sdk.version");

	return value_get(v, "parentId") ||
	       !strncmp(value_str_or(sdk, ""), "1.", 2);
}

static uint32_t
flags_of(uint32_t traced, bool is_remote)
{
	return (traced & 0xff) | REMOTE_KNOWN | (is_remote ? REMOTE : 0);
}

static uint32_t
js_flags(const struct value *context)
{
	return flags_of(
	    (uint32_t)value_int_or(value_get(context, "traceFlags"), 0),
	    value_bool_or(value_get(context, "isRemote"), false));
}

static void
js_links(struct arena *a, const struct value *span, struct console_span *to)
{
	const struct value *list = value_get(span, "links");
	bool has_flags = !is_js_1(span);

	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->list.n;
	     i++) {
		const struct value *v = list->list.item[i];
		struct value *context = value_get(v, "context");

		*console_add_link(a, to) = (struct console_link){
		    .trace_id = console_id(value_get(context, "traceId"), 32),
		    .span_id = console_id(value_get(context, "spanId"), 16),
		    .attributes = js_values(value_get(v, "attributes")),
		    .flags = has_flags ? js_flags(context) : 0,
		    .dropped = value_int_or(
			value_get(v, "droppedAttributesCount"), 0)};
	}
}

static bool
is_js(struct arena *a, struct value *v, struct console_span *to)
{
	const struct value *parent = value_find(v, "parentSpanContext.spanId");
	struct value *scope = value_get(v, "instrumentationScope");

	if (!value_get(v, "timestamp") || !value_get(v, "duration") ||
	    !set_ids(to, value_get(v, "traceId"), value_get(v, "id"),
		parent ? parent : value_get(v, "parentId")))
		return false;
	if (!scope)
		scope = value_get(v, "instrumentationLibrary");
	to->form = CONSOLE_JS;
	to->state = value_get(v, "traceState");
	to->name = value_get(v, "name");
	to->kind = (int)value_int_or(value_get(v, "kind"), 0) + 1;
	to->start_ns = js_micros(value_get(v, "timestamp"));
	to->end_ns = to->start_ns + js_micros(value_get(v, "duration"));
	to->code = (int)value_int_or(value_find(v, "status.code"), 0);
	to->message = value_find(v, "status.message");
	to->attributes = js_values(value_get(v, "attributes"));
	to->resource = js_values(value_find(v, "resource.attributes"));
	to->scope = value_get(scope, "name");
	to->version = value_get(scope, "version");
	to->scope_schema = value_get(scope, "schemaUrl");
	js_events(a, value_get(v, "events"), to);
	js_links(a, v, to);
	return true;
}

/* "['{key=a, value=b}', '{key=c, value=d}']" is a=b,c=d. */
static const struct value *
python_state(struct arena *a, const struct value *v)
{
	static const char key[] = "{key=", value[] = ", value=";
	const char *s = value_str_or(v, "");
	AUTO_BUF text = BUF_INIT;

	while ((s = strstr(s, key))) {
		const char *mid, *end;

		s += sizeof key - 1;
		mid = strstr(s, value);
		end = mid ? strchr(mid, '}') : NULL;
		if (!end)
			break;
		if (text.len)
			buf_addc(&text, ',');
		buf_add(&text, s, (size_t)(mid - s));
		buf_addc(&text, '=');
		mid += sizeof value - 1;
		buf_add(&text, mid, (size_t)(end - mid));
		s = end;
	}
	return value_str(a, text.s, text.len);
}

static void
python_lists(struct arena *a, const struct value *v, struct console_span *to)
{
	const struct value *events = value_get(v, "events");
	const struct value *links = value_get(v, "links");

	for (size_t i = 0;
	     events && events->kind == VALUE_LIST && i < events->list.n; i++) {
		const struct value *ev = events->list.item[i];

		*console_add_event(a, to) =
		    (struct console_event){time_ns(value_get(ev, "timestamp")),
			value_get(ev, "name"), value_get(ev, "attributes"), 0};
	}
	for (size_t i = 0;
	     links && links->kind == VALUE_LIST && i < links->list.n; i++) {
		const struct value *l = links->list.item[i];

		*console_add_link(a, to) = (struct console_link){
		    .trace_id =
			console_id(value_find(l, "context.trace_id"), 32),
		    .span_id = console_id(value_find(l, "context.span_id"), 16),
		    .state =
			python_state(a, value_find(l, "context.trace_state")),
		    .attributes = value_get(l, "attributes")};
	}
}

static bool
is_python(struct arena *a, struct value *v, struct console_span *to)
{
	struct value *context = value_get(v, "context");
	const struct value *resource = value_get(v, "resource");
	const char *kind = value_str_or(value_get(v, "kind"), "");

	if (!value_get(v, "start_time") ||
	    !set_ids(to, value_get(context, "trace_id"),
		value_get(context, "span_id"), value_get(v, "parent_id")))
		return false;
	kind += !strncmp(kind, "SpanKind.", 9) ? 9 : 0;
	to->form = CONSOLE_PYTHON;
	to->state = python_state(a, value_get(context, "trace_state"));
	to->name = value_get(v, "name");
	to->kind = find_word(kinds, COUNT(kinds), kind);
	to->start_ns = time_ns(value_get(v, "start_time"));
	to->end_ns = time_ns(value_get(v, "end_time"));
	to->code = find_word(codes, COUNT(codes),
	    value_str_or(value_find(v, "status.status_code"), ""));
	to->message = value_find(v, "status.description");
	to->attributes = value_get(v, "attributes");
	to->resource = value_get(resource, "attributes");
	to->resource_schema = value_get(resource, "schema_url");
	if (!to->resource) /* before 1.12 */
		to->resource = resource;
	python_lists(a, v, to);
	return true;
}

/* A double without a point is one all the same: the type is beside it. */
static struct value *
go_value(struct arena *a, const struct value *typed)
{
	struct value *v = value_get(typed, "Value");
	const char *type = value_str_or(value_get(typed, "Type"), "");

	if (!v || strncmp(type, "FLOAT64", 7))
		return v ? v : value_new(a, VALUE_NULL);
	if (v->kind == VALUE_INT)
		return value_float(a, (double)v->i);
	for (size_t i = 0; v->kind == VALUE_LIST && i < v->list.n; i++)
		if (v->list.item[i]->kind == VALUE_INT)
			v->list.item[i] =
			    value_float(a, (double)v->list.item[i]->i);
	return v;
}

static const struct value *
go_attributes(struct arena *a, const struct value *list)
{
	struct value *to = value_new(a, VALUE_TABLE);

	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->list.n;
	     i++) {
		const struct value *pair = list->list.item[i];
		const struct value *key = value_get(pair, "Key");

		if (key && key->kind == VALUE_STR)
			value_set(a, to, key->str.s, key->str.len,
			    go_value(a, value_get(pair, "Value")));
	}
	return to;
}

static uint32_t
go_flags(const struct value *context, const struct value *parent)
{
	const char *s = value_str_or(value_get(context, "TraceFlags"), "0");

	return flags_of((uint32_t)strtoul(s, NULL, 16),
	    value_bool_or(value_get(parent, "Remote"), false));
}

static void
go_lists(struct arena *a, const struct value *v, struct console_span *to)
{
	const struct value *events = value_get(v, "Events");
	const struct value *links = value_get(v, "Links");

	for (size_t i = 0;
	     events && events->kind == VALUE_LIST && i < events->list.n; i++) {
		const struct value *ev = events->list.item[i];

		*console_add_event(a, to) = (struct console_event){
		    time_ns(value_get(ev, "Time")), value_get(ev, "Name"),
		    go_attributes(a, value_get(ev, "Attributes")),
		    value_int_or(value_get(ev, "DroppedAttributeCount"), 0)};
	}
	for (size_t i = 0;
	     links && links->kind == VALUE_LIST && i < links->list.n; i++) {
		const struct value *l = links->list.item[i];
		struct value *context = value_get(l, "SpanContext");

		*console_add_link(a, to) = (struct console_link){
		    .trace_id = console_id(value_get(context, "TraceID"), 32),
		    .span_id = console_id(value_get(context, "SpanID"), 16),
		    .state = value_get(context, "TraceState"),
		    .attributes = go_attributes(a, value_get(l, "Attributes")),
		    .flags = go_flags(context, context),
		    .dropped =
			value_int_or(value_get(l, "DroppedAttributeCount"), 0)};
	}
}

static bool
is_go(struct arena *a, struct value *v, struct console_span *to)
{
	struct value *context = value_get(v, "SpanContext");
	struct value *parent = value_get(v, "Parent");
	struct value *scope = value_get(v, "InstrumentationScope");

	if (!set_ids(to, value_get(context, "TraceID"),
		value_get(context, "SpanID"), value_get(parent, "SpanID")))
		return false;
	if (!scope)
		scope = value_get(v, "InstrumentationLibrary");
	to->form = CONSOLE_GO;
	to->state = value_get(context, "TraceState");
	to->flags = go_flags(context, parent);
	to->name = value_get(v, "Name");
	to->kind = (int)value_int_or(value_get(v, "SpanKind"), 0);
	to->start_ns = time_ns(value_get(v, "StartTime"));
	to->end_ns = time_ns(value_get(v, "EndTime"));
	to->code = find_word(codes, COUNT(codes),
	    value_str_or(value_find(v, "Status.Code"), ""));
	to->message = value_find(v, "Status.Description");
	to->attributes = go_attributes(a, value_get(v, "Attributes"));
	to->resource = go_attributes(a, value_get(v, "Resource"));
	to->scope = value_get(scope, "Name");
	to->version = value_get(scope, "Version");
	to->scope_schema = value_get(scope, "SchemaURL");
	to->dropped = value_int_or(value_get(v, "DroppedAttributes"), 0);
	to->dropped_events = value_int_or(value_get(v, "DroppedEvents"), 0);
	to->dropped_links = value_int_or(value_get(v, "DroppedLinks"), 0);
	go_lists(a, v, to);
	return true;
}

bool
console_is_span(struct arena *a, struct value *object, struct console_span *to)
{
	*to = (struct console_span){0};
	return is_js(a, object, to) || is_python(a, object, to) ||
	       is_go(a, object, to);
}
