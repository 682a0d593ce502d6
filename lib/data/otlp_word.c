#include "data/otlp_word.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/token.h"

static int
expect(struct otlp *o, char c, const char *otherwise)
{
	if (otlp_peek(o) != c)
		return otlp_fail(o, otherwise);
	o->at++;
	return 0;
}

bool
otlp_take(struct otlp *o, const char *word)
{
	size_t n = strlen(word);

	if (otlp_peek(o) != *word || o->n - o->at < n ||
	    memcmp(o->s + o->at, word, n))
		return false;
	o->at += n;
	return true;
}

int
otlp_start(struct otlp *o)
{
	size_t good = utf8_check(o->s, o->n);

	if (good < o->n) {
		o->at = good;
		return otlp_fail(o, "malformed JSON: not UTF-8");
	}
	return otlp_peek(o) == '{' ? 0 : otlp_fail(o, "no JSON object");
}

int
otlp_stop(struct otlp *o)
{
	return otlp_peek(o) < 0 ? 0 : otlp_fail(o, "more than one JSON text");
}

int
otlp_open(struct otlp *o, char bracket)
{
	if (otlp_peek(o) != bracket)
		return otlp_fail(o, bracket == '{'
					? "not the object that is wanted"
					: "not the list that is wanted");
	o->at++;
	if (o->nesting++ >= OTLP_NESTING)
		return otlp_fail(o, "JSON nested too deep");
	return 0;
}

/* The comma or the end. */
static int
advance(struct otlp *o, char bracket, bool more)
{
	if (otlp_peek(o) == bracket) {
		o->at++;
		o->nesting--;
		return 0;
	}
	if (more && expect(o, ',', "malformed JSON: no comma") < 0)
		return -1;
	return 1;
}

int
otlp_next(struct otlp *o, bool more)
{
	return advance(o, '}', more);
}

int
otlp_key(struct otlp *o, struct otlp_word *key)
{
	if (otlp_string(o, key) < 0)
		return -1;
	return expect(o, ':', "malformed JSON: no colon");
}

int
otlp_item(struct otlp *o, bool more)
{
	return advance(o, ']', more);
}

static int
hex4(const char *s, size_t n, uint32_t *v)
{
	*v = 0;
	if (n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		char c = s[i] | 0x20;

		if (s[i] >= '0' && s[i] <= '9')
			*v = *v << 4 | (uint32_t)(s[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*v = *v << 4 | (uint32_t)(c - 'a' + 10);
		else
			return -1;
	}
	return 0;
}

/* \uXXXX, the reader behind the u; a pair of them for what is above U+FFFF. */
static int
code_point(struct otlp *o)
{
	const char *s = o->s + o->at;
	size_t n = o->n - o->at;
	uint32_t c, low;
	char to[4];

	if (hex4(s, n, &c) < 0)
		return otlp_fail(o, "malformed JSON: a bad escape");
	o->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && n >= 10 && s[4] == '\\' &&
	    s[5] == 'u' && hex4(s + 6, n - 6, &low) == 0 && low >= 0xdc00 &&
	    low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		o->at += 6;
	}
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	buf_add(&o->scratch, to, utf8_put(to, c));
	return 0;
}

static int
escape(struct otlp *o)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = o->at < o->n ? o->s[o->at++] : 0;
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return code_point(o);
	if (!found)
		return otlp_fail(o, "malformed JSON: a bad escape");
	buf_addc(&o->scratch, to[found - from]);
	return 0;
}

int
otlp_string(struct otlp *o, struct otlp_word *w)
{
	bool is_escaped = false;

	if (expect(o, '"', "not the string that is wanted") < 0)
		return -1;
	w->s = o->s + o->at;
	w->n = token_plain(w->s, o->n - o->at);
	if (w->n < o->n - o->at && w->s[w->n] == '"') {
		o->at += w->n + 1;
		return 0;
	}
	for (;;) {
		size_t n = token_plain(o->s + o->at, o->n - o->at);

		*w = (struct otlp_word){o->s + o->at, n};
		if (is_escaped)
			buf_add(&o->scratch, w->s, n);
		o->at += n;
		if (o->at == o->n || (unsigned char)o->s[o->at] < 0x20)
			return otlp_fail(o, "malformed JSON: a string");
		if (o->s[o->at++] == '"')
			break;
		if (!is_escaped) {
			buf_reset(&o->scratch);
			buf_add(&o->scratch, w->s, n);
		}
		is_escaped = true;
		if (escape(o) < 0)
			return -1;
	}
	if (is_escaped)
		*w = (struct otlp_word){o->scratch.s, o->scratch.len};
	return 0;
}

static size_t
digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* How much of s[n] is a number as JSON writes it; 0: nothing. */
static size_t
number_len(const char *s, size_t n)
{
	size_t i = n && *s == '-', k = digits(s + i, n - i);

	if (!k || (k > 1 && s[i] == '0'))
		return 0;
	i += k;
	if (i < n && s[i] == '.') {
		k = digits(s + i + 1, n - i - 1);
		if (!k)
			return 0;
		i += 1 + k;
	}
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t e = i + 1;

		if (e < n && (s[e] == '+' || s[e] == '-'))
			e++;
		k = digits(s + e, n - e);
		if (!k)
			return 0;
		i = e + k;
	}
	return i;
}

/* The text of a number, bare or in quotes, into o->number. */
static int
number(struct otlp *o)
{
	struct otlp_word w = {0};
	size_t n;

	if (otlp_peek(o) == '"') {
		if (otlp_string(o, &w) < 0)
			return -1;
		if (!w.n || number_len(w.s, w.n) < w.n)
			return otlp_fail(o, "a string that is no number");
	} else {
		n = otlp_peek(o) < 0 ? 0
				     : number_len(o->s + o->at, o->n - o->at);
		if (!n)
			return otlp_fail(o, "not the number that is wanted");
		w = (struct otlp_word){o->s + o->at, n};
		o->at += n;
	}
	buf_reset(&o->number);
	buf_add(&o->number, w.s, w.n);
	return 0;
}

bool
otlp_is_word(struct otlp *o)
{
	return otlp_peek(o) == '"' && o->at + 1 < o->n &&
	       (o->s[o->at + 1] < '0' || o->s[o->at + 1] > '9') &&
	       o->s[o->at + 1] != '-';
}

static int64_t
exponent(const char *s)
{
	int64_t v = 0;
	bool is_negative = *s == '-';

	for (s += *s == '-' || *s == '+'; *s; s++)
		if (v < INT32_MAX)
			v = v * 10 + (*s - '0');
	return is_negative ? -v : v;
}

/*
 * Digits and a power of ten, with no double between: 9007199254740993 stays
 * what it is. `end` is behind the last digit that is not zero.
 */
static int
multiply(struct otlp *o, const char *s, const char *end, int64_t power,
    struct otlp_whole *w)
{
	if (power < 0)
		return otlp_fail(o, "a number that is not whole");
	for (; s < end; s++)
		if (*s != '.' &&
		    (__builtin_mul_overflow(w->magnitude, 10, &w->magnitude) ||
			__builtin_add_overflow(
			    w->magnitude, (uint64_t)(*s - '0'), &w->magnitude)))
			w->is_large = true;
	for (; power && !w->is_large; power--)
		w->is_large =
		    __builtin_mul_overflow(w->magnitude, 10, &w->magnitude);
	return 0;
}

enum { DIGITS = 19 }; /* of which 64 bits hold any */

/*
 * Digits alone, bare or in quotes, that 64 bits hold at any rate, and with no
 * more to come: what nearly all are. Else nothing is read.
 */
static bool
take_digits(struct otlp *o, struct otlp_whole *w)
{
	bool is_quoted = otlp_peek(o) == '"';
	size_t at = o->at + is_quoted, from;
	uint64_t v = 0;
	char after;

	if (at < o->n)
		w->is_negative = o->s[at] == '-';
	from = at += w->is_negative;
	while (at < o->n && at - from <= DIGITS && o->s[at] >= '0' &&
	       o->s[at] <= '9')
		v = v * 10 + (uint64_t)(o->s[at++] - '0');
	after = at < o->n ? o->s[at] : 0;
	if (at == from || at - from > DIGITS || v > INT64_MAX ||
	    (at - from > 1 && o->s[from] == '0') ||
	    (is_quoted ? after != '"' : !strchr(",]} \t\r\n", after)))
		return false;
	w->magnitude = v;
	o->at = at + is_quoted;
	return true;
}

int
otlp_whole(struct otlp *o, struct otlp_whole *w)
{
	const char *s, *end, *last, *point;
	int64_t power = 0;

	*w = (struct otlp_whole){0};
	if (take_digits(o, w))
		return 0;
	*w = (struct otlp_whole){0};
	if (number(o) < 0)
		return -1;
	w->is_negative = *o->number.s == '-';
	s = o->number.s + w->is_negative;
	end = s + strcspn(s, "eE");
	if (*end)
		power = exponent(end + 1);
	last = end;
	while (last > s && (last[-1] == '0' || last[-1] == '.'))
		last--;
	if (last == s)
		return 0;
	point = memchr(s, '.', (size_t)(end - s));
	if (!point)
		point = end;
	/* Each digit between `last` and the point is a zero to put back. */
	power += last <= point ? point - last : point + 1 - last;
	return multiply(o, s, last, power, w);
}

/*
 * Fifteen digits and a power of ten are both doubles, and their quotient is
 * rounded once: what strtod() gives. src: Clinger, 1990
 */
static bool
short_decimal(const char *s, double *d)
{
	static const double scale[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
	    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	bool is_negative = *s == '-';
	size_t whole = digits(s += is_negative, SIZE_MAX), part = 0;
	uint64_t m = 0;

	if (s[whole] == '.')
		part = digits(s + whole + 1, SIZE_MAX);
	if (whole + part > 15 || s[whole + part + (part > 0)])
		return false;
	for (; *s; s++)
		if (*s != '.')
			m = m * 10 + (uint64_t)(*s - '0');
	*d = (double)m / scale[part];
	*d = is_negative ? -*d : *d;
	return true;
}

int
otlp_double(struct otlp *o, double *d)
{
	static const struct {
		const char *name;
		double value;
	} word[] = {
	    {"\"NaN\"", NAN},
	    {"\"Infinity\"", INFINITY},
	    {"\"-Infinity\"", -INFINITY},
	};

	for (size_t i = 0;
	     otlp_peek(o) == '"' && i < sizeof word / sizeof *word; i++)
		if (otlp_take(o, word[i].name)) {
			*d = word[i].value;
			return 0;
		}
	if (number(o) < 0)
		return -1;
	if (!short_decimal(o->number.s, d))
		*d = strtod(o->number.s, NULL);
	return isfinite(*d) ? 0 : otlp_fail(o, "a number out of range");
}

int
otlp_bool(struct otlp *o, bool *yes)
{
	*yes = otlp_take(o, "true");
	if (*yes || otlp_take(o, "false"))
		return 0;
	return otlp_fail(o, "neither true nor false");
}

/* Open brackets are remembered, not nested calls. */
int
otlp_skip(struct otlp *o)
{
	char open[OTLP_NESTING];
	unsigned n = 0;
	bool more = false, truth;
	struct otlp_word w;
	int c, got;

	for (;;) {
		got = !n		 ? 1
		    : open[n - 1] == '{' ? otlp_next(o, more)
					 : otlp_item(o, more);
		if (got > 0 && n && open[n - 1] == '{' && otlp_key(o, &w) < 0)
			return -1;
		if (got < 0)
			return -1;
		more = got == 0;
		c = otlp_peek(o);
		if (!got)
			n--;
		else if (c == '{' || c == '[') {
			if (otlp_open(o, (char)c) < 0)
				return -1;
			open[n++] = (char)c;
		} else {
			more = true;
			if (c == '"')
				got = otlp_string(o, &w);
			else if (c == 't' || c == 'f')
				got = otlp_bool(o, &truth);
			else
				got = otlp_take_null(o) ? 0 : number(o);
			if (got < 0)
				return -1;
		}
		if (!n)
			return 0;
	}
}

static int
digit64(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A'
	     : c >= 'a' && c <= 'z' ? c - 'a' + 26
	     : c >= '0' && c <= '9' ? c - '0' + 52
	     : c == '+' || c == '-' ? 62
	     : c == '/' || c == '_' ? 63
				    : -1;
}

int
otlp_base64(struct otlp *o, struct otlp_word *w)
{
	uint32_t bits = 0;

	if (otlp_string(o, w) < 0)
		return -1;
	for (int pad = 0; pad < 2 && w->n && w->s[w->n - 1] == '='; pad++)
		w->n--;
	if (w->n % 4 == 1)
		return otlp_fail(o, "bytes that are not base64");
	buf_reset(&o->number);
	for (size_t i = 0; i < w->n; i++) {
		int v = digit64(w->s[i]);

		if (v < 0)
			return otlp_fail(o, "bytes that are not base64");
		bits = bits << 6 | (uint32_t)v;
		if (i % 4)
			buf_addc(
			    &o->number, (char)(bits >> (6 - i % 4 * 2) & 0xff));
	}
	*w = (struct otlp_word){o->number.s, o->number.len};
	return 0;
}
