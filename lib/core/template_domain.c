/*
 * The functions and filters that draw and spell: identifiers, made-up data,
 * choices, letter cases.
 */
#include <stdio.h>
#include <string.h>

#include "core/template_int.h"
#include "data/fake.h"
#include "data/inflect.h"
#include "data/rng.h"
#include "data/uuid.h"

enum { HEX_LIMIT = 1 << 20 };

void
template_seed(struct tmpl_use *u, struct rng *r)
{
	struct template_draw *d = tmpl_ctx(u);
	const struct value *v = tmpl_arg(u, "seed");

	if (v && v->kind == VALUE_INT && v->i >= 0)
		rng_seed(r, (uint64_t)v->i);
	else if (v && v->kind == VALUE_UINT)
		rng_seed(r, v->u);
	else if (d && d->has_seed)
		rng_seed(r, rng_seed_mix(d->seed, d->draws++));
	else
		rng_seed(r, rng_seed_any());
}

void
template_note_name(struct tmpl_use *u, const char *name, const char *other)
{
	char fix[80], text[160];

	snprintf(fix, sizeof fix, "write %s=…", name);
	snprintf(text, sizeof text,
	    "`%.*s` has no argument `%s` in the original",
	    (int)(u->name.len < 40 ? u->name.len : 40), u->name.s, other);
	tmpl_note_use(u, fix, text);
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

	template_seed(u, &r);
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

	template_seed(u, &r);
	uuid_trace_id(text, &r);
	return new_text(u, text);
}

static struct value *
span_id_fn(struct tmpl_use *u)
{
	char text[UUID_SPAN];
	struct rng r;

	template_seed(u, &r);
	uuid_span_id(text, &r);
	return new_text(u, text);
}

/* An id that is given, or of a generator from `seed` and so many more. */
static int
id_arg(struct tmpl_use *u, const char *name, uint64_t more,
    void (*draw)(char *, struct rng *), char *to, size_t size)
{
	const struct value *seed = tmpl_arg(u, "seed");
	struct tmpl_str id = {0};
	struct rng r;

	if (tmpl_str_arg(u, name, false, &id) < 0)
		return -1;
	if (id.s) {
		snprintf(
		    to, size, "%.*s", (int)(id.len < 100 ? id.len : 100), id.s);
		return 0;
	}
	if (more && seed && seed->kind == VALUE_INT && seed->i >= 0)
		rng_seed(&r, (uint64_t)seed->i + more);
	else
		template_seed(u, &r);
	draw(to, &r);
	return 0;
}

static struct value *
traceparent_fn(struct tmpl_use *u)
{
	char trace[UUID_TRACE + 1] = "", span[UUID_SPAN + 1] = "";
	char text[UUID_PARENT];
	struct err e = {0};
	int64_t sampled = 1;

	if (id_arg(u, "trace_id", 0, uuid_trace_id, trace, sizeof trace) < 0 ||
	    id_arg(u, "span_id", 1, uuid_span_id, span, sizeof span) < 0 ||
	    tmpl_int_arg(u, "sampled", false, 0, &sampled) < 0)
		return NULL;
	if (uuid_traceparent(text, trace, span, (unsigned)sampled, &e) < 0)
		return tmpl_refuse(u, "%.200s", err_message(&e));
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
	template_seed(u, &r);
	text = arena_alloc(tmpl_arena(u), (size_t)n + 1);
	rng_hex(&r, text, (size_t)n);
	return tmpl_new_str(u->r, text, (size_t)n);
}

/* ---- made-up data */

/* Without a look at `seed`. */
static void
unseeded(struct tmpl_use *u, struct rng *r)
{
	struct tmpl_use without = *u;

	without.n = 0;
	template_seed(&without, r);
}

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
		unseeded(u, &r);
	else
		template_seed(u, &r);
	v = fake_make(kind, &r, arg, tmpl_arena(u), &e);
	return v ? v : tmpl_refuse(u, "%.200s", err_message(&e));
}

/* The example of a kind, which is always the same. */
static struct value *
fake_kind_fn(struct tmpl_use *u)
{
	const struct fake_example *found;
	char text[UUID_TEXT];
	struct tmpl_str kind;
	struct rng r;

	if (tmpl_str_arg(u, "kind", true, &kind) < 0)
		return NULL;
	found = fake_example(kind.s);
	if (!found)
		return new_text(u, "unknown_kind");
	if (found->text)
		return new_text(u, found->text);
	unseeded(u, &r);
	uuid_v4(text, &r);
	return new_text(u, text);
}

static struct value *
fake_kinds_fn(struct tmpl_use *u)
{
	struct value *list = tmpl_new(u->r, VALUE_LIST);

	for (const struct fake_example *f = fake_examples; f->name; f++)
		tmpl_push(u->r, list, new_text(u, f->name));
	return list;
}

/* Of no version of the original, and yet in files. */
static struct value *
fake_address_fn(struct tmpl_use *u)
{
	int64_t arg[FAKE_ARGS] = {0};
	struct value *street, *city;
	struct err e = {0};
	struct rng r;

	template_seed(u, &r);
	street =
	    fake_make(fake_find("fake_street"), &r, arg, tmpl_arena(u), &e);
	city = fake_make(fake_find("fake_city"), &r, arg, tmpl_arena(u), &e);
	if (!street || !city)
		return tmpl_refuse(u, "%.200s", err_message(&e));
	tmpl_note_use(u, "write fake_street() and fake_city()",
	    "`fake_address` is not of the original");
	return new_text(
	    u, arena_fmt(tmpl_arena(u), "%s, %s", street->str.s, city->str.s));
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

/* upper and lower of any value. */
static struct value *
case_filter(struct tmpl_use *u, struct value *v)
{
	AUTO_BUF text = BUF_INIT;

	if (v->kind == VALUE_STR || v->kind == VALUE_TIME)
		return tmpl_own_filter(u, v);
	if (tmpl_json(&text, v, -1, 0) < 0)
		return tmpl_refuse(u, "nested too deep");
	return tmpl_own_filter(u, tmpl_new_str(u->r, text.s, text.len));
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
    {"fake", fake_kind_fn},
    {"fake_address", fake_address_fn},
    {"fake_kinds", fake_kinds_fn},
    {"kebab", inflect_fn},
    {"rand_hex", rand_hex_fn},
    {"slug", inflect_fn},
    {"snake", inflect_fn},
    {"span_id", span_id_fn},
    {"trace_id", trace_id_fn},
    {"traceparent", traceparent_fn},
    {"uuid_v4", uuid_v4_fn},
    {"uuid_v5", uuid_v5_fn},
    {0},
};

const struct tmpl_filter template_filters[] = {
    {"camel", inflect_filter, false},
    {"kebab", inflect_filter, false},
    {"lower", case_filter, false},
    {"pascal", inflect_filter, false},
    {"sha256", template_sha256_filter, false},
    {"slug", inflect_filter, false},
    {"snake", inflect_filter, false},
    {"toml_encode", template_encode_filter, false},
    {"upper", case_filter, false},
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
	to = add(to, template_time_functions);
	to = add(to, template_pick_functions);
	to = add(to, functions);
	for (const struct fake_kind *k = fake_kinds; k->name && to < all + 199;
	     k++)
		*to++ = (struct tmpl_function){k->name, fake_fn};
	return all;
}
