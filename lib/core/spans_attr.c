#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/spans_int.h"

const struct span_key *
span_key(struct span_keys *keys, const char *s, size_t n)
{
	struct span_key *k = map_get(&keys->map, s, n);

	if (k)
		return k;
	k = arena_alloc(&keys->arena, sizeof *k);
	k->s = arena_dup(&keys->arena, s, n);
	k->n = n;
	k->hash = mix_text(s, n);
	for (size_t i = 0; i < keys->ignores && !k->is_ignored; i++)
		k->is_ignored =
		    match_find(keys->ignore[i], s, n, NULL, NULL) == 1;
	map_set(&keys->map, s, n, k);
	return k;
}

int
span_keys_ignore(
    struct span_keys *keys, const char *glob, size_t n, struct err *e)
{
	struct match *m = match_compile(MATCH_GLOB, glob, n, NULL, e);

	if (!m)
		return -1;
	keys->ignore = mem_more(keys->ignore, keys->ignores, &keys->ignores_cap,
	    sizeof *keys->ignore);
	keys->ignore[keys->ignores++] = m;
	for (size_t i = 0; i < keys->map.n; i++) {
		struct span_key *k = keys->map.entry[i].value;

		if (match_find(m, k->s, k->n, NULL, NULL) == 1)
			k->is_ignored = true;
	}
	return 0;
}

void
span_keys_free(struct span_keys *keys)
{
	for (size_t i = 0; i < keys->ignores; i++)
		match_free(&keys->ignore[i]);
	free(keys->ignore);
	map_free(&keys->map);
	arena_free(&keys->arena);
}

static int
compare(const struct span_key *a, const struct span_key *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int sign = a == b ? 0 : memcmp(a->s, b->s, n);

	return sign ? sign : a->n != b->n ? (a->n < b->n ? -1 : 1) : 0;
}

static int
by_key(const void *left, const void *right)
{
	const struct span_attr *a = left, *b = right;
	int sign = compare(a->key, b->key);

	/* as read: the hash holds the place until the sort is done */
	return sign ? sign : a->hash < b->hash ? -1 : 1;
}

/* Mostly sorted, mostly few. */
static void
sort(struct span_attr *item, size_t n)
{
	if (n > 32) {
		qsort(item, n, sizeof *item, by_key);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct span_attr it = item[i];
		size_t k = i;

		for (; k && by_key(&item[k - 1], &it) > 0; k--)
			item[k] = item[k - 1];
		item[k] = it;
	}
}

/* Of equal keys the last wins. */
static void
settle(struct spans_reader *r, size_t n, struct span_attrs *to)
{
	size_t k = 0;

	*to = (struct span_attrs){0};
	if (!n)
		return;
	sort(r->attr, n);
	for (size_t i = 0; i < n; i++) {
		if (k && r->attr[k - 1].key == r->attr[i].key)
			k--;
		r->attr[k++] = r->attr[i];
	}
	to->item = arena_take(&r->t->arena, k * sizeof *to->item);
	memcpy(to->item, r->attr, k * sizeof *to->item);
	to->n = (uint32_t)k;
	for (size_t i = 0; i < k; i++) {
		struct span_attr *a = &to->item[i];

		a->hash =
		    mix_pair(a->key->hash, mix_text(a->value.s, a->value.n));
		if (!a->key->is_ignored)
			to->hash += a->hash;
	}
}

/* Often the one of the span before has the same name. */
static void
add(struct spans_reader *r, size_t n, struct pull_text key,
    struct pull_text value)
{
	const struct span_key *k;

	r->attr = mem_more(r->attr, n, &r->attrs_cap, sizeof *r->attr);
	k = r->attr[n].key;
	if (!k || k->n != key.n || memcmp(k->s, key.s, key.n) != 0)
		k = span_key(r->t->keys, key.s, key.n);
	r->attr[n] = (struct span_attr){k, value, n};
}

static int
read_pair(
    struct spans_reader *r, struct pull_text *name, struct pull_text *value)
{
	struct pull_text key;
	bool more = false;
	int got;

	*name = (struct pull_text){"", 0};
	*value = (struct pull_text){"null", 4};
	if (pull_peek(&r->p) != '{')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true) {
		if (PULL_IS(key, "key") && pull_peek(&r->p) == '"')
			got = pull_string(&r->p, name);
		else if (PULL_IS(key, "value"))
			got = spans_any(r, value);
		else
			got = pull_skip(&r->p, NULL);
		if (got < 0)
			return -1;
	}
	return got;
}

int
spans_attrs(struct spans_reader *r, struct span_attrs *to)
{
	struct pull_text key, value;
	size_t n = 0;
	int c = pull_peek(&r->p), got;

	*to = (struct span_attrs){0};
	if (c != '{' && c != '[')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, (char)c) < 0)
		return -1;
	while ((got = c == '{' ? pull_member(&r->p, &key, n > 0)
			       : pull_item(&r->p, n > 0)) > 0) {
		got = c == '{' ? spans_value(r, &value)
			       : read_pair(r, &key, &value);
		if (got < 0)
			return -1;
		add(r, n++, key, value);
	}
	settle(r, n, to);
	return got;
}

struct pull_text
span_attr(const struct span_attrs *a, const char *key)
{
	size_t n = strlen(key);

	for (uint32_t i = 0; i < a->n; i++)
		if (a->item[i].key->n == n &&
		    !memcmp(a->item[i].key->s, key, n))
			return a->item[i].value;
	return (struct pull_text){0};
}

struct pull_text
span_attr_by(const struct span_attrs *a, const struct span_key *key)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->item[i].key == key)
			return a->item[i].value;
	return (struct pull_text){0};
}
