#include "data/pull.h"

#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "data/token.h"

int
pull_fail(struct pull *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return -1;
}

int
pull_peek_far(struct pull *p)
{
	for (; p->at < p->n; p->at++)
		if (!token_is_blank(p->s[p->at]))
			return (unsigned char)p->s[p->at];
	return -1;
}

static inline int
expect(struct pull *p, char c, const char *otherwise)
{
	if (pull_peek(p) != c)
		return pull_fail(p, otherwise);
	p->at++;
	return 0;
}

int
pull_open(struct pull *p, char bracket)
{
	if (expect(p, bracket, bracket == '{' ? "no object" : "no list") < 0)
		return -1;
	if (p->depth++ >= PULL_DEPTH)
		return pull_fail(p, "nested too deep");
	return 0;
}

/* The comma or the end. */
static int
advance(struct pull *p, char bracket, bool more)
{
	if (p->why)
		return -1;
	if (pull_peek(p) == bracket) {
		p->at++;
		p->depth--;
		return 0;
	}
	return more && expect(p, ',', "no comma") < 0 ? -1 : 1;
}

int
pull_member(struct pull *p, struct pull_text *key, bool more)
{
	int got = advance(p, '}', more);

	if (got <= 0)
		return got;
	if (pull_string(p, key) < 0 || expect(p, ':', "no colon") < 0)
		return -1;
	return 1;
}

int
pull_item(struct pull *p, bool more)
{
	return advance(p, ']', more);
}

static int
hex4(const char *s, size_t n, uint32_t *v)
{
	*v = 0;
	if (n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = hex_value(s[i]);

		if (digit < 0)
			return -1;
		*v = *v << 4 | (uint32_t)digit;
	}
	return 0;
}

/* \uXXXX, `at` behind the u; a pair of them for what is above U+FFFF. */
static int
code_point(struct pull *p, char *to, size_t *len)
{
	const char *s = p->s + p->at;
	size_t n = p->n - p->at;
	uint32_t c, low;

	if (hex4(s, n, &c) < 0)
		return pull_fail(p, "a bad escape");
	p->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && n >= 10 && s[4] == '\\' &&
	    s[5] == 'u' && hex4(s + 6, n - 6, &low) == 0 && low >= 0xdc00 &&
	    low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		p->at += 6;
	}
	*len += utf8_put(to + *len, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return 0;
}

static int
escape(struct pull *p, char *to, size_t *len)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	char c = p->at < p->n ? p->s[p->at++] : 0;
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return code_point(p, to, len);
	if (!found)
		return pull_fail(p, "a bad escape");
	to[(*len)++] = into[found - from];
	return 0;
}

/* The length of what is between the quotes; `at` behind the first. */
static int
measure(const struct pull *p, size_t *len)
{
	size_t i = p->at;

	for (;;) {
		i += token_plain(p->s + i, p->n - i);
		if (i < p->n && p->s[i] == '"')
			break;
		if (p->n - i < 2 || p->s[i] != '\\')
			return -1;
		i += 2;
	}
	*len = i - p->at;
	return 0;
}

/* The same string, which has escapes, or no end. */
static int
escaped_string(struct pull *p, struct pull_text *to)
{
	size_t len, end, n = 0;
	char *text;

	if (measure(p, &len) < 0)
		return pull_fail(p, "a string that does not end");
	end = p->at + len;
	text = arena_take(p->arena, len + 1);
	while (p->at < end)
		if (p->s[p->at] != '\\')
			text[n++] = p->s[p->at++];
		else if (p->at++, escape(p, text, &n) < 0)
			return -1;
	text[n] = 0;
	*to = (struct pull_text){text, n};
	p->at = end + 1;
	return 0;
}

/* Is it one as it stands? Then past it, as nearly always. */
static inline bool
take_plain(struct pull *p, struct pull_text *to)
{
	const char *s = p->s + p->at;
	size_t left = p->n - p->at, n = token_plain(s, left);

	if (n == left || s[n] != '"')
		return false;
	*to = (struct pull_text){s, n};
	p->at += n + 1;
	return true;
}

int
pull_string(struct pull *p, struct pull_text *to)
{
	*to = (struct pull_text){0};
	if (expect(p, '"', "no string") < 0)
		return -1;
	return take_plain(p, to) ? 0 : escaped_string(p, to);
}

int
pull_scalar(struct pull *p, struct pull_text *to)
{
	size_t left, n;
	const char *s;

	pull_peek(p);
	s = p->s + p->at;
	left = p->n - p->at;
	n = token_number(s, left);
	if (!n)
		n = token_word(s, left);
	*to = (struct pull_text){s, n};
	p->at += n;
	return n ? 0 : pull_fail(p, "no value");
}

/* Escapes are looked at only by who wants the text. */
static int
skip_string(struct pull *p)
{
	struct pull_text plain;
	size_t len;

	if (expect(p, '"', "no string") < 0)
		return -1;
	if (take_plain(p, &plain))
		return 0;
	if (measure(p, &len) < 0)
		return pull_fail(p, "a string that does not end");
	p->at += len + 1;
	return 0;
}

static int
skip_key(struct pull *p, bool more)
{
	int got = advance(p, '}', more);

	if (got <= 0)
		return got;
	return skip_string(p) < 0 || expect(p, ':', "no colon") < 0 ? -1 : 1;
}

/* Open brackets are remembered, not nested calls. */
static int
skip_nested(struct pull *p)
{
	char open[PULL_DEPTH + 1];
	unsigned n = 0, from = p->depth;
	struct pull_text t;
	bool more = false;

	do {
		int c, got = !n			? 1
			   : open[n - 1] == '{' ? skip_key(p, more)
						: pull_item(p, more);

		if (got < 0)
			return -1;
		more = got == 0;
		c = got ? pull_peek(p) : 0;
		if (!got)
			n--;
		else if (c == '{' || c == '[') {
			if (pull_open(p, (char)c) < 0)
				return -1;
			open[n++] = (char)c;
		} else if ((more = true, c == '"' ? skip_string(p)
						  : pull_scalar(p, &t)) < 0)
			return -1;
	} while (n);
	p->depth = from;
	return 0;
}

int
pull_skip(struct pull *p, struct pull_text *to)
{
	struct pull_text t;
	int c = pull_peek(p), got;
	size_t from = p->at;

	got = c == '{' || c == '[' ? skip_nested(p)
	    : c == '"'		   ? skip_string(p)
				   : pull_scalar(p, &t);
	if (to)
		*to = (struct pull_text){p->s + from, p->at - from};
	return got;
}
