#include "core/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/match.h"

enum {
	MAX_NAMES = 4096, /* that are seen, and that are required */
	MAX_GLOBS = 256,  /* each is held against each name */
	MAX_BYTES = 1024, /* of a name */
};

/* The name's place; NULL where there is no room for one more. */
static struct catalogue_name *
claim(struct catalogue *c, const char *s, size_t n, size_t *count)
{
	struct catalogue_name *it = map_get(&c->names, s, n);

	if (it || n > MAX_BYTES || *count >= MAX_NAMES)
		return it;
	it = arena_alloc(&c->a, sizeof *it);
	it->name = arena_dup(&c->a, s, n);
	map_set(&c->names, s, n, it);
	++*count;
	return it;
}

/* One that takes every name asks for none. */
static bool
is_for_all(const char *pattern)
{
	return !pattern[strspn(pattern, "*")];
}

static void
require(struct catalogue *c, const char *source, const char *pattern, size_t n)
{
	bool is_glob = strpbrk(pattern, "*?[") != NULL;
	struct catalogue_name *it;

	if (is_for_all(pattern) || !strncmp(pattern, "clnrm.", 6) ||
	    (is_glob && c->globs >= MAX_GLOBS))
		return;
	it = claim(c, pattern, n, &c->required);
	if (!it || it->is_required)
		return;
	it->is_required = true;
	it->is_glob = is_glob;
	it->source = arena_str(&c->a, source);
	c->globs += is_glob;
}

static void
require_text(struct catalogue *c, const char *source, const struct value *v)
{
	if (v && v->kind == VALUE_STR)
		require(c, source, v->str.s, v->str.len);
}

/* Lists of names, however deep. */
static void
require_all(struct catalogue *c, const char *source, const struct value *v)
{
	if (!v || v->kind != VALUE_LIST)
		require_text(c, source, v);
	else
		for (size_t i = 0; i < v->list.n; i++)
			require_all(c, source, v->list.item[i]);
}

static size_t
items(const struct value *v)
{
	return v && v->kind == VALUE_LIST ? v->list.n : 0;
}

/* Can the bound not be met without a span? */
static bool
is_at_least_one(const struct value *bound)
{
	return value_int_or(value_get(bound, "eq"), 0) > 0 ||
	       value_int_or(value_get(bound, "gte"), 0) > 0;
}

static void
require_spans(struct catalogue *c, const char *source, const struct value *list)
{
	static const char *const keys[] = {
	    "name", "parent", "ancestor", "sibling", "follows"};

	for (size_t i = 0; i < items(list); i++) {
		const struct value *want = list->list.item[i];
		const struct value *count = value_get(want, "count");

		if (count && count->kind == VALUE_TABLE &&
		    !is_at_least_one(count))
			continue;
		for (size_t k = 0; k < COUNT(keys); k++)
			require_text(c, source, value_get(want, keys[k]));
	}
}

static void
require_keys(struct catalogue *c, const char *source, const struct value *table,
    bool is_bounds)
{
	size_t n = table && table->kind == VALUE_TABLE ? table->table.n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct value_member *m = &table->table.member[i];

		if (!is_bounds || is_at_least_one(m->value))
			require(c, source, m->key, m->len);
	}
}

void
catalogue_plan(struct catalogue *c, const struct value *plan)
{
	const char *source = value_str_or(value_get(plan, "source"), NULL);
	const struct value *expect = value_get(plan, "expect");
	const struct value *windows = value_get(expect, "windows");

	require_spans(c, source, value_get(expect, "spans"));
	require_keys(c, source, value_find(expect, "counts.by_name"), true);
	require_all(c, source, value_find(expect, "graph.must_include"));
	for (size_t i = 0; i < items(windows); i++) {
		const struct value *w = windows->list.item[i];

		require_text(c, source, value_get(w, "outer"));
		require_all(c, source, value_get(w, "contains"));
	}
	require_all(c, source, value_find(expect, "order.must_precede"));
	require_all(c, source, value_find(expect, "order.must_follow"));
	require_keys(c, source, value_find(expect, "status.by_name"), false);
}

static bool
is_word(struct pull_text text, const char *word)
{
	struct pull_text s = json_plain(text);

	return s.s && s.n == strlen(word) && !memcmp(s.s, word, s.n);
}

/* A span that belongs to no running is one of a trace that was saved. */
static bool
is_counted(const struct record *r)
{
	return !is_word(r->via, "clnrm") &&
	       (!is_word(r->bound, "no") || !json_plain(r->id).s);
}

void
catalogue_span(struct catalogue *c, const struct record *r)
{
	struct pull_text name = json_plain(r->name);
	struct catalogue_name *it;
	AUTO_ARENA a = {0};

	if (!is_counted(r))
		return;
	if (!name.s) {
		const struct value *v = json_build(&a, r->name);

		if (!v || v->kind != VALUE_STR)
			return;
		name = (struct pull_text){v->str.s, v->str.len};
	}
	if (name.n >= 6 && !memcmp(name.s, "clnrm.", 6))
		return;
	it = claim(c, name.s, name.n, &c->seen);
	if (!it) {
		c->left_out++;
		return;
	}
	if (!it->spans++ && !it->is_required)
		it->source = arena_str(
		    &c->a, value_str_or(json_build(&a, r->source), NULL));
}

/* Hold a glob against all that was seen. */
static void
meet(const struct catalogue *c, struct catalogue_name *glob)
{
	AUTO_MATCH *m = match_compile(
	    MATCH_GLOB, glob->name, strlen(glob->name), NULL, NULL);

	glob->is_met = !m || c->left_out;
	for (size_t i = 0; m && i < c->names.n; i++) {
		struct catalogue_name *it = c->names.entry[i].value;

		if (it->spans && match_find(m, it->name, c->names.entry[i].len,
				     NULL, NULL) == 1)
			it->is_met = glob->is_met = true;
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct catalogue_name *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
list(struct catalogue *c, struct catalogue_list *to, bool is_required)
{
	*to = (struct catalogue_list){
	    arena_alloc(&c->a, (c->names.n + 1) * sizeof *to->name), 0};
	for (size_t i = 0; i < c->names.n; i++) {
		const struct catalogue_name *it = c->names.entry[i].value;

		if (it->is_required == is_required && !it->is_met &&
		    (it->spans == 0) == is_required)
			to->name[to->n++] = it;
	}
	qsort(to->name, to->n, sizeof *to->name, by_name);
}

void
catalogue_sum(struct catalogue *c, struct catalogue_list *unseen,
    struct catalogue_list *unasked)
{
	for (size_t i = 0; i < c->names.n; i++) {
		struct catalogue_name *it = c->names.entry[i].value;

		if (it->is_glob)
			meet(c, it);
	}
	list(c, unseen, true);
	list(c, unasked, false);
}

void
catalogue_free(struct catalogue *c)
{
	map_free(&c->names);
	arena_free(&c->a);
	*c = (struct catalogue){0};
}
