#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/bench.h"
#include "data/toml.h"

static const struct {
	const char *suffix, *key; /* of the file; of the record */
	double factor;
} units[] = {
    {"_ns", "_ns", 1},
    {"_us", "_ns", 1e3},
    {"_ms", "_ns", 1e6},
    {"_s", "_ns", 1e9},
    {"_kb", "_kb", 1},
};

static const char *const metrics[] = {"p50", "p95", "p99", "mean", "median",
    "min", "max", "cpu_median", "peak_rss"};

static const struct bench_levels usual = {
    0.15, 0.20, 0.30, 0.50, 0.00, 0.20, 0.10};

static const struct {
	const char *key;
	size_t at;
} levels[] = {
    {"warning", offsetof(struct bench_levels, warning)},
    {"ci", offsetof(struct bench_levels, ci)},
    {"critical", offsetof(struct bench_levels, critical)},
    {"blocker", offsetof(struct bench_levels, blocker)},
    {"yellow", offsetof(struct bench_levels, yellow)},
    {"red", offsetof(struct bench_levels, red)},
    {"tolerance", offsetof(struct bench_levels, tolerance)},
};

void
bench_budget_begin(struct bench_budget *b)
{
	*b = (struct bench_budget){.levels = usual};
}

void
bench_budget_free(struct bench_budget *b)
{
	arena_free(&b->kept);
	*b = (struct bench_budget){0};
}

static struct bench_limit *
add(struct bench_budget *b, const char *id, const char *metric)
{
	struct bench_limit *l;

	b->limit =
	    arena_more(&b->kept, b->limit, b->n, &b->cap, sizeof *b->limit);
	l = &b->limit[b->n++];
	*l = (struct bench_limit){
	    arena_str(&b->kept, id), arena_str(&b->kept, metric), 0, 0, 0, -1};
	return l;
}

static struct bench_limit *
find(struct bench_budget *b, const char *id, const char *metric)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->limit[i].id, id) &&
		    !strcmp(b->limit[i].metric, metric))
			return &b->limit[i];
	return NULL;
}

/* ---- the file */

struct reader {
	struct bench_budget *b;
	const char *path;
	struct err *e;
	const struct value *alias;
};

static int
wrong(struct reader *r, const struct value_member *m, const char *what)
{
	return err_at(
	    r->e, r->path, m->at.line, m->at.column, "%s: %s", m->key, what);
}

static int
unknown(struct reader *r, const struct value_member *m,
    const char *const known[], size_t n)
{
	const char *near = cli_nearest(m->key, known, n);

	wrong(r, m, "unknown key");
	if (near)
		err_hint(r->e, "did you mean %s?", near);
	return -1;
}

static int
number(struct reader *r, const struct value_member *m, double *to)
{
	const struct value *v = m->value;

	if (v->kind == VALUE_INT)
		*to = (double)v->i;
	else if (v->kind == VALUE_FLOAT)
		*to = v->f;
	else
		return wrong(r, m, "a number is wanted");
	if (!isfinite(*to) || *to < 0)
		return wrong(r, m, "0 or more is wanted");
	return 0;
}

/* The unit at a key's end: its factor, and the end of the record's key. */
static int
unit_of(struct reader *r, const struct value_member *m, size_t *unit)
{
	for (*unit = 0; *unit < COUNT(units); ++*unit) {
		size_t n = strlen(units[*unit].suffix);

		if (m->len > n &&
		    !strcmp(m->key + m->len - n, units[*unit].suffix))
			return 0;
	}
	wrong(r, m, "no unit");
	return err_hint(r->e, "names end in _ns _us _ms _s or _kb");
}

static int
full_metric(struct reader *r, const struct value_member *m, const char *metric,
    size_t unit, const char **to)
{
	bool is_memory = !strcmp(metric, "peak_rss");

	for (size_t i = 0; i < COUNT(metrics); i++)
		if (!strcmp(metrics[i], metric)) {
			if (is_memory != !strcmp(units[unit].key, "_kb"))
				return wrong(
				    r, m, "the unit does not fit the metric");
			*to = arena_fmt(
			    &r->b->kept, "%s%s", metric, units[unit].key);
			return 0;
		}
	wrong(r, m, "unknown metric");
	return err_hint(r->e, "p50 p95 p99 mean median min max cpu_median "
			      "peak_rss");
}

/* "op/diff:p95", by the table of short names. */
static int
resolve(struct reader *r, const struct value_member *m, size_t unit,
    const char **id, const char **metric)
{
	const char *to = value_str_or(value_get(r->alias, m->key), NULL);
	const char *colon = to ? strrchr(to, ':') : NULL;

	if (!colon || colon == to) {
		wrong(r, m, "no such name in [alias]");
		return err_hint(r->e, "[alias] %s = \"ID:p95\"", m->key);
	}
	*id = arena_dup(&r->b->kept, to, (size_t)(colon - to));
	return full_metric(r, m, colon + 1, unit, metric);
}

/* [baselines] are targets, [thresholds] what is acceptable. */
static int
read_named(struct reader *r, const struct value *table, bool is_target)
{
	for (uint32_t i = 0; i < value_count(table); i++) {
		const struct value_member *m = &table->table.member[i];
		const char *id = NULL, *metric = NULL;
		struct bench_limit *l;
		size_t unit;
		double v;

		if (number(r, m, &v) < 0 || unit_of(r, m, &unit) < 0 ||
		    resolve(r, m, unit, &id, &metric) < 0)
			return -1;
		l = find(r->b, id, metric);
		if (!l)
			l = add(r->b, id, metric);
		*(is_target ? &l->target : &l->acceptable) =
		    v * units[unit].factor;
	}
	return 0;
}

static int
read_alias(struct reader *r, const struct value *table)
{
	for (uint32_t i = 0; i < value_count(table); i++)
		if (!value_str_or(table->table.member[i].value, NULL))
			return wrong(r, &table->table.member[i],
			    "a text such as \"op/diff:p95\" is wanted");
	return 0;
}

static int
read_levels(struct reader *r, const struct value *table)
{
	const char *known[COUNT(levels)];

	for (size_t i = 0; i < COUNT(levels); i++)
		known[i] = levels[i].key;
	for (uint32_t i = 0; i < value_count(table); i++) {
		const struct value_member *m = &table->table.member[i];
		size_t k = 0;

		while (k < COUNT(levels) && strcmp(levels[k].key, m->key))
			k++;
		if (k == COUNT(levels))
			return unknown(r, m, known, COUNT(known));
		if (number(r, m,
			(double *)((char *)&r->b->levels + levels[k].at)) < 0)
			return -1;
	}
	return 0;
}

/* [budget."path/reload"]: metric, limit_ms, red */
static int
read_limit(struct reader *r, const struct value_member *of)
{
	static const char *const known[] = {"metric", "limit_ms", "red"};
	const char *metric =
	    value_str_or(value_get(of->value, "metric"), "p95");
	const struct value_member *limit = NULL;
	double v = 0, red = -1;
	struct bench_limit *l;
	size_t unit = 0;

	for (uint32_t i = 0; i < value_count(of->value); i++) {
		const struct value_member *m = &of->value->table.member[i];

		if (!strcmp(m->key, "metric"))
			continue;
		if (!strcmp(m->key, "red")) {
			if (number(r, m, &red) < 0)
				return -1;
		} else if (!strncmp(m->key, "limit", 5)) {
			limit = m;
			if (number(r, m, &v) < 0 || unit_of(r, m, &unit) < 0)
				return -1;
		} else {
			return unknown(r, m, known, COUNT(known));
		}
	}
	if (!limit)
		return wrong(r, of, "no limit, such as limit_ms = 100");
	if (full_metric(r, limit, metric, unit, &metric) < 0)
		return -1;
	l = find(r->b, of->key, metric);
	if (!l)
		l = add(r->b, of->key, metric);
	l->target = v * units[unit].factor;
	l->red = red;
	return 0;
}

static int
read_budgets(struct reader *r, const struct value *table)
{
	for (uint32_t i = 0; i < value_count(table); i++) {
		const struct value_member *m = &table->table.member[i];

		if (m->value->kind != VALUE_TABLE)
			return wrong(r, m, "a table is wanted");
		if (read_limit(r, m) < 0)
			return -1;
	}
	return 0;
}

static int
read_table(struct reader *r, const struct value_member *m)
{
	static const char *const known[] = {
	    "schema", "baselines", "thresholds", "alias", "levels", "budget"};
	size_t k = 0;

	while (k < COUNT(known) && strcmp(known[k], m->key))
		k++;
	if (k == COUNT(known))
		return unknown(r, m, known, COUNT(known));
	if (k == 0)
		return value_int_or(m->value, 0) == BENCH_SCHEMA
			 ? 0
			 : wrong(r, m, "this program knows schema 1");
	if (m->value->kind != VALUE_TABLE)
		return wrong(r, m, "a table is wanted");
	switch (k) {
	case 1:
	case 2:
		return read_named(r, m->value, k == 1);
	case 3:
		return read_alias(r, m->value);
	case 4:
		return read_levels(r, m->value);
	default:
		return read_budgets(r, m->value);
	}
}

/* What has an acceptable value alone is green up to it. */
static void
complete(struct bench_budget *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->limit[i].target == 0)
			b->limit[i].target = b->limit[i].acceptable;
}

int
bench_budget_read(struct bench_budget *b, const char *path, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	struct value *root;
	struct reader r = {b, path, e, NULL};

	if (file_read(path, &text, e) < 0 ||
	    !(root = toml_parse(&b->kept, path, text.s, text.len, e)))
		return -1;
	r.alias = value_get(root, "alias");
	for (uint32_t i = 0; i < value_count(root); i++)
		if (read_table(&r, &root->table.member[i]) < 0)
			return -1;
	complete(b);
	return 0;
}

/* ---- limits that come with the benchmarks */

void
bench_budget_take(struct bench_budget *b, const struct value *v)
{
	const char *id = value_str_or(value_get(v, "id"), NULL);
	const char *metric = value_str_or(value_get(v, "metric"), "p95_ns");
	const struct value *limits = value_get(v, "limits");
	double target;
	struct bench_limit *l;

	if (!id || !bench_number(limits, "target", &target) ||
	    find(b, id, metric))
		return;
	l = add(b, id, metric);
	l->target = target;
	bench_number(limits, "acceptable", &l->acceptable);
	bench_number(limits, "unacceptable", &l->unacceptable);
}

/* ---- writing */

void
bench_budget_print(struct buf *to, const struct bench_set *s, double headroom)
{
	buf_addf(to,
	    "# Limits, %g times what was measured at %s on %s.\n"
	    "# Written by clnrm-bench budget; lower them as the code "
	    "matures.\nschema = %d\n\n[levels]\n",
	    headroom, bench_revision() ? bench_revision() : "no revision",
	    bench_env_hash(), BENCH_SCHEMA);
	for (size_t i = 0; i < COUNT(levels); i++)
		buf_addf(to, "%s = %.2f\n", levels[i].key,
		    *(const double *)((const char *)&usual + levels[i].at));
	for (size_t i = 0; i < s->result.n; i++) {
		const struct value *v = s->result.entry[i].value;
		AUTO_BUF key = BUF_INIT;
		double p95;

		if (!bench_number(v, "p95", &p95))
			continue;
		json_quote(
		    &key, s->result.entry[i].key, s->result.entry[i].len);
		buf_addf(to,
		    "\n[budget.%s]\nmetric = \"p95\"\nlimit_us = %.3f\n", key.s,
		    p95 * headroom / 1e3);
	}
}
