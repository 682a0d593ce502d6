/* A plan whose steps and services only pretend. */
#include <string.h>

#include "base/mem.h"
#include "core/plan.h"
#include "core/proof.h"
#include "data/likeness.h"
#include "data/match.h"

struct stub {
	struct arena a;
	struct err *e;
};

static void
put(struct stub *s, struct value *table, const char *key, struct value *v)
{
	value_put(&s->a, table, key, v);
}

static struct value *
none(struct stub *s)
{
	return value_new(&s->a, VALUE_NULL);
}

static struct value *
empty(struct stub *s)
{
	return value_new(&s->a, VALUE_LIST);
}

static struct value *
words(struct stub *s, const char *const word[], size_t n)
{
	struct value *list = empty(s);

	for (size_t i = 0; i < n; i++)
		value_add(&s->a, list, value_text(&s->a, word[i]));
	return list;
}

/* The judge takes white space away at both ends. */
static bool
is_found_trimmed(const char *regex, size_t n, const struct buf *text)
{
	AUTO_MATCH *m = match_compile(MATCH_REGEX, regex, n, NULL, NULL);
	size_t from = strspn(text->s, " \t\n\v\f\r"), to = text->len;

	while (to > from && strchr(" \t\n\v\f\r", text->s[to - 1]))
		to--;
	return m && match_find(m, text->s + from, to - from, NULL, NULL) == 1;
}

/* What the step is to print; -1 and *e where that cannot be told. */
static int
expected_text(struct stub *s, const struct value *step, struct buf *text)
{
	const struct value *regex = value_get(step, "stdout_regex");
	const char *name = value_str_or(value_get(step, "name"), "");
	struct err e = {0};

	if (!regex || regex->kind != VALUE_STR)
		return 0;
	if (likeness_of(regex->str.s, regex->str.len, text, &e) == 0 &&
	    is_found_trimmed(regex->str.s, regex->str.len, text))
		return 0;
	err_set(s->e, "step \"%s\" cannot be replaced: no text that matches %s",
	    name, regex->str.s);
	return err_hint(s->e, "a plainer expected_output_regex can be tried");
}

static int
stub_step(struct stub *s, struct value *step)
{
	int64_t code = value_int_or(value_get(step, "exit_code"), 0);
	AUTO_BUF text = BUF_INIT;

	if (expected_text(s, step, &text) < 0)
		return -1;
	put(s, step, "command",
	    words(s,
		(const char *const[]){"/bin/sh", "-c",
		    "printf '%s\\n' \"$1\"; exit \"$2\"", "stub", text.s,
		    arena_fmt(&s->a, "%lld", (long long)code)},
		6));
	put(s, step, "env", value_new(&s->a, VALUE_TABLE));
	put(s, step, "workdir", none(s));
	put(s, step, "service", none(s));
	return 0;
}

/* What keeps a stub from running says nothing about the test. */
static int
stub_scenario(struct stub *s, struct value *scenario)
{
	const struct value *steps = value_get(scenario, "steps");
	struct value *policy = value_get(scenario, "policy");

	put(s, scenario, "service", none(s));
	put(s, scenario, "artifacts", empty(s));
	if (policy && policy->kind == VALUE_TABLE)
		put(s, policy, "disallowed_commands", empty(s));
	for (size_t i = 0; i < value_count(steps); i++)
		if (stub_step(s, steps->list.item[i]) < 0)
			return -1;
	return 0;
}

static int
stub_steps(struct stub *s, struct value *plan)
{
	const struct value *list = value_get(plan, "scenarios");

	for (size_t i = 0; i < value_count(list); i++)
		if (stub_scenario(s, list->list.item[i]) < 0)
			return -1;
	return 0;
}

/* Its world is there for the steps that name it, and nothing runs in it. */
static void
stub_service(struct stub *s, struct value *service)
{
	static const char *const lists[] = {"tcp", "command"};
	static const char *const texts[] = {"http", "log", "span"};
	struct value *ready = value_get(service, "ready");

	put(s, service, "command", empty(s));
	put(s, service, "args", none(s));
	put(s, service, "ports", empty(s));
	if (!ready || ready->kind != VALUE_TABLE)
		return;
	for (size_t i = 0; i < COUNT(lists); i++)
		put(s, ready, lists[i], empty(s));
	for (size_t i = 0; i < COUNT(texts); i++)
		put(s, ready, texts[i], none(s));
}

static int
stub_services(struct stub *s, struct value *plan)
{
	const struct value *list = value_get(plan, "services");

	for (size_t i = 0; i < value_count(list); i++)
		stub_service(s, list->list.item[i]);
	if (!value_count(list))
		return err_set(s->e, "it has no service to replace");
	return 0;
}

/* Stubs of steps are at home in no service's world, so none is needed. */
static int
prepare(struct stub *s, struct value *plan, unsigned parts)
{
	if (!(parts & PROOF_STEPS))
		return stub_services(s, plan);
	if (parts & PROOF_SERVICES)
		put(s, plan, "services", empty(s));
	return stub_steps(s, plan);
}

static void
write(struct stage *st, const struct value *plan)
{
	AUTO_JSON j = stage_record(st, "plan");

	for (size_t i = 0; i < plan->table.n; i++)
		if (strcmp(plan->table.member[i].key, "type") != 0) {
			json_keyn(&j, plan->table.member[i].key,
			    plan->table.member[i].len);
			json_value(&j, NULL, plan->table.member[i].value);
		}
	stage_put(st, &j);
}

void
proof_stub(struct stage *st, const struct record *r, unsigned parts)
{
	struct err e = {0};
	struct stub s = {.e = &e};
	struct value *plan = record_value(r, &s.a);
	const char *source = value_str_or(value_get(plan, "source"), NULL);

	if (prepare(&s, plan, parts) < 0) {
		stage_diagnose(st, source, "warning", "W309", &e);
	} else {
		plan_digest(&s.a, plan);
		write(st, plan);
	}
	arena_free(&s.a);
}
