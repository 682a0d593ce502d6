/*
 * The arguments of functions, filters and tests.
 */
#include "data/tmpl_use.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/tmpl_int.h"

struct arena *
tmpl_arena(const struct tmpl_use *u)
{
	return u->r->arena;
}

void *
tmpl_ctx(const struct tmpl_use *u)
{
	return u->r->t->how.ctx;
}

struct value *
tmpl_refuse(struct tmpl_use *u, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tmpl_fail(u->r, u->call->at, "`%.*s`: %s",
	    (int)(u->name.len < 60 ? u->name.len : 60), u->name.s, text);
	return NULL;
}

void
tmpl_note_use(struct tmpl_use *u, const char *fix, const char *text)
{
	tmpl_warn_run(u->r, u->call->at, fix, "%s", text);
}

int
tmpl_args(struct tmpl_run *r, const struct tmpl_call *c,
    struct tmpl_given given[], size_t *n)
{
	*n = 0;
	for (const struct tmpl_arg *a = c->arg; a; a = a->next) {
		given[*n].name = a->name;
		given[*n].value = tmpl_eval(r, a->value);
		if (!given[*n].value)
			return -1;
		(*n)++;
	}
	return 0;
}

struct value *
tmpl_arg(const struct tmpl_use *u, const char *name)
{
	for (size_t i = 0; i < u->n; i++)
		if (tmpl_is_name(&u->given[i].name, name))
			return u->given[i].value;
	return NULL;
}

static int
wrong(struct tmpl_use *u, const char *name, const struct value *v,
    const char *want)
{
	if (v)
		tmpl_refuse(u, "`%s` is of type %s, wanted is %s", name,
		    value_kind_name(v->kind), want);
	else
		tmpl_refuse(u, "the argument `%s` is missing", name);
	return -1;
}

int
tmpl_str_arg(
    struct tmpl_use *u, const char *name, bool need, struct tmpl_str *out)
{
	const struct value *v = tmpl_arg(u, name);

	if (!v && !need)
		return 0;
	if (!v || (v->kind != VALUE_STR && v->kind != VALUE_TIME))
		return wrong(u, name, v, "a string");
	*out = (struct tmpl_str){v->str.s, v->str.len};
	return 0;
}

int
tmpl_int_arg(struct tmpl_use *u, const char *name, bool need, int64_t least,
    int64_t *out)
{
	const struct value *v = tmpl_arg(u, name);

	if (!v && !need)
		return 0;
	if (!v || v->kind != VALUE_INT)
		return wrong(u, name, v, "an integer");
	if (v->i < least) {
		tmpl_refuse(u,
		    "`%s` is %" PRId64 ", it must be %" PRId64 " or more", name,
		    v->i, least);
		return -1;
	}
	*out = v->i;
	return 0;
}

int
tmpl_bool_arg(struct tmpl_use *u, const char *name, bool *out)
{
	const struct value *v = tmpl_arg(u, name);

	if (!v)
		return 0;
	if (v->kind != VALUE_BOOL)
		return wrong(u, name, v, "a boolean");
	*out = v->b;
	return 0;
}
