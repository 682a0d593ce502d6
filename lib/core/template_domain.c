/*
 * The functions and filters that draw and spell: identifiers, made-up data,
 * choices, letter cases.
 */
#include <string.h>

#include "core/template_int.h"
#include "data/fake.h"
#include "data/inflect.h"
#include "data/rng.h"
#include "data/uuid.h"

enum { HEX_LIMIT = 1 << 20 };

/*
 * A generator from the argument `seed`, if it is an integer that is not
 * negative, else one of its own.
 */
static void
seed_from(const struct tmpl_use *u, struct rng *r)
{
	const struct value *v = tmpl_arg(u, "seed");

	rng_seed(r, v && v->kind == VALUE_INT && v->i >= 0 ? (uint64_t)v->i
		    : v && v->kind == VALUE_UINT	   ? v->u
							   : rng_seed_any());
}

static struct value *
new_text(struct tmpl_use *u, const char *s)
{
	return tmpl_new_str(u->r, s, strlen(s));
}

/* ---- identifiers */

static struct value *
uuid_v4_fn(struct tmpl_use *u)
{
	char text[UUID_TEXT];
	struct rng r;

	seed_from(u, &r);
	uuid_v4(text, &r);
	return new_text(u, text);
}

static struct value *
uuid_v5_fn(struct tmpl_use *u)
{
	struct tmpl_str space, name;
	char text[UUID_TEXT];
	struct err e = {0};

	if (tmpl_str_arg(u, "ns", true, &space) < 0 ||
	    tmpl_str_arg(u, "name", true, &name) < 0)
		return NULL;
	if (uuid_v5(text, space.s, name.s, name.len, &e) < 0)
		return tmpl_refuse(u, "%.200s", err_message(&e));
	return new_text(u, text);
}

static struct value *
trace_id_fn(struct tmpl_use *u)
{
	char text[UUID_TRACE];
	struct rng r;

	seed_from(u, &r);
	uuid_trace_id(text, &r);
	return new_text(u, text);
}

static struct value *
span_id_fn(struct tmpl_use *u)
{
	char text[UUID_SPAN];
	struct rng r;

	seed_from(u, &r);
	uuid_span_id(text, &r);
	return new_text(u, text);
}

static struct value *
rand_hex_fn(struct tmpl_use *u)
{
	int64_t n = 16;
	struct rng r;
	char *text;

	if (tmpl_int_arg(u, "n", false, 0, &n) < 0)
		return NULL;
	if (n > HEX_LIMIT)
		return tmpl_refuse(u, "more than %d digits", HEX_LIMIT);
	seed_from(u, &r);
	text = arena_alloc(tmpl_arena(u), (size_t)n + 1);
	rng_hex(&r, text, (size_t)n);
	return tmpl_new_str(u->r, text, (size_t)n);
}

/* ---- choices */

static struct value *
list_arg(struct tmpl_use *u)
{
	struct value *v = tmpl_arg(u, "list");

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
	seed_from(u, &r);
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
	seed_from(u, &r);
	rng_shuffle(&r, index, list->list.n);
	return chosen(u, list, index, list->list.n);
}

static struct value *
sample_fn(struct tmpl_use *u)
{
	struct value *list = list_arg(u);
	size_t *index;
	struct rng r;
	int64_t k;

	if (!list || tmpl_int_arg(u, "k", true, 0, &k) < 0)
		return NULL;
	if ((uint64_t)k > list->list.n)
		return tmpl_refuse(u, "`k` is more than the array has");
	index = arena_alloc(tmpl_arena(u), list->list.n * sizeof *index);
	seed_from(u, &r);
	rng_sample(&r, index, (size_t)k, list->list.n);
	return chosen(u, list, index, (size_t)k);
}

/* ---- made-up data */

static struct value *
fake_fn(struct tmpl_use *u)
{
	char name[64];
	const struct fake_kind *kind;
	int64_t arg[FAKE_ARGS] = {0};
	struct value *v;
	struct err e = {0};
	struct rng r;

	if (u->name.len >= sizeof name)
		return tmpl_refuse(u, "no such data");
	memcpy(name, u->name.s, u->name.len);
	name[u->name.len] = 0;
	kind = fake_find(name);
	for (int i = 0; i < FAKE_ARGS && kind->arg[i].name; i++) {
		arg[i] = kind->arg[i].otherwise;
		if (tmpl_int_arg(
			u, kind->arg[i].name, false, INT64_MIN, &arg[i]) < 0)
			return NULL;
	}
	if (kind->is_never_seeded)
		rng_seed(&r, rng_seed_any());
	else
		seed_from(u, &r);
	v = fake_make(kind, &r, arg, tmpl_arena(u), &e);
	return v ? v : tmpl_refuse(u, "%.200s", err_message(&e));
}

/* ---- letter cases */

static struct value *
inflected(struct tmpl_use *u, const struct value *v)
{
	AUTO_BUF text = BUF_INIT, b = BUF_INIT;
	const struct inflect *i = inflects;

	if (v->kind == VALUE_STR)
		buf_add(&text, v->str.s, v->str.len);
	else if (tmpl_json(&text, v, -1, 0) < 0)
		return tmpl_refuse(u, "nested too deep");
	while (strlen(i->name) != u->name.len ||
	       memcmp(i->name, u->name.s, u->name.len) != 0)
		i++;
	i->fn(&b, text.s, text.len);
	return tmpl_new_buf(u->r, &b);
}

static struct value *
inflect_filter(struct tmpl_use *u, struct value *v)
{
	return inflected(u, v);
}

static struct value *
inflect_fn(struct tmpl_use *u)
{
	const struct value *v = tmpl_arg(u, "s");

	return v ? inflected(u, v)
		 : tmpl_refuse(u, "the argument `s` is missing");
}

/* ---- the tables */

static const struct tmpl_function functions[] = {
    {"kebab", inflect_fn},
    {"pick", pick_fn},
    {"rand_hex", rand_hex_fn},
    {"sample", sample_fn},
    {"shuffle", shuffle_fn},
    {"slug", inflect_fn},
    {"snake", inflect_fn},
    {"span_id", span_id_fn},
    {"trace_id", trace_id_fn},
    {"uuid_v4", uuid_v4_fn},
    {"uuid_v5", uuid_v5_fn},
    {0},
};

const struct tmpl_filter template_filters[] = {
    {"camel", inflect_filter, false},
    {"kebab", inflect_filter, false},
    {"pascal", inflect_filter, false},
    {"slug", inflect_filter, false},
    {"snake", inflect_filter, false},
    {0},
};

static struct tmpl_function *
add(struct tmpl_function *to, const struct tmpl_function *f)
{
	while (f->name)
		*to++ = *f++;
	return to;
}

const struct tmpl_function *
template_functions(void)
{
	static struct tmpl_function all[200];
	struct tmpl_function *to = all;

	if (all->name)
		return all;
	to = add(to, template_base_functions);
	to = add(to, functions);
	for (const struct fake_kind *k = fake_kinds; k->name && to < all + 199;
	     k++)
		*to++ = (struct tmpl_function){k->name, fake_fn};
	return all;
}
