/* Strings, arrays and inline tables. */
#include <string.h>

#include "base/utf8.h"
#include "data/toml_int.h"

/* Does s[i] end a plain run of characters in a string with that quote? */
static bool
is_special(unsigned char c, char quote)
{
	return c == (unsigned char)quote || c == '\\' || c < ' ' || c == 0x7f;
}

static void
run(struct toml *p, char quote)
{
	size_t from = p->i;

	while (
	    p->i < p->n && (p->s[p->i] == '\t' ||
			       !is_special((unsigned char)p->s[p->i], quote)))
		p->i++;
	buf_add(&p->scratch, p->s + from, p->i - from);
}

static bool
unicode(struct toml *p, size_t from, int digits)
{
	struct value_pos at = toml_place(p, from);
	uint32_t c = 0;
	char text[4];

	for (int i = 0; i < digits; i++) {
		int d = toml_peek(p);

		if (d >= '0' && d <= '9')
			d -= '0';
		else if ((d | 32) >= 'a' && (d | 32) <= 'f')
			d = (d | 32) - 'a' + 10;
		else
			return toml_fail(p, &at,
			    "expected %d hexadecimal "
			    "digits behind \\%c",
			    digits, p->s[from + 1]);
		c = c << 4 | (uint32_t)d;
		p->i++;
	}
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return toml_fail(p, &at, "U+%04X is no character", c);
	buf_add(&p->scratch, text, utf8_put(text, c));
	return true;
}

/* A backslash at the end of a line: go on at the next character. */
static int
continuation(struct toml *p)
{
	size_t from = p->i;
	int got;

	toml_blanks(p);
	got = toml_newline(p);
	if (got <= 0) {
		p->i = from;
		return got;
	}
	do
		toml_blanks(p);
	while ((got = toml_newline(p)) > 0);
	return got < 0 ? -1 : 1;
}

static bool
escape(struct toml *p, bool is_multi)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	size_t start = p->i++;
	int c = toml_peek(p);
	const char *found = c > 0 ? strchr(from, c) : NULL;
	struct value_pos at;

	if (found) {
		buf_addc(&p->scratch, to[found - from]);
		p->i++;
		return true;
	}
	if (c == 'u' || c == 'U') {
		p->i++;
		return unicode(p, start, c == 'u' ? 4 : 8);
	}
	if (is_multi) {
		int got = continuation(p);

		if (got)
			return got > 0;
	}
	at = toml_place(p, start);
	if (c < ' ' || c >= 0x7f)
		toml_fail(p, &at, "a backslash without its letter");
	else
		toml_fail(p, &at, "unknown escape \\%c", c);
	return toml_hint(p, "write \\\\ for a backslash, or the string in "
			    "'single quotes'");
}

/* What may stand in a string besides plain characters and its quote. */
static bool
special(struct toml *p, char quote, bool is_multi)
{
	int c = toml_peek(p), got;

	if (c == '\\' && quote == '"')
		return escape(p, is_multi);
	if (c == '\\') {
		buf_addc(&p->scratch, (char)c);
		p->i++;
		return true;
	}
	if (is_multi && (c == '\n' || c == '\r')) {
		size_t from = p->i;

		got = toml_newline(p);
		buf_add(&p->scratch, p->s + from, p->i - from);
		return got > 0;
	}
	toml_expected(p, quote == '"' ? "'\"' to end the string"
				      : "\"'\" to end the string");
	if (c == '\n' || c == '\r')
		toml_hint(p, "a string of several lines stands in %s",
		    quote == '"' ? "\"\"\"" : "'''");
	return false;
}

/* The string never ends: what follows it is looked for behind its first line */
static bool
unterminated(struct toml *p, const struct toml *from, const char *quotes)
{
	struct value_pos at;

	p->i = from->i;
	p->line = from->line;
	p->mark = from->mark;
	p->mark_column = from->mark_column;
	p->open++;
	at = toml_place(p, p->i);
	at.end += 3;
	return toml_fail(
	    p, &at, "this string never ends: no %s follows", quotes);
}

static bool
multi_line(struct toml *p, char quote)
{
	struct toml from = *p;

	p->i += 3;
	if (toml_newline(p) < 0)
		return false;
	for (;;) {
		size_t many = 0;

		run(p, quote);
		while (many < 5 && toml_take(p, quote))
			many++;
		if (many >= 3) {
			while (many-- > 3)
				buf_addc(&p->scratch, quote);
			return true;
		}
		for (size_t i = 0; i < many; i++)
			buf_addc(&p->scratch, quote);
		if (p->i == p->n)
			return unterminated(
			    p, &from, quote == '"' ? "\"\"\"" : "'''");
		if (!many && !special(p, quote, true))
			return false;
	}
}

static bool
single_line(struct toml *p, char quote)
{
	p->i++;
	for (;;) {
		run(p, quote);
		if (toml_take(p, quote))
			return true;
		if (!special(p, quote, false))
			return false;
	}
}

struct value *
toml_string(struct toml *p, bool is_key)
{
	struct value_pos at = toml_place(p, p->i);
	char quote = p->s[p->i];
	bool is_multi = p->n - p->i >= 3 && p->s[p->i + 1] == quote &&
			p->s[p->i + 2] == quote;
	struct value *v;

	buf_reset(&p->scratch);
	if (is_multi && is_key) {
		toml_fail(p, &at, "a key cannot be a multi-line string");
		return NULL;
	}
	if (!(is_multi ? multi_line(p, quote) : single_line(p, quote)))
		return NULL;
	v = value_str(p->a, p->scratch.s, p->scratch.len);
	v->at = at;
	v->at.end = (uint32_t)p->i;
	return v;
}

/* Blanks, comments and ends of lines inside brackets; 1 with a newline. */
static int
gap(struct toml *p)
{
	int lines = 0, got;

	do {
		toml_blanks(p);
		if (!toml_comment(p))
			return -1;
		got = toml_newline(p);
		lines |= got;
	} while (got > 0);
	return got < 0 ? -1 : lines;
}

static struct value *
array(struct toml *p, unsigned depth)
{
	struct value_pos at = toml_place(p, p->i++);
	struct toml_cell *c = toml_cell(p, VALUE_LIST, TOML_CLOSED, depth, &at);

	p->open++;
	if (!c)
		return NULL;
	for (;;) {
		struct value *item;

		if (gap(p) < 0)
			return NULL;
		if (toml_take(p, ']'))
			break;
		item = toml_value(p, depth + 1);
		if (!item)
			return NULL;
		value_add(p->a, &c->v, item);
		if (gap(p) < 0)
			return NULL;
		if (toml_take(p, ',') || toml_peek(p) == ']')
			continue;
		toml_expected(p, "',' or ']' in the array");
		return NULL;
	}
	p->open--;
	c->v.at.end = (uint32_t)p->i;
	return &c->v;
}

/* The gap inside an inline table, where TOML 1.0 has no newline. */
static bool
inline_gap(struct toml *p, bool *is_told)
{
	struct value_pos at = toml_place(p, p->i);
	int got;

	toml_blanks(p);
	if (toml_peek(p) == '\n' || toml_peek(p) == '\r' || toml_peek(p) == '#')
		at = toml_place(p, p->i);
	got = gap(p);
	if (got > 0 && !*is_told) {
		*is_told = true;
		return toml_lenient(p, &at, "a newline");
	}
	return got >= 0;
}

static bool
inline_pairs(struct toml *p, struct toml_cell *c)
{
	bool is_told = false;

	if (!inline_gap(p, &is_told))
		return false;
	while (!toml_take(p, '}')) {
		struct value_pos comma;

		if (!toml_pair(p, c) || !inline_gap(p, &is_told))
			return false;
		if (toml_take(p, '}'))
			return true;
		comma = toml_place(p, p->i);
		if (!toml_take(p, ','))
			return toml_expected(p, "',' or '}' in the table");
		if (!inline_gap(p, &is_told))
			return false;
		if (toml_peek(p) == '}' &&
		    !toml_lenient(p, &comma, "a trailing comma"))
			return false;
	}
	return true;
}

static struct value *
inline_table(struct toml *p, unsigned depth)
{
	struct value_pos at = toml_place(p, p->i++);
	unsigned outer = p->section;
	struct toml_cell *c;

	p->open++;
	p->section = ++p->sections;
	c = toml_cell(p, VALUE_TABLE, TOML_CLOSED, depth, &at);
	if (!c || !inline_pairs(p, c))
		return NULL;
	p->section = outer;
	p->open--;
	c->v.at.end = (uint32_t)p->i;
	return &c->v;
}

struct value *
toml_value(struct toml *p, unsigned depth)
{
	int c = toml_peek(p);

	if (c == '"' || c == '\'')
		return toml_string(p, false);
	if (c == '[')
		return array(p, depth);
	if (c == '{')
		return inline_table(p, depth);
	return toml_scalar(p);
}
