/* Expectations that cannot hold together, and those that nothing can meet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cli.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/rule_int.h"
#include "core/spec.h"

/* The names that [expect] speaks of. */
struct names {
	struct map needed;   /* plain names that must be there: their values */
	struct map listed;   /* plain names of expect.span and counts */
	struct match **glob; /* glob[n], the patterns among those */
	size_t n, cap;
};

static void
names_free(struct names *x)
{
	for (size_t i = 0; i < x->n; i++)
		match_free(&x->glob[i]);
	free(x->glob);
	map_free(&x->needed);
	map_free(&x->listed);
}

static bool
is_plain(const char *s)
{
	return !s[strcspn(s, "*?[")];
}

/* ---- collecting them */

static int64_t
least(const struct value *bound)
{
	const struct value *eq = value_get(bound, "eq");

	return value_int_or(eq ? eq : value_get(bound, "gte"), 0);
}

/* One with a count may be of spans that need not be there, or must not. */
static bool
must_be(const struct value *span)
{
	const struct value *count = value_get(span, "count");

	return !count || least(count) > 0;
}

static void
need(struct names *x, const struct value *v)
{
	if (!v || v->kind != VALUE_STR || !is_plain(v->str.s))
		return;
	if (!map_get(&x->needed, v->str.s, v->str.len))
		map_set(&x->needed, v->str.s, v->str.len, (void *)v);
}

static void
need_each(struct names *x, const struct value *list)
{
	for (size_t i = 0; i < rule_count(list); i++)
		need(x, list->list.item[i]);
}

static void
need_pairs(struct names *x, const struct value *pairs)
{
	for (size_t i = 0; i < rule_count(pairs); i++)
		need_each(x, pairs->list.item[i]);
}

static void
list_name(struct names *x, const char *s, size_t len)
{
	struct match *m;

	if (is_plain(s)) {
		map_set(&x->listed, s, len, x);
		return;
	}
	m = match_compile(MATCH_GLOB, s, len, NULL, NULL);
	if (!m)
		return;
	x->glob = mem_more(x->glob, x->n, &x->cap, sizeof *x->glob);
	x->glob[x->n++] = m;
}

static void
list_value(struct names *x, const struct value *v)
{
	if (v && v->kind == VALUE_STR)
		list_name(x, v->str.s, v->str.len);
}

static void
collect(struct names *x, const struct value *expect)
{
	static const char *const pairs[] = {
	    "graph.must_include", "order.must_precede", "order.must_follow"};
	static const char *const kin[] = {
	    "name", "parent", "ancestor", "sibling", "follows"};
	const struct value *spans = value_get(expect, "span");
	const struct value *windows = value_get(expect, "window");
	const struct value *counts = value_find(expect, "counts.by_name");

	for (size_t i = 0; i < rule_count(spans); i++) {
		const struct value *s = spans->list.item[i];

		for (size_t k = 0; k < COUNT(kin); k++) {
			if (must_be(s))
				need(x, value_get(s, kin[k]));
			list_value(x, value_get(s, kin[k]));
		}
	}
	for (size_t i = 0; i < COUNT(pairs); i++)
		need_pairs(x, value_find(expect, pairs[i]));
	for (size_t i = 0; i < rule_count(windows); i++) {
		need(x, value_get(windows->list.item[i], "outer"));
		need_each(x, value_get(windows->list.item[i], "contains"));
	}
	for (size_t i = 0; i < rule_members(counts); i++)
		list_name(x, counts->table.member[i].key,
		    counts->table.member[i].len);
}

/* ---- counts */

static int64_t
most(const struct value *bound)
{
	const struct value *eq = value_get(bound, "eq");

	return value_int_or(eq ? eq : value_get(bound, "lte"), INT64_MAX);
}

/* A name that must be there, and of which there must be none. */
static void
check_none(struct rule_ctx *c, struct names *x, const struct value_member *m)
{
	AUTO_MATCH *glob = NULL;

	if (most(m->value) > 0)
		return;
	glob = match_compile(MATCH_GLOB, m->key, m->len, NULL, NULL);
	for (size_t i = 0; glob && i < x->needed.n; i++) {
		const struct map_entry *e = &x->needed.entry[i];
		const struct value *by = e->value;

		if (match_find(glob, e->key, e->len, NULL, NULL) != 1)
			continue;
		rule_tell(c, "E304", &m->at,
		    "nothing can hold: of '%.80s' there must be none", m->key);
		rule_hint(c, "line %u needs '%.80s'", by->at.line, e->key);
		return;
	}
}

static void
check_total(struct rule_ctx *c, struct names *x, const struct value *counts)
{
	const struct value *total = value_get(counts, "spans_total");
	const struct value *by_name = value_get(counts, "by_name");
	int64_t sum = 0, all = (int64_t)x->needed.n;

	for (size_t i = 0; i < rule_members(by_name); i++) {
		const struct value_member *m = &by_name->table.member[i];
		int64_t n = is_plain(m->key) ? least(m->value) : 0;

		sum = n > INT32_MAX || sum > INT32_MAX ? INT32_MAX : sum + n;
	}
	if (most(total) >= (sum > all ? sum : all))
		return;
	rule_tell(c, "E304", &total->at,
	    "nothing can hold: spans_total is %lld at most",
	    (long long)most(total));
	if (sum > all)
		rule_hint(c, "by_name asks for %lld", (long long)sum);
	else
		rule_hint(c, "%lld names must be there", (long long)all);
}

static void
check_events(struct rule_ctx *c, const struct value *expect)
{
	const struct value *total = value_find(expect, "counts.events_total");
	const struct value *spans = value_get(expect, "span");

	for (size_t i = 0; i < rule_count(spans) && most(total) < 1; i++) {
		const struct value *events =
		    value_get(spans->list.item[i], "events");

		if (!must_be(spans->list.item[i]) || !events)
			continue;
		if (!rule_count(value_get(events, "all")) &&
		    !rule_count(value_get(events, "any")))
			continue;
		rule_tell(c, "E304", &total->at,
		    "nothing can hold: events_total is 0 at most");
		rule_hint(c, "line %u needs an event", events->at.line);
		return;
	}
}

static bool
is_word(const struct value *v, const char *word)
{
	return !strcasecmp(value_str_or(v, ""), word);
}

static void
check_errors(struct rule_ctx *c, const struct value *expect)
{
	const struct value *total = value_find(expect, "counts.errors_total");
	const struct value *all = value_find(expect, "status.all");
	const struct value *names = value_find(expect, "status.by_name");

	if (all && !is_word(all, "ERROR") && least(total) > 0)
		rule_tell(c, "E304", &total->at,
		    "nothing can hold: errors_total is %lld at least, and "
		    "status.all is '%s'",
		    (long long)least(total), all->str.s);
	for (size_t i = 0; i < rule_members(names); i++) {
		const struct value_member *m = &names->table.member[i];

		if (all && !is_word(all, value_str_or(m->value, "")))
			rule_tell(c, "E304", &m->at,
			    "nothing can hold: status.all is '%s'",
			    value_str_or(all, ""));
		else if (is_word(m->value, "ERROR") && most(total) < 1)
			rule_tell(c, "E304", &m->at,
			    "nothing can hold: errors_total is 0 at most");
	}
}

static void
check_counts(struct rule_ctx *c, struct names *x, const struct value *expect)
{
	const struct value *counts = value_get(expect, "counts");
	const struct value *by_name = value_get(counts, "by_name");

	for (size_t i = 0; i < rule_members(by_name); i++)
		check_none(c, x, &by_name->table.member[i]);
	check_total(c, x, counts);
	check_events(c, expect);
	check_errors(c, expect);
}

/* ---- edges, orders, windows */

static const char *
end_of(const struct value *pair, size_t i)
{
	return rule_count(pair) == 2 ? value_str_or(pair->list.item[i], "")
				     : "";
}

/* "from NUL to", as a key. */
static void
put_edge(struct map *edges, const char *from, const char *to, const void *v)
{
	AUTO_BUF key = BUF_INIT;

	buf_add(&key, from, strlen(from) + 1);
	buf_adds(&key, to);
	map_set(edges, key.s, key.len, (void *)v);
}

static const struct value *
get_edge(const struct map *edges, const char *from, const char *to)
{
	AUTO_BUF key = BUF_INIT;

	buf_add(&key, from, strlen(from) + 1);
	buf_adds(&key, to);
	return map_get(edges, key.s, key.len);
}

static void
take_edges(struct map *edges, const struct value *expect)
{
	const struct value *list = value_find(expect, "graph.must_include");
	const struct value *spans = value_get(expect, "span");

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *e = list->list.item[i];

		put_edge(edges, end_of(e, 0), end_of(e, 1), e);
	}
	for (size_t i = 0; i < rule_count(spans); i++) {
		const struct value *s = spans->list.item[i];
		const struct value *parent = value_get(s, "parent");

		if (parent && must_be(s))
			put_edge(edges, value_str_or(parent, ""),
			    value_str_or(value_get(s, "name"), ""), parent);
	}
}

static void
check_forbidden(
    struct rule_ctx *c, const struct map *edges, const struct value *expect)
{
	const struct value *list = value_find(expect, "graph.must_not_cross");

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *e = list->list.item[i];
		const struct value *by =
		    get_edge(edges, end_of(e, 0), end_of(e, 1));

		if (!by || !*end_of(e, 0))
			continue;
		rule_tell(c, "E304", &e->at,
		    "nothing can hold: '%.80s' must not be above '%.80s'",
		    end_of(e, 0), end_of(e, 1));
		rule_hint(c, "line %u needs it there", by->at.line);
	}
}

/* A span begins after the one above it. */
static void
check_order(struct rule_ctx *c, const struct map *edges,
    const struct value *pairs, size_t first)
{
	for (size_t i = 0; i < rule_count(pairs); i++) {
		const struct value *e = pairs->list.item[i];
		const char *from = end_of(e, first), *to = end_of(e, !first);
		const struct value *by = get_edge(edges, to, from);

		if (!by || !*from)
			continue;
		rule_tell(c, "W306", &e->at,
		    "'%.80s' is to begin before '%.80s', which is above it",
		    from, to);
		rule_hint(c, "line %u says so", by->at.line);
	}
}

static void
check_windows(struct rule_ctx *c, const struct value *expect)
{
	const struct value *list = value_get(expect, "window");
	AUTO_MAP inside = {0};

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *w = list->list.item[i];
		const char *outer = value_str_or(value_get(w, "outer"), "");
		const struct value *inner = value_get(w, "contains");

		for (size_t k = 0; k < rule_count(inner); k++) {
			const struct value *v = inner->list.item[k];
			const char *s = value_str_or(v, "");

			if (!strcmp(outer, s))
				rule_tell(c, "W306", &v->at,
				    "'%.80s' always lies within itself", s);
			else if (get_edge(&inside, s, outer))
				rule_tell(c, "E304", &v->at,
				    "nothing can hold: '%.80s' and '%.80s' "
				    "lie within each other",
				    s, outer);
			put_edge(&inside, outer, s, v);
		}
	}
}

static void
check_keys(struct rule_ctx *c, const struct value *expect)
{
	const struct value_member *forbid = spec_inner(
	    value_get(expect, "hermeticity"), "span_attrs", "forbid_keys");
	const struct value *spans = value_get(expect, "span");

	for (size_t i = 0; forbid && i < rule_count(forbid->value); i++) {
		const struct value *key = forbid->value->list.item[i];
		const char *s = value_str_or(key, "");

		for (size_t k = 0; k < rule_count(spans); k++) {
			const struct value_member *m = value_member(
			    value_find(spans->list.item[k], "attrs.all"), s,
			    strlen(s));

			if (!m || !must_be(spans->list.item[k]) ||
			    !value_bool_or(value_get(m->value, "exists"), true))
				continue;
			rule_tell(c, "E304", &key->at,
			    "nothing can hold: no span may have '%.80s'", s);
			rule_hint(c, "line %u needs it", m->at.line);
			break;
		}
	}
}

/* ---- what nothing can meet */

static bool
is_listed(struct names *x, const char *s, size_t len)
{
	if (map_get(&x->listed, s, len))
		return true;
	for (size_t i = 0; i < x->n; i++)
		if (match_find(x->glob[i], s, len, NULL, NULL) == 1)
			return true;
	return false;
}

static const char *
nearest(const struct names *x, const char *s)
{
	const char *names[64];
	size_t n = 0;

	for (size_t i = 0; i < x->listed.n && n < COUNT(names); i++)
		names[n++] = x->listed.entry[i].key;
	return cli_nearest(s, names, n);
}

/* A name that none of the expected spans has: a slip, where one is near. */
static void
tell_unlisted(struct rule_ctx *c, struct names *x, const struct value *v)
{
	static const char fmt[] = "no expected span is named '%.80s'";
	const char *near = nearest(x, v->str.s);

	if (near) {
		rule_tell(c, "W306", &v->at, fmt, v->str.s);
		rule_hint(c, "did you mean '%.80s'?", near);
	} else {
		rule_note(c, "W306", &v->at, fmt, v->str.s);
	}
}

static void
check_listed(struct rule_ctx *c, struct names *x, const struct value *pairs)
{
	for (size_t i = 0; i < rule_count(pairs); i++) {
		const struct value *e = pairs->list.item[i];

		for (size_t k = 0; k < rule_count(e); k++) {
			const struct value *v = e->list.item[k];
			const char *s = value_str_or(v, "");

			if (*s && is_plain(s) && !is_listed(x, s, v->str.len))
				tell_unlisted(c, x, v);
		}
	}
}

void
rule_clash(struct rule_ctx *c)
{
	static const char *const pairs[] = {
	    "graph.must_include", "order.must_precede", "order.must_follow"};
	const struct value *expect = value_get(c->root, "expect");
	struct names x = {.cap = 0};
	AUTO_MAP edges = {0};

	if (!expect)
		return;
	collect(&x, expect);
	take_edges(&edges, expect);
	check_counts(c, &x, expect);
	check_forbidden(c, &edges, expect);
	check_order(c, &edges, value_find(expect, pairs[1]), 0);
	check_order(c, &edges, value_find(expect, pairs[2]), 1);
	check_windows(c, expect);
	check_keys(c, expect);
	for (size_t i = 0; i < COUNT(pairs) && x.listed.n; i++)
		check_listed(c, &x, value_find(expect, pairs[i]));
	names_free(&x);
}
