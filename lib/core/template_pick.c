/*
 * The functions that choose among what is given, and count.
 */
#include <math.h>
#include <string.h>

#include "core/template_int.h"

static struct value *
list_arg(struct tmpl_use *u)
{
	struct value *v = tmpl_arg(u, "list");

	if (!v && (v = tmpl_arg(u, "array")))
		template_note_name(u, "list", "array");
	if (v && v->kind == VALUE_LIST && v->list.n)
		return v;
	return tmpl_refuse(u, "`list` has to be an array that is not empty");
}

static struct value *
pick_fn(struct tmpl_use *u)
{
	struct value *list = list_arg(u);
	struct rng r;

	if (!list)
		return NULL;
	template_seed(u, &r);
	return list->list.item[rng_below64(&r, list->list.n)];
}

/* The first k of index[] are the places of those chosen. */
static struct value *
chosen(struct tmpl_use *u, const struct value *list, const size_t index[],
    size_t k)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);

	for (size_t i = 0; i < k; i++)
		tmpl_push(u->r, to, list->list.item[index[i]]);
	return to;
}

static struct value *
shuffle_fn(struct tmpl_use *u)
{
	struct value *list = list_arg(u);
	size_t *index;
	struct rng r;

	if (!list)
		return NULL;
	index = arena_alloc(tmpl_arena(u), list->list.n * sizeof *index);
	for (size_t i = 0; i < list->list.n; i++)
		index[i] = i;
	template_seed(u, &r);
	rng_shuffle(&r, index, list->list.n);
	return chosen(u, list, index, list->list.n);
}

static struct value *
sample_fn(struct tmpl_use *u)
{
	struct value *list = list_arg(u);
	size_t *index;
	struct rng r;
	bool is_n = !tmpl_arg(u, "k") && tmpl_arg(u, "n");
	int64_t k;

	if (!list || tmpl_int_arg(u, is_n ? "n" : "k", true, 0, &k) < 0)
		return NULL;
	if (is_n)
		template_note_name(u, "k", "n");
	if ((uint64_t)k > list->list.n)
		return tmpl_refuse(u, "`k` is more than the array has");
	index = arena_alloc(tmpl_arena(u), list->list.n * sizeof *index);
	template_seed(u, &r);
	rng_sample(&r, index, (size_t)k, list->list.n);
	return chosen(u, list, index, (size_t)k);
}

/* A pair of `pairs`: its weight, or -1. */
static double
weight_of(const struct value *pair)
{
	const struct value *w = pair->kind == VALUE_LIST && pair->list.n == 2
				  ? pair->list.item[1]
				  : NULL;

	if (!w || !tmpl_is_num(w) || !isfinite(tmpl_num(w)))
		return -1;
	return tmpl_num(w);
}

static struct value *
weighted_fn(struct tmpl_use *u)
{
	const struct value *pairs = tmpl_arg(u, "pairs");
	double *weight;
	struct rng r;

	if (!pairs || pairs->kind != VALUE_LIST || !pairs->list.n)
		return tmpl_refuse(u,
		    "`pairs` has to be an array of [value, weight], not empty");
	weight = arena_alloc(tmpl_arena(u), pairs->list.n * sizeof *weight);
	for (size_t i = 0; i < pairs->list.n; i++) {
		weight[i] = weight_of(pairs->list.item[i]);
		if (weight[i] < 0)
			return tmpl_refuse(u,
			    "`pairs`[%zu] is no [value, weight] with a number "
			    "of 0 or more",
			    i);
	}
	template_seed(u, &r);
	return pairs->list.item[rng_weigh(&r, weight, pairs->list.n)]
	    ->list.item[0];
}

/* The next number of a sequence; each name has its own. */
static struct value *
seq_fn(struct tmpl_use *u)
{
	struct template_draw *d = tmpl_ctx(u);
	int64_t start = 0, step = 1, next;
	struct value_member *m;
	struct tmpl_str name;

	if (tmpl_str_arg(u, "name", true, &name) < 0 ||
	    tmpl_int_arg(u, "start", false, INT64_MIN, &start) < 0 ||
	    tmpl_int_arg(u, "step", false, INT64_MIN, &step) < 0)
		return NULL;
	if (!d)
		return tmpl_new_int(u->r, start);
	m = value_member(d->sequences, name.s, name.len);
	if (!m)
		m = value_set(d->arena, d->sequences, name.s, name.len,
		    value_int(d->arena, start));
	next = m->value->i;
	if (__builtin_add_overflow(next, step, &m->value->i))
		return tmpl_refuse(u, "the sequence goes beyond 64 bits");
	return tmpl_new_int(u->r, next);
}

static struct value *
baggage_fn(struct tmpl_use *u)
{
	const struct value *map = tmpl_arg(u, "map");
	const struct value_member **m;
	struct buf b = BUF_INIT;

	if (!map || map->kind != VALUE_TABLE)
		return tmpl_refuse(u, "`map` has to be an object");
	m = tmpl_sorted(tmpl_arena(u), map);
	for (size_t i = 0; i < map->table.n; i++) {
		if (i)
			buf_addc(&b, ',');
		buf_add(&b, m[i]->key, m[i]->len);
		buf_addc(&b, '=');
		if (tmpl_print(&b, m[i]->value, 0) < 0) {
			buf_free(&b);
			return tmpl_refuse(u, "nested too deep");
		}
	}
	return tmpl_new_buf(u->r, &b);
}

/* The language's own, where no seed is set. */
static struct value *
get_random_fn(struct tmpl_use *u)
{
	struct template_draw *d = tmpl_ctx(u);
	int64_t start = 0, end = 0;
	struct rng r;

	if (!d || !d->has_seed)
		return tmpl_own_function(u);
	if (tmpl_int_arg(u, "end", true, INT64_MIN, &end) < 0 ||
	    tmpl_int_arg(u, "start", false, INT64_MIN, &start) < 0)
		return NULL;
	if (start >= end)
		return tmpl_refuse(u, "`start` has to be less than `end`");
	template_seed(u, &r);
	return tmpl_new_int(
	    u->r, (int64_t)((uint64_t)start +
			    rng_below64(&r, (uint64_t)end - (uint64_t)start)));
}

const struct tmpl_function template_pick_functions[] = {
    {"baggage", baggage_fn},
    {"get_random", get_random_fn},
    {"pick", pick_fn},
    {"sample", sample_fn},
    {"seq", seq_fn},
    {"shuffle", shuffle_fn},
    {"weighted", weighted_fn},
    {0},
};
