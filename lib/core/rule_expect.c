/* What is expected of the spans: patterns, bounds, edges and orders. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "core/rule_int.h"
#include "core/spec.h"
#include "data/match.h"

static void
check_glob_of(struct rule_ctx *c, const struct value *table, const char *key)
{
	rule_pattern(c, MATCH_GLOB, value_get(table, key), "pattern");
}

static void
check_glob_keys(struct rule_ctx *c, const struct value *table)
{
	for (size_t i = 0; i < rule_members(table); i++) {
		const struct value_member *m = &table->table.member[i];
		const struct value key = {
		    .kind = VALUE_STR, .at = m->at, .str = {m->key, m->len}};

		rule_pattern(c, MATCH_GLOB, &key, "pattern");
	}
}

/* Two members of a table that must not be the wrong way round. */
static void
check_range(struct rule_ctx *c, const struct value *table, const char *low,
    const char *high)
{
	const struct value *a = value_get(table, low);
	const struct value *b = value_get(table, high);

	if (value_num_or(a, 0) > value_num_or(b, value_num_or(a, 0)))
		rule_tell(c, "E304", &b->at,
		    "nothing can hold: %s is %g and "
		    "%s is %g",
		    low, value_num_or(a, 0), high, value_num_or(b, 0));
}

/* attrs.any as a list cannot name a key twice: a plan has it by key. */
static void
check_any(struct rule_ctx *c, const struct value *list)
{
	AUTO_MAP seen = {0};

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *v = list->list.item[i];
		size_t len = v->kind == VALUE_STR ? strcspn(v->str.s, "=") : 0;

		if (!len || !map_set(&seen, v->str.s, len, (void *)v))
			continue;
		rule_tell(c, "E305", &v->at,
		    "two values for attribute '%.*s' in attrs.any",
		    len < 80 ? (int)len : 80, v->str.s);
		rule_hint(c, "write one [[expect.span]] for each value, or "
			     "leave the value to attrs.all");
	}
}

/* Bounds of which one is not reached: nothing lies between 5 and 5. */
static void
check_open_range(struct rule_ctx *c, const struct value *table, const char *low,
    const char *high)
{
	const struct value *a = value_get(table, low);
	const struct value *b = value_get(table, high);

	if (a && b && value_num_or(a, 0) >= value_num_or(b, 0))
		rule_tell(c, "E304", &b->at,
		    "nothing can hold: %s is %g and %s is %g", low,
		    value_num_or(a, 0), high, value_num_or(b, 0));
}

static void
check_conditions(struct rule_ctx *c, const struct value *t)
{
	const struct value *eq = value_get(t, "eq");
	const struct value *exists = value_get(t, "exists");

	for (size_t i = 0; i < t->table.n; i++) {
		const struct value *v = t->table.member[i].value;

		if (v->kind == VALUE_FLOAT && !isfinite(v->f))
			rule_tell(c, "E304", &v->at,
			    "'%.80s' is no number to compare with",
			    t->table.member[i].key);
	}
	rule_pattern(c, MATCH_REGEX, value_get(t, "regex"), "expression");
	check_range(c, t, "gte", "lte");
	check_open_range(c, t, "gte", "lt");
	check_open_range(c, t, "gt", "lte");
	check_open_range(c, t, "gt", "lt");
	if (eq && t->table.n > 1)
		rule_tell(c, "E304", &eq->at,
		    "eq says it all: no other condition may stand beside it");
	if (!value_bool_or(exists, true) && t->table.n > 1)
		rule_tell(c, "E304", &exists->at,
		    "nothing can hold: what is not there has no value");
}

static void
check_matchers(struct rule_ctx *c, const struct value *attrs)
{
	for (size_t i = 0; i < rule_members(attrs); i++)
		if (attrs->table.member[i].value->kind == VALUE_TABLE)
			check_conditions(c, attrs->table.member[i].value);
}

static void
check_bound(struct rule_ctx *c, const struct value_member *m)
{
	const struct value *eq = value_get(m->value, "eq");

	if (m->value->kind != VALUE_TABLE)
		return;
	check_range(c, m->value, "gte", "lte");
	check_range(c, m->value, "gte", "eq");
	check_range(c, m->value, "eq", "lte");
	if (!m->value->table.n)
		rule_tell(c, "W303", &m->at,
		    "'%.80s' has no bound: gte, lte "
		    "or eq",
		    m->key);
	else if (eq && m->value->table.n > 1)
		rule_tell(c, "W303", &eq->at,
		    "eq decides: the other bounds "
		    "of '%.80s' are not looked at",
		    m->key);
}

/* A lower quantile is never above a higher one. */
static void
check_quantiles(struct rule_ctx *c, const struct value *duration)
{
	static const char *const keys[] = {"p50", "p90", "p95", "p99"};
	double least = 0;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value *q = value_get(duration, keys[i]);
		const struct value *max = value_get(q, "max");

		if (!q || q->kind != VALUE_TABLE)
			continue;
		if (!q->table.n)
			rule_tell(c, "W303", &q->at,
			    "'%s' has no bound: min or max", keys[i]);
		check_range(c, q, "min", "max");
		if (value_num_or(value_get(q, "min"), 0) > least)
			least = value_num_or(value_get(q, "min"), 0);
		else if (value_num_or(max, least) < least)
			rule_tell(c, "E304", &max->at,
			    "nothing can hold: a lower quantile is %g at least",
			    least);
	}
}

static void
check_spans(struct rule_ctx *c, const struct value *spans)
{
	static const char *const globs[] = {
	    "name", "parent", "ancestor", "sibling", "follows"};

	for (size_t i = 0; i < rule_count(spans); i++) {
		const struct value *s = spans->list.item[i];
		const struct value_member *count =
		    value_member(s, "count", strlen("count"));

		for (size_t k = 0; k < COUNT(globs); k++)
			check_glob_of(c, s, globs[k]);
		check_range(c, value_get(s, "duration_ms"), "min", "max");
		check_quantiles(c, value_get(s, "duration_ms"));
		check_range(c, s, "min_duration_ms", "max_duration_ms");
		check_any(c, value_find(s, "attrs.any"));
		check_matchers(c, value_find(s, "attrs.all"));
		check_matchers(c, value_find(s, "attrs.any"));
		if (count)
			check_bound(c, count);
	}
}

static void
check_counts(struct rule_ctx *c, const struct value *counts)
{
	const struct value *names = value_get(counts, "by_name");

	for (size_t i = 0; i < rule_members(counts); i++)
		if (counts->table.member[i].value != names)
			check_bound(c, &counts->table.member[i]);
	for (size_t i = 0; i < rule_members(names); i++)
		check_bound(c, &names->table.member[i]);
	check_glob_keys(c, names);
}

/* Lists of [from, to]: exactly two names, neither of them blank. */
static void
check_edges(struct rule_ctx *c, const struct value *table, const char *key)
{
	const struct value *list = value_get(table, key);

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *edge = list->list.item[i];

		if (edge->kind != VALUE_LIST)
			continue;
		if (edge->list.n != 2) {
			rule_tell(c, "E304", &edge->at,
			    "%s[%zu] is no pair of names, [from, to]", key, i);
			continue;
		}
		for (size_t k = 0; k < 2; k++)
			if (!*value_str_or(edge->list.item[k], "x"))
				rule_tell(c, "E304", &edge->list.item[k]->at,
				    "%s[%zu] names nothing", key, i);
	}
}

static void
add_orders(struct rule_order *o, const struct value *list, bool is_reversed)
{
	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *e = list->list.item[i];

		if (rule_count(e) == 2)
			rule_order_add(o,
			    value_str_or(e->list.item[is_reversed], NULL),
			    value_str_or(e->list.item[!is_reversed], NULL),
			    &e->at);
	}
}

static void
check_cycle(struct rule_ctx *c, const struct value *order)
{
	struct rule_order o = {0};

	add_orders(&o, value_get(order, "must_precede"), false);
	add_orders(&o, value_get(order, "must_follow"), true);
	rule_order_check(c, &o, "no order can hold");
}

static void
check_writes(struct rule_ctx *c, const struct value *h)
{
	const struct value_member *writes = value_member(h, "writes", 6);
	const struct value *list = value_get(h, "writes");

	if (writes && !value_bool_or(value_get(h, "no_outside_writes"), false))
		rule_tell(c, "W302", &writes->at,
		    "writes decides nothing without no_outside_writes = true");
	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *path = list->list.item[i];

		rule_pattern(c, MATCH_GLOB, path, "pattern");
		if (path->kind == VALUE_STR && *path->str.s != '/')
			rule_tell(c, "E304", &path->at,
			    "'%s' is no absolute path", path->str.s);
	}
}

static void
check_hermeticity(struct rule_ctx *c, const struct value *h)
{
	static const char *const twins[][2] = {
	    {"resource_attrs", "resource_attrs_must_match"},
	    {"span_attrs", "span_attrs_forbid_keys"}};

	check_writes(c, h);
	for (size_t i = 0; i < COUNT(twins); i++) {
		const struct value_member *alias =
		    value_member(h, twins[i][1], strlen(twins[i][1]));

		if (alias && value_get(h, twins[i][0]))
			rule_tell(c, "E305", &alias->at,
			    "%s and %s are two names for one thing",
			    twins[i][0], twins[i][1]);
	}
}

/* One part of [expect], or its twin in [otel_validation]. */
static void
check_part(struct rule_ctx *c, const char *name, const struct value *v)
{
	if (!strcmp(name, "graph")) {
		check_edges(c, v, "must_include");
		check_edges(c, v, "must_not_cross");
	} else if (!strcmp(name, "counts")) {
		check_counts(c, v);
	} else if (!strcmp(name, "order")) {
		check_edges(c, v, "must_precede");
		check_edges(c, v, "must_follow");
		check_cycle(c, v);
	} else if (!strcmp(name, "status")) {
		check_glob_keys(c, value_get(v, "by_name"));
	} else if (!strcmp(name, "hermeticity")) {
		check_hermeticity(c, v);
	}
}

/* [otel_validation] says some of it in words of its own. */
static void
check_validation(struct rule_ctx *c, const struct value *o)
{
	const struct value *traces = value_get(o, "expected_traces");
	const struct value_member *overhead =
	    value_member(o, "max_overhead_ms", strlen("max_overhead_ms"));

	check_spans(c, value_get(o, "expected_spans"));
	for (size_t i = 0; i < rule_count(traces); i++) {
		const struct value *t = traces->list.item[i];
		const struct value_member *complete =
		    value_member(t, "complete", strlen("complete"));

		check_edges(c, t, "parent_child");
		if (complete && value_bool_or(complete->value, false))
			rule_tell(c, "W302", &complete->at,
			    "that the spans "
			    "share one trace is not judged; that each is "
			    "there, is");
	}
	if (overhead)
		rule_tell(c, "W302", &overhead->at,
		    "max_overhead_ms decides nothing");
}

void
rule_expect(struct rule_ctx *c)
{
	static const char *const parts[] = {
	    "graph", "counts", "order", "status", "hermeticity"};
	const struct value *e = value_get(c->root, "expect");
	const struct value *o = value_get(c->root, "otel_validation");

	check_spans(c, value_get(e, "span"));
	check_validation(c, o);
	for (size_t i = 0; i < COUNT(parts); i++) {
		AUTO_BUF old = BUF_INIT;
		const struct value_member *m;

		buf_addf(&old, "expect_%s", parts[i]);
		m = value_member(o, old.s, old.len);
		check_part(c, parts[i], value_get(e, parts[i]));
		if (m)
			check_part(c, parts[i], m->value);
		if (m && value_get(e, parts[i]))
			rule_tell(c, "E305", &m->at,
			    "[expect.%s] and "
			    "otel_validation.%s are two names for one thing",
			    parts[i], old.s);
	}
}
