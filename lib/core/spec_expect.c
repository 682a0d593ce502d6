/* The member `expect`: from [expect], and from [otel_validation]. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/spec_int.h"

/* What a span is expected by, wherever it is written. */
struct expected {
	const struct value *name;
	const struct value_member *all, *any, *events_all, *events_any;
	const struct value_member *duration;
	const struct value *min, *max;
	const struct value_member *parent_key, *kind_key, *count;
	const struct value_member *ancestor, *sibling, *follows;
};

static const struct value_member *
member(const struct value *v, const char *key)
{
	return value_member(v, key, strlen(key));
}

static const struct value *
held(const struct value_member *m)
{
	return m ? m->value : NULL;
}

/* A word in the letters that the plan has it in. */
static void
put_word(struct json *j, const char *key, const struct value *v, bool is_upper)
{
	char word[32];

	if (!v) {
		json_null(j, key);
		return;
	}
	snprintf(word, sizeof word, "%s", value_str_or(v, ""));
	for (char *c = word; *c; c++)
		if ((*c | 32) >= 'a' && (*c | 32) <= 'z')
			*c = (char)(is_upper ? *c & ~32 : *c | 32);
	json_str(j, key, word);
}

/* A text, or the conditions in one order; { eq = x } is the text x. */
static void
put_match(struct spec_write *w, const struct value *v)
{
	static const char *const keys[] = {
	    "not", "gte", "gt", "lte", "lt", "regex", "exists"};
	const struct value *eq = value_get(v, "eq");

	if (v->kind != VALUE_TABLE || eq) {
		spec_text(w, eq ? eq : v);
		json_strn(&w->body, NULL, w->text.s, w->text.len);
		return;
	}
	json_open(&w->body, NULL, '{');
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value *m = value_get(v, keys[i]);

		if (m && !strcmp(keys[i], "not"))
			json_str(&w->body, keys[i], spec_text(w, m));
		else if (m)
			json_value(&w->body, keys[i], m);
	}
	json_close(&w->body, '}');
}

static void
put_matches_of(struct spec_write *w, const char *key, const struct value *v)
{
	json_open(&w->body, key, '{');
	for (size_t i = 0; i < value_count(v); i++) {
		const struct value_member *m = &v->table.member[i];

		json_keyn(&w->body, m->key, m->len);
		put_match(w, m->value);
	}
	json_close(&w->body, '}');
}

/* A table, or the list of "key=value" that stands for it. */
static void
put_attrs(struct spec_write *w, const char *key, const struct value *v)
{
	if (!v || v->kind == VALUE_TABLE) {
		put_matches_of(w, key, v);
		return;
	}
	json_open(&w->body, key, '{');
	for (size_t i = 0; i < spec_count(v); i++) {
		const struct value *it = v->list.item[i];
		size_t n = strcspn(it->str.s, "=");

		json_keyn(&w->body, it->str.s, n);
		json_strn(
		    &w->body, NULL, it->str.s + n + 1, it->str.len - n - 1);
	}
	json_close(&w->body, '}');
}

static void
span_places(struct spec_write *w, const struct expected *e, size_t i)
{
	const struct {
		const struct value_member *m;
		const char *rule;
	} keys[] = {{e->parent_key, "parent"}, {e->ancestor, "ancestor"},
	    {e->sibling, "sibling"}, {e->follows, "follows"},
	    {e->count, "count"}, {e->kind_key, "kind"}, {e->all, "attrs_all"},
	    {e->any, "attrs_any"}, {e->events_all, "events_all"},
	    {e->events_any, "events_any"}, {e->duration, "duration"}};

	spec_at(w, &e->name->at, "expect.span[%zu]", i);
	for (size_t k = 0; k < COUNT(keys); k++)
		if (keys[k].m)
			spec_at(w, &keys[k].m->at, "expect.span[%zu].%s", i,
			    keys[k].rule);
}

static void
put_bound(struct json *j, const struct value *v)
{
	static const char *const keys[] = {"gte", "lte", "eq"};

	json_open(j, NULL, '{');
	for (size_t i = 0; i < COUNT(keys); i++)
		spec_put(j, keys[i], value_get(v, keys[i]));
	json_close(j, '}');
}

static const char *const quantiles[] = {"p50", "p90", "p95", "p99"};

static void
put_quantiles(struct spec_write *w, const struct value *duration, size_t i)
{
	struct json *j = &w->body;

	json_open(j, "duration_quantiles", '{');
	for (size_t k = 0; k < COUNT(quantiles); k++) {
		const struct value_member *m = member(duration, quantiles[k]);

		if (!m)
			continue;
		json_open(j, m->key, '{');
		spec_put(j, "min_ms", value_get(m->value, "min"));
		spec_put(j, "max_ms", value_get(m->value, "max"));
		json_close(j, '}');
		spec_at(w, &m->at, "expect.span[%zu].duration_%s", i, m->key);
	}
	json_close(j, '}');
}

static void
write_span(struct spec_write *w, const struct expected *e, size_t i)
{
	struct json *j = &w->body;

	json_open(j, NULL, '{');
	spec_put(j, "name", e->name);
	spec_put(j, "parent", held(e->parent_key));
	spec_put(j, "ancestor", held(e->ancestor));
	spec_put(j, "sibling", held(e->sibling));
	spec_put(j, "follows", held(e->follows));
	put_word(j, "kind", held(e->kind_key), false);
	put_attrs(w, "attrs_all", held(e->all));
	put_attrs(w, "attrs_any", held(e->any));
	spec_list(j, "events_all", held(e->events_all));
	spec_list(j, "events_any", held(e->events_any));
	spec_put(j, "duration_min_ms", e->min);
	spec_put(j, "duration_max_ms", e->max);
	put_quantiles(w, held(e->duration), i);
	if (e->count) {
		json_keyn(j, "count", strlen("count"));
		put_bound(j, e->count->value);
	} else {
		json_null(j, "count");
	}
	json_close(j, '}');
	span_places(w, e, i);
}

static struct expected
from_expect(const struct value *s)
{
	const struct value *attrs = value_get(s, "attrs");
	const struct value *events = value_get(s, "events");
	struct expected e = {.name = value_get(s, "name"),
	    .parent_key = member(s, "parent"),
	    .ancestor = member(s, "ancestor"),
	    .sibling = member(s, "sibling"),
	    .follows = member(s, "follows"),
	    .count = member(s, "count"),
	    .kind_key = member(s, "kind"),
	    .all = member(attrs, "all"),
	    .any = member(attrs, "any"),
	    .events_all = member(events, "all"),
	    .events_any = member(events, "any"),
	    .duration = member(s, "duration_ms")};

	e.min = value_get(held(e.duration), "min");
	e.max = value_get(held(e.duration), "max");
	return e;
}

static struct expected
from_validation(const struct value *s)
{
	struct expected e = {.name = value_get(s, "name"),
	    .all = member(s, "attributes"),
	    .duration = member(s, "min_duration_ms"),
	    .min = value_get(s, "min_duration_ms"),
	    .max = value_get(s, "max_duration_ms")};

	if (!e.duration)
		e.duration = member(s, "max_duration_ms");
	return e;
}

/* [otel_validation], where it is switched on. */
static const struct value *
validation(const struct spec_write *w)
{
	const struct value *o = value_get(w->root, "otel_validation");

	return value_bool_or(value_get(o, "enabled"), false) ? o : NULL;
}

static const struct value *
traces(const struct spec_write *w)
{
	const struct value *o = validation(w);

	return value_bool_or(value_get(o, "validate_traces"), true)
		 ? value_get(o, "expected_traces")
		 : NULL;
}

static void
write_spans(struct spec_write *w)
{
	const struct value *list = value_find(w->root, "expect.span");
	const struct value *o = validation(w);
	size_t n = 0;

	json_open(&w->body, "spans", '[');
	for (size_t i = 0; i < spec_count(list); i++) {
		struct expected e = from_expect(list->list.item[i]);

		write_span(w, &e, n++);
	}
	list = value_bool_or(value_get(o, "validate_spans"), true)
		 ? value_get(o, "expected_spans")
		 : NULL;
	for (size_t i = 0; i < spec_count(list); i++) {
		const struct value *s = list->list.item[i];
		struct expected e = from_validation(s);

		if (value_bool_or(value_get(s, "required"), true))
			write_span(w, &e, n++);
	}
	list = traces(w);
	for (size_t i = 0; i < spec_count(list); i++) {
		const struct value *t = list->list.item[i];
		const struct value *names = value_get(t, "span_names");

		if (!value_bool_or(value_get(t, "complete"), false))
			continue;
		for (size_t k = 0; k < spec_count(names); k++) {
			struct expected e = {.name = names->list.item[k]};

			write_span(w, &e, n++);
		}
	}
	json_close(&w->body, ']');
}

/* A part of [expect], or its twin in [otel_validation]. */
static const struct value *
part(const struct spec_write *w, const char *name, const char *twin)
{
	const struct value *v = value_get(value_get(w->root, "expect"), name);

	return v ? v : value_get(validation(w), twin);
}

static void
write_bound(
    struct spec_write *w, const char *rule, const struct value_member *m)
{
	put_bound(&w->body, m->value);
	spec_at(w, &m->at, "expect.counts.%s%s", rule, m->key);
}

static void
write_counts(struct spec_write *w)
{
	static const char *const keys[] = {
	    "spans_total", "events_total", "errors_total"};
	const struct value *c = part(w, "counts", "expect_counts");
	const struct value *names = value_get(c, "by_name");
	struct json *j = &w->body;

	if (!c) {
		json_null(j, "counts");
		return;
	}
	json_open(j, "counts", '{');
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value_member *m = member(c, keys[i]);

		if (!m) {
			json_null(j, keys[i]);
			continue;
		}
		json_keyn(j, keys[i], strlen(keys[i]));
		write_bound(w, "", m);
	}
	json_open(j, "by_name", '{');
	for (size_t i = 0; i < value_count(names); i++) {
		const struct value_member *m = &names->table.member[i];

		json_keyn(j, m->key, m->len);
		write_bound(w, "by_name.", m);
	}
	json_close(j, '}');
	json_close(j, '}');
}

/* Append edges to the list that is open; returns how many it has then. */
static size_t
write_edges(
    struct spec_write *w, const struct value *list, const char *rule, size_t n)
{
	for (size_t i = 0; i < spec_count(list); i++) {
		json_value(&w->body, NULL, list->list.item[i]);
		spec_at(
		    w, &list->list.item[i]->at, "expect.%s[%zu]", rule, n++);
	}
	return n;
}

static void
write_graph(struct spec_write *w)
{
	const struct value *g = part(w, "graph", "expect_graph");
	const struct value_member *acyclic = member(g, "acyclic");
	const struct value *t = traces(w);
	bool has_edges = false;
	size_t n;

	for (size_t i = 0; i < spec_count(t); i++)
		has_edges |=
		    spec_count(value_get(t->list.item[i], "parent_child")) > 0;
	if (!g && !has_edges) {
		json_null(&w->body, "graph");
		return;
	}
	json_open(&w->body, "graph", '{');
	json_open(&w->body, "must_include", '[');
	n = write_edges(
	    w, value_get(g, "must_include"), "graph.must_include", 0);
	for (size_t i = 0; i < spec_count(t); i++)
		n = write_edges(w, value_get(t->list.item[i], "parent_child"),
		    "graph.must_include", n);
	json_close(&w->body, ']');
	json_open(&w->body, "must_not_cross", '[');
	write_edges(
	    w, value_get(g, "must_not_cross"), "graph.must_not_cross", 0);
	json_close(&w->body, ']');
	json_bool(&w->body, "acyclic", value_bool_or(held(acyclic), false));
	json_close(&w->body, '}');
	if (acyclic)
		spec_at(w, &acyclic->at, "expect.graph.acyclic");
}

static void
write_window(struct spec_write *w, const struct value *v, size_t i)
{
	const struct value *inner = value_get(v, "contains");

	json_open(&w->body, NULL, '{');
	spec_put(&w->body, "outer", value_get(v, "outer"));
	spec_list(&w->body, "contains", inner);
	json_close(&w->body, '}');
	spec_at(w, &value_get(v, "outer")->at, "expect.window[%zu]", i);
	for (size_t k = 0; k < spec_count(inner); k++)
		spec_at(w, &inner->list.item[k]->at,
		    "expect.window[%zu].contains[%zu]", i, k);
}

static void
write_windows(struct spec_write *w)
{
	const struct value *lists[] = {value_find(w->root, "expect.window"),
	    value_get(validation(w), "expect_windows")};
	size_t n = 0;

	json_open(&w->body, "windows", '[');
	for (size_t l = 0; l < COUNT(lists); l++)
		for (size_t i = 0; i < spec_count(lists[l]); i++)
			write_window(w, lists[l]->list.item[i], n++);
	json_close(&w->body, ']');
}

static void
write_order(struct spec_write *w)
{
	static const char *const keys[][2] = {
	    {"must_precede", "order.must_precede"},
	    {"must_follow", "order.must_follow"}};
	const struct value *o = part(w, "order", "expect_order");

	if (!o) {
		json_null(&w->body, "order");
		return;
	}
	json_open(&w->body, "order", '{');
	for (size_t i = 0; i < COUNT(keys); i++) {
		json_open(&w->body, keys[i][0], '[');
		write_edges(w, value_get(o, keys[i][0]), keys[i][1], 0);
		json_close(&w->body, ']');
	}
	json_close(&w->body, '}');
}

static void
write_status(struct spec_write *w)
{
	const struct value *s = part(w, "status", "expect_status");
	const struct value_member *all = member(s, "all");
	const struct value *names = value_get(s, "by_name");

	if (!s) {
		json_null(&w->body, "status");
		return;
	}
	json_open(&w->body, "status", '{');
	put_word(&w->body, "all", held(all), true);
	if (all)
		spec_at(w, &all->at, "expect.status.all");
	json_open(&w->body, "by_name", '{');
	for (size_t i = 0; i < value_count(names); i++) {
		const struct value_member *m = &names->table.member[i];

		json_keyn(&w->body, m->key, m->len);
		put_word(&w->body, NULL, m->value, true);
		spec_at(w, &m->at, "expect.status.by_name.%s", m->key);
	}
	json_close(&w->body, '}');
	json_close(&w->body, '}');
}

static void
put_matches(
    struct spec_write *w, const struct value *v, const struct value *but)
{
	for (size_t i = 0; i < value_count(v); i++) {
		const struct value_member *m = &v->table.member[i];

		if (value_member(but, m->key, m->len))
			continue;
		json_keyn(&w->body, m->key, m->len);
		spec_text(w, m->value);
		json_strn(&w->body, NULL, w->text.s, w->text.len);
	}
}

/* The SDK's attributes are attributes of the resource as the others are. */
static void
write_hermeticity(struct spec_write *w)
{
	const struct value *h = part(w, "hermeticity", "expect_hermeticity");
	const struct value_member *alone = member(h, "no_external_services");
	const struct value_member *writes = member(h, "no_outside_writes");
	const struct value_member *match =
	    spec_inner(h, "resource_attrs", "must_match");
	const struct value_member *sdk =
	    spec_inner(h, "sdk_resource_attrs", "must_match");
	const struct value_member *forbid =
	    spec_inner(h, "span_attrs", "forbid_keys");

	if (!h) {
		json_null(&w->body, "hermeticity");
		return;
	}
	json_open(&w->body, "hermeticity", '{');
	json_bool(&w->body, "no_external_services",
	    value_bool_or(held(alone), false));
	if (writes) {
		json_bool(&w->body, "no_outside_writes",
		    value_bool_or(held(writes), false));
		spec_list(&w->body, "writes", value_get(h, "writes"));
		spec_at(w, &writes->at, "expect.hermeticity.no_outside_writes");
	}
	json_open(&w->body, "resource_attrs", '{');
	put_matches(w, held(match), NULL);
	put_matches(w, held(sdk), held(match));
	json_close(&w->body, '}');
	spec_list(&w->body, "forbid_keys", held(forbid));
	json_close(&w->body, '}');
	if (alone)
		spec_at(
		    w, &alone->at, "expect.hermeticity.no_external_services");
	if (match || sdk)
		spec_at(w, match ? &match->at : &sdk->at,
		    "expect.hermeticity.resource_attrs");
	if (forbid)
		spec_at(w, &forbid->at, "expect.hermeticity.forbid_keys");
}

void
spec_expect(struct spec_write *w)
{
	const struct value *v = value_get(w->root, "expect");

	if (!v)
		v = validation(w);
	if (!v) {
		json_null(&w->body, "expect");
		return;
	}
	spec_at(w, &v->at, "expect");
	json_open(&w->body, "expect", '{');
	write_spans(w);
	write_counts(w);
	write_graph(w);
	write_windows(w);
	write_order(w);
	write_status(w);
	write_hermeticity(w);
	json_close(&w->body, '}');
}
