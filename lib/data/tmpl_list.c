/*
 * Filters for arrays and objects.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/tmpl_int.h"

enum { LIST_LIMIT = 10000000 };

static struct value *
no_list(struct tmpl_use *u, const struct value *v)
{
	return tmpl_refuse(
	    u, "wants an array, this is %s", value_kind_name(v->kind));
}

static struct value *
nothing(struct tmpl_use *u)
{
	return tmpl_new_str(u->r, "", 0);
}

static struct value *
first(struct tmpl_use *u, struct value *v)
{
	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	return v->list.n ? v->list.item[0] : nothing(u);
}

static struct value *
last(struct tmpl_use *u, struct value *v)
{
	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	return v->list.n ? v->list.item[v->list.n - 1] : nothing(u);
}

static struct value *
nth(struct tmpl_use *u, struct value *v)
{
	int64_t n = 0;

	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	if (!v->list.n)
		return nothing(u);
	if (tmpl_int_arg(u, "n", true, 0, &n) < 0)
		return NULL;
	return (uint64_t)n < v->list.n ? v->list.item[n] : nothing(u);
}

static void
unescape(struct buf *b, const struct tmpl_str *s)
{
	for (size_t i = 0; i < s->len; i++) {
		char next = i + 1 < s->len ? s->s[i + 1] : 0;

		if (s->s[i] == '\\' && (next == 'n' || next == 't'))
			buf_addc(b, s->s[++i] == 'n' ? '\n' : '\t');
		else
			buf_addc(b, s->s[i]);
	}
}

static struct value *
join(struct tmpl_use *u, struct value *v)
{
	AUTO_BUF b = BUF_INIT, between = BUF_INIT;
	struct tmpl_str sep = {"", 0};

	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	if (tmpl_str_arg(u, "sep", false, &sep) < 0)
		return NULL;
	unescape(&between, &sep);
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_add(&b, between.s, between.len);
		if (tmpl_print(&b, v->list.item[i], 0) < 0)
			return tmpl_refuse(u, "nested too deep");
		if (b.len > TMPL_OUTPUT)
			return tmpl_refuse(u, "the text is larger than 64 MiB");
	}
	return tmpl_new_buf(u->r, &b);
}

static struct value *
length(struct tmpl_use *u, struct value *v)
{
	if (v->kind == VALUE_STR || v->kind == VALUE_TIME)
		return tmpl_new_int(
		    u->r, (int64_t)utf8_count(v->str.s, v->str.len));
	if (v->kind == VALUE_LIST || v->kind == VALUE_TABLE)
		return tmpl_new_int(u->r, (int64_t)value_count(v));
	return tmpl_refuse(u, "wants a string, an array or an object");
}

static struct value *
reverse_text(struct tmpl_use *u, const struct value *v)
{
	struct value *to = tmpl_new_str(u->r, v->str.s, v->str.len);
	char *end = (char *)to->str.s + v->str.len;

	for (size_t i = 0; i < v->str.len;) {
		uint32_t c;
		size_t n = utf8_next(v->str.s + i, v->str.len - i, &c);

		n = n ? n : 1;
		end -= n;
		memcpy(end, v->str.s + i, n);
		i += n;
	}
	return to;
}

static struct value *
reverse(struct tmpl_use *u, struct value *v)
{
	struct value *to;

	if (v->kind == VALUE_STR)
		return reverse_text(u, v);
	if (v->kind != VALUE_LIST)
		return tmpl_refuse(u, "wants a string or an array");
	to = tmpl_new(u->r, VALUE_LIST);
	for (size_t i = v->list.n; i > 0; i--)
		tmpl_push(u->r, to, v->list.item[i - 1]);
	return to;
}

/* ---- by attribute */

/* The attribute of an element, the element itself without one, or NULL. */
static struct value *
field(struct value *v, const struct tmpl_str *attribute)
{
	return attribute->len ? tmpl_dotted(v, attribute->s, attribute->len)
			      : v;
}

static int
attribute_arg(
    struct tmpl_use *u, const struct value *v, bool need, struct tmpl_str *to)
{
	*to = (struct tmpl_str){"", 0};
	if (v->kind == VALUE_LIST)
		return tmpl_str_arg(u, "attribute", need, to);
	no_list(u, v);
	return -1;
}

static struct value *
map(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);
	struct tmpl_str a;

	if (attribute_arg(u, v, true, &a) < 0)
		return NULL;
	for (size_t i = 0; i < v->list.n; i++) {
		struct value *f = field(v->list.item[i], &a);

		if (f && f->kind != VALUE_NULL)
			tmpl_push(u->r, to, f);
	}
	return to;
}

static struct value *
filter(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);
	const struct value *want = tmpl_arg(u, "value");
	struct tmpl_str a;

	if (attribute_arg(u, v, true, &a) < 0)
		return NULL;
	for (size_t i = 0; i < v->list.n; i++) {
		const struct value *f = field(v->list.item[i], &a);
		bool keep = f && f->kind != VALUE_NULL;

		if (keep && want && want->kind != VALUE_NULL)
			keep = tmpl_equal(f, want);
		if (keep)
			tmpl_push(u->r, to, v->list.item[i]);
	}
	return to;
}

static struct value *
group_by(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_TABLE);
	struct tmpl_str a;

	if (attribute_arg(u, v, true, &a) < 0)
		return NULL;
	for (size_t i = 0; i < v->list.n; i++) {
		const struct value *f = field(v->list.item[i], &a);
		AUTO_BUF key = BUF_INIT;
		struct value_member *m;

		if (!f || f->kind == VALUE_NULL)
			continue;
		if (f->kind == VALUE_STR)
			buf_add(&key, f->str.s, f->str.len);
		else if (tmpl_json(&key, f, -1, 0) < 0)
			return tmpl_refuse(u, "nested too deep");
		m = value_member(to, key.s, key.len);
		if (!m)
			m = value_set(u->r->arena, to, key.s, key.len,
			    tmpl_new(u->r, VALUE_LIST));
		tmpl_push(u->r, m->value, v->list.item[i]);
	}
	return to;
}

/* ---- order */

struct sortable {
	struct value *key, *item;
	size_t place; /* keeps equal ones in order */
};

static int
compare_keys(const struct value *a, const struct value *b)
{
	size_t n;
	int got;

	if (tmpl_is_num(a))
		return (tmpl_num(a) > tmpl_num(b)) -
		       (tmpl_num(a) < tmpl_num(b));
	if (a->kind == VALUE_BOOL)
		return a->b - b->b;
	if (a->kind == VALUE_LIST)
		return (a->list.n > b->list.n) - (a->list.n < b->list.n);
	n = a->str.len < b->str.len ? a->str.len : b->str.len;
	got = memcmp(a->str.s, b->str.s, n);
	return got ? got
		   : (a->str.len > b->str.len) - (a->str.len < b->str.len);
}

static int
by_key(const void *x, const void *y)
{
	const struct sortable *a = x, *b = y;
	int got = compare_keys(a->key, b->key);

	return got ? got : (a->place > b->place) - (a->place < b->place);
}

static bool
is_like(const struct value *a, const struct value *b)
{
	return a->kind == b->kind || (tmpl_is_num(a) && tmpl_is_num(b));
}

static struct value *
collect(struct tmpl_use *u, const struct value *v, const struct tmpl_str *a,
    struct sortable *s)
{
	for (size_t i = 0; i < v->list.n; i++) {
		struct value *key = field(v->list.item[i], a);

		if (!key)
			return tmpl_refuse(u,
			    "an element without the attribute '%.*s'",
			    (int)(a->len < 100 ? a->len : 100), a->s);
		if (key->kind == VALUE_NULL || key->kind == VALUE_TABLE)
			return tmpl_refuse(
			    u, "cannot sort by %s", value_kind_name(key->kind));
		if (i && !is_like(s[0].key, key))
			return tmpl_refuse(u, "cannot sort %s with %s",
			    value_kind_name(key->kind),
			    value_kind_name(s[0].key->kind));
		s[i] = (struct sortable){key, v->list.item[i], i};
	}
	return (struct value *)v;
}

static struct value *
sort(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);
	struct sortable *s;
	struct tmpl_str a;

	if (attribute_arg(u, v, false, &a) < 0)
		return NULL;
	s = arena_alloc(u->r->arena, (v->list.n + 1) * sizeof *s);
	if (!collect(u, v, &a, s))
		return NULL;
	if (v->list.n)
		qsort(s, v->list.n, sizeof *s, by_key);
	for (size_t i = 0; i < v->list.n; i++)
		tmpl_push(u->r, to, s[i].item);
	return to;
}

/* ---- unique */

/* What makes an element itself, as a text; NULL and *e when it may not be. */
static struct value *
identity(struct tmpl_use *u, const struct value *first_key,
    const struct value *key, bool is_exact, struct buf *b)
{
	if (key->kind == VALUE_FLOAT || key->kind == VALUE_NULL ||
	    key->kind == VALUE_LIST || key->kind == VALUE_TABLE)
		return tmpl_refuse(u, "cannot compare values of type %s",
		    value_kind_name(key->kind));
	if (!is_like(first_key, key))
		return tmpl_refuse(u, "values of more than one type");
	if (key->kind != VALUE_STR)
		tmpl_json(b, key, -1, 0);
	else if (is_exact)
		buf_add(b, key->str.s, key->str.len);
	else
		tmpl_lower(b, key->str.s, key->str.len);
	return (struct value *)key;
}

static struct value *
unique(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);
	struct value *seen = tmpl_new(u->r, VALUE_TABLE);
	const struct value *one = NULL;
	bool is_exact = false;
	struct tmpl_str a;

	if (attribute_arg(u, v, false, &a) < 0 ||
	    tmpl_bool_arg(u, "case_sensitive", &is_exact) < 0)
		return NULL;
	for (size_t i = 0; i < v->list.n; i++) {
		const struct value *key = field(v->list.item[i], &a);
		AUTO_BUF b = BUF_INIT;

		if (!one && !key)
			return tmpl_refuse(
			    u, "the first element has no such attribute");
		one = one ? one : key;
		if (!key)
			continue;
		if (!identity(u, one, key, is_exact, &b))
			return NULL;
		if (value_member(seen, b.s, b.len))
			continue;
		value_set(u->r->arena, seen, b.s, b.len, to);
		tmpl_push(u->r, to, v->list.item[i]);
	}
	return to;
}

/* ---- parts */

static int
edge(struct tmpl_use *u, const char *name, int64_t n, int64_t *to)
{
	const struct value *v = tmpl_arg(u, name);
	double f;

	if (!v)
		return 0;
	if (!tmpl_is_num(v)) {
		tmpl_refuse(u, "`%s` is of type %s, wanted is a number", name,
		    value_kind_name(v->kind));
		return -1;
	}
	f = tmpl_num(v);
	if (f < 0)
		f = f + (double)n;
	*to = f < 0 ? 0 : f > (double)n ? n : (int64_t)f;
	return 0;
}

static struct value *
slice(struct tmpl_use *u, struct value *v)
{
	struct value *to = tmpl_new(u->r, VALUE_LIST);
	int64_t start = 0, end;

	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	end = (int64_t)v->list.n;
	if (edge(u, "start", (int64_t)v->list.n, &start) < 0 ||
	    edge(u, "end", (int64_t)v->list.n, &end) < 0)
		return NULL;
	for (; start < end; start++)
		tmpl_push(u->r, to, v->list.item[start]);
	return to;
}

static struct value *
concat(struct tmpl_use *u, struct value *v)
{
	struct value *with = tmpl_arg(u, "with"), *to;

	if (v->kind != VALUE_LIST)
		return no_list(u, v);
	if (!with)
		return tmpl_refuse(u, "the argument `with` is missing");
	if (v->list.n + value_count(with) > LIST_LIMIT)
		return tmpl_refuse(u, "more than %d elements", LIST_LIMIT);
	to = tmpl_new(u->r, VALUE_LIST);
	for (size_t i = 0; i < v->list.n; i++)
		tmpl_push(u->r, to, v->list.item[i]);
	if (with->kind != VALUE_LIST)
		tmpl_push(u->r, to, with);
	else
		for (size_t i = 0; i < with->list.n; i++)
			tmpl_push(u->r, to, with->list.item[i]);
	return to;
}

static struct value *
get(struct tmpl_use *u, struct value *v)
{
	struct value *otherwise = tmpl_arg(u, "default");
	struct value_member *m;
	struct tmpl_str key;

	if (v->kind != VALUE_TABLE)
		return tmpl_refuse(
		    u, "wants an object, this is %s", value_kind_name(v->kind));
	if (tmpl_str_arg(u, "key", true, &key) < 0)
		return NULL;
	m = value_member(v, key.s, key.len);
	if (m || otherwise)
		return m ? m->value : otherwise;
	return tmpl_refuse(
	    u, "no key '%.*s'", (int)(key.len < 100 ? key.len : 100), key.s);
}

const struct tmpl_filter tmpl_list_filters[] = {
    {"concat", concat, false},
    {"filter", filter, false},
    {"first", first, false},
    {"get", get, false},
    {"group_by", group_by, false},
    {"join", join, false},
    {"last", last, false},
    {"length", length, false},
    {"map", map, false},
    {"nth", nth, false},
    {"reverse", reverse, false},
    {"slice", slice, false},
    {"sort", sort, false},
    {"unique", unique, false},
    {0},
};
