#include "data/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/key.h"

enum { MANY = 16 }; /* members from which a table has an index */

/* Open addressing: a member's number + 1, 0 is free. */
struct value_index {
	size_t slots;
	uint32_t slot[];
};

struct value *
value_new(struct arena *a, enum value_kind kind)
{
	struct value *v = arena_take(a, sizeof *v);

	*v = (struct value){.kind = kind};
	if (kind == VALUE_STR)
		v->str.s = "";
	return v;
}

struct value *
value_bool(struct arena *a, bool b)
{
	struct value *v = value_new(a, VALUE_BOOL);

	v->b = b;
	return v;
}

struct value *
value_int(struct arena *a, int64_t i)
{
	struct value *v = value_new(a, VALUE_INT);

	v->i = i;
	return v;
}

struct value *
value_float(struct arena *a, double f)
{
	struct value *v = value_new(a, VALUE_FLOAT);

	v->f = f;
	return v;
}

struct value *
value_str(struct arena *a, const char *s, size_t len)
{
	struct value *v = value_new(a, VALUE_STR);

	v->str.s = arena_dup(a, s, len);
	v->str.len = len;
	return v;
}

struct value *
value_text(struct arena *a, const char *s)
{
	return value_str(a, s, strlen(s));
}

/* Room for twice as many, or the first few: most are small. */
static void *
grown(struct arena *a, const void *p, size_t n, size_t cap, size_t size)
{
	void *q = arena_take(a, cap * size);

	if (n)
		memcpy(q, p, n * size);
	return q;
}

void
value_add(struct arena *a, struct value *v, struct value *item)
{
	if (v->list.n == v->list.cap) {
		v->list.cap = v->list.cap ? v->list.cap * 2 : 4;
		v->list.item = grown(a, v->list.item, v->list.n, v->list.cap,
		    sizeof *v->list.item);
	}
	v->list.item[v->list.n++] = item;
}

static void
place(struct value_index *x, uint32_t key_hash, size_t number)
{
	size_t mask = x->slots - 1, i = key_hash & mask;

	while (x->slot[i])
		i = (i + 1) & mask;
	x->slot[i] = (uint32_t)number + 1;
}

static void
index_members(struct arena *a, struct value *t)
{
	struct value_index *x = t->table.index;
	size_t n = t->table.n, slots = MANY * 2;

	if (x && n * 2 < x->slots) {
		place(x, t->table.member[n - 1].hash, n - 1);
		return;
	}
	while (slots < n * 4)
		slots *= 2;
	x = arena_alloc(a, sizeof *x + slots * sizeof *x->slot);
	x->slots = slots;
	for (size_t i = 0; i < n; i++)
		place(x, t->table.member[i].hash, i);
	t->table.index = x;
}

static bool
is_key(const struct value_member *m, uint32_t h, const char *key, size_t len)
{
	return m->hash == h && m->len == len && !memcmp(m->key, key, len);
}

static struct value_member *
look(const struct value *t, uint32_t h, const char *key, size_t len)
{
	const struct value_index *x = t->table.index;
	struct value_member *m = t->table.member;

	if (!x) {
		for (size_t n = t->table.n; n; n--, m++)
			if (is_key(m, h, key, len))
				return m;
		return NULL;
	}
	for (size_t i = h;; i++) {
		uint32_t at = x->slot[i & (x->slots - 1)];

		if (!at)
			return NULL;
		if (is_key(m + at - 1, h, key, len))
			return m + at - 1;
	}
}

struct value_member *
value_member_by(const struct value *v, uint32_t h, const char *key, size_t len)
{
	if (!v || v->kind != VALUE_TABLE || !v->table.n)
		return NULL;
	return look(v, h, key, len);
}

struct value_member *
value_member(const struct value *v, const char *key, size_t len)
{
	if (!v || v->kind != VALUE_TABLE || !v->table.n)
		return NULL;
	if (v->table.index)
		return look(v, key_hash(key, len), key, len);
	/* A few keys are compared in the time of one hash. */
	for (uint32_t i = 0; i < v->table.n; i++) {
		struct value_member *m = &v->table.member[i];

		if (m->len == len && !memcmp(m->key, key, len))
			return m;
	}
	return NULL;
}

struct value_member *
value_claim(struct arena *a, struct value *t, const char *key, size_t len)
{
	uint32_t h = key_hash(key, len);
	struct value_member *m = look(t, h, key, len);

	if (m)
		return m;
	if (t->table.n == t->table.cap) {
		t->table.cap = t->table.cap ? t->table.cap * 2 : 4;
		t->table.member = grown(a, t->table.member, t->table.n,
		    t->table.cap, sizeof *t->table.member);
	}
	m = &t->table.member[t->table.n++];
	*m = (struct value_member){key, (uint32_t)len, h, {0}, NULL};
	if (t->table.n > MANY)
		index_members(a, t);
	return m;
}

struct value_member *
value_set(struct arena *a, struct value *t, const char *key, size_t len,
    struct value *v)
{
	struct value_member *m = value_claim(a, t, key, len);

	if (!m->value)
		m->key = arena_dup(a, key, len);
	m->value = v;
	return m;
}

struct value *
value_get(const struct value *v, const char *key)
{
	struct value_member *m = value_member(v, key, strlen(key));

	return m ? m->value : NULL;
}

struct value *
value_find(const struct value *v, const char *path)
{
	while (v && *path) {
		size_t n = strcspn(path, ".");

		if (v->kind == VALUE_LIST) {
			size_t i = strtoul(path, NULL, 10);

			v = i < v->list.n ? v->list.item[i] : NULL;
		} else {
			struct value_member *m = value_member(v, path, n);

			v = m ? m->value : NULL;
		}
		path += n + (path[n] == '.');
	}
	return (struct value *)v;
}

const char *
value_str_or(const struct value *v, const char *otherwise)
{
	return v && v->kind == VALUE_STR ? v->str.s : otherwise;
}

int64_t
value_int_or(const struct value *v, int64_t otherwise)
{
	return v && v->kind == VALUE_INT ? v->i : otherwise;
}

double
value_num_or(const struct value *v, double otherwise)
{
	if (v && v->kind == VALUE_FLOAT)
		return v->f;
	return v && v->kind == VALUE_INT ? (double)v->i : otherwise;
}

bool
value_bool_or(const struct value *v, bool otherwise)
{
	return v && v->kind == VALUE_BOOL ? v->b : otherwise;
}

size_t
value_count(const struct value *v)
{
	if (v && v->kind == VALUE_LIST)
		return v->list.n;
	return v && v->kind == VALUE_TABLE ? v->table.n : 0;
}

const char *
value_kind_name(enum value_kind kind)
{
	static const char *const names[] = {"null", "boolean", "integer",
	    "integer", "float", "string", "date-time", "array", "table"};

	return names[kind];
}
