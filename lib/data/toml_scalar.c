/* Numbers, booleans, dates and times. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/toml_int.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two or four digits at s[0]; -1 when they are none. */
static int
digits(const char *s, const char *end, int many)
{
	int v = 0;

	if (end - s < many)
		return -1;
	while (many--) {
		if (!is_digit(*s))
			return -1;
		v = v * 10 + *s++ - '0';
	}
	return v;
}

static bool
is_date(const char *s, const char *end)
{
	static const char days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = digits(s, end, 4), month, day;

	if (year < 0 || end - s < 10 || s[4] != '-' || s[7] != '-')
		return false;
	month = digits(s + 5, end, 2);
	day = digits(s + 8, end, 2);
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 ||
	       (year % 4 == 0 && (year % 100 || year % 400 == 0));
}

/* The end of the time at s, or NULL when there is none. */
static const char *
past_time(const char *s, const char *end)
{
	int hour = digits(s, end, 2), minute, second;

	if (hour < 0 || hour > 23 || end - s < 8 || s[2] != ':' || s[5] != ':')
		return NULL;
	minute = digits(s + 3, end, 2);
	second = digits(s + 6, end, 2);
	if (minute < 0 || minute > 59 || second < 0 || second > 60)
		return NULL;
	s += 8;
	if (s < end && *s == '.') {
		if (++s == end || !is_digit(*s))
			return NULL;
		while (s < end && is_digit(*s))
			s++;
	}
	return s;
}

static bool
is_offset(const char *s, const char *end)
{
	if (end - s == 1)
		return *s == 'Z' || *s == 'z';
	return end - s == 6 && (*s == '+' || *s == '-') && s[3] == ':' &&
	       digits(s + 1, end, 2) >= 0 && digits(s + 1, end, 2) < 24 &&
	       digits(s + 4, end, 2) >= 0 && digits(s + 4, end, 2) < 60;
}

bool
toml_is_time(const char *s, size_t n, enum value_time *kind)
{
	const char *end = s + n;
	bool has_date = n >= 5 && s[4] == '-';

	*kind = has_date ? VALUE_LOCAL_DATE : VALUE_LOCAL_TIME;
	if (has_date) {
		if (!is_date(s, end))
			return false;
		s += 10;
		if (s == end)
			return true;
		if (*s != 'T' && *s != 't' && *s != ' ')
			return false;
		s++;
		*kind = VALUE_LOCAL_DATE_TIME;
	}
	s = past_time(s, end);
	if (!s || s == end)
		return s;
	*kind = VALUE_OFFSET_DATE_TIME;
	return has_date && is_offset(s, end);
}

/* 2026-… or 07:… */
static bool
looks_like_time(const char *s, size_t len)
{
	const char *end = s + len;

	return (len > 4 && s[4] == '-' && digits(s, end, 4) >= 0) ||
	       (len > 2 && s[2] == ':' && digits(s, end, 2) >= 0);
}

static struct value *
date_time(struct toml *p, const char *s, size_t len)
{
	enum value_time kind;
	struct value *v;

	if (!toml_is_time(s, len, &kind))
		return NULL;
	v = value_new(p->a, VALUE_TIME);
	v->time = kind;
	v->str.s = arena_dup(p->a, s, len);
	v->str.len = len;
	return v;
}

/* Take the digits of a base, with single underscores between them. */
static bool
take_digits(const char **s, const char *end, int base, struct buf *to)
{
	bool is_after = false; /* a digit */

	for (; *s < end; (*s)++) {
		char c = **s;
		int d = is_digit(c)			   ? c - '0'
		      : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
							   : 99;

		if (c == '_') {
			if (!is_after)
				return false;
		} else if (d < base) {
			buf_addc(to, c);
		} else {
			break;
		}
		is_after = c != '_';
	}
	return is_after;
}

static struct value *
integer(struct toml *p, int base)
{
	int64_t i;

	errno = 0;
	i = strtoll(p->scratch.s, NULL, base);
	return errno ? NULL : value_int(p->a, i);
}

static struct value *
based(struct toml *p, const char *s, const char *end)
{
	int base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : 2;

	s += 2;
	buf_reset(&p->scratch);
	if (!take_digits(&s, end, base, &p->scratch) || s < end)
		return NULL;
	return integer(p, base);
}

/* Take ".5" and "e+7", in that order, either or both. */
static bool
take_fraction(const char **s, const char *end, struct buf *to)
{
	if (*s < end && **s == '.') {
		buf_addc(to, *(*s)++);
		if (!take_digits(s, end, 10, to))
			return false;
	}
	if (*s < end && (**s | 32) == 'e') {
		buf_addc(to, *(*s)++);
		if (*s < end && (**s == '+' || **s == '-'))
			buf_addc(to, *(*s)++);
		return take_digits(s, end, 10, to);
	}
	return true;
}

static struct value *
number(struct toml *p, const char *s, const char *end)
{
	const char *first = s;
	size_t sign;

	buf_reset(&p->scratch);
	if (*s == '+' || *s == '-')
		buf_addc(&p->scratch, *s++);
	sign = p->scratch.len;
	if (end - s == 3 && !memcmp(s, "inf", 3))
		return value_float(p->a, *first == '-' ? -INFINITY : INFINITY);
	if (end - s == 3 && !memcmp(s, "nan", 3))
		return value_float(p->a, NAN);
	if (!sign && end - s > 2 && *s == '0' && strchr("xob", s[1]))
		return based(p, s, end);
	if (!take_digits(&s, end, 10, &p->scratch))
		return NULL;
	if (p->scratch.s[sign] == '0' && p->scratch.len > sign + 1)
		return NULL;
	if (s == end)
		return integer(p, 10);
	if (!take_fraction(&s, end, &p->scratch) || s < end)
		return NULL;
	return value_float(p->a, strtod(p->scratch.s, NULL));
}

/* How far letters, digits and what numbers and times hold reach. */
static size_t
token(const struct toml *p)
{
	size_t i = p->i;

	while (toml_is(p->s[i], TOML_TOKEN))
		i++;
	/* A date and its time may have a blank between them */
	if (i - p->i == 10 && p->s[p->i + 4] == '-' && p->n - i > 3 &&
	    p->s[i] == ' ' && is_digit(p->s[i + 1]) && is_digit(p->s[i + 2]) &&
	    p->s[i + 3] == ':') {
		i++;
		while (i < p->n && (is_digit(p->s[i]) ||
				       (p->s[i] && strchr(":.+-Zz", p->s[i]))))
			i++;
	}
	return i - p->i;
}

static void
complain(struct toml *p, const struct value_pos *at, const char *s, size_t len)
{
	int shown = len < 60 ? (int)len : 60;

	if (is_digit(*s) || *s == '+' || *s == '-' || *s == '.') {
		bool is_time = looks_like_time(s, len);

		toml_fail(p, at, "%.*s is no %s", shown, s,
		    is_time ? "date or time" : "number that fits");
		if (!is_time)
			toml_hint(p, "integers have 64 bits and no leading "
				     "zero; a string needs quotes");
		return;
	}
	toml_fail(p, at, "expected a value, found '%.*s'", shown, s);
	toml_hint(p, "a string needs quotes");
}

/* The digits at s, behind those that made *u; no more than `end` holds. */
static const char *
plain_digits(const char *s, const char *end, uint64_t *u)
{
	for (; s < end && is_digit(*s); s++)
		*u = *u * 10 + (uint64_t)(*s - '0');
	return s;
}

/*
 * Most numbers: digits, perhaps with a dot between them, so few that integer
 * arithmetic is exact; the quotient of two exact doubles is the nearest one.
 * False for any other token, right or wrong.
 */
static bool
plain_number(struct toml *p, struct value *v)
{
	static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
	    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	bool is_below = p->s[p->i] == '-';
	const char *from = p->s + p->i + is_below, *s, *dot;
	uint64_t u = 0;

	s = dot = plain_digits(from, from + 18, &u);
	if (s == from || (*from == '0' && s != from + 1))
		return false;
	if (*s == '.') {
		s = plain_digits(dot + 1, from + 16, &u);
		if (s <= dot + 1)
			return false;
	}
	if (toml_is(*s, TOML_TOKEN))
		return false;
	v->kind = s == dot ? VALUE_INT : VALUE_FLOAT;
	if (s == dot)
		v->i = is_below ? -(int64_t)u : (int64_t)u;
	else
		v->f = (is_below ? -(double)u : (double)u) / tens[s - dot - 1];
	p->i = (size_t)(s - p->s);
	return true;
}

static struct value *
token_value(struct toml *p, const char *s, size_t len)
{
	if (len == 4 && !memcmp(s, "true", 4))
		return value_bool(p->a, true);
	if (len == 5 && !memcmp(s, "false", 5))
		return value_bool(p->a, false);
	if (looks_like_time(s, len))
		return date_time(p, s, len);
	return number(p, s, s + len);
}

struct value *
toml_scalar(struct toml *p)
{
	struct value_pos at = toml_place(p, p->i);
	const char *s = p->s + p->i;
	struct value some, *v;
	size_t len;

	if (plain_number(p, &some)) {
		at.end = toml_offset(p);
		v = toml_make(p, some.kind, &at);
		v->i = some.i;
		return v;
	}
	len = token(p);
	if (!len) {
		toml_expected(p, "a value");
		return NULL;
	}
	v = token_value(p, s, len);
	at.end += (uint32_t)len;
	if (v) {
		v->at = at;
		p->i += len;
	} else {
		complain(p, &at, s, len);
	}
	return v;
}
