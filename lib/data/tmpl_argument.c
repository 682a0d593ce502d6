/*
 * The calls of functions, filters and macros, and their arguments.
 */
#include <string.h>

#include "base/mem.h"
#include "data/tmpl_int.h"

static int
add_arg(struct tmpl_parser *p, struct tmpl_call *c, struct tmpl_arg new)
{
	struct tmpl_arg **last = &c->arg;

	for (; *last; last = &(*last)->next)
		if (new.name.len && (*last)->name.len == new.name.len &&
		    !memcmp((*last)->name.s, new.name.s, new.name.len)) {
			(*last)->value = new.value; /* the last one wins */
			return 0;
		}
	if (c->args == TMPL_ARGS)
		return tmpl_bad(p, p->pos, "more than %d arguments", TMPL_ARGS);
	*last = arena_alloc(p->a, sizeof **last);
	**last = new;
	c->args++;
	return 0;
}

/* `name=`; 0 when it is none and positions will do, or -1 and *e. */
static int
keyword(struct tmpl_parser *p, struct tmpl_arg *arg)
{
	size_t at = p->pos;

	if (tmpl_ident(p, &arg->name)) {
		tmpl_blank(p);
		if (tmpl_sees(p, "=") && !tmpl_sees(p, "==")) {
			p->pos++;
			return 0;
		}
	} else if (p->leeway == TMPL_NONE) {
		return tmpl_expected(p, "an argument: name=value");
	}
	if (p->leeway == TMPL_NONE)
		return tmpl_bad(
		    p, at, "an argument needs its name: name=value");
	p->pos = at;
	arg->name = (struct tmpl_str){0};
	return 0;
}

/* From behind the opening parenthesis to behind the closing one. */
int
tmpl_read_arguments(struct tmpl_parser *p, struct tmpl_call *c, bool by_name)
{
	if (tmpl_enter(p) < 0)
		return -1;
	for (tmpl_blank(p); !tmpl_sees(p, ")") || (!by_name && !c->args);) {
		struct tmpl_arg arg = {0};

		if (by_name && keyword(p, &arg) < 0)
			return -1;
		arg.value = tmpl_logic_or_array(p);
		if (!arg.value || add_arg(p, c, arg) < 0)
			return -1;
		tmpl_blank(p);
		if (!tmpl_take(p, ",")) {
			if (!tmpl_sees(p, ")"))
				return tmpl_expected(p, "`,` or `)`");
			break;
		}
		tmpl_blank(p);
	}
	p->pos++;
	p->depth--;
	return 0;
}

/* What arguments by position are called. */
static const struct {
	const char *name;
	const char *arg[4][4]; /* [how many are given][which] */
} positions[] = {
    {"default", {{0}, {"value"}}},
    {"env", {{0}, {"name"}, {"name", "default"}}},
    {"get_env", {{0}, {"name"}, {"name", "default"}}},
    {"range", {{0}, {"end"}, {"start", "end"}, {"start", "end", "step_by"}}},
};

static const char *
name_of(const struct tmpl_call *c, size_t given, size_t i)
{
	for (size_t k = 0; k < COUNT(positions) && given < 4 && i < 4; k++)
		if (tmpl_is_name(&c->name, positions[k].name))
			return positions[k].arg[given][i];
	return NULL;
}

void
tmpl_warn_position(struct tmpl_parser *p, const struct tmpl_call *c)
{
	tmpl_warn(p, c->at, "write name=value",
	    "an argument of `%.*s` without its name is not Tera",
	    (int)c->name.len, c->name.s);
}

int
tmpl_arguments(struct tmpl_parser *p, struct tmpl_call *c)
{
	size_t given = 0, i = 0;
	const char *name;

	if (tmpl_read_arguments(p, c, true) < 0)
		return -1;
	for (const struct tmpl_arg *a = c->arg; a; a = a->next)
		given += !a->name.len;
	for (struct tmpl_arg *a = c->arg; a && given; a = a->next) {
		if (a->name.len)
			continue;
		name = name_of(c, given, i++);
		if (!name)
			return tmpl_bad(p, c->at,
			    "an argument of `%.*s` needs its name: name=value",
			    (int)c->name.len, c->name.s);
		a->name = (struct tmpl_str){name, strlen(name)};
	}
	if (given)
		tmpl_warn_position(p, c);
	return 0;
}

struct tmpl_call *
tmpl_new_call(struct tmpl_parser *p, struct tmpl_str name, size_t at)
{
	struct tmpl_call *c = arena_take(p->a, sizeof *c);

	*c = (struct tmpl_call){.name = name, .at = (uint32_t)at};
	return c;
}

/* The height of an expression counts that of its arguments. */
struct tmpl_expr *
tmpl_above_args(
    struct tmpl_parser *p, struct tmpl_expr *x, const struct tmpl_call *c)
{
	for (const struct tmpl_arg *a = c->arg; a; a = a->next)
		if (!tmpl_above(p, x, a->value))
			return NULL;
	return x;
}

struct tmpl_expr *
tmpl_filters(struct tmpl_parser *p, struct tmpl_expr *x)
{
	struct tmpl_call **last = &x->filter;

	for (;; last = &(*last)->next) {
		size_t back = p->pos, at;
		struct tmpl_str name;

		tmpl_blank(p);
		if (!tmpl_take(p, "|")) {
			p->pos = back;
			return x;
		}
		x->is_arith = false;
		tmpl_blank(p);
		at = p->pos;
		if (!tmpl_ident(p, &name)) {
			tmpl_expected(p, "the name of a filter");
			return NULL;
		}
		*last = tmpl_new_call(p, name, at);
		(*last)->filter = tmpl_find_filter(p->t, &name);
		(*last)->is_default = tmpl_is_name(&name, "default");
		(*last)->is_safe = tmpl_is_name(&name, "safe");
		back = p->pos;
		tmpl_blank(p);
		if (!tmpl_take(p, "("))
			p->pos = back;
		else if (tmpl_arguments(p, *last) < 0 ||
			 !tmpl_above_args(p, x, *last))
			return NULL;
	}
}
