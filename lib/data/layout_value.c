/* Keys and values: their tokens as they are, the blanks between them new. */
#include <string.h>

#include "data/layout_int.h"

enum { INDENT = 4 };

/* What stands before the next token inside brackets. */
enum before { OPENING, COMMA, ITEM };

void
layout_blanks(struct layout *l)
{
	while (layout_peek(l) == ' ' || layout_peek(l) == '\t')
		l->i++;
}

bool
layout_newline(struct layout *l)
{
	bool is_crlf = layout_peek(l) == '\r';

	l->i += is_crlf;
	if (layout_peek(l) != '\n')
		return false;
	l->i++;
	if (!l->eol)
		l->eol = is_crlf ? "\r\n" : "\n";
	return true;
}

/* Copy up to that offset. */
static void
take(struct layout *l, size_t end)
{
	if (end > l->n)
		end = l->n;
	buf_add(l->to, l->s + l->i, end - l->i);
	l->i = end;
}

void
layout_comment(struct layout *l)
{
	const char *from = l->s + l->i;
	const char *lf = memchr(from, '\n', l->n - l->i);
	size_t end = lf ? (size_t)(lf - l->s) : l->n, stop = end;

	while (stop > l->i && strchr(" \t\r", l->s[stop - 1]))
		stop--;
	take(l, stop);
	l->i = end - (l->s[end - 1] == '\r');
}

static bool
is_triple(const struct layout *l, size_t i)
{
	return l->n - i >= 3 && l->s[i + 1] == l->s[i] &&
	       l->s[i + 2] == l->s[i];
}

static size_t
string_end(const struct layout *l)
{
	char quote = l->s[l->i];
	bool is_multi = is_triple(l, l->i);
	size_t i = l->i + (is_multi ? 3 : 1);

	for (; i < l->n; i++) {
		if (l->s[i] == '\\' && quote == '"')
			i++;
		else if (l->s[i] == quote && (!is_multi || is_triple(l, i)))
			break;
	}
	if (i >= l->n || !is_multi)
		return i + 1;
	/* Up to two quotes more are the string's last characters */
	for (i += 3; i < l->n && l->s[i] == quote; i++)
		;
	return i;
}

static size_t
scalar_end(const struct layout *l)
{
	size_t i = l->i;

	while (i < l->n && !strchr(" \t\r\n,]}#", l->s[i]))
		i++;
	/* A date and its time may have a blank between them */
	if (i - l->i == 10 && l->s[l->i + 4] == '-' && l->n - i > 3 &&
	    l->s[i] == ' ' && l->s[i + 1] >= '0' && l->s[i + 1] <= '9' &&
	    l->s[i + 3] == ':')
		for (i++; i < l->n && !strchr(" \t\r\n,]}#", l->s[i]); i++)
			;
	return i;
}

void
layout_key(struct layout *l)
{
	for (;;) {
		size_t end;

		layout_blanks(l);
		end = l->i;
		if (layout_peek(l) == '"' || layout_peek(l) == '\'')
			end = string_end(l);
		else
			while (end < l->n && !strchr(" \t.=]\r\n", l->s[end]))
				end++;
		take(l, end);
		layout_blanks(l);
		if (layout_peek(l) != '.')
			return;
		take(l, l->i + 1);
	}
}

/* A new line inside brackets, perhaps with an empty one before it. */
static void
line(struct layout *l, bool is_apart)
{
	buf_adds(l->to, l->eol);
	if (is_apart)
		buf_adds(l->to, l->eol);
	for (unsigned i = 0; i < INDENT * l->depth; i++)
		buf_addc(l->to, ' ');
}

/* Blanks, ends of lines and comments; the ends of lines since the last one. */
static unsigned
gap(struct layout *l, enum before *before)
{
	unsigned lines = 0;

	for (;;) {
		layout_blanks(l);
		if (layout_newline(l)) {
			lines++;
		} else if (layout_peek(l) == '#') {
			if (lines)
				line(l, lines > 1 && *before != OPENING);
			else
				buf_addc(l->to, ' ');
			layout_comment(l);
			if (*before == OPENING)
				*before = ITEM;
			lines = 0;
		} else {
			return lines;
		}
	}
}

static void value(struct layout *l);

static void
brackets(struct layout *l, char close)
{
	enum before before = OPENING;
	unsigned lines;

	take(l, l->i + 1);
	l->depth++;
	while ((lines = gap(l, &before)), layout_peek(l) != close) {
		bool is_comma = layout_peek(l) == ',';

		if (l->i == l->n)
			return;
		if (lines)
			line(l, lines > 1 && !is_comma && before != OPENING);
		else if (before == COMMA || (before == OPENING && close == '}'))
			buf_addc(l->to, ' ');
		if (is_comma)
			take(l, l->i + 1);
		else if (close == '}')
			layout_pair(l);
		else
			value(l);
		before = is_comma ? COMMA : ITEM;
	}
	l->depth--;
	if (lines)
		line(l, false);
	else if (close == '}' && before != OPENING)
		buf_addc(l->to, ' ');
	take(l, l->i + 1);
}

static void
value(struct layout *l)
{
	int c = layout_peek(l);

	if (c == '[')
		brackets(l, ']');
	else if (c == '{')
		brackets(l, '}');
	else if (c == '"' || c == '\'')
		take(l, string_end(l));
	else
		take(l, scalar_end(l));
}

void
layout_pair(struct layout *l)
{
	layout_key(l);
	buf_addc(l->to, ' ');
	take(l, l->i + 1);
	buf_addc(l->to, ' ');
	layout_blanks(l);
	value(l);
}
