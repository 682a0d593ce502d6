/*
 * Filters for numbers, and those that take anything.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/tmpl_int.h"

static struct value *
no_number(struct tmpl_use *u, const struct value *v)
{
	return tmpl_refuse(
	    u, "wants a number, this is %s", value_kind_name(v->kind));
}

static struct value *
abs_filter(struct tmpl_use *u, struct value *v)
{
	if (v->kind == VALUE_FLOAT)
		return tmpl_new_float(u->r, fabs(v->f));
	if (v->kind == VALUE_UINT || (v->kind == VALUE_INT && v->i >= 0))
		return v;
	if (v->kind != VALUE_INT)
		return no_number(u, v);
	if (v->i == INT64_MIN)
		return tmpl_refuse(u, "the result does not fit into 64 bits");
	return tmpl_new_int(u->r, -v->i);
}

static struct value *
round_filter(struct tmpl_use *u, struct value *v)
{
	struct tmpl_str method = {"common", 6};
	int64_t precision = 0;
	double f, scale;

	if (!tmpl_is_num(v))
		return no_number(u, v);
	if (tmpl_str_arg(u, "method", false, &method) < 0 ||
	    tmpl_int_arg(u, "precision", false, INT32_MIN, &precision) < 0)
		return NULL;
	f = tmpl_num(v);
	scale = precision ? pow(10, (double)precision) : 1;
	if (!strcmp(method.s, "common"))
		f = round(f * scale) / scale;
	else if (!strcmp(method.s, "ceil"))
		f = ceil(f * scale) / scale;
	else if (!strcmp(method.s, "floor"))
		f = floor(f * scale) / scale;
	else
		return tmpl_refuse(u, "`method` is common, ceil or floor");
	return isfinite(f) ? tmpl_new_float(u->r, f)
			   : tmpl_new(u->r, VALUE_NULL);
}

static int64_t
cut(double f)
{
	if (isnan(f))
		return 0;
	if (f >= 9223372036854775807.0)
		return INT64_MAX;
	return f <= -9223372036854775808.0 ? INT64_MIN : (int64_t)f;
}

/* All of s, digits of the base, into *to? */
static bool
read_int(const char *s, size_t n, int base, int64_t *to)
{
	char *end;
	long long v;

	if (!n || *s == ' ' || (*s >= '\t' && *s <= '\r') || memchr(s, 0, n))
		return false;
	if (base == 16 && n > 1 && memchr(s, 'X', n < 3 ? n : 3))
		return false;
	if (base == 16 && n > 2 && (s[1] == 'x' || s[2] == 'x'))
		return false; /* strtoll would take it once more */
	errno = 0;
	v = strtoll(s, &end, base);
	if (errno || end != s + n)
		return false;
	*to = v;
	return true;
}

static bool
read_float(const char *s, size_t n, double *to)
{
	char *end;

	if (!n || memchr(s, 0, n) || strpbrk(s, "xXpP("))
		return false;
	*to = strtod(s, &end);
	return end == s + n;
}

/* 0b, 0o, 0x before the digits, as goes with the base. */
static const char *
skip_prefix(const char *s, size_t *n, int64_t base)
{
	char letter = base == 2 ? 'b' : base == 8 ? 'o' : base == 16 ? 'x' : 0;

	if (!letter || *n < 2 || s[0] != '0' || s[1] != letter)
		return s;
	*n -= 2;
	return s + 2;
}

static struct value *
int_of_text(
    struct tmpl_use *u, const struct value *v, int64_t otherwise, int64_t base)
{
	size_t n = v->str.len, left;
	const char *s = tmpl_trim(v->str.s, &n, true, true), *d;
	int64_t i;
	double f;

	s = arena_dup(u->r->arena, s, n);
	left = n;
	d = skip_prefix(s, &left, base);
	if (read_int(d, left, (int)base, &i))
		return tmpl_new_int(u->r, i);
	if (memchr(s, '.', n) && read_float(s, n, &f))
		return tmpl_new_int(u->r, cut(f));
	return tmpl_new_int(u->r, otherwise);
}

static struct value *
int_filter(struct tmpl_use *u, struct value *v)
{
	int64_t otherwise = 0, base = 10;

	if (tmpl_int_arg(u, "default", false, INT64_MIN, &otherwise) < 0 ||
	    tmpl_int_arg(u, "base", false, 2, &base) < 0)
		return NULL;
	if (base > 36)
		return tmpl_refuse(u, "`base` is 2 to 36");
	if (v->kind == VALUE_STR)
		return int_of_text(u, v, otherwise, base);
	if (tmpl_is_num(v))
		return tmpl_new_int(u->r, cut(tmpl_num(v)));
	return no_number(u, v);
}

static struct value *
float_filter(struct tmpl_use *u, struct value *v)
{
	const struct value *otherwise = tmpl_arg(u, "default");
	double f = 0;

	if (otherwise && !tmpl_is_num(otherwise))
		return tmpl_refuse(u, "`default` wants a number");
	if (otherwise)
		f = tmpl_num(otherwise);
	if (v->kind == VALUE_STR) {
		size_t n = v->str.len;
		const char *s = tmpl_trim(v->str.s, &n, true, true);
		double got;

		if (read_float(arena_dup(u->r->arena, s, n), n, &got))
			f = got;
	} else if (tmpl_is_num(v)) {
		f = tmpl_num(v);
	} else {
		return no_number(u, v);
	}
	return isfinite(f) ? tmpl_new_float(u->r, f)
			   : tmpl_new(u->r, VALUE_NULL);
}

static struct value *
pluralize(struct tmpl_use *u, struct value *v)
{
	struct tmpl_str many = {"s", 1}, one = {"", 0};

	if (!tmpl_is_num(v))
		return no_number(u, v);
	if (tmpl_str_arg(u, "plural", false, &many) < 0 ||
	    tmpl_str_arg(u, "singular", false, &one) < 0)
		return NULL;
	if (fabs(tmpl_num(v)) == 1)
		many = one;
	return tmpl_new_str(u->r, many.s, many.len);
}

static struct value *
filesizeformat(struct tmpl_use *u, struct value *v)
{
	static const char *const units[][7] = {
	    {"B", "kB", "MB", "GB", "TB", "PB", "EB"},
	    {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}};
	bool is_binary = false;
	char text[40];
	size_t unit = 0;
	double f;

	if (v->kind != VALUE_UINT && (v->kind != VALUE_INT || v->i < 0))
		return tmpl_refuse(u, "wants an integer that is not negative");
	if (tmpl_bool_arg(u, "binary", &is_binary) < 0)
		return NULL;
	for (f = tmpl_num(v); f >= 1024; f /= 1024)
		unit++;
	snprintf(text, sizeof text, f == floor(f) ? "%.0f %s" : "%.2f %s", f,
	    units[is_binary][unit]);
	return tmpl_new_str(u->r, text, strlen(text));
}

static struct value *
json_encode(struct tmpl_use *u, struct value *v)
{
	const struct value *pretty = tmpl_arg(u, "pretty");
	AUTO_BUF b = BUF_INIT;

	if (tmpl_json(&b, v, value_bool_or(pretty, false) ? 0 : -1, 0) < 0)
		return tmpl_refuse(u, "nested too deep");
	return tmpl_new_buf(u->r, &b);
}

static struct value *
as_str(struct tmpl_use *u, struct value *v)
{
	AUTO_BUF b = BUF_INIT;

	if (tmpl_print(&b, v, 0) < 0)
		return tmpl_refuse(u, "nested too deep");
	return tmpl_new_buf(u->r, &b);
}

static struct value *
safe(struct tmpl_use *u, struct value *v)
{
	(void)u;
	return v;
}

const struct tmpl_filter tmpl_number_filters[] = {
    {"abs", abs_filter, false},
    {"as_str", as_str, false},
    {"filesizeformat", filesizeformat, false},
    {"float", float_filter, false},
    {"int", int_filter, false},
    {"json_encode", json_encode, false},
    {"pluralize", pluralize, false},
    {"round", round_filter, false},
    {"safe", safe, false},
    {0},
};
