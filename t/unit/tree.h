/*
 * Are two trees the same, down to the place of each key and value?
 */
#ifndef UNIT_TREE_H
#define UNIT_TREE_H

#include <string.h>

#include "data/value.h"

static inline bool
tree_same_place(const struct value_pos *a, const struct value_pos *b)
{
	return a->line == b->line && a->column == b->column &&
	       a->offset == b->offset && a->end == b->end;
}

static inline bool
tree_same_text(const char *a, size_t n, const char *b, size_t m)
{
	return n == m && !memcmp(a, b, n) && !a[n] && !b[n];
}

static inline bool
tree_same(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind || !tree_same_place(&a->at, &b->at))
		return false;
	if (a->kind == VALUE_STR || a->kind == VALUE_TIME)
		return tree_same_text(
		    a->str.s, a->str.len, b->str.s, b->str.len);
	if (a->kind == VALUE_BOOL)
		return a->b == b->b;
	if (a->kind != VALUE_LIST && a->kind != VALUE_TABLE)
		return a->u == b->u; /* a float by its bits */
	if (value_count(a) != value_count(b))
		return false;
	for (size_t i = 0; a->kind == VALUE_LIST && i < a->list.n; i++)
		if (!tree_same(a->list.item[i], b->list.item[i]))
			return false;
	for (size_t i = 0; a->kind == VALUE_TABLE && i < a->table.n; i++) {
		const struct value_member *x = &a->table.member[i];
		const struct value_member *y = &b->table.member[i];

		if (!tree_same_text(x->key, x->len, y->key, y->len) ||
		    !tree_same_place(&x->at, &y->at) ||
		    !tree_same(x->value, y->value))
			return false;
	}
	return true;
}

#endif
