/* What nobody uses, and what proves nothing. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/rule_int.h"

/* ---- services that nobody uses */

/* Append all texts below v, each on a line. */
static void
add_texts(struct buf *b, const struct value *v)
{
	if (!v)
		return;
	if (v->kind == VALUE_STR) {
		buf_add(b, v->str.s, v->str.len);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < rule_count(v); i++)
		add_texts(b, v->list.item[i]);
	for (size_t i = 0; i < rule_members(v); i++)
		add_texts(b, v->table.member[i].value);
}

/* All texts of the file that may speak of a service, but its own. */
struct talk {
	struct buf text;
	size_t from, to; /* what the service itself says */
};

static bool
has_word(const struct talk *t, const char *word, size_t n)
{
	const char *s = t->text.s;

	return n && (memmem(s, t->from, word, n) ||
			memmem(s + t->to, t->text.len - t->to, word, n));
}

/* By name, or by a port. */
static bool
is_used(const struct talk *t, const struct value_member *service)
{
	const struct value *ports = value_get(service->value, "ports");
	char port[24];

	if (has_word(t, service->key, service->len))
		return true;
	for (size_t i = 0; i < rule_count(ports); i++) {
		int64_t n = value_int_or(ports->list.item[i], 0);
		int len = snprintf(port, sizeof port, "%lld", (long long)n);

		if (n && has_word(t, port, (size_t)len))
			return true;
	}
	return false;
}

/* in:  end[i], end[i + 1]: where the texts of service i are */
static void
check_table(struct rule_ctx *c, struct talk *t, const struct value *all,
    const size_t *end)
{
	for (size_t i = 0; i < rule_members(all); i++) {
		const struct value_member *m = &all->table.member[i];

		t->from = end[i];
		t->to = end[i + 1];
		if (!is_used(t, m))
			rule_note(c, "W307", &m->at,
			    "no step and no other service speaks of service "
			    "'%.80s'",
			    m->key);
	}
}

/* Nothing comes after the one scenario that it could live on for. */
static void
check_reuse(struct rule_ctx *c, const struct value *all)
{
	size_t scenarios = rule_count(value_get(c->root, "scenario")) +
			   (rule_count(value_get(c->root, "steps")) > 0);

	for (size_t i = 0; scenarios < 2 && i < rule_members(all); i++) {
		const struct value_member *m = &all->table.member[i];
		const struct value *reuse = value_get(m->value, "reuse");

		if (value_bool_or(reuse, false))
			rule_tell(c, "W307", &reuse->at,
			    "service '%.80s' is reused by nobody: there is one "
			    "scenario",
			    m->key);
	}
}

static size_t *
add_table(struct rule_ctx *c, struct buf *text, const struct value *all)
{
	size_t n = rule_members(all);
	size_t *end = arena_take(c->a, (n + 1) * sizeof *end);

	for (size_t i = 0; i < n; i++) {
		end[i] = text->len;
		add_texts(text, all->table.member[i].value);
	}
	end[n] = text->len;
	return end;
}

static void
check_services(struct rule_ctx *c)
{
	const struct value *old = value_get(c->root, "service");
	const struct value *all = value_get(c->root, "services");
	struct talk t = {.text = BUF_INIT};
	const size_t *old_end, *end;

	add_texts(&t.text, value_get(c->root, "steps"));
	add_texts(&t.text, value_get(c->root, "scenario"));
	old_end = add_table(c, &t.text, old);
	end = add_table(c, &t.text, all);
	check_table(c, &t, old, old_end);
	check_table(c, &t, all, end);
	check_reuse(c, old);
	check_reuse(c, all);
	buf_free(&t.text);
}

/* ---- scenarios that prove nothing */

static bool
asserts(const struct value *step)
{
	return value_get(step, "expected_output_regex") ||
	       value_get(step, "expected_exit_code");
}

static bool
any_asserts(const struct value *steps)
{
	for (size_t i = 0; i < rule_count(steps); i++)
		if (asserts(steps->list.item[i]))
			return true;
	return false;
}

static void
tell_idle(struct rule_ctx *c, const struct value_pos *at, const char *what)
{
	rule_note(c, "W308", at,
	    "%.80s proves nothing but that its steps end with 0", what);
	rule_hint(c, "expect an output (expected_output_regex) or a span "
		     "([[expect.span]])");
}

static void
check_scenarios(struct rule_ctx *c)
{
	const struct value *steps = value_get(c->root, "steps");
	const struct value *list = value_get(c->root, "scenario");

	if (value_get(c->root, "expect") ||
	    value_bool_or(
		value_find(c->root, "otel_validation.enabled"), false))
		return;
	if (rule_count(steps) && !any_asserts(steps))
		tell_idle(c, &steps->at, "the test");
	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *s = list->list.item[i];

		if (!asserts(s) && !any_asserts(value_get(s, "steps")))
			tell_idle(c, &s->at,
			    value_str_or(value_get(s, "name"), "a scenario"));
	}
}

void
rule_idle(struct rule_ctx *c)
{
	check_services(c);
	check_scenarios(c);
}
