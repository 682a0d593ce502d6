#include "data/console_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

struct reader {
	struct arena *a;
	const char *s, *end;
	struct buf text; /* of the last string or key */
};

static struct value *value(struct reader *r, unsigned level);

static void
skip_space(struct reader *r)
{
	while (r->s < r->end && strchr(" \t\r\n", *r->s) && *r->s)
		r->s++;
}

/* The next character that is no blank; 0 at the end. */
static char
peek(struct reader *r)
{
	skip_space(r);
	return r->s < r->end ? *r->s : 0;
}

static bool
take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	skip_space(r);
	if ((size_t)(r->end - r->s) < n || memcmp(r->s, word, n))
		return false;
	r->s += n;
	return true;
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/* n hex digits; -1: there are none. */
static int32_t
hex(struct reader *r, int n)
{
	int32_t v = 0;

	for (int i = 0; i < n; i++, r->s++) {
		int d = r->s < r->end ? hex_value(*r->s) : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* \uXXXX, \u{X…} or \xXX, the reader behind the letter. */
static bool
code_point(struct reader *r, char kind)
{
	int32_t c = 0, low;
	char to[4];

	if (kind == 'u' && r->s < r->end && *r->s == '{') {
		for (r->s++; r->s < r->end && hex_value(*r->s) >= 0; r->s++)
			if (c <= 0x10ffff)
				c = c << 4 | hex_value(*r->s);
		if (!take(r, "}"))
			return false;
	} else {
		c = hex(r, kind == 'u' ? 4 : 2);
	}
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->s >= 6 &&
	    r->s[0] == '\\' && r->s[1] == 'u') {
		const char *was = r->s;

		r->s += 2;
		low = hex(r, 4);
		if (low >= 0xdc00 && low < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		else
			r->s = was;
	}
	if (c < 0)
		return false;
	if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		c = 0xfffd;
	buf_add(&r->text, to, utf8_put(to, (uint32_t)c));
	return true;
}

static bool
escape(struct reader *r)
{
	static const char from[] = "bfnrtv0", to[] = "\b\f\n\r\t\v\0";
	char c = r->s < r->end ? *r->s++ : 0;
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u' || c == 'x')
		return code_point(r, c);
	buf_addc(&r->text, found ? to[found - from] : c);
	return c != 0;
}

static bool
piece(struct reader *r)
{
	char quote = *r->s++;

	while (r->s < r->end && *r->s != quote) {
		const char *from = r->s;

		while (r->s < r->end && *r->s != quote && *r->s != '\\')
			r->s++;
		buf_add(&r->text, from, (size_t)(r->s - from));
		if (r->s < r->end && *r->s == '\\') {
			r->s++;
			if (!escape(r))
				return false;
		}
	}
	return r->s++ < r->end;
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* A string, of several pieces perhaps: 'one\n' + 'two'. Into r->text. */
static bool
string(struct reader *r)
{
	const char *was;

	buf_reset(&r->text);
	do {
		if (!piece(r))
			return false;
		was = r->s;
	} while (take(r, "+") && is_quote(peek(r)));
	r->s = was;
	return true;
}

static struct value *
string_value(struct reader *r)
{
	return string(r) ? value_str(r->a, r->text.s, r->text.len) : NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* With point or exponent it is a double, else whole. */
static struct value *
number(struct reader *r)
{
	const char *from = r->s;
	bool is_whole = true;
	int64_t i;

	for (r->s += *r->s == '-' || *r->s == '+'; r->s < r->end; r->s++) {
		if (strchr(".eE", *r->s) && *r->s)
			is_whole = false;
		else if (!is_digit(*r->s) && *r->s != '-' && *r->s != '+')
			break;
	}
	buf_reset(&r->text);
	buf_add(&r->text, from, (size_t)(r->s - from));
	if (!is_digit(r->text.s[r->text.len - 1]) && is_whole)
		return NULL;
	r->s += r->s < r->end && *r->s == 'n'; /* a BigInt */
	errno = 0;
	i = strtoll(r->text.s, NULL, 10);
	if (is_whole && !errno)
		return value_int(r->a, i);
	return value_float(r->a, strtod(r->text.s, NULL));
}

/* Up to behind the closing bracket, of [Array], <Buffer 00> or (2). */
static bool
skip_to(struct reader *r, char close)
{
	const char *at = memchr(r->s, close, (size_t)(r->end - r->s));

	if (!at || memchr(r->s, '\n', (size_t)(at - r->s)))
		return false;
	r->s = at + 1;
	return true;
}

/* "... 20 more items" stands where an item might. */
static bool
skip_rest(struct reader *r)
{
	if (!take(r, "..."))
		return false;
	while (r->s < r->end && !strchr(",]}\n", *r->s))
		r->s++;
	return true;
}

static struct value *
list(struct reader *r, unsigned level)
{
	struct value *to = value_new(r->a, VALUE_LIST), *item;

	for (r->s++; !take(r, "]"); take(r, ",")) {
		if (skip_rest(r))
			continue;
		item = value(r, level + 1);
		if (!item || (peek(r) != ',' && peek(r) != ']'))
			return NULL;
		value_add(r->a, to, item);
	}
	return to;
}

/* A key, into r->text: quoted, bare, or [Symbol(x)]. */
static bool
key(struct reader *r)
{
	const char *from;

	if (is_quote(peek(r)))
		return string(r);
	from = r->s;
	if (peek(r) == '[') {
		if (!skip_to(r, ']'))
			return false;
	} else {
		while (r->s < r->end && is_name(*r->s))
			r->s++;
	}
	buf_reset(&r->text);
	buf_add(&r->text, from, (size_t)(r->s - from));
	return r->text.len > 0;
}

/* A member; the items of a Set are keys without a value, and left out. */
static bool
member(struct reader *r, struct value *to, unsigned level)
{
	const char *name;
	struct value *v;
	size_t n;

	if (!key(r))
		return false;
	if (peek(r) == ',' || peek(r) == '}')
		return true;
	name = arena_dup(r->a, r->text.s, n = r->text.len);
	if (!take(r, ":") && !take(r, "=>"))
		return false;
	v = value(r, level + 1);
	if (!v)
		return false;
	value_set(r->a, to, name, n, v);
	return true;
}

static struct value *
table(struct reader *r, unsigned level)
{
	struct value *to = value_new(r->a, VALUE_TABLE);

	for (r->s++; !take(r, "}"); take(r, ",")) {
		if (skip_rest(r))
			continue;
		if (!member(r, to, level) || (peek(r) != ',' && peek(r) != '}'))
			return NULL;
	}
	return to;
}

/* What a name stands before: Map(1) {…}, Foo [Bar] {…}; else it is null. */
static struct value *
named(struct reader *r, unsigned level)
{
	while (r->s < r->end && (is_name(*r->s) || *r->s == '.'))
		r->s++;
	if (r->s < r->end && *r->s == '(' && !skip_to(r, ')'))
		return NULL;
	if (peek(r) == '[' && r->end - r->s > 1 && is_name(r->s[1]) &&
	    !skip_to(r, ']'))
		return NULL;
	if (peek(r) == '{' || peek(r) == '[')
		return value(r, level + 1);
	return value_new(r->a, VALUE_NULL);
}

static struct value *
word(struct reader *r, unsigned level)
{
	static const struct {
		const char *name;
		enum value_kind kind;
		double f;
	} known[] = {{"true", VALUE_BOOL, 1}, {"false", VALUE_BOOL, 0},
	    {"NaN", VALUE_FLOAT, NAN}, {"Infinity", VALUE_FLOAT, INFINITY},
	    {"-Infinity", VALUE_FLOAT, -INFINITY}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!take(r, known[i].name))
			continue;
		if (known[i].kind == VALUE_BOOL)
			return value_bool(r->a, known[i].f > 0);
		return value_float(r->a, known[i].f);
	}
	return *r->s == '-' ? number(r) : named(r, level);
}

/* Does a bracket open what has no items, as [Array], rather than a list? */
static bool
is_tag(const struct reader *r)
{
	static const char *const number[] = {"NaN", "Infinity"};
	size_t n = (size_t)(r->end - r->s - 1);
	const char *s = r->s + 1;

	for (size_t i = 0; i < 2; i++)
		if (n > strlen(number[i]) &&
		    !memcmp(s, number[i], strlen(number[i])))
			return false;
	return n && *s >= 'A' && *s <= 'Z';
}

static struct value *
value(struct reader *r, unsigned level)
{
	char c = peek(r);

	if (level > CONSOLE_NESTING || !c)
		return NULL;
	if (c == '<' || (c == '[' && is_tag(r))) {
		if (!skip_to(r, c == '<' ? '>' : ']'))
			return NULL;
		return peek(r) == '{' ? value(r, level + 1)
				      : value_new(r->a, VALUE_NULL);
	}
	if (c == '{')
		return table(r, level);
	if (c == '[')
		return list(r, level);
	if (is_quote(c))
		return string_value(r);
	if (is_digit(c))
		return number(r);
	return c == '-' || is_name(c) ? word(r, level) : NULL;
}

struct value *
console_object(struct arena *a, const char *s, size_t n)
{
	struct reader r = {a, s, s + n, BUF_INIT};
	struct value *v = peek(&r) == '{' ? value(&r, 0) : NULL;

	if (v && peek(&r))
		v = NULL;
	buf_free(&r.text);
	return v;
}
