/* What nobody uses, and what proves nothing. */
#include <string.h>

#include "base/mem.h"
#include "core/rule_int.h"
#include "data/mention.h"

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

/* What a service is spoken of by, its name and its ports, and what it says
 * itself. */
struct named {
	const struct value_member *service;
	struct mention *word;
	size_t words;
	size_t from, to; /* its own texts */
};

/* All of them, of both tables. */
struct talk {
	struct rule_ctx *c;
	struct buf text; /* all texts of the file that may speak of one */
	struct named *named;
	size_t n, cap, words;
};

static void
add_word(struct named *to, const char *s, size_t n)
{
	to->word[to->words++] = (struct mention){.s = s, .n = n};
}

static void
add_port(struct rule_ctx *c, struct named *to, int64_t port)
{
	char *text;

	if (!port)
		return;
	text = arena_fmt(c->a, "%lld", (long long)port);
	add_word(to, text, strlen(text));
}

static void
add_service(struct talk *t, const struct value_member *service)
{
	const struct value *ports = value_get(service->value, "ports");
	struct named *to;

	t->named =
	    arena_more(t->c->a, t->named, t->n, &t->cap, sizeof *t->named);
	to = &t->named[t->n++];
	to->service = service;
	to->word =
	    arena_take(t->c->a, (rule_count(ports) + 1) * sizeof *to->word);
	add_word(to, service->key, service->len);
	for (size_t i = 0; i < rule_count(ports); i++)
		add_port(t->c, to, value_int_or(ports->list.item[i], 0));
	t->words += to->words;
	to->from = t->text.len;
	add_texts(&t->text, service->value);
	to->to = t->text.len;
}

static void
find_words(struct talk *t)
{
	struct mention **all = arena_take(t->c->a, t->words * sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->named[i].words; k++)
			all[n++] = &t->named[i].word[k];
	mention_find(t->text.s, t->text.len, all, n);
}

/* Elsewhere than in its own texts. */
static bool
is_used(const struct named *s)
{
	for (size_t i = 0; i < s->words; i++) {
		const struct mention *w = &s->word[i];

		if (w->is_there &&
		    (w->first + w->n <= s->from || w->last >= s->to))
			return true;
	}
	return false;
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

static void
check_services(struct rule_ctx *c)
{
	const struct value *table[] = {
	    value_get(c->root, "service"), value_get(c->root, "services")};
	struct talk t = {.c = c, .text = BUF_INIT};

	add_texts(&t.text, value_get(c->root, "steps"));
	add_texts(&t.text, value_get(c->root, "scenario"));
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t k = 0; k < rule_members(table[i]); k++)
			add_service(&t, &table[i]->table.member[k]);
	find_words(&t);
	for (size_t i = 0; i < t.n; i++)
		if (!is_used(&t.named[i]))
			rule_note(c, "W307", &t.named[i].service->at,
			    "no step and no other service speaks of service "
			    "'%.80s'",
			    t.named[i].service->key);
	for (size_t i = 0; i < COUNT(table); i++)
		check_reuse(c, table[i]);
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
