#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "core/verdict_int.h"
#include "data/match.h"

enum { MAX_NAMES = 5, MAX_WORDS = 200 };

/* `at` of the rule, or of the longest part of it that has a place. */
static const struct value *
place_of(const struct verdict_file *f, const char *rule)
{
	const struct value *at = value_get(f->plan, "at");
	size_t n = strlen(rule);

	while (n) {
		struct value_member *m = value_member(at, rule, n);

		if (m && value_count(m->value) >= 2)
			return m->value;
		while (n && rule[--n] != '.' && rule[n] != '[')
			;
	}
	return NULL;
}

static void
number_or_null(struct json *j, const char *key, const struct value *v)
{
	if (value_int_or(v, 0) > 0)
		json_int(j, key, v->i);
	else
		json_null(j, key);
}

static void
put_place(struct judging *g, struct told *t, const char *rule)
{
	const struct verdict_file *f = g->file;
	const struct value *at = place_of(f, rule);
	const char *file = value_str_or(value_find(at, "0"), f->key.source);
	size_t n = strlen(file);
	uintptr_t known = (uintptr_t)map_get(&g->places, file, n);

	if (!known)
		known = g->places.n + 1;
	map_set(&g->places, file, n, (void *)known);
	t->file = known;
	t->line = (uint64_t)value_int_or(value_find(at, "1"), 0);
	t->column = (uint64_t)value_int_or(value_find(at, "2"), 0);
	json_str(&t->record, "file", file);
	number_or_null(&t->record, "line", value_find(at, "1"));
	number_or_null(&t->record, "column", value_find(at, "2"));
}

static void
put(struct judging *g, struct told *t, const struct check *c)
{
	struct json *j = &t->record;
	struct record_key key = g->file->key;

	*j = stage_record(g->v->stage, "check");
	key.id = g->run ? g->run->id : NULL;
	record_key(j, &key);
	json_str(j, "scenario", g->run ? g->run->name : NULL);
	json_str(j, "rule", c->rule);
	json_str(j, "code", c->code);
	put_place(g, t, c->rule);
	json_bool(j, "ok", c->outcome == HOLDS);
	json_str(j, "message", c->message);
	json_open(j, "spans", '[');
	for (size_t i = 0; i < c->spans; i++)
		json_str(j, NULL, c->span[i]);
	json_close(j, ']');
	json_str(j, "expected", c->expected);
	json_str(j, "actual", c->actual);
	json_str(j, "hint", c->hint);
}

static void
count(struct judging *j, struct told *t, const struct check *c)
{
	if (c->outcome == HOLDS)
		return;
	j->failed++;
	t->rule = arena_str(&j->file->a, c->rule);
	t->message = arena_str(&j->file->a, c->message);
	j->has_failed |= c->outcome == FAILS;
	j->has_missing |= c->outcome == MISSING;
	j->has_undecided |= c->outcome == UNDECIDED;
	if (j->run && c->is_output)
		j->run->is_output_bad = true;
}

void
verdict_check(struct judging *j, struct check *c)
{
	const char *incomplete = j->file->incomplete;
	struct told *t;

	if (c->is_open && incomplete && c->outcome != UNDECIDED) {
		c->outcome = UNDECIDED;
		c->message = arena_fmt(&j->a, "cannot be decided: %s (%s)",
		    c->message, incomplete);
	}
	j->told = mem_more(j->told, j->checks, &j->cap, sizeof *j->told);
	t = &j->told[j->checks++];
	put(j, t, c);
	count(j, t, c);
}

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By place; a rule that makes several checks makes them in its own order. */
static int
by_place(const void *a, const void *b)
{
	const struct told *x = *(struct told *const *)a;
	const struct told *y = *(struct told *const *)b;
	int order = compare(x->file, y->file);

	/* What has no line of its own comes behind all that have one. */
	if (!order)
		order = compare(x->line - 1, y->line - 1);
	if (!order)
		order = compare(x->column, y->column);
	return order ? order : compare((uintptr_t)x, (uintptr_t)y);
}

void
verdict_tell(struct judging *j)
{
	struct told **turn = mem_new(j->checks + 1, sizeof *turn);

	for (size_t i = 0; i < j->checks; i++)
		turn[i] = &j->told[i];
	qsort(turn, j->checks, sizeof *turn, by_place);
	for (size_t i = 0; i < j->checks; i++) {
		if (!j->first_rule) {
			j->first_rule = turn[i]->rule;
			j->first_message = turn[i]->message;
		}
		stage_put(j->v->stage, &turn[i]->record);
		json_free(&turn[i]->record);
	}
	free(turn);
	free(j->told);
	map_free(&j->places);
}

void
verdict_name_span(struct judging *j, struct check *c, const struct seen *s)
{
	c->span = arena_alloc(&j->a, sizeof *c->span);
	c->span[0] = s->id;
	c->spans = 1;
}

/* What is no good glob is a name like any other. */
static bool
is_taken(
    const struct match *m, const struct picked *p, const struct map_entry *name)
{
	if (p->len == name->len && !memcmp(p->pattern, name->key, p->len))
		return true;
	return m && match_find(m, name->key, name->len, NULL, NULL) == 1;
}

/* All of one name. */
static void
take(const struct verdict_file *f, struct picked *p, uint32_t last,
    bool with_ours)
{
	for (uint32_t i = last; i; i = f->seen[i - 1].before) {
		const struct seen *s = &f->seen[i - 1];
		bool counts = s->is_counted || (f->is_pooling && s->is_earlier);

		p->is[i - 1] = counts || (with_ours && s->is_ours);
		p->is_there |= p->is[i - 1];
		p->n += counts;
	}
}

struct picked
verdict_pick(
    struct judging *j, const struct value *pattern, bool needed, bool with_ours)
{
	const struct verdict_file *f = j->file;
	struct picked p = {.pattern = "", .is = arena_alloc(&j->a, f->n + 1)};
	AUTO_MATCH *m = NULL;

	if (pattern && pattern->kind == VALUE_STR) {
		p.pattern = pattern->str.s;
		p.len = pattern->str.len;
	}
	if (strpbrk(p.pattern, "*?["))
		m = match_compile(MATCH_GLOB, p.pattern, p.len, NULL, NULL);
	for (size_t i = 0; i < f->names.n; i++)
		if (is_taken(m, &p, &f->names.entry[i]))
			take(f, &p, f->last[i], with_ours);
	if (needed)
		map_set(&j->needs, p.pattern, p.len,
		    (void *)(uintptr_t)(p.is_there ? 2 : 1));
	return p;
}

/* The first of the different names that came; n of them. */
static size_t
names_seen(const struct verdict_file *f, const char *name[], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n && n < max; i++) {
		size_t k = 0;

		if (!f->seen[i].is_counted)
			continue;
		while (k < n && strcmp(name[k], f->seen[i].name))
			k++;
		if (k == n)
			name[n++] = f->seen[i].name;
	}
	return n;
}

static void
say_nothing(const struct judging *j, struct buf *b)
{
	const struct running *r = j->run;
	const struct value *last = NULL;

	for (size_t i = 0; r && i < r->steps; i++)
		if (r->step[i])
			last = r->step[i];
	buf_adds(b, "seen: nothing");
	if (value_int_or(value_get(last, "exit_code"), -1) >= 0)
		buf_addf(b, " (the last step exited %lld)",
		    (long long)value_get(last, "exit_code")->i);
	if (j->file->strangers)
		buf_addf(b,
		    "\nnote: %zu span(s) came, not bound to this run\n"
		    "fix: take the parent from TRACEPARENT, or the resource "
		    "from OTEL_RESOURCE_ATTRIBUTES",
		    j->file->strangers);
	else
		buf_adds(b, "\nfix: is the SDK on, and does it flush before "
			    "the process ends?");
}

static const char *
missing_hint(struct judging *j, const char *wanted)
{
	const char *name[MAX_WORDS], *near;
	size_t n = names_seen(j->file, name, MAX_WORDS);
	AUTO_BUF b = BUF_INIT;

	if (n)
		buf_adds(&b, "seen: ");
	else
		say_nothing(j, &b);
	for (size_t i = 0; i < n && i < MAX_NAMES; i++)
		buf_addf(&b, "%s\"%s\"", i ? ", " : "", name[i]);
	if (n > MAX_NAMES)
		buf_addf(&b, " and %zu%s more names", n - MAX_NAMES,
		    n == MAX_WORDS ? " or" : "");
	near = cli_nearest(wanted, name, n);
	if (near)
		buf_addf(&b, "\nfix: did you mean \"%s\"?", near);
	return arena_str(&j->a, b.s);
}

void
verdict_missing(struct judging *j, struct check *c, const struct picked *p)
{
	const struct verdict_file *f = j->file;
	size_t by_trace = 0, others = 0;
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < f->n; i++) {
		by_trace += f->seen[i].is_counted && f->seen[i].has_trace;
		others += f->seen[i].is_counted && !f->seen[i].has_trace;
	}
	buf_addf(&b,
	    "no span with this name; %zu span%s carried this run's "
	    "trace id",
	    by_trace, by_trace == 1 ? "" : "s");
	if (others)
		buf_addf(&b, ", %zu came otherwise", others);
	c->code = "E204";
	c->outcome = MISSING;
	c->is_open = true;
	c->actual = arena_str(&j->a, b.s);
	c->hint = missing_hint(j, p->pattern);
}
