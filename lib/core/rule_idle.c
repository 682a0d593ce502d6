/* What nobody uses, and what proves nothing. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/rule_int.h"

/* ---- services that nobody uses */

/* Append all texts below v, each on a line, but those of one table. */
static void
add_texts(struct buf *b, const struct value *v, const struct value *but)
{
	if (!v || v == but)
		return;
	if (v->kind == VALUE_STR) {
		buf_add(b, v->str.s, v->str.len);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < rule_count(v); i++)
		add_texts(b, v->list.item[i], but);
	for (size_t i = 0; i < rule_members(v); i++)
		add_texts(b, v->table.member[i].value, but);
}

static bool
has_word(const struct buf *text, const char *word, size_t n)
{
	return n && memmem(text->s, text->len, word, n);
}

/* By name, or by a port. */
static bool
is_used(const struct buf *text, const struct value_member *service)
{
	const struct value *ports = value_get(service->value, "ports");
	char port[24];

	if (has_word(text, service->key, service->len))
		return true;
	for (size_t i = 0; i < rule_count(ports); i++) {
		int64_t n = value_int_or(ports->list.item[i], 0);
		int len = snprintf(port, sizeof port, "%lld", (long long)n);

		if (n && has_word(text, port, (size_t)len))
			return true;
	}
	return false;
}

static void
check_services(struct rule_ctx *c)
{
	static const char *const tables[] = {"service", "services"},
				 *const users[] = {"steps", "scenario",
				     "service", "services"};

	for (size_t t = 0; t < COUNT(tables); t++) {
		const struct value *all = value_get(c->root, tables[t]);

		for (size_t i = 0; i < rule_members(all); i++) {
			const struct value_member *m = &all->table.member[i];
			AUTO_BUF text = BUF_INIT;

			for (size_t u = 0; u < COUNT(users); u++)
				add_texts(&text, value_get(c->root, users[u]),
				    m->value);
			if (is_used(&text, m))
				continue;
			rule_note(c, "W307", &m->at,
			    "no step and no other service speaks of service "
			    "'%.80s'",
			    m->key);
		}
	}
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
