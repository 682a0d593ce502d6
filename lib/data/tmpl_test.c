/*
 * Tests: what may stand behind `is`. They give 1, 0, or -1 and *e.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "data/match.h"
#include "data/tmpl_int.h"

typedef int test_fn(struct tmpl_use *u, const struct value *v);

static int
no(struct tmpl_use *u, const char *text)
{
	tmpl_refuse(u, "%s", text);
	return -1;
}

static int
is_string(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_STR || v->kind == VALUE_TIME;
}

static int
is_number(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return tmpl_is_num(v);
}

static int
is_object(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_TABLE;
}

static int
is_iterable(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_TABLE || v->kind == VALUE_LIST;
}

static int
is_odd(struct tmpl_use *u, const struct value *v)
{
	if (!tmpl_is_num(v))
		return no(u, "only a number can be odd or even");
	return fmod(tmpl_num(v), 2) != 0;
}

static int
is_even(struct tmpl_use *u, const struct value *v)
{
	int odd = is_odd(u, v);

	return odd < 0 ? odd : !odd;
}

static int
is_divisible(struct tmpl_use *u, const struct value *v)
{
	if (!tmpl_is_num(v))
		return no(u, "only a number can be divided");
	if (!u->n || !tmpl_is_num(u->given->value))
		return no(u, "wants a number to divide by");
	return fmod(tmpl_num(v), tmpl_num(u->given->value)) == 0;
}

/* Both the subject and the argument are strings? */
static bool
two_strings(struct tmpl_use *u, const struct value *v)
{
	if (v->kind == VALUE_STR && u->n && u->given->value->kind == VALUE_STR)
		return true;
	tmpl_refuse(u, "wants a string, and a string as its argument");
	return false;
}

static int
starts(struct tmpl_use *u, const struct value *v)
{
	const struct value *s;

	if (!two_strings(u, v))
		return -1;
	s = u->given->value;
	return v->str.len >= s->str.len &&
	       !memcmp(v->str.s, s->str.s, s->str.len);
}

static int
ends(struct tmpl_use *u, const struct value *v)
{
	const struct value *s;

	if (!two_strings(u, v))
		return -1;
	s = u->given->value;
	return v->str.len >= s->str.len &&
	       !memcmp(
		   v->str.s + v->str.len - s->str.len, s->str.s, s->str.len);
}

static int
contains(struct tmpl_use *u, const struct value *v)
{
	const struct value *x = u->n ? u->given->value : NULL;

	if (!x)
		return no(u, "wants an argument");
	if (v->kind == VALUE_LIST) {
		for (size_t i = 0; i < v->list.n; i++)
			if (tmpl_equal(v->list.item[i], x))
				return 1;
		return 0;
	}
	if (v->kind != VALUE_STR && v->kind != VALUE_TABLE)
		return no(u, "wants a string, an array or an object");
	if (x->kind != VALUE_STR)
		return no(u, "wants a string as its argument");
	if (v->kind == VALUE_TABLE)
		return value_member(v, x->str.s, x->str.len) != NULL;
	return memmem(v->str.s, v->str.len, x->str.s, x->str.len) != NULL;
}

static int
matches(struct tmpl_use *u, const struct value *v)
{
	const struct value *p;
	AUTO_MATCH *m = NULL;
	struct err why = {0};
	int got;

	if (!two_strings(u, v))
		return -1;
	p = u->given->value;
	m = match_compile(MATCH_REGEX, p->str.s, p->str.len, NULL, &why);
	if (!m) {
		tmpl_refuse(u, "a bad pattern: %.200s", err_message(&why));
		return -1;
	}
	got = match_find(m, v->str.s, v->str.len, NULL, &why);
	if (got < 0)
		tmpl_refuse(u, "%.300s", err_message(&why));
	return got;
}

static const struct {
	const char *name;
	size_t args;
	test_fn *fn; /* NULL: defined, undefined */
} tests[] = {
    {"defined", 0, NULL},
    {"undefined", 0, NULL},
    {"string", 0, is_string},
    {"number", 0, is_number},
    {"object", 0, is_object},
    {"iterable", 0, is_iterable},
    {"odd", 0, is_odd},
    {"even", 0, is_even},
    {"divisibleby", 1, is_divisible},
    {"starting_with", 1, starts},
    {"ending_with", 1, ends},
    {"containing", 1, contains},
    {"matching", 1, matches},
};

static int
no_test(struct tmpl_run *r, const struct tmpl_call *c)
{
	const char *names[COUNT(tests)];
	char word[64];

	for (size_t i = 0; i < COUNT(tests); i++)
		names[i] = tests[i].name;
	snprintf(word, sizeof word, "%.*s",
	    (int)(c->name.len < 60 ? c->name.len : 60), c->name.s);
	tmpl_fail(r, c->at, "unknown test `%s`", word);
	tmpl_hint_near(r, word, cli_nearest(word, names, COUNT(names)));
	return -1;
}

static int
apply_test(struct tmpl_use *u, size_t which)
{
	const struct tmpl_call *c = u->call;
	const struct value *v;

	if (tmpl_args(u->r, c, u->given, &u->n) < 0)
		return -1;
	if (u->n > tests[which].args)
		return no(u, tests[which].args ? "takes one argument"
					       : "takes no arguments");
	v = tmpl_look(u->r, c->subject, c->at, true);
	if (!tests[which].fn)
		return (v != NULL) == (*tests[which].name == 'd');
	if (!v) /* for its message */
		return tmpl_look(u->r, c->subject, c->at, false) ? 0 : -1;
	return tests[which].fn(u, v);
}

int
tmpl_is(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_given given[TMPL_ARGS];
	struct tmpl_use u = {r, c, c->name, given, 0};

	for (size_t i = 0; i < COUNT(tests); i++) {
		int got;

		if (!tmpl_is_name(&c->name, tests[i].name))
			continue;
		got = apply_test(&u, i);
		return got < 0 ? got : got != c->is_not;
	}
	return no_test(r, c);
}
