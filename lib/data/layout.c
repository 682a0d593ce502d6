#include "data/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/layout_int.h"

enum item_kind { COMMENT, KEY, HEADER };

/* A line of its own, or a key with all lines of its value. */
struct item {
	enum item_kind kind;
	bool is_apart;	       /* an empty line is before it */
	const char *s;	       /* the text laid out, without its end of line */
	size_t from, len, key; /* offset and length of it, length of the key */
};

struct items {
	struct item *item;
	size_t n, cap;
};

/* The items from..to-1: comments, and what they belong to as the last one. */
struct block {
	const struct item *from, *head;
};

struct blocks {
	struct block *block;
	size_t n, cap;
};

static void
header(struct layout *l)
{
	bool is_array = l->n - l->i > 1 && l->s[l->i + 1] == '[';

	buf_adds(l->to, is_array ? "[[" : "[");
	l->i += is_array ? 2 : 1;
	layout_key(l);
	buf_adds(l->to, is_array ? "]]" : "]");
	l->i += is_array ? 2 : 1;
}

static void
item(struct layout *l, struct item *it)
{
	int c = layout_peek(l);

	it->from = l->to->len;
	it->kind = c == '#' ? COMMENT : c == '[' ? HEADER : KEY;
	if (it->kind == COMMENT) {
		layout_comment(l);
	} else if (it->kind == HEADER) {
		header(l);
	} else {
		struct layout ahead = *l;

		layout_key(&ahead);
		it->key = l->to->len - it->from;
		buf_cut(l->to, it->from);
		layout_pair(l);
	}
	layout_blanks(l);
	if (layout_peek(l) == '#') {
		buf_addc(l->to, ' ');
		layout_comment(l);
	}
	it->len = l->to->len - it->from;
	layout_newline(l);
}

static void
split(struct layout *l, struct items *to)
{
	bool is_apart = false;

	while (layout_blanks(l), l->i < l->n) {
		size_t from = l->i;

		if (layout_newline(l)) {
			is_apart = true;
			continue;
		}
		to->item =
		    mem_more(to->item, to->n, &to->cap, sizeof *to->item);
		to->item[to->n].is_apart = is_apart;
		item(l, &to->item[to->n++]);
		is_apart = false;
		if (l->i == from) /* no TOML after all: the proof will tell */
			return;
	}
}

/* A comment belongs to what is directly below it. */
static void
gather(const struct items *items, struct blocks *to)
{
	const struct item *end;

	if (!items->n)
		return;
	end = items->item + items->n;
	for (const struct item *it = items->item; it < end; it++) {
		struct block *b;

		to->block =
		    mem_more(to->block, to->n, &to->cap, sizeof *to->block);
		b = &to->block[to->n++];
		b->from = it;
		while (it->kind == COMMENT && it + 1 < end && !it[1].is_apart)
			it++;
		b->head = it;
	}
}

static void
print_block(struct layout *l, const struct block *b, const struct block *last)
{
	bool is_apart = b->from->is_apart;

	if (b->head->kind == HEADER)
		is_apart = true;
	else if (last && b->head->kind == KEY && last->head->kind == HEADER)
		is_apart = false;
	if (last && is_apart)
		buf_adds(l->to, l->eol);
	for (const struct item *it = b->from; it <= b->head; it++) {
		buf_add(l->to, it->s, it->len);
		buf_adds(l->to, l->eol);
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct item *x = ((const struct block *)a)->head;
	const struct item *y = ((const struct block *)b)->head;
	size_t quoted_x = *x->s == '"' || *x->s == '\'';
	size_t quoted_y = *y->s == '"' || *y->s == '\'';
	size_t nx = x->key - quoted_x, ny = y->key - quoted_y;
	int got = memcmp(x->s + quoted_x, y->s + quoted_y, nx < ny ? nx : ny);

	if (got)
		return got;
	return nx != ny ? (nx > ny) - (nx < ny) : (x > y) - (x < y);
}

/* Sort each run of keys that no empty line divides. */
static void
sort_keys(struct blocks *all, struct item *items)
{
	for (size_t i = 0, end; i < all->n; i = end) {
		bool is_apart = all->block[i].from->is_apart;

		for (end = i + 1;
		     all->block[i].head->kind == KEY && end < all->n &&
		     all->block[end].head->kind == KEY &&
		     !all->block[end].from->is_apart;
		     end++)
			;
		items[all->block[i].from - items].is_apart = false;
		qsort(all->block + i, end - i, sizeof *all->block, by_key);
		items[all->block[i].from - items].is_apart = is_apart;
	}
}

static void
lay_out(const char *s, size_t n, bool sort, struct buf *to)
{
	AUTO_BUF text = BUF_INIT;
	struct items items = {0};
	struct blocks blocks = {0};
	struct layout l = {.s = s, .n = n, .to = &text};

	if (n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) {
		buf_add(to, s, 3);
		l.i = 3;
	}
	split(&l, &items);
	for (size_t i = 0; i < items.n; i++)
		items.item[i].s = text.s + items.item[i].from;
	gather(&items, &blocks);
	if (sort)
		sort_keys(&blocks, items.item);
	l.to = to;
	l.eol = l.eol ? l.eol : "\n";
	for (size_t i = 0; i < blocks.n; i++)
		print_block(
		    &l, &blocks.block[i], i ? &blocks.block[i - 1] : NULL);
	free(blocks.block);
	free(items.item);
}

/* ---- the proof */

static bool is_same(const struct value *a, const struct value *b, bool ordered);

static bool
is_same_table(const struct value *a, const struct value *b, bool ordered)
{
	if (a->table.n != b->table.n)
		return false;
	for (size_t i = 0; i < a->table.n; i++) {
		const struct value_member *x = &a->table.member[i];
		const struct value_member *y =
		    ordered ? &b->table.member[i]
			    : value_member(b, x->key, x->len);

		if (!y || x->len != y->len || memcmp(x->key, y->key, x->len) ||
		    !is_same(x->value, y->value, ordered))
			return false;
	}
	return true;
}

static bool
is_same_list(const struct value *a, const struct value *b, bool ordered)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++)
		if (!is_same(a->list.item[i], b->list.item[i], ordered))
			return false;
	return true;
}

static bool
is_same(const struct value *a, const struct value *b, bool ordered)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_FLOAT:
		return (isnan(a->f) && isnan(b->f)) ||
		       (a->f == b->f && !signbit(a->f) == !signbit(b->f));
	case VALUE_STR:
	case VALUE_TIME:
		return a->str.len == b->str.len &&
		       !memcmp(a->str.s, b->str.s, a->str.len);
	case VALUE_LIST:
		return is_same_list(a, b, ordered);
	case VALUE_TABLE:
		return is_same_table(a, b, ordered);
	default:
		return a->i == b->i;
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Are the texts the same but for blanks? */
static bool
is_same_text(const struct buf *b, const char *s, size_t n)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < n && is_blank(s[i]))
			i++;
		while (j < b->len && is_blank(b->s[j]))
			j++;
		if (i == n || j == b->len)
			return i == n && j == b->len;
		if (s[i++] != b->s[j++])
			return false;
	}
}

/* The same where lines were moved: each byte is there as often. */
static bool
is_moved_text(const struct buf *b, const char *s, size_t n)
{
	size_t count[256] = {0};

	for (size_t i = 0; i < n; i++)
		count[(unsigned char)s[i]] += !is_blank(s[i]);
	for (size_t i = 0; i < b->len; i++)
		count[(unsigned char)b->s[i]] -= !is_blank(b->s[i]);
	for (size_t i = 0; i < COUNT(count); i++)
		if (count[i])
			return false;
	return true;
}

static bool
is_proven(struct arena *a, const struct value *root, const char *s, size_t n,
    bool sort, const struct buf *to, struct err *e)
{
	struct toml_finds found;
	const struct value *after =
	    toml_check(a, "-", to->s, to->len, false, &found);

	if (!(sort ? is_moved_text : is_same_text)(to, s, n))
		err_set(e, "the layout would lose or add more than blanks");
	else if (found.errors)
		err_set(e, "the layout would be no TOML any more");
	else if (!is_same(root, after, !sort))
		err_set(e, "the layout would change a value");
	else
		return true;
	return false;
}

static enum layout_kind
keep(const char *s, size_t n, struct buf *to)
{
	buf_reset(to);
	buf_add(to, s, n);
	return LAYOUT_KEPT;
}

static bool
is_toml(struct arena *a, const struct buf *b)
{
	struct toml_finds found;

	toml_check(a, "-", b->s, b->len, false, &found);
	return !found.errors;
}

static enum layout_kind
as_template(struct arena *a, const char *s, size_t n, bool was_toml,
    struct buf *to, struct err *e)
{
	buf_reset(to);
	if (layout_template(s, n, to, e) < 0)
		return keep(s, n, to);
	if (!is_same_text(to, s, n)) {
		buf_reset(to);
		err_set(e, "the layout would lose or add more than blanks");
		return LAYOUT_BUG;
	}
	if (is_toml(a, to) == was_toml)
		return LAYOUT_TEMPLATE;
	err_set(e, "left as it is: blanks decide whether the template is TOML");
	return keep(s, n, to);
}

enum layout_kind
layout_text(struct arena *a, const char *path, const char *s, size_t n,
    bool sort, struct buf *to, struct toml_finds *found, struct err *e)
{
	const struct value *root = toml_check(a, path, s, n, false, found);
	enum layout_tags tags = layout_tags(s, n);

	buf_reset(to);
	if (found->errors) {
		if (tags && utf8_check(s, n) == n)
			return as_template(a, s, n, false, to, e);
		return LAYOUT_WRONG;
	}
	/* Even another end of line would change such a tag */
	if (tags == LAYOUT_LONG_TAGS)
		return as_template(a, s, n, true, to, e);
	sort = sort && !tags;
	lay_out(s, n, sort, to);
	if (!is_proven(a, root, s, n, sort, to, e)) {
		buf_reset(to);
		return LAYOUT_BUG;
	}
	/* A tag from one string into another, say */
	if (tags && !layout_same_tags(to, s, n))
		return as_template(a, s, n, true, to, e);
	return LAYOUT_TOML;
}
