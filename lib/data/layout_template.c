/*
 * Templates that are no TOML before they are rendered. Blanks at the end of a
 * line and empty lines can go where they are in no string, no tag, and nothing
 * that a tag collects as a text; a place where this cannot be seen ends it.
 */
#include <string.h>

#include "data/layout_int.h"

struct walk {
	const char *s;
	size_t n, i;
	struct buf *to;
	size_t guard;	     /* of *to: blanks before it stay */
	size_t line;	     /* of *to: where this line begins */
	bool is_empty_above; /* the line above is empty, or there is none */
	char quote;	     /* of the open string, or '#', or 0 */
	bool is_multi;
	int depth;	 /* blocks that are open */
	int low;	 /* the least of it since the quote */
	int quote_depth; /* at the quote */
	int capture;	 /* the depth above which a text is collected, or 0 */
	const char *trouble; /* what cannot be seen through */
};

static bool
is_opener(const char *s, size_t n, size_t i)
{
	return n - i > 1 && s[i] == '{' &&
	       (s[i + 1] == '{' || s[i + 1] == '%' || s[i + 1] == '#');
}

size_t
layout_tag(const char *s, size_t n, size_t i)
{
	char close, quote = 0;

	if (!is_opener(s, n, i))
		return 0;
	close = s[i + 1] == '{' ? '}' : s[i + 1];
	for (i += 2; i + 1 < n; i++) {
		if (quote) {
			if (s[i] == quote)
				quote = 0;
		} else if (close != '#' && strchr("\"'`", s[i]) && s[i]) {
			quote = s[i];
		} else if (s[i] == close && s[i + 1] == '}') {
			return i + 2;
		}
	}
	return SIZE_MAX;
}

/* Go to the next tag at or behind *i; its end, or 0 when there is none. */
static size_t
next_tag(const char *s, size_t n, size_t *i)
{
	for (; *i < n; ++*i) {
		size_t end = layout_tag(s, n, *i);

		if (end)
			return end == SIZE_MAX ? 0 : end;
	}
	return 0;
}

enum layout_tags
layout_tags(const char *s, size_t n)
{
	enum layout_tags got = LAYOUT_NO_TAGS;

	for (size_t i = 0, end; (end = next_tag(s, n, &i)); i = end) {
		if (memchr(s + i, '\n', end - i))
			return LAYOUT_LONG_TAGS;
		got = LAYOUT_TAGS;
	}
	return got;
}

bool
layout_same_tags(const struct buf *a, const char *s, size_t n)
{
	size_t i = 0, j = 0;

	for (;;) {
		size_t end = next_tag(s, n, &i);
		size_t other = next_tag(a->s, a->len, &j);

		if (!end || !other)
			return !end && !other;
		if (end - i != other - j || memcmp(s + i, a->s + j, end - i))
			return false;
		i = end;
		j = other;
	}
}

static void
take(struct walk *w, size_t end)
{
	buf_add(w->to, w->s + w->i, end - w->i);
	w->i = end;
}

/* The first word of {% word … %}, and its length. */
static const char *
word(const struct walk *w, size_t end, size_t *len)
{
	const char *s = w->s + w->i + 2, *stop = w->s + end - 2, *from;

	while (s < stop && strchr("-+ \t\r\n", *s))
		s++;
	for (from = s; s < stop && *s >= 'a' && *s <= 'z'; s++)
		;
	*len = (size_t)(s - from);
	return from;
}

static bool
is_one_of(const char *s, size_t len, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (len == strlen(words[i]) && !memcmp(s, words[i], len))
			return true;
	return false;
}

static void
open_block(struct walk *w, bool is_captured)
{
	w->depth++;
	if (is_captured && !w->capture)
		w->capture = w->depth;
}

static void
close_block(struct walk *w)
{
	if (--w->depth < 0)
		w->trouble = "an end of a block that does not begin";
	if (w->depth < w->low)
		w->low = w->depth;
	if (w->depth < w->capture)
		w->capture = 0;
}

/* What {% … %} opens and closes. */
static void
count_block(struct walk *w, size_t end)
{
	static const char *const plain[] = {"if", "for", "block"};
	static const char *const texts[] = {"macro", "filter"};
	static const char *const turns[] = {"else", "elif"};
	size_t len;
	const char *s = word(w, end, &len);
	bool is_set = (len == 3 && !memcmp(s, "set", 3)) ||
		      (len == 10 && !memcmp(s, "set_global", 10));
	size_t rest = (size_t)(w->s + end - s);

	if (is_one_of(s, len, plain, 3))
		open_block(w, false);
	else if (is_one_of(s, len, texts, 2) ||
		 (is_set && !memchr(s, '=', rest)))
		open_block(w, true);
	else if (len > 3 && !memcmp(s, "end", 3))
		close_block(w);
	else if (is_one_of(s, len, turns, 2) && w->depth - 1 < w->low)
		w->low = w->depth - 1;
	else if (len == 3 && !memcmp(s, "raw", 3))
		w->trouble = "a raw block";
}

static void
tag(struct walk *w, size_t end)
{
	if (w->s[w->i + 1] == '%')
		count_block(w, end);
	take(w, end);
	w->guard = w->to->len;
}

static bool
is_triple(const struct walk *w)
{
	return w->n - w->i >= 3 && w->s[w->i + 1] == w->s[w->i] &&
	       w->s[w->i + 2] == w->s[w->i];
}

static void
open_string(struct walk *w)
{
	w->quote = w->s[w->i];
	w->is_multi = w->quote != '#' && is_triple(w);
	w->low = w->quote_depth = w->depth;
	take(w, w->i + (w->is_multi ? 3 : 1));
}

static void
close_string(struct walk *w)
{
	if (w->depth != w->quote_depth || w->low < w->quote_depth)
		w->trouble = "a string that a block begins or ends";
	if (w->is_multi)
		for (take(w, w->i + 3); w->i < w->n && w->s[w->i] == w->quote;)
			take(w, w->i + 1);
	else
		take(w, w->i + 1);
	w->quote = 0;
}

/* A byte that is no part of a tag and no end of line. */
static void
byte(struct walk *w)
{
	char c = w->s[w->i];

	if (!w->quote && (c == '"' || c == '\'' || c == '#'))
		open_string(w);
	else if (w->quote == '#' && (c == '"' || c == '\'') && is_triple(w) &&
		 w->low < w->quote_depth)
		w->trouble = "a string that may be a comment";
	else if (w->quote == c && c != '#' && (!w->is_multi || is_triple(w)))
		close_string(w);
	else
		take(w, w->i + 1 +
			    (w->quote == '"' && c == '\\' && w->i + 1 < w->n &&
				!strchr("\r\n{", w->s[w->i + 1])));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
trim(struct walk *w)
{
	struct buf *b = w->to;

	while (b->len > w->guard && is_blank(b->s[b->len - 1]))
		buf_cut(b, b->len - 1);
}

static void
newline(struct walk *w)
{
	bool is_crlf = w->i && w->s[w->i - 1] == '\r';
	bool is_empty;

	if (w->capture || (w->quote && w->is_multi)) {
		take(w, w->i + 1);
		w->guard = w->line = w->to->len;
		w->is_empty_above = false;
		return;
	}
	if (w->quote && w->quote != '#')
		w->trouble = "a string that does not end on its line";
	w->quote = 0;
	trim(w);
	is_empty = w->to->len == w->line;
	w->i++;
	if (!is_empty || !w->is_empty_above)
		buf_adds(w->to, is_crlf ? "\r\n" : "\n");
	w->guard = w->line = w->to->len;
	w->is_empty_above = is_empty;
}

/* The end of the text: one end of line, no empty line above it. */
static void
finish(struct walk *w, const char *eol)
{
	struct buf *b = w->to;

	if (w->quote && w->quote != '#')
		w->trouble = "a string that does not end";
	if (w->depth > 0)
		w->trouble = "a block that does not end";
	trim(w);
	if (b->len > w->line)
		buf_adds(b, eol);
	else if (w->is_empty_above && b->len)
		buf_cut(b, b->len - 1);
	while (b->len > 1 && b->s[b->len - 1] == '\r')
		buf_cut(b, b->len - 1);
}

int
layout_template(const char *s, size_t n, struct buf *to, struct err *e)
{
	const char *lf = memchr(s, '\n', n);
	const char *eol = lf && lf > s && lf[-1] == '\r' ? "\r\n" : "\n";
	struct walk w = {.s = s, .n = n, .to = to, .is_empty_above = true};

	while (w.i < n && !w.trouble) {
		size_t end = layout_tag(s, n, w.i);

		if (end == SIZE_MAX)
			w.trouble = "a tag that does not end";
		else if (end)
			tag(&w, end);
		else if (s[w.i] == '\n')
			newline(&w);
		else if (w.capture)
			take(&w, w.i + 1);
		else
			byte(&w);
	}
	if (!w.trouble)
		finish(&w, eol);
	if (w.trouble)
		return err_set(
		    e, "left as it is: the template has %s", w.trouble);
	return 0;
}
