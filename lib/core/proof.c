#include "core/proof.h"

#include <string.h>

#include "base/mem.h"

static const char *
key_of(struct arena *a, const struct record_key *key)
{
	return arena_fmt(a, "%s\n%s", key->source ? key->source : "",
	    key->variant ? key->variant : "");
}

static struct proof_result *
find(struct proof *p, const struct record_key *key)
{
	AUTO_ARENA a = {0};
	const char *k = key_of(&a, key);
	uintptr_t at = (uintptr_t)map_get(&p->by_key, k, strlen(k));

	return at ? &p->result[at - 1] : NULL;
}

static struct proof_result *
claim(struct proof *p, const struct value *tree)
{
	struct record_key key = record_key_of(tree);
	struct proof_result *r = find(p, &key);
	const char *name = value_str_or(value_find(tree, "meta.name"), NULL);
	const char *k;

	if (!r) {
		p->result = arena_more(
		    &p->a, p->result, p->n, &p->cap, sizeof *p->result);
		r = &p->result[p->n++];
		k = key_of(&p->a, &key);
		map_set(&p->by_key, k, strlen(k), (void *)(uintptr_t)p->n);
		r->source = arena_str(&p->a, key.source ? key.source : "");
		r->variant = arena_str(&p->a, key.variant);
		r->outcome = PROOF_UNKNOWN;
		r->message = "it was not judged";
	}
	if (name || !r->name)
		r->name = arena_str(&p->a, name ? name : r->source);
	return r;
}

/* A file is green when every one of its verdicts is. */
static void
take_verdict(struct proof *p, const struct value *tree)
{
	struct proof_result *r = claim(p, tree);
	const char *verdict = value_str_or(value_get(tree, "verdict"), "error");
	const char *why = value_str_or(
	    value_find(tree, "first_failure.message"), "no reason was told");
	bool is_green = !strcmp(verdict, "pass");
	bool is_error = !strcmp(verdict, "error");

	if (!strcmp(verdict, "skip")) {
		r->is_skipped |= !r->has_verdict;
		return;
	}
	if (r->has_verdict && (is_green || r->outcome == PROOF_YES))
		return;
	if (r->has_verdict && r->outcome == PROOF_UNKNOWN && is_error)
		return;
	r->has_verdict = true;
	r->is_skipped = false;
	r->outcome = is_green ? PROOF_NO : is_error ? PROOF_UNKNOWN : PROOF_YES;
	r->message = is_green
		       ? "green, though nothing of the code under test ran"
		       : arena_str(&p->a, why);
}

static void
take_diagnostic(struct proof *p, const struct value *tree)
{
	struct proof_result *r;

	if (strcmp(value_str_or(value_get(tree, "code"), ""), "W309") != 0)
		return;
	r = claim(p, tree);
	r->message =
	    arena_str(&p->a, value_str_or(value_get(tree, "message"), ""));
}

void
proof_take(struct proof *p, const struct record *r)
{
	AUTO_ARENA a = {0};

	if (r->type == RECORD_PLAN)
		claim(p, record_value(r, &a));
	else if (r->type == RECORD_VERDICT)
		take_verdict(p, record_value(r, &a));
	else if (r->type == RECORD_DIAGNOSTIC)
		take_diagnostic(p, record_value(r, &a));
}

void
proof_put(const struct proof *p, struct stage *st)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct proof_result *r = &p->result[i];
		AUTO_JSON j = stage_record(st, "proof");

		json_str(&j, "source", r->source);
		json_str(&j, "variant", r->variant);
		json_str(&j, "name", r->name);
		if (r->outcome == PROOF_UNKNOWN)
			json_null(&j, "proves");
		else
			json_bool(&j, "proves", r->outcome == PROOF_YES);
		json_str(&j, "message", r->message);
		stage_put(st, &j);
	}
}

void
proof_free(struct proof *p)
{
	map_free(&p->by_key);
	arena_free(&p->a);
}
