#include <math.h>
#include <string.h>

#include "data/tmpl_int.h"

/* ---- numbers; 1 and *v, 0 when it is no number (NaN), -1 and *e */

static int
checked(struct tmpl_run *r, const struct tmpl_expr *x, bool overflow,
    struct value *v)
{
	if (!overflow)
		return 1;
	return tmpl_fail(r, x->at,
	    "the result of `%c` does not fit into 64 "
	    "bits (%s)",
	    x->op, v->kind == VALUE_INT ? "signed" : "unsigned");
}

static int
math_int(struct tmpl_run *r, const struct tmpl_expr *x, int64_t a, int64_t b,
    struct value *v)
{
	v->kind = VALUE_INT;
	switch (x->op) {
	case '+':
		return checked(r, x, __builtin_add_overflow(a, b, &v->i), v);
	case '-':
		return checked(r, x, __builtin_sub_overflow(a, b, &v->i), v);
	case '*':
		return checked(r, x, __builtin_mul_overflow(a, b, &v->i), v);
	}
	if (!b)
		return tmpl_fail(r, x->at, "modulo by zero");
	v->i = b == -1 ? 0 : a % b;
	return 1;
}

static int
math_uint(struct tmpl_run *r, const struct tmpl_expr *x, uint64_t a, uint64_t b,
    struct value *v)
{
	bool bad = false;

	v->kind = VALUE_UINT;
	if (x->op == '+')
		bad = __builtin_add_overflow(a, b, &v->u);
	else if (x->op == '-')
		bad = __builtin_sub_overflow(a, b, &v->u);
	else if (x->op == '*')
		bad = __builtin_mul_overflow(a, b, &v->u);
	else if (!b)
		return tmpl_fail(r, x->at, "modulo by zero");
	else
		v->u = a % b;
	if (!bad && v->u <= INT64_MAX) {
		v->kind = VALUE_INT;
		v->i = (int64_t)v->u;
	}
	return checked(r, x, bad, v);
}

static int64_t
saturate(double f)
{
	if (f >= 9223372036854775807.0)
		return INT64_MAX;
	return f <= -9223372036854775808.0 ? INT64_MIN : (int64_t)f;
}

static int
math_float(const struct tmpl_expr *x, double a, double b, struct value *v)
{
	double f = x->op == '+' ? a + b
		 : x->op == '-' ? a - b
		 : x->op == '*' ? a * b
		 : x->op == '/' ? a / b
				: fmod(a, b);

	v->kind = VALUE_FLOAT;
	v->f = f;
	if (!isfinite(f))
		return 0;
	if (x->op == '/' && f == floor(f)) {
		v->kind = VALUE_INT;
		v->i = saturate(f);
	}
	return 1;
}

static bool
is_unsigned(const struct value *v)
{
	return v->kind == VALUE_UINT || (v->kind == VALUE_INT && v->i >= 0);
}

static uint64_t
as_unsigned(const struct value *v)
{
	return v->kind == VALUE_UINT ? v->u : (uint64_t)v->i;
}

static int number(
    struct tmpl_run *r, const struct tmpl_expr *x, struct value *v);

static int
math(struct tmpl_run *r, const struct tmpl_expr *x, struct value *v)
{
	struct value a, b;
	int left = number(r, x->left, &a), right;

	if (left < 0 || (right = number(r, x->right, &b)) < 0)
		return -1;
	if (!left || !right)
		return 0;
	if (x->op != '/' && a.kind == VALUE_INT && b.kind == VALUE_INT)
		return math_int(r, x, a.i, b.i, v);
	if (x->op != '/' && is_unsigned(&a) && is_unsigned(&b))
		return math_uint(r, x, as_unsigned(&a), as_unsigned(&b), v);
	return math_float(x, tmpl_num(&a), tmpl_num(&b), v);
}

/* An operand of arithmetic or of < <= > >=. */
static int
number(struct tmpl_run *r, const struct tmpl_expr *x, struct value *v)
{
	const struct value *got;

	if (x->kind == EXPR_MATH && !x->filter)
		return math(r, x, v);
	got = tmpl_eval(r, x);
	if (!got)
		return -1;
	*v = *got;
	if (tmpl_is_num(got))
		return 1;
	if (x->kind == EXPR_PATH && !x->filter)
		return tmpl_fail(r, x->at,
		    "`%.*s` is %s %s, arithmetic wants numbers",
		    (int)x->path->text.len, x->path->text.s,
		    strchr("aeiou", *value_kind_name(got->kind)) ? "an" : "a",
		    value_kind_name(got->kind));
	return tmpl_fail(r, x->at, "arithmetic with %s %s: it wants numbers",
	    strchr("aeiou", *value_kind_name(got->kind)) ? "an" : "a",
	    value_kind_name(got->kind));
}

/* ---- conditions */

static int
order(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value a, b;
	int left = number(r, x->left, &a), right;
	double l, g;

	if (left < 0 || (right = number(r, x->right, &b)) < 0)
		return -1;
	if (!left || !right)
		return tmpl_fail(r, x->at, "a comparison with NaN");
	l = tmpl_num(&a);
	g = tmpl_num(&b);
	return x->op == CMP_LTE ? l <= g
	     : x->op == CMP_GTE ? l >= g
	     : x->op == CMP_LT	? l < g
				: l > g;
}

static int
compare(struct tmpl_run *r, const struct tmpl_expr *x)
{
	const struct value *a, *b;
	bool is_same;

	if (x->op != CMP_EQ && x->op != CMP_NE)
		return order(r, x);
	a = tmpl_eval(r, x->left);
	b = a ? tmpl_eval(r, x->right) : NULL;
	if (!b)
		return -1;
	if (tmpl_is_num(a) != tmpl_is_num(b))
		return 0; /* Tera: neither equal nor unequal */
	if (tmpl_is_num(a))
		is_same = tmpl_num(a) == tmpl_num(b);
	else
		is_same = tmpl_equal(a, b);
	return is_same == (x->op == CMP_EQ);
}

static bool
contains(const struct value *list, const struct value *v)
{
	for (size_t i = 0; i < list->list.n; i++)
		if (tmpl_equal(list->list.item[i], v))
			return true;
	return false;
}

static int
is_in(struct tmpl_run *r, const struct tmpl_expr *x)
{
	const struct value *a = tmpl_eval(r, x->left), *b;
	bool found;

	b = a ? tmpl_eval(r, x->right) : NULL;
	if (!b)
		return -1;
	if (b->kind != VALUE_LIST && b->kind != VALUE_STR &&
	    b->kind != VALUE_TABLE)
		return tmpl_fail(r, x->right->at,
		    "`in` wants a string, an array or an object on its right");
	if (b->kind != VALUE_LIST && a->kind != VALUE_STR)
		return tmpl_fail(r, x->at, "only a string can be in %s",
		    b->kind == VALUE_STR ? "a string" : "an object");
	if (b->kind == VALUE_LIST)
		found = contains(b, a);
	else if (b->kind == VALUE_STR)
		found = memmem(b->str.s, b->str.len, a->str.s, a->str.len);
	else
		found = value_member(b, a->str.s, a->str.len);
	return found != x->op;
}

static int
call_truth(struct tmpl_run *r, const struct tmpl_expr *x)
{
	const struct value *v = tmpl_function(r, x->call);

	if (!v)
		return -1;
	if (v->kind == VALUE_BOOL)
		return v->b;
	return tmpl_fail(r, x->at,
	    "the function `%.*s` as a condition: it gives no boolean",
	    (int)x->call->name.len, x->call->name.s);
}

/* A path as a condition: any failure is false, and nobody hears of it. */
static int
path_truth(struct tmpl_run *r, const struct tmpl_expr *x)
{
	const struct value *v;

	r->quiet++;
	v = tmpl_eval(r, x);
	r->quiet--;
	return v ? tmpl_truthy(v) != x->is_not : x->is_not;
}

static int
truth(struct tmpl_run *r, const struct tmpl_expr *x)
{
	const struct value *v;
	struct value n;
	int got;

	switch (x->kind) {
	case EXPR_AND:
		got = tmpl_test(r, x->left);
		return got > 0 ? tmpl_test(r, x->right) : got;
	case EXPR_OR:
		got = tmpl_test(r, x->left);
		return got ? got : tmpl_test(r, x->right);
	case EXPR_COMPARE:
		return compare(r, x);
	case EXPR_IN:
		return is_in(r, x);
	case EXPR_TEST:
		return tmpl_is(r, x->call);
	case EXPR_CALL:
		return call_truth(r, x);
	case EXPR_MATH:
		got = math(r, x, &n);
		return got > 0 ? tmpl_num(&n) != 0 : got;
	case EXPR_PATH:
		return path_truth(r, x);
	case EXPR_LITERAL:
		return tmpl_truthy(x->value);
	case EXPR_ARRAY:
	case EXPR_CONCAT:
	case EXPR_MACRO:
	case EXPR_MAP:
	case EXPR_GROUP:
		break;
	}
	v = tmpl_eval(r, x);
	return v ? tmpl_truthy(v) : -1;
}

int
tmpl_test(struct tmpl_run *r, const struct tmpl_expr *x)
{
	int got = truth(r, x);

	return got < 0 ? got : got != x->is_not;
}

/* ---- values */

static struct value *
eval_array(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value *list = tmpl_new(r, VALUE_LIST);

	if (tmpl_afford(r, x->at) < 0)
		return NULL;
	for (size_t i = 0; i < x->list.n; i++) {
		struct value *v = tmpl_eval(r, x->list.item[i]);

		if (!v)
			return NULL;
		tmpl_push(r, list, v);
	}
	return list;
}

static struct value *
eval_map(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value *map = tmpl_new(r, VALUE_TABLE);

	for (size_t i = 0; i + 1 < x->list.n; i += 2) {
		const struct value *key = x->list.item[i]->value;
		struct value *v = tmpl_eval(r, x->list.item[i + 1]);

		if (!v)
			return NULL;
		value_set(r->arena, map, key->str.s, key->str.len, v);
	}
	return map;
}

static int
add_piece(struct tmpl_run *r, const struct tmpl_expr *x, struct buf *b)
{
	const struct value *v = tmpl_eval(r, x);

	if (!v)
		return -1;
	if (v->kind == VALUE_STR || v->kind == VALUE_TIME)
		buf_add(b, v->str.s, v->str.len);
	else if (x->kind == EXPR_LITERAL && v->kind == VALUE_FLOAT)
		tmpl_print_float(b, v->f);
	else if (tmpl_is_num(v))
		tmpl_json(b, v, -1, 0);
	else
		return tmpl_fail(r, x->at,
		    "`~` joins strings and numbers, not %s",
		    value_kind_name(v->kind));
	if (b->len <= TMPL_OUTPUT)
		return tmpl_afford(r, x->at);
	return tmpl_fail(r, x->at, "the text is larger than 64 MiB");
}

static struct value *
eval_concat(struct tmpl_run *r, const struct tmpl_expr *x)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < x->list.n; i++)
		if (add_piece(r, x->list.item[i], &b) < 0)
			return NULL;
	return tmpl_new_buf(r, &b);
}

/* The value of the `default` filter that comes first. */
static struct value *
eval_default(struct tmpl_run *r, const struct tmpl_expr *x)
{
	for (const struct tmpl_arg *a = x->filter->arg; a; a = a->next)
		if (tmpl_is_name(&a->name, "value"))
			return tmpl_eval(r, a->value);
	tmpl_fail(r, x->filter->at, "`default` needs its argument `value`");
	return NULL;
}

static struct value *
eval_path(struct tmpl_run *r, const struct tmpl_expr *x)
{
	bool has_default = x->filter && x->filter->is_default;
	struct value *v = tmpl_look(r, x->path, x->at, has_default);

	if (has_default && (!v || v->kind == VALUE_NULL))
		return eval_default(r, x);
	return v;
}

/* A variable of the environment that is not set, before a default. */
static struct value *
eval_call(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value *v;

	if (r->t->how.is_pure || !x->filter || !x->filter->is_default ||
	    (!tmpl_is_name(&x->call->name, "env") &&
		!tmpl_is_name(&x->call->name, "get_env")))
		return tmpl_function(r, x->call);
	r->quiet++;
	v = tmpl_function(r, x->call);
	r->quiet--;
	if (v)
		return v;
	tmpl_warn_run(r, x->filter->at,
	    "write get_env(name=\"NAME\", default=\"…\")",
	    "`default` behind a function is not Tera");
	return eval_default(r, x);
}

static struct value *
of_truth(struct tmpl_run *r, int got)
{
	return got < 0 ? NULL : tmpl_new_bool(r, got);
}

static struct value *
eval_math(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value n = {0}, *v;
	int got = math(r, x, &n);

	if (got < 0)
		return NULL;
	if (!got)
		return tmpl_new_str(r, "NaN", 3);
	v = tmpl_new(r, n.kind);
	*v = (struct value){.kind = n.kind};
	v->u = n.u; /* whichever of the three it is, it fills the union */
	if (n.kind == VALUE_FLOAT)
		v->f = n.f;
	return v;
}

static struct value *
eval_bare(struct tmpl_run *r, const struct tmpl_expr *x)
{
	switch (x->kind) {
	case EXPR_LITERAL:
		return x->value;
	case EXPR_PATH:
		return eval_path(r, x);
	case EXPR_CALL:
		return eval_call(r, x);
	case EXPR_MACRO:
		return tmpl_macro(r, x->call);
	case EXPR_TEST:
		return of_truth(r, tmpl_is(r, x->call));
	case EXPR_ARRAY:
		return eval_array(r, x);
	case EXPR_MAP:
		return eval_map(r, x);
	case EXPR_GROUP:
		return tmpl_eval(r, x->left);
	case EXPR_CONCAT:
		return eval_concat(r, x);
	case EXPR_IN:
		return of_truth(r, is_in(r, x));
	case EXPR_MATH:
		return eval_math(r, x);
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_COMPARE:
		break;
	}
	return of_truth(r, tmpl_test(r, x)); /* negated here and below: Tera */
}

struct value *
tmpl_eval(struct tmpl_run *r, const struct tmpl_expr *x)
{
	struct value *v;

	/* `not name` of an undefined name is true */
	if (x->kind == EXPR_PATH && x->is_not &&
	    !(x->filter && x->filter->is_default) &&
	    !tmpl_look(r, x->path, x->at, true))
		return tmpl_new_bool(r, true);
	v = eval_bare(r, x);
	for (const struct tmpl_call *c = x->filter; v && c; c = c->next)
		if (!c->is_default && !c->is_safe)
			v = tmpl_filter(r, c, v);
	if (v && x->is_not)
		return tmpl_new_bool(r, !tmpl_truthy(v));
	return v;
}
