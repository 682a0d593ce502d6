#include "core/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int
check(const struct test *t, struct err *e)
{
	if (!t->source)
		return err_set(e, "a plan without a \"source\"");
	if (!t->name)
		return err_set(e, "a plan without a \"meta.name\"");
	if (!value_count(t->scenarios))
		return err_set(e, "a plan without \"scenarios\"");
	for (size_t i = 0; i < t->scenarios->list.n; i++) {
		const struct value *s = t->scenarios->list.item[i];

		if (!value_str_or(value_get(s, "name"), NULL) ||
		    !value_count(value_get(s, "steps")))
			return err_set(e,
			    "scenario %zu has no \"name\" or no \"steps\"", i);
	}
	return 0;
}

bool
test_is_reused(const struct value *service)
{
	return value_bool_or(value_get(service, "reuse"), false);
}

static bool
has_reuse(const struct value *services)
{
	bool has = false;

	for (size_t i = 0; i < value_count(services); i++)
		has |= test_is_reused(services->list.item[i]);
	return has;
}

struct test *
test_new(const struct record *r, struct err *e)
{
	struct test *t = mem_new(1, sizeof *t);

	t->refs = 1;
	t->plan = record_value(r, &t->arena);
	t->scenarios = value_get(t->plan, "scenarios");
	t->name = value_str_or(value_find(t->plan, "meta.name"), NULL);
	t->source = value_str_or(value_get(t->plan, "source"), NULL);
	t->variant = value_str_or(value_get(t->plan, "variant"), NULL);
	t->gen = value_int_or(value_get(t->plan, "gen"), 0);
	t->has_reuse = has_reuse(value_get(t->plan, "services"));
	if (!check(t, e))
		return t;
	test_release(t);
	return NULL;
}

struct test *
test_hold(struct test *t)
{
	t->refs++;
	return t;
}

void
test_release(struct test *t)
{
	if (--t->refs)
		return;
	arena_free(&t->arena);
	free(t);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool
test_is_of(const struct test *t, const char *source, const char *variant)
{
	return same(t->source, source) && same(t->variant, variant);
}

void
test_plan(const struct test *t, int64_t gen, struct buf *line)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	for (size_t i = 0; i < t->plan->table.n; i++) {
		const struct value_member *m = &t->plan->table.member[i];

		if (!strcmp(m->key, "gen"))
			json_int(&j, "gen", gen);
		else
			json_value(&j, m->key, m->value);
	}
	json_close(&j, '}');
	buf_add(line, j.text.s, j.text.len);
}
