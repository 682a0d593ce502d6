/*
 * A line is looked over once by every stage that it passes, and built by few:
 * so this knows where its words end, and asks yajl only what is wrong with it.
 */
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "data/json_int.h"
#include "data/token.h"

struct look {
	const char *at, *end;	/* at NULL: malformed */
	struct json_want *want; /* want[wants] */
	size_t wants;
	uint64_t lens; /* bit n: a name of n bytes is wanted, or of more */
	struct json_want *now; /* whose value is next, or is being read */
	unsigned depth;
	char close[JSON_DEPTH]; /* close[depth]: what ends what is open */
};

static const char *
blanks(const char *p, const char *end)
{
	while (p < end && token_is_blank(*p))
		p++;
	return p;
}

/* Few words have any before them. */
static inline const char *
blank(const char *p, const char *end)
{
	return p < end && (unsigned char)*p > ' ' ? p : blanks(p, end);
}

/* p is at the backslash. */
static const char *
escape(const char *p, const char *end)
{
	if (end - p < 2)
		return NULL;
	if (p[1] != 'u')
		return memchr("\"\\/bfnrt", p[1], 8) ? p + 2 : NULL;
	if (end - p < 6)
		return NULL;
	for (int i = 2; i < 6; i++)
		if (hex_value(p[i]) < 0)
			return NULL;
	return p + 6;
}

/* Behind the string that p is in, at its first escape, or where it is cut. */
static const char *
escaped(const char *p, const char *end)
{
	while (p < end && *p == '\\' && (p = escape(p, end))) {
		p += token_plain(p, (size_t)(end - p));
		if (p < end && *p == '"')
			return p + 1;
	}
	return NULL;
}

/* Behind the string that begins at p. */
static inline const char *
string(const char *p, const char *end, bool *is_escaped)
{
	if (p == end || *p != '"')
		return NULL;
	p++;
	p += token_plain(p, (size_t)(end - p));
	*is_escaped = p == end || *p != '"';
	return *is_escaped ? escaped(p, end) : p + 1;
}

static const char *
scalar(const char *p, const char *end)
{
	size_t left = (size_t)(end - p), n;
	bool is_escaped;

	if (left && *p == '"')
		return string(p, end, &is_escaped);
	n = token_number(p, left);
	if (!n)
		n = token_word(p, left);
	return n ? p + n : NULL;
}

/* Escapes in names are allowed, and nobody writes them. */
static struct json_want *
wanted_escaped(struct look *l, struct pull_text key)
{
	AUTO_ARENA a = {0};
	struct pull p = {.s = key.s, .n = key.n, .arena = &a};
	struct pull_text text;

	if (pull_string(&p, &text) < 0)
		return NULL;
	for (size_t i = 0; i < l->wants; i++)
		if (text.n == l->want[i].len &&
		    !memcmp(text.s, l->want[i].key, text.n))
			return &l->want[i];
	return NULL;
}

enum { LENS = 63 };

static inline unsigned
len_bit(size_t n)
{
	return n < LENS ? (unsigned)n : LENS;
}

/* in: the key with its quotes */
static struct json_want *
wanted(struct look *l, struct pull_text key)
{
	if (!(l->lens >> len_bit(key.n - 2) & 1))
		return NULL;
	for (size_t i = 0; i < l->wants; i++)
		if (key.n == l->want[i].len + 2 &&
		    !memcmp(key.s + 1, l->want[i].key, key.n - 2))
			return &l->want[i];
	return NULL;
}

/* The name of a member and its colon. */
static const char *
member(struct look *l, const char *p)
{
	const char *from = p;
	struct json_want *w = NULL;
	struct pull_text key;
	bool is_escaped;

	p = string(p, l->end, &is_escaped);
	if (!p)
		return NULL;
	key = (struct pull_text){from, (size_t)(p - from)};
	if (l->depth == 1)
		w = is_escaped ? wanted_escaped(l, key) : wanted(l, key);
	p = blank(p, l->end);
	if (p == l->end || *p != ':')
		return NULL;
	p = blank(p + 1, l->end);
	if (w)
		w->text = (struct pull_text){p, 0};
	if (l->depth == 1)
		l->now = w;
	return p;
}

/* Out of what a value has ended, and to the next one; `end`: it was the last.
 */
static const char *
behind(struct look *l, const char *p)
{
	for (;;) {
		if (l->depth == 1 && l->now) {
			l->now->text.n = (size_t)(p - l->now->text.s);
			l->now = NULL;
		}
		p = blank(p, l->end);
		if (!l->depth || p == l->end)
			return !l->depth && p == l->end ? p : NULL;
		if (*p == ',')
			break;
		if (*p++ != l->close[--l->depth])
			return NULL;
	}
	p = blank(p + 1, l->end);
	return l->close[l->depth - 1] == '}' ? member(l, p) : p;
}

/* Into what opens at p, to its first value; or past it, when it has none. */
static const char *
into(struct look *l, const char *p)
{
	char close = *p == '{' ? '}' : ']';

	if (l->depth == JSON_DEPTH)
		return NULL;
	p = blank(p + 1, l->end);
	if (p < l->end && *p == close)
		return behind(l, p + 1);
	l->close[l->depth++] = close;
	return close == '}' ? member(l, p) : p;
}

/* out: is it one text of JSON? Else l->at is where that is known. */
static bool
look(struct look *l)
{
	const char *p = blank(l->at, l->end);

	do {
		l->at = p;
		if (p < l->end && (*p == '{' || *p == '['))
			p = into(l, p);
		else if ((p = scalar(p, l->end)))
			p = behind(l, p);
	} while (p && l->depth);
	return p != NULL;
}

int
json_look(const char *s, size_t n, struct json_want want[], size_t wants,
    struct err *e)
{
	struct look l = {.at = s, .end = s + n, .want = want, .wants = wants};

	for (size_t i = 0; i < wants; i++) {
		want[i].text = (struct pull_text){0};
		l.lens |= UINT64_C(1) << len_bit(want[i].len);
	}
	if (utf8_check(s, n) < n || !look(&l))
		return json_check(s, n, e) < 0
			 ? -1
			 : json_fail(
			       s, n, (size_t)(l.at - s), e, "malformed JSON");
	if (*blank(s, s + n) != '{')
		return json_fail(s, n, 0, e, "not a JSON object");
	return 0;
}

struct pull_text
json_plain(struct pull_text t)
{
	if (t.n < 2 || *t.s != '"' || memchr(t.s, '\\', t.n))
		return (struct pull_text){0};
	return (struct pull_text){t.s + 1, t.n - 2};
}

/* What most values are is built without a parser. */
struct value *
json_build(struct arena *a, struct pull_text t)
{
	struct pull_text plain = json_plain(t);
	int64_t i = 0;

	if (!t.s)
		return NULL;
	if (plain.s)
		return value_str(a, plain.s, plain.n);
	if (*t.s == 't' || *t.s == 'f')
		return value_bool(a, *t.s == 't');
	if (*t.s == 'n')
		return value_new(a, VALUE_NULL);
	if (t.n > 18 || token_digits(t.s, t.n) < t.n)
		return json_parse(a, t.s, t.n, NULL);
	for (size_t k = 0; k < t.n; k++)
		i = i * 10 + (t.s[k] - '0');
	return value_int(a, i);
}

int
json_peek(const char *s, size_t n, const char *key, const char **text,
    size_t *len, struct err *e)
{
	struct json_want want = {.key = key, .len = strlen(key)};
	struct pull_text t;

	if (json_look(s, n, &want, 1, e) < 0)
		return -1;
	t = json_plain(want.text);
	*text = t.s;
	*len = t.n;
	return 0;
}
