/* Judging what was saved: a run that a stream tells of, or a trace alone. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/verdict_int.h"

/* Hold the record against the file; `tree` has the file's key already. */
typedef void give_fn(struct verdict_file *f, const struct value *tree);

static void
give_start(struct verdict_file *f, const struct value *tree)
{
	struct running *run = verdict_run_of(f, tree);

	if (run)
		verdict_run_anew(
		    f, run, value_str_or(value_get(tree, "id"), NULL));
}

/* By name: the steps of the saved run may have been others. */
static void
give_step(struct verdict_file *f, const struct value *tree)
{
	struct running *run = verdict_run_of(f, tree);
	const char *name = value_str_or(value_get(tree, "step"), "");
	const struct value *steps;

	if (!run)
		return;
	steps = value_get(
	    value_get(f->plan, "scenarios")->list.item[run - f->run], "steps");
	for (size_t i = 0; i < run->steps; i++)
		if (!strcmp(value_str_or(
				value_get(steps->list.item[i], "name"), ""),
			name))
			run->step[i] = tree;
}

static void
give_end(struct verdict_file *f, const struct value *tree)
{
	struct running *run = verdict_run_of(f, tree);

	if (run)
		run->end = tree;
}

static const struct {
	enum record_type type;
	give_fn *give; /* NULL: it is passed on only */
} kinds[] = {
    {RECORD_SCENARIO_START, give_start},
    {RECORD_STEP, give_step},
    {RECORD_SPAN, NULL},
    {RECORD_SCENARIO_END, give_end},
    {RECORD_SERVICE, NULL},
    {RECORD_LOG, NULL},
    {RECORD_VIOLATION, verdict_charge},
    {RECORD_INPUT, NULL},
};

/* Is the saved source the one of the file? See verdict_given(). */
static bool
is_of(struct verdict *v, const struct verdict_file *f, const char *source)
{
	if (!strcmp(f->key.source, source))
		return true;
	if (v->files.alive > 1)
		return false;
	if (!v->stranger)
		v->stranger = mem_str(source);
	return !strcmp(v->stranger, source);
}

static bool
is_variant(const struct verdict_file *f, const char *variant)
{
	return !f->key.variant || !variant ? f->key.variant == variant
					   : !strcmp(f->key.variant, variant);
}

/* The same under the key of the file. */
static struct value *
adopt(struct arena *a, const struct verdict_file *f, const struct record *r,
    const char *id)
{
	struct value *tree = record_value(r, a);

	value_put(
	    a, tree, "id", id ? value_text(a, id) : value_new(a, VALUE_NULL));
	value_put(a, tree, "source", value_text(a, f->key.source));
	value_put(a, tree, "gen", value_int(a, f->key.gen));
	return tree;
}

static void
pass(struct verdict *v, const struct value *tree)
{
	AUTO_JSON j = JSON_INIT;

	json_value(&j, NULL, tree);
	buf_addc(&j.text, '\n');
	out_add(v->stage->out, j.text.s, j.text.len);
}

static void
give(struct verdict *v, struct verdict_file *f, size_t kind,
    const struct record *r, const struct record_key *key)
{
	AUTO_ARENA a = {0};
	bool is_span = r->type == RECORD_SPAN;
	struct value *tree;

	/* The newest running of a saved `dev` is the one to judge. */
	if (key->gen < f->given_gen)
		return;
	if (key->gen > f->given_gen)
		verdict_reset(f);
	f->given_gen = key->gen;
	f->is_trace = false;
	tree = adopt(is_span ? &a : &f->a, f, r, key->id);
	if (is_span)
		verdict_take_span(v, f, r, key->id);
	else if (kinds[kind].give)
		kinds[kind].give(f, tree);
	pass(v, tree);
	v->given++;
}

/* A span that no run brought: it counts where there is no run at all. */
static void
give_span(struct verdict *v, const struct record *r)
{
	for (size_t i = 0; i < v->files.n; i++) {
		struct verdict_file *f = v->files.entry[i].value;

		if (!f || f->given_gen >= 0)
			continue;
		f->is_trace = true;
		verdict_take_span(v, f, r, NULL);
	}
	record_pass(r, v->stage->out);
	v->given++;
}

void
verdict_given(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *tree;
	struct record_key key;
	size_t kind = 0;

	v->is_given = true;
	while (kind < COUNT(kinds) && kinds[kind].type != r->type)
		kind++;
	if (kind == COUNT(kinds))
		return;
	tree = record_value(r, &a);
	key = record_key_of(tree);
	if (!key.id && r->type == RECORD_SPAN) {
		give_span(v, r);
		return;
	}
	for (size_t i = 0; key.source && i < v->files.n; i++) {
		struct verdict_file *f = v->files.entry[i].value;

		if (f && is_of(v, f, key.source) && is_variant(f, key.variant))
			give(v, f, kind, r, &key);
	}
}
