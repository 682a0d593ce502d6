#include "data/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum { MANY = 16 }; /* members from which a table has an index */

struct value *
value_new(struct arena *a, enum value_kind kind)
{
	struct value *v = arena_alloc(a, sizeof *v);

	v->kind = kind;
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

void
value_add(struct arena *a, struct value *list, struct value *item)
{
	list->list.item = arena_more(a, list->list.item, list->list.n,
	    &list->list.cap, sizeof *list->list.item);
	list->list.item[list->list.n++] = item;
}

static void
place(struct value *t, size_t index)
{
	struct value_member *m = &t->table.member[index];
	size_t mask = t->table.slots - 1;
	size_t i = map_hash(m->key, m->len) & mask;

	while (t->table.slot[i])
		i = (i + 1) & mask;
	t->table.slot[i] = (uint32_t)index + 1;
}

static void
index_members(struct arena *a, struct value *t)
{
	if (t->table.n * 2 < t->table.slots) {
		place(t, t->table.n - 1);
		return;
	}
	t->table.slots = t->table.n * 4;
	while (t->table.slots & (t->table.slots - 1))
		t->table.slots += t->table.slots & -t->table.slots;
	t->table.slot = arena_alloc(a, t->table.slots * sizeof *t->table.slot);
	for (size_t i = 0; i < t->table.n; i++)
		place(t, i);
}

static bool
is_key(const struct value_member *m, const char *key, size_t len)
{
	return m->len == len && !memcmp(m->key, key, len);
}

struct value_member *
value_member(const struct value *v, const char *key, size_t len)
{
	if (!v || v->kind != VALUE_TABLE)
		return NULL;
	if (!v->table.slots) {
		for (size_t i = 0; i < v->table.n; i++)
			if (is_key(&v->table.member[i], key, len))
				return &v->table.member[i];
		return NULL;
	}
	for (size_t i = map_hash(key, len);; i++) {
		uint32_t at = v->table.slot[i & (v->table.slots - 1)];

		if (!at)
			return NULL;
		if (is_key(&v->table.member[at - 1], key, len))
			return &v->table.member[at - 1];
	}
}

struct value_member *
value_set(struct arena *a, struct value *t, const char *key, size_t len,
    struct value *v)
{
	struct value_member *m = value_member(t, key, len);

	if (m) {
		m->value = v;
		return m;
	}
	t->table.member = arena_more(a, t->table.member, t->table.n,
	    &t->table.cap, sizeof *t->table.member);
	m = &t->table.member[t->table.n++];
	*m = (struct value_member){arena_dup(a, key, len), len, {0}, v};
	if (t->table.n > MANY)
		index_members(a, t);
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
