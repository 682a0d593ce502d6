#include "data/otlp_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "data/protobuf.h"

/* Spans of one resource and one scope, all of it encoded. */
struct otlp_group {
	struct buf resource, scope; /* the messages */
	struct buf resource_schema, scope_schema;
	struct buf spans;   /* fields `spans` of ScopeSpans */
	size_t resource_no; /* index of the first group of this resource */
};

/* What is empty or zero stays away, as proto3 has it. */
static void
put_text(struct buf *b, unsigned field, const struct value *v)
{
	if (v && v->kind == VALUE_STR && v->str.len)
		protobuf_bytes(b, field, v->str.s, v->str.len);
}

static int
digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Ids in hex; one that is none stays away. */
static void
put_id(struct buf *b, unsigned field, const struct value *v, size_t bytes)
{
	const char *hex = value_str_or(v, "");
	char raw[16];

	if (strlen(hex) != 2 * bytes)
		return;
	for (size_t i = 0; i < bytes; i++) {
		int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		raw[i] = (char)(high << 4 | low);
	}
	protobuf_bytes(b, field, raw, bytes);
}

/* ---- values */

static void put_any(struct buf *b, unsigned field, const struct value *v);

static void
put_base64(struct buf *b, unsigned field, const char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	AUTO_BUF raw = BUF_INIT;
	uint32_t bits = 0;
	int n = 0;

	for (const char *at; *s && (at = strchr(digits, *s)); s++) {
		bits = bits << 6 | (uint32_t)(at - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_addc(&raw, (char)(bits >> n));
		}
	}
	protobuf_bytes(b, field, raw.s, raw.len);
}

static void
put_pair(struct buf *b, unsigned field, const struct value_member *m)
{
	AUTO_BUF pair = BUF_INIT;

	protobuf_bytes(&pair, 1, m->key, m->len);
	put_any(&pair, 2, m->value);
	protobuf_bytes(b, field, pair.s, pair.len);
}

static void
put_pairs(struct buf *b, unsigned field, const struct value *table)
{
	for (size_t i = 0;
	     table && table->kind == VALUE_TABLE && i < table->table.n; i++)
		put_pair(b, field, &table->table.member[i]);
}

static void
put_list(struct buf *b, const struct value *list)
{
	AUTO_BUF items = BUF_INIT;

	for (size_t i = 0; i < list->list.n; i++)
		put_any(&items, 1, list->list.item[i]);
	protobuf_bytes(b, 5, items.s, items.len);
}

/* {"double":"NaN"}, {"bytes":"…"} and {"map":{…}}. */
static void
put_wrapped(struct buf *b, const struct value *v)
{
	const char *text = value_str_or(value_get(v, "double"), NULL);
	const char *bytes = value_str_or(value_get(v, "bytes"), NULL);
	const struct value *map = value_get(v, "map");
	AUTO_BUF pairs = BUF_INIT;

	if (text) {
		protobuf_double(b, 4, strtod(text, NULL));
	} else if (bytes) {
		put_base64(b, 7, bytes);
	} else {
		put_pairs(&pairs, 1, map ? map : v);
		protobuf_bytes(b, 6, pairs.s, pairs.len);
	}
}

static void
put_any(struct buf *b, unsigned field, const struct value *v)
{
	AUTO_BUF any = BUF_INIT;

	switch (v->kind) {
	case VALUE_STR:
		protobuf_bytes(&any, 1, v->str.s, v->str.len);
		break;
	case VALUE_BOOL:
		protobuf_tag(&any, 2, PROTOBUF_VARINT);
		protobuf_varint(&any, v->b);
		break;
	case VALUE_INT:
		protobuf_tag(&any, 3, PROTOBUF_VARINT);
		protobuf_varint(&any, (uint64_t)v->i);
		break;
	case VALUE_UINT:
		protobuf_double(&any, 4, (double)v->u);
		break;
	case VALUE_FLOAT:
		protobuf_double(&any, 4, v->f);
		break;
	case VALUE_LIST:
		put_list(&any, v);
		break;
	case VALUE_TABLE:
		put_wrapped(&any, v);
		break;
	case VALUE_TIME:
	case VALUE_NULL:
		break;
	}
	protobuf_bytes(b, field, any.s, any.len);
}

/* ---- spans */

static uint64_t
nano(const struct value *v)
{
	return strtoull(value_str_or(v, "0"), NULL, 10);
}

static int64_t
whole(const struct value *v, const char *key)
{
	return value_int_or(value_get(v, key), 0);
}

/* The place of a word in its enumeration, or the number that it is. */
static int64_t
rank(const struct value *v, const char *const words[], size_t n)
{
	const char *word = value_str_or(v, "");

	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return (int64_t)i;
	return strtoll(word, NULL, 10);
}

static void
put_flags(struct buf *b, unsigned field, const struct value *v)
{
	uint32_t flags = (uint32_t)whole(v, "flags");

	if (!flags)
		return;
	protobuf_fixed32(b, field, (uint32_t)flags);
}

static void
put_events(struct buf *b, const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *v = list->list.item[i];
		AUTO_BUF event = BUF_INIT;

		protobuf_fixed64(
		    &event, 1, nano(value_get(v, "time_unix_nano")));
		put_text(&event, 2, value_get(v, "name"));
		put_pairs(&event, 3, value_get(v, "attributes"));
		protobuf_number(&event, 4, whole(v, "dropped_attributes"));
		protobuf_bytes(b, 11, event.s, event.len);
	}
}

static void
put_links(struct buf *b, const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *v = list->list.item[i];
		AUTO_BUF link = BUF_INIT;

		put_id(&link, 1, value_get(v, "trace_id"), 16);
		put_id(&link, 2, value_get(v, "span_id"), 8);
		put_text(&link, 3, value_get(v, "trace_state"));
		put_pairs(&link, 4, value_get(v, "attributes"));
		protobuf_number(&link, 5, whole(v, "dropped_attributes"));
		put_flags(&link, 6, v);
		protobuf_bytes(b, 13, link.s, link.len);
	}
}

static void
put_status(struct buf *b, const struct value *v)
{
	static const char *const codes[] = {"UNSET", "OK", "ERROR"};
	AUTO_BUF status = BUF_INIT;

	put_text(&status, 2, value_get(v, "message"));
	protobuf_number(
	    &status, 3, rank(value_get(v, "code"), codes, COUNT(codes)));
	if (status.len)
		protobuf_bytes(b, 15, status.s, status.len);
}

static void
put_span(struct buf *b, const struct value *v)
{
	static const char *const kinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};
	uint64_t start = nano(value_get(v, "start_unix_nano"));
	uint64_t end = nano(value_get(v, "end_unix_nano"));
	AUTO_BUF span = BUF_INIT;

	put_id(&span, 1, value_get(v, "trace_id"), 16);
	put_id(&span, 2, value_get(v, "span_id"), 8);
	put_text(&span, 3, value_get(v, "trace_state"));
	put_id(&span, 4, value_get(v, "parent_span_id"), 8);
	put_text(&span, 5, value_get(v, "name"));
	protobuf_number(
	    &span, 6, rank(value_get(v, "kind"), kinds, COUNT(kinds)));
	protobuf_fixed64(&span, 7, start);
	protobuf_fixed64(&span, 8, end > start ? end : start);
	put_pairs(&span, 9, value_get(v, "attributes"));
	protobuf_number(&span, 10, whole(v, "dropped_attributes"));
	put_events(&span, value_get(v, "events"));
	protobuf_number(&span, 12, whole(v, "dropped_events"));
	put_links(&span, value_get(v, "links"));
	protobuf_number(&span, 14, whole(v, "dropped_links"));
	put_status(&span, value_get(v, "status"));
	put_flags(&span, 16, v);
	protobuf_bytes(b, 2, span.s, span.len);
}

/* ---- groups */

static void
put_schema(struct buf *b, const struct value *v)
{
	put_text(b, 3, value_get(v, "schema_url"));
}

static void
fill(struct otlp_group *g, const struct value *span)
{
	const struct value *resource = value_get(span, "resource");
	const struct value *scope = value_get(span, "scope");

	put_pairs(&g->resource, 1, value_get(resource, "attributes"));
	protobuf_number(&g->resource, 2, whole(resource, "dropped_attributes"));
	put_schema(&g->resource_schema, resource);
	put_text(&g->scope, 1, value_get(scope, "name"));
	put_text(&g->scope, 2, value_get(scope, "version"));
	put_pairs(&g->scope, 3, value_get(scope, "attributes"));
	protobuf_number(&g->scope, 4, whole(scope, "dropped_attributes"));
	put_schema(&g->scope_schema, scope);
}

/* The index of what is known by the JSON of v[n], or `otherwise`. */
static size_t
known(struct otlp_write *w, const struct value *const v[], size_t n,
    size_t otherwise)
{
	AUTO_JSON key = JSON_INIT;
	uintptr_t at;

	json_open(&key, NULL, '[');
	for (size_t i = 0; i < n; i++)
		if (v[i])
			json_value(&key, NULL, v[i]);
		else
			json_null(&key, NULL);
	at = (uintptr_t)map_get(&w->by_key, key.text.s, key.text.len);
	if (!at)
		map_set(&w->by_key, key.text.s, key.text.len,
		    (void *)(uintptr_t)(otherwise + 1));
	return at ? at - 1 : otherwise;
}

void
otlp_write_add(struct otlp_write *w, const struct value *span)
{
	const struct value *const parts[] = {
	    value_get(span, "resource"), value_get(span, "scope")};
	size_t resource = known(w, parts, 1, w->n);
	size_t i = known(w, parts, 2, w->n), before;
	struct otlp_group *g;

	if (i == w->n) {
		w->group = mem_more(w->group, w->n, &w->cap, sizeof *w->group);
		g = &w->group[w->n++];
		*g = (struct otlp_group){
		    BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, resource};
		fill(g, span);
		w->bytes += g->resource.len + g->scope.len;
	}
	g = &w->group[i];
	before = g->spans.len;
	put_span(&g->spans, span);
	w->bytes += g->spans.len - before;
	w->spans++;
}

static void
put_scope(struct buf *b, const struct otlp_group *g)
{
	AUTO_BUF scope = BUF_INIT;

	protobuf_bytes(&scope, 1, g->scope.s, g->scope.len);
	buf_add(&scope, g->spans.s, g->spans.len);
	buf_add(&scope, g->scope_schema.s, g->scope_schema.len);
	protobuf_bytes(b, 2, scope.s, scope.len);
}

void
otlp_write_put(const struct otlp_write *w, struct buf *to)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct otlp_group *g = &w->group[i];
		AUTO_BUF one = BUF_INIT;

		if (g->resource_no != i)
			continue;
		protobuf_bytes(&one, 1, g->resource.s, g->resource.len);
		for (size_t k = i; k < w->n; k++)
			if (w->group[k].resource_no == i)
				put_scope(&one, &w->group[k]);
		buf_add(&one, g->resource_schema.s, g->resource_schema.len);
		protobuf_bytes(to, 1, one.s, one.len);
	}
}

void
otlp_write_reset(struct otlp_write *w)
{
	for (size_t i = 0; i < w->n; i++) {
		buf_free(&w->group[i].resource);
		buf_free(&w->group[i].resource_schema);
		buf_free(&w->group[i].scope);
		buf_free(&w->group[i].scope_schema);
		buf_free(&w->group[i].spans);
	}
	free(w->group);
	map_free(&w->by_key);
	*w = (struct otlp_write){0};
}
