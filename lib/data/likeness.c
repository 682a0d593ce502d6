#include "data/likeness.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/match.h"

enum {
	MAX_TEXT = 64 << 10,
	MAX_DEPTH = 64,
	MAX_GROUPS = 32,
	TRIES = 12,
};

/* One try: which alternative is taken, and how the rest is read. */
struct maker {
	const char *s, *end; /* of the expression, from where the maker is */
	struct buf *out;
	unsigned alternative;
	bool takes_one;	  /* of what may be there any number of times */
	bool breaks_line; /* before ^ and behind $ */
	unsigned depth;
	struct {
		size_t from, len;
	} group[MAX_GROUPS];
	unsigned groups;
	bool failed;
};

static void make_any(struct maker *m);

static bool
is_at(const struct maker *m, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(m->end - m->s) >= n && !memcmp(m->s, word, n);
}

static void
put(struct maker *m, uint32_t c)
{
	char utf8[4];

	if (m->out->len < MAX_TEXT)
		buf_add(m->out, utf8, utf8_put(utf8, c));
	m->failed |= !c || m->out->len >= MAX_TEXT;
}

/* The character at hand, past which it goes. */
static uint32_t
take(struct maker *m)
{
	uint32_t c = (unsigned char)*m->s;
	size_t n = utf8_next(m->s, (size_t)(m->end - m->s), &c);

	m->s += n ? n : 1;
	return c;
}

/* \xHH or \x{HHHH}, behind the x. */
static uint32_t
take_hex(struct maker *m)
{
	char digits[9] = "";
	size_t n = 0;
	bool is_braced = m->s < m->end && *m->s == '{';

	m->s += is_braced;
	while (m->s < m->end && n < (is_braced ? 8u : 2u) &&
	       strchr("0123456789abcdefABCDEF", *m->s))
		digits[n++] = *m->s++;
	if (is_braced && m->s < m->end && *m->s == '}')
		m->s++;
	return (uint32_t)strtoul(digits, NULL, 16);
}

/* What stands for a class, an assertion or a control character. */
static const struct {
	char letter;
	const char *text;
} escapes[] = {
    {'d', "0"},
    {'D', "a"},
    {'w', "a"},
    {'W', " "},
    {'s', " "},
    {'S', "a"},
    {'h', " "},
    {'H', "a"},
    {'v', "\n"},
    {'V', "a"},
    {'N', "a"},
    {'R', "\n"},
    {'n', "\n"},
    {'t', "\t"},
    {'r', "\r"},
    {'f', "\f"},
    {'e', "\033"},
    {'a', "\a"},
    {'b', ""},
    {'B', ""},
    {'A', ""},
    {'z', ""},
    {'Z', ""},
    {'G', ""},
    {'K', ""},
};

static void
skip_past(struct maker *m, char c)
{
	while (m->s < m->end && *m->s++ != c)
		;
}

static void
repeat_group(struct maker *m, unsigned i)
{
	AUTO_BUF copy = BUF_INIT;

	if (!i || i > m->groups) {
		m->failed = true;
		return;
	}
	buf_add(&copy, m->out->s + m->group[i - 1].from, m->group[i - 1].len);
	if (m->out->len + copy.len < MAX_TEXT)
		buf_add(m->out, copy.s, copy.len);
}

static void
make_quoted(struct maker *m)
{
	while (m->s < m->end && !is_at(m, "\\E"))
		put(m, take(m));
	m->s += m->s < m->end ? 2 : 0;
}

/* Behind the backslash. */
static void
make_escape(struct maker *m)
{
	char c;

	if (m->s >= m->end)
		return;
	c = *m->s;
	for (size_t i = 0; i < COUNT(escapes); i++)
		if (escapes[i].letter == c) {
			buf_adds(m->out, escapes[i].text);
			m->s++;
			return;
		}
	if (c >= '1' && c <= '9') {
		repeat_group(m, (unsigned)strtoul(m->s, NULL, 10));
		m->s += strspn(m->s, "0123456789");
		return;
	}
	if (c == 'k' && m->end - m->s > 2) { /* of a name: the last, mostly */
		m->s += 2;
		skip_past(m, m->s[-1] == '<'   ? '>'
			     : m->s[-1] == '{' ? '}'
					       : m->s[-1]);
		repeat_group(m, m->groups);
		return;
	}
	put(m, c == 'x' ? (m->s++, take_hex(m)) : take(m));
	if (c == 'Q') {
		buf_cut(m->out, m->out->len - 1);
		make_quoted(m);
	} else if (c == 'p' || c == 'P') {
		buf_cut(m->out, m->out->len - 1);
		put(m, c == 'p' ? 'a' : ' ');
		if (m->s < m->end && *m->s == '{')
			skip_past(m, '}');
		else
			m->s += m->s < m->end;
	}
}

/* ---- sets: [a-z], [^"], [[:digit:]] */

struct set {
	bool has[128];
	uint32_t other; /* a character beyond, or 0 */
};

static void
add(struct set *set, uint32_t from, uint32_t to)
{
	for (uint32_t c = from; c <= to && c < COUNT(set->has); c++)
		set->has[c] = true;
	if (to >= COUNT(set->has))
		set->other = to;
}

static void
add_class(struct set *set, char letter)
{
	static const char *const words[] = {"d0-9", "w0-9A-Za-z", "s  "};
	bool is_negated = letter >= 'A' && letter <= 'Z';
	struct set in = {0};

	for (size_t i = 0; i < COUNT(words); i++) {
		const char *w = words[i];

		if (*w != (letter | 32))
			continue;
		for (w++; w[0] && w[1]; w += w[1] == '-' ? 3 : 2)
			add(&in, (unsigned char)w[0],
			    (unsigned char)w[w[1] == '-' ? 2 : 0]);
	}
	for (uint32_t c = 1; c < COUNT(in.has); c++)
		if (in.has[c] != is_negated)
			add(set, c, c);
}

/* One end of a range, or a class of which *is_class tells. */
static uint32_t
take_member(struct maker *m, struct set *set, bool *is_class)
{
	uint32_t c = take(m);

	*is_class = false;
	if (c == '[' && is_at(m, ":")) {
		*is_class = true;
		add_class(set, is_at(m, ":digit")   ? 'd'
			       : is_at(m, ":space") ? 's'
						    : 'w');
		skip_past(m, ']');
		return 0;
	}
	if (c != '\\' || m->s >= m->end)
		return c;
	c = take(m);
	if (c < 128 && strchr("dwsDWS", (int)c)) {
		*is_class = true;
		add_class(set, (char)c);
	}
	for (size_t i = 0; i < COUNT(escapes); i++)
		if ((uint32_t)escapes[i].letter == c &&
		    strchr("ntrfea", (int)c))
			return (unsigned char)*escapes[i].text;
	return c == 'x' ? take_hex(m) : c;
}

static void
put_of(struct maker *m, const struct set *set, bool is_negated)
{
	static const char likely[] = "a0A1 -_./:b";

	for (const char *c = likely; *c; c++)
		if (set->has[(unsigned char)*c] != is_negated) {
			put(m, (unsigned char)*c);
			return;
		}
	for (uint32_t c = 33; c < 127; c++)
		if (set->has[c] != is_negated) {
			put(m, c);
			return;
		}
	for (uint32_t c = 1; c < 33; c++)
		if (set->has[c] != is_negated) {
			put(m, c);
			return;
		}
	put(m, is_negated ? 0xe9 : set->other);
}

/* Behind the bracket. */
static void
make_set(struct maker *m)
{
	bool is_negated = m->s < m->end && *m->s == '^', is_class, is_first;
	struct set set = {0};

	m->s += is_negated;
	for (is_first = true; m->s < m->end && (is_first || *m->s != ']');
	     is_first = false) {
		uint32_t from = take_member(m, &set, &is_class), to = from;

		if (is_class)
			continue;
		if (m->s + 1 < m->end && *m->s == '-' && m->s[1] != ']') {
			m->s++;
			to = take_member(m, &set, &is_class);
		}
		add(&set, from, to);
	}
	m->s += m->s < m->end;
	put_of(m, &set, is_negated);
}

/* ---- groups and repetitions */

/* (?:, (?<name>, (?i), (?= …; out: is it one that captures? */
static bool
open_group(struct maker *m, bool *is_assertion)
{
	*is_assertion = false;
	if (!is_at(m, "?"))
		return !is_at(m, "*");
	m->s++;
	*is_assertion = is_at(m, "=") || is_at(m, "!") || is_at(m, "<=") ||
			is_at(m, "<!") || is_at(m, "#");
	m->s += is_at(m, "P");
	if (!*is_assertion && (is_at(m, "<") || is_at(m, "'"))) {
		char close = *m->s++ == '<' ? '>' : '\'';

		skip_past(m, close);
		return true;
	}
	/* Flags, (?i) or (?i:…), or a mark such as : > | */
	while (m->s < m->end && !strchr(":)", *m->s) &&
	       strchr("imsxnUJ-^>|", *m->s))
		m->s++;
	m->s += is_at(m, ":");
	return false;
}

/* Behind the parenthesis. What an assertion says is left to luck. */
static void
make_group(struct maker *m)
{
	bool is_assertion, captures = open_group(m, &is_assertion);
	size_t from = m->out->len;
	unsigned i = m->groups;

	if (captures && i < MAX_GROUPS)
		m->groups++;
	if (++m->depth > MAX_DEPTH)
		m->failed = true;
	make_any(m);
	m->depth--;
	m->s += m->s < m->end;
	if (is_assertion)
		buf_cut(m->out, from);
	if (captures && i < MAX_GROUPS) {
		m->group[i].from = from;
		m->group[i].len = m->out->len - from;
	}
}

static void
make_atom(struct maker *m)
{
	char c = *m->s;
	bool is_fresh = !m->out->len || m->out->s[m->out->len - 1] == '\n';

	switch (c) {
	case '(':
		m->s++;
		make_group(m);
		break;
	case '[':
		m->s++;
		make_set(m);
		break;
	case '\\':
		m->s++;
		make_escape(m);
		break;
	case '.':
		m->s++;
		put(m, 'a');
		break;
	case '^':
	case '$':
		m->s++;
		if (m->breaks_line && (c == '^' ? !is_fresh : m->s < m->end))
			put(m, '\n');
		break;
	default:
		put(m, take(m));
	}
}

/* {2}, {2,}, {2,5} and {,5}; out: how often at least, or -1: none of these */
static long
take_braces(struct maker *m)
{
	const char *s = m->s + 1;
	char *end;
	long n;

	if (m->end - m->s < 2 || *m->s != '{' || !strchr("0123456789,", *s))
		return -1;
	n = strtol(s, &end, 10);
	if (*end == ',')
		end += 1 + strspn(end + 1, "0123456789");
	if (end >= m->end || *end != '}')
		return -1;
	m->s = end + 1;
	return n;
}

/* How often what was made at last must be there. */
static long
take_times(struct maker *m)
{
	long n = take_braces(m);

	if (n < 0 && m->s < m->end && strchr("*+?", *m->s))
		n = *m->s++ == '+' ? 1 : m->takes_one;
	else if (n < 0)
		return 1;
	if (m->s < m->end && strchr("?+", *m->s))
		m->s++; /* lazy or possessive */
	return n;
}

static void
make_piece(struct maker *m)
{
	size_t from = m->out->len, len;
	long times;

	make_atom(m);
	times = take_times(m);
	len = m->out->len - from;
	if (!times)
		buf_cut(m->out, from);
	for (long i = 1; i < times && len && !m->failed; i++) {
		AUTO_BUF copy = BUF_INIT;

		m->failed |= m->out->len + len > MAX_TEXT;
		buf_add(&copy, m->out->s + from, len);
		buf_add(m->out, copy.s, copy.len);
	}
}

/* Up to the parenthesis that closes the alternatives; the last is as good as
 * one that is not there. */
static void
make_any(struct maker *m)
{
	size_t from = m->out->len, keep;
	unsigned i = 0;

	for (;; i++) {
		if (i <= m->alternative)
			buf_cut(m->out, from);
		keep = m->out->len;
		while (m->s < m->end && !strchr("|)", *m->s) && !m->failed)
			make_piece(m);
		if (i > m->alternative)
			buf_cut(m->out, keep);
		if (m->s >= m->end || *m->s != '|' || m->failed)
			return;
		m->s++;
	}
}

static bool
is_like(const struct match *match, const struct buf *text)
{
	return !memchr(text->s, '\0', text->len) &&
	       match_find(match, text->s, text->len, NULL, NULL) == 1;
}

int
likeness_of(const char *pattern, size_t n, struct buf *out, struct err *e)
{
	AUTO_MATCH *match = match_compile(MATCH_REGEX, pattern, n, NULL, e);
	AUTO_BUF text = BUF_INIT;

	if (!match)
		return -1;
	for (unsigned i = 0; i < TRIES; i++) {
		struct maker m = {.s = pattern,
		    .end = pattern + n,
		    .out = &text,
		    .alternative = i / 4,
		    .takes_one = i & 1,
		    .breaks_line = i & 2};

		buf_reset(&text);
		make_any(&m);
		if (!m.failed && is_like(match, &text)) {
			buf_add(out, text.s, text.len);
			return 0;
		}
	}
	return err_set(e, "no text could be made that the expression is "
			  "found in");
}
