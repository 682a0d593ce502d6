/* Strings, arrays and inline tables. */
#include <string.h>

#include "base/utf8.h"
#include "data/toml_int.h"

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

/* What a backslash and the characters behind it stand for. */
static bool
meaning(struct toml *p, bool is_multi)
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

static bool
escape(struct toml *p, bool is_multi)
{
	buf_add(&p->scratch, p->s + p->raw, p->i - p->raw);
	if (!meaning(p, is_multi))
		return false;
	p->raw = p->i;
	return true;
}

/* What may stand in a string besides plain characters and its quote. */
static bool
special(struct toml *p, char quote, bool is_multi)
{
	int c = toml_peek(p);

	if (c == '\\')
		return escape(p, is_multi);
	if (is_multi && (c == '\n' || c == '\r'))
		return toml_newline(p) > 0;
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
	p->base = from->base;
	p->wide = from->wide;
	p->open++;
	at = toml_place(p, p->i);
	at.end += 3;
	return toml_fail(
	    p, &at, "this string never ends: no %s follows", quotes);
}

/* Skip to what is not plain; only a string in "quotes" has escapes. */
static void
run(struct toml *p, char quote)
{
	p->i += toml_plain(p->s + p->i, quote, quote == '"' ? '\\' : quote);
}

/* The text that ends before s[end], where its quote was. */
static void
text_end(struct toml *p, size_t from, size_t end, struct toml_text *to)
{
	if (p->raw == from) {
		*to = (struct toml_text){p->s + from, end - from};
		to->s[to->len] = 0;
		return;
	}
	buf_add(&p->scratch, p->s + p->raw, end - p->raw);
	to->len = p->scratch.len;
	to->s = arena_dup(p->a, p->scratch.s, to->len);
}

static bool
multi_line(struct toml *p, char quote, struct toml_text *to)
{
	struct toml start = *p;
	size_t from;

	p->i += 3;
	if (toml_newline(p) < 0)
		return false;
	from = p->raw = p->i;
	for (;;) {
		size_t many = 0;

		run(p, quote);
		while (many < 5 && toml_take(p, quote))
			many++;
		if (many >= 3) {
			text_end(p, from, p->i - 3, to);
			return true;
		}
		if (p->i == p->n)
			return unterminated(
			    p, &start, quote == '"' ? "\"\"\"" : "'''");
		if (!many && !special(p, quote, true))
			return false;
	}
}

static bool
single_line(struct toml *p, char quote, struct toml_text *to)
{
	size_t from = ++p->i;

	p->raw = from;
	for (;;) {
		run(p, quote);
		if (toml_take(p, quote)) {
			text_end(p, from, p->i - 1, to);
			return true;
		}
		if (!special(p, quote, false))
			return false;
	}
}

bool
toml_string(struct toml *p, bool is_key, struct toml_text *to)
{
	const char *s = p->s + p->i;
	bool is_multi = s[1] == s[0] && s[2] == s[0];

	buf_reset(&p->scratch);
	if (is_multi && is_key) {
		struct value_pos at = toml_place(p, p->i);

		return toml_fail(p, &at, "a key cannot be a multi-line string");
	}
	return is_multi ? multi_line(p, *s, to) : single_line(p, *s, to);
}

static struct value *
string(struct toml *p)
{
	struct value_pos at = toml_place(p, p->i);
	struct toml_text text;
	struct value *v;

	if (!toml_string(p, false, &text))
		return NULL;
	at.end = toml_offset(p);
	v = toml_make(p, VALUE_STR, &at);
	v->str.s = text.s;
	v->str.len = text.len;
	return v;
}

/* Blanks, comments and ends of lines inside brackets; 1 with a newline. */
static int
gap(struct toml *p)
{
	int lines = 0, got;

	do {
		toml_blanks(p);
		if (p->s[p->i] == '#' && !toml_comment(p))
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
	c->v.at.end = toml_offset(p);
	return &c->v;
}

/* The gap inside an inline table, where TOML 1.0 has no newline. */
static bool
inline_gap(struct toml *p, bool *is_told)
{
	struct value_pos at;
	int got;

	toml_blanks(p);
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
	c->v.at.end = toml_offset(p);
	return &c->v;
}

struct value *
toml_value(struct toml *p, unsigned depth)
{
	int c = toml_peek(p);

	if (c == '"' || c == '\'')
		return string(p);
	if (c == '[')
		return array(p, depth);
	if (c == '{')
		return inline_table(p, depth);
	return toml_scalar(p);
}
