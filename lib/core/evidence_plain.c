/* Spans that tools write as plain objects, each in its own spelling. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/evidence_int.h"

/* The first of the spellings that is there. */
static const struct value *
get(const struct value *v, const char *const names[])
{
	const struct value *got = NULL;

	for (size_t i = 0; names[i] && !got; i++)
		got = value_get(v, names[i]);
	return got;
}

#define GET(v, ...) get(v, (const char *const[]){__VA_ARGS__, NULL})

static bool
is_text(const struct value *v)
{
	return v && v->kind == VALUE_STR && v->str.len;
}

bool
evidence_is_plain(const struct value *v)
{
	return is_text(value_get(v, "name")) &&
	       is_text(GET(v, "trace_id", "traceId")) &&
	       is_text(GET(v, "span_id", "spanId"));
}

/* In lower case; an id of zeros is none. */
static void
put_id(struct json *j, const char *key, const struct value *v)
{
	AUTO_BUF id = BUF_INIT;

	for (size_t i = 0; v && v->kind == VALUE_STR && i < v->str.len; i++) {
		char c = v->str.s[i];

		buf_addc(&id, c >= 'A' && c <= 'F' ? (char)(c | 32) : c);
	}
	if (strspn(id.s, "0") == id.len)
		buf_reset(&id);
	json_strn(j, key, id.s, id.len);
}

static void
put_kind(struct json *j, const struct value *v)
{
	static const char *const words[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};
	int64_t n = value_int_or(v, 1);
	const char *word = value_str_or(v, NULL);

	for (size_t i = 0; word && i < COUNT(words); i++)
		if (!strcasecmp(word, words[i]))
			n = (int64_t)i;
	json_str(j, "kind", words[n < 0 || n > 5 ? 0 : n]);
}

static void
put_time(struct json *j, const char *key, const struct value *v)
{
	const char *text = value_str_or(v, NULL);
	int64_t n = value_int_or(v, 0);

	json_nano(j, key,
	    text    ? strtoull(text, NULL, 10)
	    : n > 0 ? (uint64_t)n
		    : 0);
}

static void
put_status(struct json *j, const struct value *v)
{
	static const char *const words[] = {"UNSET", "OK", "ERROR"};
	const struct value *code =
	    v && v->kind == VALUE_TABLE ? value_get(v, "code") : v;
	const char *word = value_str_or(code, NULL);
	int64_t n = value_int_or(code, 0);

	for (size_t i = 0; word && i < COUNT(words); i++)
		if (!strncasecmp(word, words[i], strlen(words[i])))
			n = (int64_t)i;
	json_open(j, "status", '{');
	json_str(j, "code", words[n < 0 || n > 2 ? 0 : n]);
	json_str(j, "message", value_str_or(value_get(v, "message"), ""));
	json_close(j, '}');
}

/* {"stringValue": "x"} is "x". */
static const struct value *
unwrapped(const struct value *v)
{
	const struct value *in =
	    GET(v, "stringValue", "intValue", "boolValue", "doubleValue");

	return in && value_count(v) == 1 ? in : v;
}

/* A table, or the list of {"key", "value"} of OTLP. */
static void
put_attributes(struct json *j, const struct value *v)
{
	json_open(j, "attributes", '{');
	for (size_t i = 0; i < value_count(v); i++) {
		const struct value *item =
		    v->kind == VALUE_LIST ? v->list.item[i] : NULL;
		const struct value *key = value_get(item, "key");

		if (v->kind == VALUE_TABLE) {
			json_keyn(
			    j, v->table.member[i].key, v->table.member[i].len);
			json_value(
			    j, NULL, unwrapped(v->table.member[i].value));
		} else if (is_text(key) && value_get(item, "value")) {
			json_keyn(j, key->str.s, key->str.len);
			json_value(
			    j, NULL, unwrapped(value_get(item, "value")));
		}
	}
	json_close(j, '}');
	json_int(j, "dropped_attributes", 0);
}

/* Names, or tables with a name. */
static void
put_events(struct json *j, const struct value *v)
{
	json_open(j, "events", '[');
	for (size_t i = 0; v && v->kind == VALUE_LIST && i < v->list.n; i++) {
		const struct value *e = v->list.item[i];
		const char *name = value_str_or(e, "");

		json_open(j, NULL, '{');
		put_time(j, "time_unix_nano",
		    GET(e, "time_unix_nano", "timeUnixNano", "timestamp"));
		json_str(j, "name", value_str_or(value_get(e, "name"), name));
		put_attributes(j, value_get(e, "attributes"));
		json_close(j, '}');
	}
	json_close(j, ']');
	json_int(j, "dropped_events", 0);
	json_open(j, "links", '[');
	json_close(j, ']');
	json_int(j, "dropped_links", 0);
}

static void
put_origin(struct json *j, const struct value *v)
{
	const struct value *resource = value_get(v, "resource");
	const struct value *attrs = value_get(resource, "attributes");
	const struct value *scope =
	    GET(v, "scope", "instrumentationScope", "instrumentation_scope");

	if (!attrs)
		attrs = GET(
		    v, "resource_attributes", "resourceAttributes", "resource");
	json_open(j, "resource", '{');
	put_attributes(j, attrs);
	json_str(j, "schema_url", "");
	json_close(j, '}');
	json_open(j, "scope", '{');
	json_str(j, "name", value_str_or(value_get(scope, "name"), ""));
	json_str(j, "version", value_str_or(value_get(scope, "version"), ""));
	put_attributes(j, value_get(scope, "attributes"));
	json_str(j, "schema_url", "");
	json_close(j, '}');
}

void
evidence_plain(const struct value *v, struct json *j)
{
	const struct value *name = value_get(v, "name");

	put_id(j, "trace_id", GET(v, "trace_id", "traceId"));
	put_id(j, "span_id", GET(v, "span_id", "spanId"));
	put_id(j, "parent_span_id", GET(v, "parent_span_id", "parentSpanId"));
	json_str(j, "trace_state",
	    value_str_or(GET(v, "trace_state", "traceState"), ""));
	json_int(j, "flags", value_int_or(value_get(v, "flags"), 0));
	json_strn(j, "name", name->str.s, name->str.len);
	put_kind(j, value_get(v, "kind"));
	put_time(j, "start_unix_nano",
	    GET(v, "start_unix_nano", "start_time_unix_nano",
		"startTimeUnixNano"));
	put_time(j, "end_unix_nano",
	    GET(v, "end_unix_nano", "end_time_unix_nano", "endTimeUnixNano"));
	put_status(j, value_get(v, "status"));
	put_attributes(j, value_get(v, "attributes"));
	put_events(j, value_get(v, "events"));
	put_origin(j, v);
}
