/*
 * The smallest parts of an expression: paths, calls, literals, parentheses.
 */
#include <string.h>

#include "base/key.h"
#include "base/mem.h"
#include "data/tmpl_int.h"

struct tmpl_expr *
tmpl_new_expr(struct tmpl_parser *p, enum tmpl_kind kind, size_t at)
{
	struct tmpl_expr *x = arena_take(p->a, sizeof *x);

	*x = (struct tmpl_expr){.kind = kind, .at = (uint32_t)at, .height = 1};
	return x;
}

/* Take note of a child; NULL and *e when the tree grows too high. */
struct tmpl_expr *
tmpl_above(
    struct tmpl_parser *p, struct tmpl_expr *x, const struct tmpl_expr *child)
{
	if (child->height >= x->height)
		x->height = (uint16_t)(child->height + 1);
	if (x->height <= TMPL_HEIGHT)
		return x;
	tmpl_bad(
	    p, x->at, "the expression is larger than %d levels", TMPL_HEIGHT);
	return NULL;
}

struct tmpl_expr *
tmpl_pair(struct tmpl_parser *p, enum tmpl_kind kind, int op,
    struct tmpl_expr *left, struct tmpl_expr *right)
{
	struct tmpl_expr *x = tmpl_new_expr(p, kind, left->at);

	x->op = op;
	x->left = left;
	x->right = right;
	return tmpl_above(p, x, left) ? tmpl_above(p, x, right) : NULL;
}

struct tmpl_expr *
tmpl_literal(struct tmpl_parser *p, struct value *v, size_t at)
{
	struct tmpl_expr *x;

	if (!v)
		return NULL;
	x = tmpl_new_expr(p, EXPR_LITERAL, at);
	x->value = v;
	x->is_arith = v->kind != VALUE_STR;
	return x;
}

/* ---- paths */

bool
tmpl_sees_quote(const struct tmpl_parser *p)
{
	char c = p->pos < p->n ? p->s[p->pos] : 0;

	return c == '"' || c == '\'' || c == '`';
}

static struct tmpl_path *path(struct tmpl_parser *p);

static void
add_step(struct tmpl_parser *p, struct tmpl_step ***last, struct tmpl_step s)
{
	struct tmpl_step *step = arena_take(p->a, sizeof *step);

	*step = s;
	step->key.hash = key_hash(s.key.text.s, s.key.text.len);
	**last = step;
	*last = &step->next;
}

/* A key in quotes. */
static bool
quoted_key(struct tmpl_parser *p, struct tmpl_step *s)
{
	char quote = p->s[p->pos];

	s->is_never = quote == '`';
	return memchr(p->s + p->pos + 1, quote, p->n - p->pos - 1) &&
	       tmpl_string(p, &s->key.text);
}

static bool
is_digit_at(const struct tmpl_parser *p)
{
	return p->pos < p->n && p->s[p->pos] >= '0' && p->s[p->pos] <= '9';
}

static bool
index_key(struct tmpl_parser *p, struct tmpl_step *s)
{
	size_t at = p->pos;

	p->pos += p->s[at] == '-';
	if (p->s[p->pos] == '0')
		p->pos++;
	else
		while (is_digit_at(p))
			p->pos++;
	s->key.text = (struct tmpl_str){p->s + at, p->pos - at};
	return true;
}

static bool
path_key(struct tmpl_parser *p, struct tmpl_step *s)
{
	if (++p->depth <= TMPL_DEPTH)
		s->sub = path(p);
	p->depth--;
	return s->sub != NULL;
}

/* What stands in brackets; they are left alone when it is no step. */
static bool
bracket(struct tmpl_parser *p, struct tmpl_step *s)
{
	size_t start = p->pos++;
	bool ok;

	if (tmpl_sees_quote(p))
		ok = quoted_key(p, s);
	else if (tmpl_is_number(p))
		ok = index_key(p, s);
	else
		ok = path_key(p, s);
	if (ok && tmpl_take(p, "]"))
		return true;
	p->pos = start;
	return false;
}

static bool
dot(struct tmpl_parser *p, struct tmpl_step *s)
{
	size_t start = p->pos++;
	struct tmpl_str rest_of;

	while (is_digit_at(p))
		p->pos++;
	tmpl_ident(p, &rest_of);
	s->key.text = (struct tmpl_str){p->s + start + 1, p->pos - start - 1};
	if (s->key.text.len)
		return true;
	p->pos = start;
	return false;
}

static struct tmpl_path *
path(struct tmpl_parser *p)
{
	struct tmpl_path *got;
	struct tmpl_step **last;
	size_t start = p->pos;
	struct tmpl_str head;

	if (!tmpl_ident(p, &head))
		return NULL;
	got = arena_take(p->a, sizeof *got);
	*got = (struct tmpl_path){.head.text = head, .is_plain = true};
	last = &got->step;
	while (p->pos < p->n) {
		struct tmpl_step s = {0};

		if (p->s[p->pos] == '.'	  ? !dot(p, &s)
		    : p->s[p->pos] == '[' ? !bracket(p, &s)
					  : true)
			break;
		add_step(p, &last, s);
		got->is_plain &= !s.sub && !s.is_never;
	}
	got->text = (struct tmpl_str){p->s + start, p->pos - start};
	got->head.hash = key_hash(got->head.text.s, got->head.text.len);
	got->is_loop = tmpl_is_name(&head, "loop");
	got->is_dump = tmpl_is_name(&got->text, "__tera_context");
	return got;
}

/* ---- operands */

static size_t
boolean_prefix(const char *s, size_t n)
{
	if (!n || (*s != 't' && *s != 'T' && *s != 'f' && *s != 'F'))
		return 0;
	if (n >= 4 && (!memcmp(s, "true", 4) || !memcmp(s, "True", 4)))
		return 4;
	if (n >= 5 && (!memcmp(s, "false", 5) || !memcmp(s, "False", 5)))
		return 5;
	return 0;
}

/* `fn(…)`, a number or a path: what may also be a part of a concat. */
struct tmpl_expr *
tmpl_piece(struct tmpl_parser *p)
{
	size_t at = p->pos, back;
	struct tmpl_path *got;
	struct tmpl_expr *x;

	if (tmpl_is_number(p))
		return tmpl_literal(p, tmpl_number(p), at);
	got = path(p);
	if (!got) {
		tmpl_expected(p, "a value");
		return NULL;
	}
	back = p->pos;
	tmpl_blank(p);
	if (got->step || !tmpl_take(p, "(")) {
		p->pos = back;
		x = tmpl_new_expr(p, EXPR_PATH, at);
		x->path = got;
	} else {
		x = tmpl_new_expr(p, EXPR_CALL, at);
		x->call = tmpl_new_call(p, got->head.text, at);
		x->call->function = tmpl_find_function(p->t, &got->head.text);
		if (tmpl_arguments(p, x->call) < 0 ||
		    !tmpl_above_args(p, x, x->call))
			return NULL;
	}
	x->is_arith = true;
	return x;
}

static bool
is_null_word(const struct tmpl_path *path)
{
	static const char *const words[] = {"none", "None", "null"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (tmpl_is_name(&path->text, words[i]))
			return true;
	return false;
}

/*
 * A path with nothing behind it, as in most tags; NULL when
 * it is something else, and nothing is read then. Saves the way through all
 * levels of operators.
 */
struct tmpl_expr *
tmpl_lone_path(struct tmpl_parser *p)
{
	size_t at = p->pos;
	struct tmpl_path *got =
	    boolean_prefix(p->s + at, p->n - at) ? NULL : path(p);
	char next = got ? tmpl_peek(p) : 0;
	struct tmpl_expr *x;

	if ((next != '}' && next != ')' && next != ',') ||
	    (p->leeway != TMPL_NONE && is_null_word(got))) {
		p->pos = at;
		return NULL;
	}
	x = tmpl_new_expr(p, EXPR_PATH, at);
	x->path = got;
	x->is_arith = true;
	return x;
}

static struct tmpl_expr *
is_test(struct tmpl_parser *p, struct tmpl_expr *x)
{
	struct tmpl_path *subject = x->path;
	bool is_not;
	struct tmpl_str name;
	size_t back;

	tmpl_blank(p);
	is_not = tmpl_take_word(p, "not");
	tmpl_blank(p);
	x->kind = EXPR_TEST;
	if (!tmpl_ident(p, &name)) {
		tmpl_expected(p, "the name of a test");
		return NULL;
	}
	x->call = tmpl_new_call(p, name, x->at);
	x->call->subject = subject;
	x->call->is_not = is_not;
	back = p->pos;
	tmpl_blank(p);
	if (!tmpl_take(p, "("))
		p->pos = back;
	else if (tmpl_read_arguments(p, x->call, false) < 0)
		return NULL;
	return tmpl_above_args(p, x, x->call);
}

/* `ns::name(…)`, with the name of the space behind us. */
static struct tmpl_expr *
macro(struct tmpl_parser *p, struct tmpl_expr *x)
{
	struct tmpl_str space = x->path->head.text, name;
	size_t given = 0;

	p->pos += 2;
	tmpl_blank(p);
	if (x->path->step || !tmpl_ident(p, &name)) {
		tmpl_expected(p, "the name of a macro");
		return NULL;
	}
	x->kind = EXPR_MACRO;
	x->call = tmpl_new_call(p, name, x->at);
	x->call->space = space;
	x->call->link = p->module->links++;
	tmpl_blank(p);
	if (!tmpl_take(p, "(")) {
		tmpl_expected(p, "`(`");
		return NULL;
	}
	if (tmpl_read_arguments(p, x->call, true) < 0)
		return NULL;
	for (const struct tmpl_arg *a = x->call->arg; a; a = a->next)
		given += !a->name.len;
	if (given)
		tmpl_warn_position(p, x->call);
	return tmpl_above_args(p, x, x->call);
}

struct tmpl_expr *
tmpl_boolean(struct tmpl_parser *p, size_t at)
{
	size_t len = boolean_prefix(p->s + at, p->n - at);

	if (!len)
		return NULL;
	p->pos = at + len; /* Tera wants no end of the word here */
	return tmpl_literal(p, value_bool(p->a, len == 4), at);
}

/* What a piece turns out to be where it is no part of a concat. */
struct tmpl_expr *
tmpl_as_value(struct tmpl_parser *p, struct tmpl_expr *x)
{
	struct tmpl_expr *truth;
	size_t back = p->pos;

	if (x->kind == EXPR_LITERAL)
		return x;
	truth = tmpl_boolean(p, x->at);
	if (truth)
		return truth;
	if (x->kind != EXPR_PATH)
		return x;
	tmpl_blank(p);
	if (tmpl_take(p, "is"))
		return is_test(p, x);
	if (tmpl_sees(p, "::"))
		return macro(p, x);
	p->pos = back;
	if (p->leeway == TMPL_NONE || !is_null_word(x->path))
		return x;
	tmpl_warn(p, x->at, "leave it out, or write \"\"",
	    "`%.*s` is no value in Tera", (int)x->path->text.len,
	    x->path->text.s);
	return tmpl_literal(p, value_new(p->a, VALUE_NULL), x->at);
}

/* Is something next that Tera allows behind no parenthesis but arithmetic? */
static bool
goes_on(struct tmpl_parser *p)
{
	size_t back = p->pos;
	bool yes;

	tmpl_blank(p);
	yes = p->pos < p->n && p->s[p->pos] &&
	      strchr("|=!<>+-*/%", p->s[p->pos]) && !tmpl_sees(p, "%}") &&
	      !tmpl_sees(p, "-%}") && !tmpl_sees(p, "-}}");
	p->pos = back;
	return yes;
}

/* Anything in parentheses, as an operand. */
static struct tmpl_expr *
grouped(struct tmpl_parser *p, struct tmpl_expr *inner, size_t at)
{
	struct tmpl_expr *x = tmpl_new_expr(p, EXPR_GROUP, at);

	tmpl_warn(p, at, "give it a name with {% set %} first",
	    "an operator or a filter behind these parentheses is not Tera");
	x->left = inner;
	x->is_arith = true;
	return tmpl_above(p, x, inner);
}

/* A parenthesis whose inside is arithmetic, or (`logic`) anything. */
struct tmpl_expr *
tmpl_parenthesis(struct tmpl_parser *p, bool logic)
{
	size_t at = p->pos++;
	struct tmpl_expr *x;

	if (tmpl_enter(p) < 0 || !(x = tmpl_logic(p)))
		return NULL;
	p->depth--;
	tmpl_blank(p);
	if (!tmpl_take(p, ")")) {
		tmpl_expected(p, "an operator, a filter or `)`");
		return NULL;
	}
	if (x->is_arith)
		return x;
	if (p->leeway != TMPL_NONE && (!logic || goes_on(p)))
		return grouped(p, x, at);
	if (logic)
		return x;
	tmpl_bad(p, at, "parentheses here may only hold arithmetic");
	return NULL;
}

/* A term of an arithmetic expression. */
struct tmpl_expr *
tmpl_term(struct tmpl_parser *p)
{
	struct tmpl_expr *x;

	tmpl_blank(p);
	if (tmpl_sees(p, "("))
		return tmpl_parenthesis(p, false);
	x = tmpl_piece(p);
	return x ? tmpl_as_value(p, x) : NULL;
}
