/*
 * Which function it is, and those of the language.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/cli.h"
#include "base/clock.h"
#include "data/tmpl_int.h"

enum { KNOWN = 256 };

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
	if ((end - start) / step > TMPL_ITEMS)
		return tmpl_refuse(u, "more than %d numbers", TMPL_ITEMS);
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
now_fn(struct tmpl_use *u)
{
	bool is_seconds = false, is_utc = false;
	int64_t ns = clock_wall_ns();
	time_t s = (time_t)(ns / 1000000000);
	char text[80], zone[16];
	struct tm tm;
	size_t n;

	if (tmpl_bool_arg(u, "timestamp", &is_seconds) < 0 ||
	    tmpl_bool_arg(u, "utc", &is_utc) < 0)
		return NULL;
	if (is_seconds)
		return tmpl_new_int(u->r, s);
	if (is_utc)
		gmtime_r(&s, &tm);
	else
		localtime_r(&s, &tm);
	strftime(zone, sizeof zone, "%z", &tm);
	n = strftime(text, sizeof text, "%FT%T", &tm);
	n += (size_t)snprintf(text + n, sizeof text - n, ".%09d%.3s:%s",
	    (int)(ns % 1000000000), zone, zone + 3);
	return tmpl_new_str(u->r, text, n);
}

static struct value *
get_random_fn(struct tmpl_use *u)
{
	int64_t start = 0, end = 0;
	uint64_t span, least, draw;

	if (tmpl_int_arg(u, "end", true, INT64_MIN, &end) < 0 ||
	    tmpl_int_arg(u, "start", false, INT64_MIN, &start) < 0)
		return NULL;
	if (start >= end)
		return tmpl_refuse(u, "`start` has to be less than `end`");
	span = (uint64_t)end - (uint64_t)start;
	least = -span % span; /* below it the draw would not be fair */
	do
		if (getrandom(&draw, sizeof draw, 0) != sizeof draw)
			return tmpl_refuse(u, "%s", strerror(errno));
	while (draw < least);
	return tmpl_new_int(u->r, (int64_t)((uint64_t)start + draw % span));
}

static struct value *
throw_fn(struct tmpl_use *u)
{
	struct tmpl_str s;

	if (!tmpl_str_arg(u, "message", true, &s))
		tmpl_refuse(u, "%.*s", (int)(s.len < 300 ? s.len : 300), s.s);
	return NULL;
}

const struct tmpl_function tmpl_functions[] = {
    {"get_env", get_env_fn},
    {"get_random", get_random_fn},
    {"now", now_fn},
    {"range", range_fn},
    {"throw", throw_fn},
    {0},
};

static const struct tmpl_function *
find(const struct tmpl_function *f, const struct tmpl_str *name)
{
	for (; f && f->name; f++)
		if (*f->name == *name->s &&
		    !strncmp(f->name, name->s, name->len) &&
		    !f->name[name->len])
			return f;
	return NULL;
}

const struct tmpl_function *
tmpl_find_function(const struct tmpl *t, const struct tmpl_str *name)
{
	const struct tmpl_function *f = find(t->how.function, name);

	return f ? f : find(tmpl_functions, name);
}

static size_t
names(const struct tmpl_function *f, const char *to[], size_t n)
{
	for (; f && f->name && n < KNOWN; f++)
		to[n++] = f->name;
	return n;
}

static struct value *
no_function(struct tmpl_run *r, const struct tmpl_call *c)
{
	const char *known[KNOWN];
	size_t n = names(r->t->how.function, known, 0);
	char word[64];

	n = names(tmpl_functions, known, n);
	snprintf(word, sizeof word, "%.*s",
	    (int)(c->name.len < 60 ? c->name.len : 60), c->name.s);
	tmpl_fail(r, c->at, "unknown function `%s`", word);
	tmpl_hint_near(r, word, cli_nearest(word, known, n));
	return NULL;
}

struct value *
tmpl_own_function(struct tmpl_use *u)
{
	const struct tmpl_function *f = find(tmpl_functions, &u->name);

	return f ? f->fn(u) : no_function(u->r, u->call);
}

struct value *
tmpl_function(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_given given[TMPL_ARGS];
	struct tmpl_use u = {r, c, c->name, given, 0};

	if (!c->function)
		return no_function(r, c);
	if (tmpl_args(r, c, given, &u.n) < 0 || tmpl_afford(r, c->at) < 0)
		return NULL;
	return c->function->fn(&u);
}
