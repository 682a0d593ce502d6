/*
 * Functions, tests, and the arguments of both and of filters.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cli.h"
#include "base/clock.h"
#include "base/mem.h"
#include "data/hash.h"
#include "data/match.h"
#include "data/tmpl_int.h"

enum { RANGE_LIMIT = 10000000 };

struct value *
tmpl_refuse(struct tmpl_use *u, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tmpl_fail(u->r, u->call->at, "`%.*s`: %s",
	    (int)(u->call->name.len < 60 ? u->call->name.len : 60),
	    u->call->name.s, text);
	return NULL;
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

/* ---- functions */

typedef struct value *function_fn(struct tmpl_use *u);

static struct value *
range_fn(struct tmpl_use *u)
{
	int64_t start = 0, end = 0, step = 1;
	struct value *list;

	if (tmpl_int_arg(u, "start", false, 0, &start) < 0 ||
	    tmpl_int_arg(u, "end", true, 0, &end) < 0 ||
	    tmpl_int_arg(u, "step_by", false, 1, &step) < 0)
		return NULL;
	if (start > end)
		return tmpl_refuse(u, "`start` is greater than `end`");
	if ((end - start) / step > RANGE_LIMIT)
		return tmpl_refuse(u, "more than %d numbers", RANGE_LIMIT);
	list = tmpl_new(u->r, VALUE_LIST);
	while (start < end) {
		tmpl_push(u->r, list, tmpl_new_int(u->r, start));
		if (end - start <= step)
			break;
		start += step;
	}
	return list;
}

static struct value *
get_env_fn(struct tmpl_use *u)
{
	struct value *otherwise = tmpl_arg(u, "default");
	struct tmpl_str name;
	const char *v;

	if (tmpl_str_arg(u, "name", true, &name) < 0)
		return NULL;
	v = getenv(name.s);
	if (v)
		return tmpl_new_str(u->r, v, strlen(v));
	if (otherwise)
		return otherwise;
	return tmpl_refuse(u, "the environment has no variable '%.*s'",
	    (int)(name.len < 100 ? name.len : 100), name.s);
}

static struct value *
env_fn(struct tmpl_use *u)
{
	struct tmpl_given only = {0};

	for (size_t i = 0; i < u->n; i++)
		if (tmpl_is_name(&u->given[i].name, "name"))
			only = u->given[i];
	u->given = &only;
	u->n = only.value != NULL;
	return get_env_fn(u);
}

static struct value *
now_fn(struct tmpl_use *u)
{
	const char *frozen = getenv("FREEZE_CLOCK");
	int64_t ns = clock_wall_ns();
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[64];
	int n;

	if (frozen && *frozen)
		return tmpl_new_str(u->r, frozen, strlen(frozen));
	gmtime_r(&s, &tm);
	n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(ns % 1000000000));
	return tmpl_new_str(u->r, text, (size_t)n);
}

static struct value *
sha256_fn(struct tmpl_use *u)
{
	char hex[HASH_HEX];
	struct tmpl_str s;

	if (tmpl_str_arg(u, "s", true, &s) < 0)
		return NULL;
	hash_hex(s.s, s.len, hex);
	return tmpl_new_str(u->r, hex, sizeof hex - 1);
}

static struct value *
throw_fn(struct tmpl_use *u)
{
	struct tmpl_str s;

	if (!tmpl_str_arg(u, "message", true, &s))
		tmpl_refuse(u, "%.*s", (int)(s.len < 300 ? s.len : 300), s.s);
	return NULL;
}

static const struct {
	const char *name;
	function_fn *fn;
} functions[] = {
    {"env", env_fn},
    {"get_env", get_env_fn},
    {"now_rfc3339", now_fn},
    {"range", range_fn},
    {"sha256", sha256_fn},
    {"throw", throw_fn},
};

/* Known to Tera or to the original, not here. */
static const char *const later_functions[] = {"now", "get_random",
    "toml_encode", "rand_hex", "seq", "uuid_v4", "uuid_v5", "uuid_v7", "ulid",
    "fake_uuid", "fake_uuid_seeded", "pick", "weighted", "shuffle", "sample",
    "slug", "kebab", "snake", "now_unix", "now_ms", "now_plus", "date_rfc3339",
    "trace_id", "span_id", "traceparent", "baggage", "fake", "fake_kinds"};

static struct value *
no_function(struct tmpl_run *r, const struct tmpl_call *c)
{
	const char *names[COUNT(functions)], *near;
	char word[64];

	for (size_t i = 0; i < COUNT(later_functions); i++)
		if (tmpl_is_name(&c->name, later_functions[i])) {
			tmpl_fail(r, c->at,
			    "the function `%s` is not supported yet",
			    later_functions[i]);
			return NULL;
		}
	for (size_t i = 0; i < COUNT(functions); i++)
		names[i] = functions[i].name;
	snprintf(word, sizeof word, "%.*s",
	    (int)(c->name.len < 60 ? c->name.len : 60), c->name.s);
	tmpl_fail(r, c->at, "unknown function `%s`", word);
	near = cli_nearest(word, names, COUNT(names));
	if (near)
		err_hint(r->e, "did you mean `%s`?", near);
	return NULL;
}

struct value *
tmpl_function(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_given given[TMPL_ARGS];
	struct tmpl_use u = {r, c, given, 0};

	for (size_t i = 0; i < COUNT(functions); i++)
		if (tmpl_is_name(&c->name, functions[i].name))
			return tmpl_args(r, c, given, &u.n) < 0
				 ? NULL
				 : functions[i].fn(&u);
	return no_function(r, c);
}

/* ---- tests: 1, 0, or -1 and *e */

typedef int test_fn(struct tmpl_use *u, const struct value *v);

static int
no(struct tmpl_use *u, const char *text)
{
	tmpl_refuse(u, "%s", text);
	return -1;
}

static int
is_string(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_STR || v->kind == VALUE_TIME;
}

static int
is_number(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return tmpl_is_num(v);
}

static int
is_object(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_TABLE;
}

static int
is_iterable(struct tmpl_use *u, const struct value *v)
{
	(void)u;
	return v->kind == VALUE_TABLE || v->kind == VALUE_LIST;
}

static int
is_odd(struct tmpl_use *u, const struct value *v)
{
	if (!tmpl_is_num(v))
		return no(u, "only a number can be odd or even");
	return fmod(tmpl_num(v), 2) != 0;
}

static int
is_even(struct tmpl_use *u, const struct value *v)
{
	int odd = is_odd(u, v);

	return odd < 0 ? odd : !odd;
}

static int
is_divisible(struct tmpl_use *u, const struct value *v)
{
	if (!tmpl_is_num(v))
		return no(u, "only a number can be divided");
	if (!u->n || !tmpl_is_num(u->given->value))
		return no(u, "wants a number to divide by");
	return fmod(tmpl_num(v), tmpl_num(u->given->value)) == 0;
}

/* Both the subject and the argument are strings? */
static bool
two_strings(struct tmpl_use *u, const struct value *v)
{
	if (v->kind == VALUE_STR && u->n && u->given->value->kind == VALUE_STR)
		return true;
	tmpl_refuse(u, "wants a string, and a string as its argument");
	return false;
}

static int
starts(struct tmpl_use *u, const struct value *v)
{
	const struct value *s;

	if (!two_strings(u, v))
		return -1;
	s = u->given->value;
	return v->str.len >= s->str.len &&
	       !memcmp(v->str.s, s->str.s, s->str.len);
}

static int
ends(struct tmpl_use *u, const struct value *v)
{
	const struct value *s;

	if (!two_strings(u, v))
		return -1;
	s = u->given->value;
	return v->str.len >= s->str.len &&
	       !memcmp(
		   v->str.s + v->str.len - s->str.len, s->str.s, s->str.len);
}

static int
contains(struct tmpl_use *u, const struct value *v)
{
	const struct value *x = u->n ? u->given->value : NULL;

	if (!x)
		return no(u, "wants an argument");
	if (v->kind == VALUE_LIST) {
		for (size_t i = 0; i < v->list.n; i++)
			if (tmpl_equal(v->list.item[i], x, 0))
				return 1;
		return 0;
	}
	if (v->kind != VALUE_STR && v->kind != VALUE_TABLE)
		return no(u, "wants a string, an array or an object");
	if (x->kind != VALUE_STR)
		return no(u, "wants a string as its argument");
	if (v->kind == VALUE_TABLE)
		return value_member(v, x->str.s, x->str.len) != NULL;
	return memmem(v->str.s, v->str.len, x->str.s, x->str.len) != NULL;
}

static int
matches(struct tmpl_use *u, const struct value *v)
{
	const struct value *p;
	AUTO_MATCH *m = NULL;
	struct err why = {0};
	int got;

	if (!two_strings(u, v))
		return -1;
	p = u->given->value;
	m = match_compile(MATCH_REGEX, p->str.s, p->str.len, NULL, &why);
	if (!m) {
		tmpl_refuse(u, "a bad pattern: %.200s", err_message(&why));
		return -1;
	}
	got = match_find(m, v->str.s, v->str.len, NULL, &why);
	if (got < 0)
		tmpl_refuse(u, "%.300s", err_message(&why));
	return got;
}

static const struct {
	const char *name;
	size_t args;
	test_fn *fn; /* NULL: defined, undefined */
} tests[] = {
    {"defined", 0, NULL},
    {"undefined", 0, NULL},
    {"string", 0, is_string},
    {"number", 0, is_number},
    {"object", 0, is_object},
    {"iterable", 0, is_iterable},
    {"odd", 0, is_odd},
    {"even", 0, is_even},
    {"divisibleby", 1, is_divisible},
    {"starting_with", 1, starts},
    {"ending_with", 1, ends},
    {"containing", 1, contains},
    {"matching", 1, matches},
};

static int
no_test(struct tmpl_run *r, const struct tmpl_call *c)
{
	const char *names[COUNT(tests)], *near;
	char word[64];

	for (size_t i = 0; i < COUNT(tests); i++)
		names[i] = tests[i].name;
	snprintf(word, sizeof word, "%.*s",
	    (int)(c->name.len < 60 ? c->name.len : 60), c->name.s);
	tmpl_fail(r, c->at, "unknown test `%s`", word);
	near = cli_nearest(word, names, COUNT(names));
	if (near)
		err_hint(r->e, "did you mean `%s`?", near);
	return -1;
}

static int
apply_test(struct tmpl_use *u, size_t which)
{
	const struct tmpl_call *c = u->call;
	const struct value *v;

	if (tmpl_args(u->r, c, u->given, &u->n) < 0)
		return -1;
	if (u->n > tests[which].args)
		return no(u, tests[which].args ? "takes one argument"
					       : "takes no arguments");
	v = tmpl_look(u->r, c->subject, c->at, true);
	if (!tests[which].fn)
		return (v != NULL) == (*tests[which].name == 'd');
	if (!v) /* for its message */
		return tmpl_look(u->r, c->subject, c->at, false) ? 0 : -1;
	return tests[which].fn(u, v);
}

int
tmpl_is(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_given given[TMPL_ARGS];
	struct tmpl_use u = {r, c, given, 0};

	for (size_t i = 0; i < COUNT(tests); i++) {
		int got;

		if (!tmpl_is_name(&c->name, tests[i].name))
			continue;
		got = apply_test(&u, i);
		return got < 0 ? got : got != c->is_not;
	}
	return no_test(r, c);
}
