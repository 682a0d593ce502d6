/*
 * Expressions. Tera's grammar is one of ordered choices; read naively, it takes
 * exponential time. Here each operand is read once, and what follows it
 * decides what it was: see is_arith for the one thing that must be kept.
 */
#include <string.h>

#include "data/tmpl_int.h"

typedef struct tmpl_expr *unit_fn(struct tmpl_parser *p);

static struct tmpl_expr *operand(struct tmpl_parser *p);

/* ---- arithmetic */

static int
math_op(struct tmpl_parser *p)
{
	size_t back = p->pos;
	char c;

	tmpl_blank(p);
	c = p->pos < p->n ? p->s[p->pos] : 0;
	if ((c == '+' || c == '-' || c == '*' || c == '/' || c == '%') &&
	    !tmpl_sees(p, "%}") && !tmpl_sees(p, "-%}") &&
	    !tmpl_sees(p, "-}}")) {
		p->pos++;
		return c;
	}
	p->pos = back;
	return 0;
}

/*
 * x op x op …: products first, each level from the left. A finished product
 * waits in `sum`.
 */
static struct tmpl_expr *
chain(struct tmpl_parser *p, struct tmpl_expr *x, unit_fn *unit)
{
	struct tmpl_expr *sum = NULL, *right;
	int add = 0, op;
	bool is_made = false;

	while (x && (op = math_op(p))) {
		is_made = true;
		right = unit(p);
		if (!right)
			return NULL;
		if (op != '+' && op != '-') {
			x = tmpl_pair(p, EXPR_MATH, op, x, right);
			continue;
		}
		sum = sum ? tmpl_pair(p, EXPR_MATH, add, sum, x) : x;
		if (!sum)
			return NULL;
		add = op;
		x = right;
	}
	if (x && sum)
		x = tmpl_pair(p, EXPR_MATH, add, sum, x);
	if (x && is_made)
		x->is_arith = unit == tmpl_term;
	return x;
}

/* An arithmetic run and its filters. */
static struct tmpl_expr *
group_from(struct tmpl_parser *p, struct tmpl_expr *first)
{
	struct tmpl_expr *x = chain(p, first, tmpl_term);

	return x ? tmpl_filters(p, x) : NULL;
}

static struct tmpl_expr *
group(struct tmpl_parser *p)
{
	struct tmpl_expr *first = tmpl_term(p);

	return first ? group_from(p, first) : NULL;
}

/* ---- strings */

static struct tmpl_expr *
string(struct tmpl_parser *p)
{
	size_t at = p->pos;
	struct tmpl_str s;

	if (!tmpl_string(p, &s))
		return NULL;
	return tmpl_literal(p, value_str(p->a, s.s, s.len), at);
}

static void
append(struct tmpl_parser *p, struct tmpl_expr *list, struct tmpl_expr *x)
{
	list->list.item = arena_more(p->a, list->list.item, list->list.n,
	    &list->list.cap, sizeof *list->list.item);
	list->list.item[list->list.n++] = x;
}

/* first ~ piece ~ …, or NULL without *e when no `~` follows. */
static struct tmpl_expr *
concat(struct tmpl_parser *p, struct tmpl_expr *first)
{
	struct tmpl_expr *x = tmpl_new_expr(p, EXPR_CONCAT, first->at), *next;

	for (next = first;; tmpl_blank(p)) {
		size_t back = p->pos;

		if (!tmpl_above(p, x, next))
			return NULL;
		append(p, x, next);
		tmpl_blank(p);
		if (!tmpl_take(p, "~")) {
			p->pos = back;
			return x;
		}
		tmpl_blank(p);
		next = tmpl_sees_quote(p) ? string(p) : tmpl_piece(p);
		if (!next)
			return NULL;
	}
}

static bool
sees_tilde(struct tmpl_parser *p)
{
	size_t back = p->pos;
	bool yes;

	tmpl_blank(p);
	yes = tmpl_sees(p, "~");
	p->pos = back;
	return yes;
}

/* A string or a concat with its filters, or NULL when it is none. */
static struct tmpl_expr *
text_from(struct tmpl_parser *p, struct tmpl_expr *first)
{
	if (sees_tilde(p))
		first = concat(p, first);
	return first ? tmpl_filters(p, first) : NULL;
}

/* ---- comparisons */

/* One side: a text, or a sum of groups; *groups says how many. */
static struct tmpl_expr *
side_from(struct tmpl_parser *p, struct tmpl_expr *first, bool *is_single)
{
	struct tmpl_expr *one = group_from(p, first), *all;

	if (!one)
		return NULL;
	all = chain(p, one, group);
	*is_single = all == one;
	return all;
}

static struct tmpl_expr *
side(struct tmpl_parser *p, bool *is_single)
{
	struct tmpl_expr *x;

	*is_single = true;
	tmpl_blank(p);
	if (tmpl_sees_quote(p)) {
		x = string(p);
		return x ? text_from(p, x) : NULL;
	}
	if (tmpl_sees(p, "("))
		x = tmpl_parenthesis(p, false);
	else if ((x = tmpl_piece(p)) && sees_tilde(p))
		return text_from(p, x);
	else if (x)
		x = tmpl_as_value(p, x);
	return x ? side_from(p, x, is_single) : NULL;
}

static int
compare_op(struct tmpl_parser *p)
{
	char c = p->pos < p->n ? p->s[p->pos] : 0;

	if (c != '<' && c != '>' && c != '=' && c != '!')
		return -1;
	return tmpl_take(p, "<=") ? CMP_LTE
	     : tmpl_take(p, ">=") ? CMP_GTE
	     : tmpl_take(p, "<")  ? CMP_LT
	     : tmpl_take(p, ">")  ? CMP_GT
	     : tmpl_take(p, "==") ? CMP_EQ
	     : tmpl_take(p, "!=") ? CMP_NE
				  : -1;
}

static struct tmpl_expr *array(struct tmpl_parser *p);

static struct tmpl_expr *
in_container(struct tmpl_parser *p)
{
	struct tmpl_expr *x;

	tmpl_blank(p);
	if (tmpl_sees(p, "[")) {
		x = array(p);
		return x ? tmpl_filters(p, x) : NULL;
	}
	if (tmpl_sees_quote(p)) {
		x = string(p);
		return x ? text_from(p, x) : NULL;
	}
	x = tmpl_piece(p);
	if (x && sees_tilde(p))
		return text_from(p, x);
	if (!x || x->kind == EXPR_PATH)
		return x;
	tmpl_bad(p, x->at, "behind `in` goes a string, an array or a name");
	return NULL;
}

static struct tmpl_expr *
in(struct tmpl_parser *p, struct tmpl_expr *left, bool is_not)
{
	struct tmpl_expr *right = in_container(p);

	return right ? tmpl_pair(p, EXPR_IN, is_not, left, right) : NULL;
}

/* What may follow the left side. */
static struct tmpl_expr *
rest(struct tmpl_parser *p, struct tmpl_expr *left, bool is_single)
{
	size_t back = p->pos;
	struct tmpl_expr *right;
	int op;

	tmpl_blank(p);
	if (is_single && tmpl_take(p, "in"))
		return in(p, left, false);
	if (is_single && tmpl_take_word(p, "not")) {
		tmpl_blank(p);
		if (tmpl_take(p, "in"))
			return in(p, left, true);
		tmpl_expected(p, "`in` after `not`");
		return NULL;
	}
	op = compare_op(p);
	if (op < 0) {
		p->pos = back;
		return left;
	}
	right = side(p, &is_single);
	return right ? tmpl_pair(p, EXPR_COMPARE, op, left, right) : NULL;
}

/* ---- logic */

/* With a parenthesis in front: arithmetic goes on, logic is whole. */
static struct tmpl_expr *
after_parenthesis(struct tmpl_parser *p, bool is_not)
{
	struct tmpl_expr *x = tmpl_parenthesis(p, !is_not);
	bool is_single;

	if (!x)
		return NULL;
	if (x->is_arith) {
		x = side_from(p, x, &is_single);
		return x ? rest(p, x, is_single) : NULL;
	}
	x->is_not = false; /* so does Tera: (not t) is t */
	return x;
}

static struct tmpl_expr *
operand(struct tmpl_parser *p)
{
	struct tmpl_expr *x;
	bool is_not, is_single;

	tmpl_blank(p);
	is_not = tmpl_take_word(p, "not");
	tmpl_blank(p);
	if (tmpl_sees(p, "(")) {
		x = after_parenthesis(p, is_not);
	} else {
		x = side(p, &is_single);
		x = x ? rest(p, x, is_single) : NULL;
	}
	if (x && is_not) {
		x->is_not = true;
		x->is_arith = false;
	}
	return x;
}

static struct tmpl_expr *
both(
    struct tmpl_parser *p, const char *word, enum tmpl_kind kind, unit_fn *unit)
{
	struct tmpl_expr *x = unit(p), *right;

	while (x) {
		size_t back = p->pos;

		tmpl_blank(p);
		if (!tmpl_take_word(p, word)) {
			p->pos = back;
			return x;
		}
		right = unit(p);
		x = right ? tmpl_pair(p, kind, 0, x, right) : NULL;
	}
	return NULL;
}

static struct tmpl_expr *
all_of(struct tmpl_parser *p)
{
	return both(p, "and", EXPR_AND, operand);
}

struct tmpl_expr *
tmpl_logic(struct tmpl_parser *p)
{
	return both(p, "or", EXPR_OR, all_of);
}

static struct tmpl_expr *
array(struct tmpl_parser *p)
{
	struct tmpl_expr *x = tmpl_new_expr(p, EXPR_ARRAY, p->pos++), *item;

	if (tmpl_enter(p) < 0)
		return NULL;
	for (tmpl_blank(p); !tmpl_take(p, "]"); tmpl_blank(p)) {
		item = p->leeway == TMPL_NONE ? operand(p)
					      : tmpl_logic_or_array(p);
		if (!item || !tmpl_above(p, x, item))
			return NULL;
		append(p, x, item);
		tmpl_blank(p);
		if (tmpl_take(p, ",") || tmpl_sees(p, "]"))
			continue;
		tmpl_expected(p, "an operator, a filter, `,` or `]`");
		return NULL;
	}
	p->depth--;
	return x;
}

static struct tmpl_expr *
key(struct tmpl_parser *p)
{
	size_t at = p->pos;
	struct tmpl_str s;

	if (tmpl_sees_quote(p))
		return string(p);
	if (tmpl_ident(p, &s))
		return tmpl_literal(p, value_str(p->a, s.s, s.len), at);
	tmpl_expected(p, "a key");
	return NULL;
}

/* Key and value of a map literal. */
static int
entry(struct tmpl_parser *p, struct tmpl_expr *map)
{
	struct tmpl_expr *name = key(p), *x;

	if (!name)
		return -1;
	tmpl_blank(p);
	if (!tmpl_take(p, ":") && !tmpl_take(p, "="))
		return tmpl_expected(p, "`:`");
	x = tmpl_logic_or_array(p);
	if (!x || !tmpl_above(p, map, x))
		return -1;
	append(p, map, name);
	append(p, map, x);
	return 0;
}

static struct tmpl_expr *
map_literal(struct tmpl_parser *p)
{
	struct tmpl_expr *x = tmpl_new_expr(p, EXPR_MAP, p->pos++);

	if (tmpl_enter(p) < 0)
		return NULL;
	tmpl_warn(p, x->at, "give the map by a variable: [vars], --context",
	    "a map literal is not Tera");
	for (tmpl_blank(p); !tmpl_take(p, "}"); tmpl_blank(p)) {
		if (entry(p, x) < 0)
			return NULL;
		tmpl_blank(p);
		if (tmpl_take(p, ",") || tmpl_sees(p, "}"))
			continue;
		tmpl_expected(p, "an operator, a filter, `,` or `}`");
		return NULL;
	}
	p->depth--;
	return x;
}

/* An array, or a map where that goes. */
static struct tmpl_expr *
collection(struct tmpl_parser *p)
{
	struct tmpl_expr *x = tmpl_sees(p, "[") ? array(p) : map_literal(p);

	return x ? tmpl_filters(p, x) : NULL;
}

static bool
sees_collection(struct tmpl_parser *p)
{
	tmpl_blank(p);
	return tmpl_sees(p, "[") ||
	       (p->leeway != TMPL_NONE && tmpl_sees(p, "{"));
}

struct tmpl_expr *
tmpl_logic_or_array(struct tmpl_parser *p)
{
	struct tmpl_expr *x;

	if (sees_collection(p))
		return collection(p);
	x = tmpl_lone_path(p);
	return x ? x : tmpl_logic(p);
}

struct tmpl_expr *
tmpl_container(struct tmpl_parser *p)
{
	return sees_collection(p) ? collection(p) : group(p);
}
