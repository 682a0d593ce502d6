/* What an attribute of an expected span is asked to be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/verdict_int.h"

/* One attribute of a span against one of the conditions on it. */
struct test {
	struct judging *j;
	struct attr_ask *ask;
	const struct value *got, *want;
};

static bool
holds_eq(struct test *t)
{
	return verdict_is_text(&t->j->a, t->got, t->want);
}

static bool
holds_not(struct test *t)
{
	return !holds_eq(t);
}

static size_t
digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* Wide enough for every integer of 64 bits; NAN for what is no number. */
static long double
number(struct test *t, const struct value *v)
{
	const char *text = verdict_text(&t->j->a, v), *s = text;
	size_t n = digits(s += *s == '-');

	if (!n)
		return !strcmp(s, "Infinity") ? strtold(text, NULL) : NAN;
	s += n;
	if (*s == '.' && digits(s + 1))
		s += 1 + digits(s + 1);
	if ((*s | 32) == 'e') {
		s += 1 + (s[1] == '-' || s[1] == '+');
		n = digits(s);
		s += n;
	}
	return *s || !n ? NAN : strtold(text, NULL);
}

static bool
holds_gte(struct test *t)
{
	return number(t, t->got) >= number(t, t->want);
}

static bool
holds_gt(struct test *t)
{
	return number(t, t->got) > number(t, t->want);
}

static bool
holds_lte(struct test *t)
{
	return number(t, t->got) <= number(t, t->want);
}

static bool
holds_lt(struct test *t)
{
	return number(t, t->got) < number(t, t->want);
}

/* One that took too long once is not asked again. */
static bool
holds_regex(struct test *t)
{
	const char *text = verdict_text(&t->j->a, t->got);
	struct err e = {0};
	int found = -1;

	if (t->ask->regex && !t->ask->is_hopeless)
		found = match_find(t->ask->regex, text, strlen(text), NULL, &e);
	t->ask->is_hopeless |= found < 0;
	return found > 0;
}

static bool
holds_exists(struct test *t)
{
	(void)t;
	return true;
}

static const struct {
	const char *key, *words;
	bool (*holds)(struct test *t);
} tests[] = {
    {"eq", "=", holds_eq},
    {"not", " other than ", holds_not},
    {"gte", " at least ", holds_gte},
    {"gt", " above ", holds_gt},
    {"lte", " at most ", holds_lte},
    {"lt", " below ", holds_lt},
    {"regex", " that matches ", holds_regex},
    {"exists", NULL, holds_exists},
};

struct attr_asks
verdict_asks(struct judging *j, const struct value *want)
{
	struct attr_asks to = {.n = value_count(want)};

	to.ask = arena_alloc(&j->a, (to.n + 1) * sizeof *to.ask);
	for (size_t i = 0; i < to.n; i++) {
		const struct value_member *m = &want->table.member[i];
		const struct value *regex = value_get(m->value, "regex");

		to.ask[i].want = m;
		to.ask[i].key = span_key(&j->file->keys, m->key, m->len);
		if (regex && regex->kind == VALUE_STR)
			to.ask[i].regex = match_compile(MATCH_REGEX,
			    regex->str.s, regex->str.len, NULL, NULL);
	}
	return to;
}

void
verdict_asks_free(struct attr_asks *asks)
{
	for (size_t i = 0; i < asks->n; i++)
		match_free(&asks->ask[i].regex);
}

static bool
is_unwanted(const struct value *want)
{
	return !value_bool_or(value_get(want, "exists"), true);
}

bool
verdict_attr(
    struct judging *j, struct attr_ask *ask, const struct span_attrs *attrs)
{
	const struct value_member *m = ask->want;
	struct pull_text got = span_attr_by(attrs, ask->key);
	struct test t = {j, ask, NULL, m->value};

	if (is_unwanted(m->value) || !got.s)
		return is_unwanted(m->value) == !got.s;
	t.got = json_build(&j->a, got);
	if (m->value->kind != VALUE_TABLE)
		return holds_eq(&t);
	for (size_t i = 0; i < COUNT(tests); i++) {
		t.want = value_get(m->value, tests[i].key);
		if (t.want && !tests[i].holds(&t))
			return false;
	}
	return true;
}

void
verdict_say_ask(struct judging *j, const struct attr_ask *ask, struct buf *b)
{
	const struct value_member *m = ask->want;
	const char *between = "";

	buf_addf(b, "%s%s", is_unwanted(m->value) ? "no " : "", m->key);
	if (m->value->kind != VALUE_TABLE) {
		buf_addf(b, "=%s", verdict_text(&j->a, m->value));
		return;
	}
	for (size_t i = 0; i < COUNT(tests); i++) {
		const struct value *v = value_get(m->value, tests[i].key);

		if (!v || !tests[i].words)
			continue;
		buf_addf(b, "%s%s%s", between, tests[i].words,
		    verdict_text(&j->a, v));
		between = " and";
	}
}
