#include "core/trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

static void
random_hex(char *hex, size_t bytes)
{
	unsigned char raw[16];

	if (getrandom(raw, bytes, 0) != (ssize_t)bytes) {
		int64_t now = clock_wall_ns();

		memset(raw, 1, sizeof raw);
		memcpy(raw, &now, sizeof now);
	}
	raw[0] |= 1; /* all zero is no id */
	for (size_t i = 0; i < bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", raw[i]);
}

void
trace_new_id(char hex[TRACE_ID])
{
	random_hex(hex, 16);
}

void
trace_new_span(char hex[TRACE_SPAN])
{
	random_hex(hex, 8);
}

void
trace_parent(char text[TRACE_PARENT], const char *trace_id, const char *span_id,
    bool is_sampled)
{
	snprintf(text, TRACE_PARENT, "00-%.32s-%.16s-0%d", trace_id, span_id,
	    is_sampled);
}

static void
attributes(struct json *j, const char *const key[], const char *const value[])
{
	json_open(j, "attributes", '{');
	for (size_t i = 0; i < 4 && key[i]; i++)
		json_str(j, key[i], value[i]);
	json_close(j, '}');
	json_int(j, "dropped_attributes", 0);
}

static void
events(struct json *j, const struct trace_span *span)
{
	json_open(j, "events", '[');
	for (size_t i = 0; i < span->events; i++) {
		const struct trace_event *ev = &span->event[i];

		json_open(j, NULL, '{');
		json_nano(j, "time_unix_nano", (uint64_t)ev->at_ns);
		json_str(j, "name", ev->name);
		attributes(j, (const char *const[4]){ev->key},
		    (const char *const[4]){ev->value});
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
origin(struct json *j)
{
	static const char *const key[4] = {"service.name"};
	static const char *const value[4] = {"clnrm"};
	static const char *const none[4];

	json_open(j, "resource", '{');
	attributes(j, key, value);
	json_str(j, "schema_url", "");
	json_close(j, '}');
	json_open(j, "scope", '{');
	json_str(j, "name", "clnrm");
	json_str(j, "version", VERSION);
	attributes(j, none, none);
	json_str(j, "schema_url", "");
	json_close(j, '}');
}

void
trace_write(struct stage *s, const struct record_key *key,
    const struct trace_span *span)
{
	AUTO_JSON j = stage_record(s, "span");

	record_key(&j, key);
	json_null(&j, "service");
	json_str(&j, "via", "clnrm");
	json_str(&j, "bound", "trace");
	json_str(&j, "trace_id", span->trace_id);
	json_str(&j, "span_id", span->span_id);
	json_str(&j, "parent_span_id", span->parent_id);
	json_str(&j, "trace_state", "");
	json_int(&j, "flags", 0x101);
	json_str(&j, "name", span->name);
	json_str(&j, "kind", "INTERNAL");
	json_nano(&j, "start_unix_nano", (uint64_t)span->start_ns);
	json_nano(&j, "end_unix_nano", (uint64_t)span->end_ns);
	json_open(&j, "status", '{');
	json_str(&j, "code", span->is_error ? "ERROR" : "OK");
	json_str(&j, "message", span->message);
	json_close(&j, '}');
	attributes(&j, span->key, span->value);
	events(&j, span);
	json_int(&j, "dropped_events", 0);
	json_open(&j, "links", '[');
	json_close(&j, ']');
	json_int(&j, "dropped_links", 0);
	origin(&j);
	stage_put(s, &j);
}
