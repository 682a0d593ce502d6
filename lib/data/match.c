#include "data/match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	STEP_LIMIT = 1000000,  /* backtracking points from one start */
	HEAP_LIMIT = 64 << 10, /* KiB */
	FIRST_WINDOW = 16,
};
#define TIME_LIMIT_NS INT64_C(2000000000)
#define QUICK_NS INT64_C(5000000)

struct match {
	enum match_kind kind;
	char *glob;
	size_t glob_len;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	bool is_anchored; /* only the first start can match */
};

/* The character at s[n] and its length; a stray byte stands for itself. */
static size_t
next(const char *s, size_t n, uint32_t *c)
{
	size_t len = utf8_next(s, n, c);

	if (len)
		return len;
	*c = (unsigned char)*s | UINT32_C(0x80000000);
	return 1;
}

/* Length of the set at p[n], which begins with '['; 0 when never closed. */
static size_t
set_len(const char *p, size_t n)
{
	size_t i = 1 + (n > 1 && p[1] == '!');

	for (i++; i < n; i++)
		if (p[i] == ']')
			return i + 1;
	return 0;
}

/* Is c in the set p[n], brackets and all? */
static bool
set_has(const char *p, size_t n, uint32_t c)
{
	bool is_not = p[1] == '!', found = false;

	p += 1 + is_not;
	n -= 2 + is_not;
	while (n) {
		uint32_t from, to;
		size_t len = next(p, n, &from);

		to = from;
		if (n - len >= 2 && p[len] == '-') {
			len++;
			len += next(p + len, n - len, &to);
		}
		found |= from <= c && c <= to;
		p += len;
		n -= len;
	}
	return found != is_not;
}

/* "**" with its '/' when p[n] stands at such a component; else 0. */
static size_t
deep_len(const char *p, size_t n)
{
	if (n < 2 || p[0] != '*' || p[1] != '*')
		return 0;
	return n > 2 ? 3 : 2;
}

static int
wrong(size_t *offset, size_t at, struct err *e, const char *why)
{
	if (offset)
		*offset = at;
	return err_set(e, "%s", why);
}

static int
stars_check(const char *p, size_t n, size_t i, size_t *offset, struct err *e)
{
	size_t stars = strspn(p + i, "*");

	if (stars > 2)
		return wrong(offset, i + 2, e, "too many '*' in a row");
	if (stars == 2 &&
	    ((i > 0 && p[i - 1] != '/') || (i + 2 < n && p[i + 2] != '/')))
		return wrong(
		    offset, i, e, "'**' must be a path component of its own");
	return (int)stars;
}

static int
glob_check(const char *p, size_t n, size_t *offset, struct err *e)
{
	size_t i = 0, set;
	int stars;

	while (i < n) {
		if (p[i] == '*') {
			stars = stars_check(p, n, i, offset, e);
			if (stars < 0)
				return -1;
			i += (size_t)stars;
		} else if (p[i] == '[') {
			set = set_len(p + i, n - i);
			if (!set)
				return wrong(
				    offset, i, e, "'[' is never closed by ']'");
			i += set;
		} else
			i++;
	}
	return 0;
}

/*
 * One token that is no star at p[n] against the character at s[m].
 *
 * out: bytes of the pattern and *used of the text; 0: no match
 */
static size_t
one(const char *p, size_t n, const char *s, size_t m, size_t *used)
{
	uint32_t c, want;
	size_t len;

	if (!n || !m || *p == '*')
		return 0;
	*used = next(s, m, &c);
	if (*p == '?')
		return 1;
	if (*p == '[') {
		len = set_len(p, n);
		return set_has(p, len, c) ? len : 0;
	}
	len = next(p, n, &want);
	return c == want ? len : 0;
}

struct star {
	size_t after; /* the pattern goes on here */
	size_t from;  /* and the text here, at the earliest */
	bool is_seen, is_deep;
};

/* Let the last star swallow more; false when the text has no more. */
static bool
swallow(struct star *t, const char *s, size_t n)
{
	uint32_t c;

	if (!t->is_seen || t->from >= n)
		return false;
	if (!t->is_deep) {
		t->from += next(s + t->from, n - t->from, &c);
		return true;
	}
	while (t->from < n && s[t->from] != '/')
		t->from++;
	t->from += t->from < n;
	return true;
}

/*
 * Only the last star is ever tried again: whatever an earlier one could
 * swallow, the last can too (for a '**' since a '/' stands before it).
 */
static bool
glob_is(const char *p, size_t n, const char *s, size_t m)
{
	struct star star = {0};
	size_t i = 0, j = 0;

	for (;;) {
		size_t used = 0, len;

		if (i < n && p[i] == '*') {
			len = deep_len(p + i, n - i);
			star = (struct star){
			    i + (len ? len : 1), j, true, len != 0};
			i = star.after;
			continue;
		}
		if (i == n && j == m)
			return true;
		len = one(p + i, n - i, s + j, m - j, &used);
		if (len) {
			i += len;
			j += used;
			continue;
		}
		if (!swallow(&star, s, m))
			return false;
		i = star.after;
		j = star.from;
	}
}

static int
regex_compile(struct match *m, const char *pattern, size_t n, size_t *offset,
    struct err *e)
{
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
			   PCRE2_MATCH_INVALID_UTF | PCRE2_USE_OFFSET_LIMIT;
	PCRE2_SIZE at = 0;
	int code = 0;
	char why[256];

	m->code =
	    pcre2_compile((PCRE2_SPTR)pattern, n, options, &code, &at, NULL);
	if (!m->code) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
		return wrong(offset, at, e, why);
	}
	pcre2_pattern_info(m->code, PCRE2_INFO_ALLOPTIONS, &options);
	m->is_anchored = options & PCRE2_ANCHORED;
	m->data = pcre2_match_data_create(1, NULL);
	m->limits = pcre2_match_context_create(NULL);
	if (!m->data || !m->limits)
		return wrong(offset, 0, e, "out of memory");
	pcre2_set_match_limit(m->limits, STEP_LIMIT);
	pcre2_set_heap_limit(m->limits, HEAP_LIMIT);
	return 0;
}

static int
tired(struct err *e)
{
	return err_set(e, "the regular expression gave no answer in its share "
			  "of steps, memory and time");
}

/* Look for a match that begins in [from, to]. */
static int
regex_window(const struct match *m, const char *s, size_t n, size_t from,
    size_t to, size_t at[2], struct err *e)
{
	size_t *found;
	int got;

	pcre2_set_offset_limit(m->limits, to);
	got =
	    pcre2_match(m->code, (PCRE2_SPTR)s, n, from, 0, m->data, m->limits);
	if (got == PCRE2_ERROR_NOMATCH)
		return 0;
	if (got < 0)
		return tired(e);
	found = pcre2_get_ovector_pointer(m->data);
	if (at) {
		at[0] = found[0];
		at[1] = found[1];
	}
	return 1;
}

/*
 * PCRE2 counts its steps anew from each start, so that a long text can keep
 * it busy for hours without any one limit being met. So it gets the starts by
 * windows, which grow while they are quick, and the time is looked at between.
 */
static int
regex_find(
    const struct match *m, const char *s, size_t n, size_t at[2], struct err *e)
{
	int64_t begun = clock_mono_ns(), last = begun;
	size_t from = 0, window = m->is_anchored ? n + 1 : FIRST_WINDOW;

	while (from <= n) {
		size_t to = window > n - from ? n : from + window;
		int got = regex_window(m, s, n, from, to, at, e);
		int64_t now = clock_mono_ns();

		if (got)
			return got;
		if (to == n || m->is_anchored)
			return 0;
		if (now - begun > TIME_LIMIT_NS)
			return tired(e);
		if (now - last < QUICK_NS)
			window *= 2;
		last = now;
		from = to + 1;
		while (from < n && ((unsigned char)s[from] & 0xc0) == 0x80)
			from++;
	}
	return 0;
}

struct match *
match_compile(enum match_kind kind, const char *pattern, size_t n,
    size_t *offset, struct err *e)
{
	struct match *m = mem_new(1, sizeof *m);
	int got;

	m->kind = kind;
	if (kind == MATCH_GLOB) {
		m->glob = mem_dup(pattern, n);
		m->glob_len = n;
		got = glob_check(m->glob, n, offset, e);
	} else
		got = regex_compile(m, pattern, n, offset, e);
	if (got < 0)
		match_free(&m);
	return m;
}

int
match_find(
    const struct match *m, const char *s, size_t n, size_t at[2], struct err *e)
{
	if (m->kind == MATCH_REGEX)
		return regex_find(m, s, n, at, e);
	if (!glob_is(m->glob, m->glob_len, s, n))
		return 0;
	if (at) {
		at[0] = 0;
		at[1] = n;
	}
	return 1;
}

void
match_free(struct match **m)
{
	if (!*m)
		return;
	pcre2_match_context_free((*m)->limits);
	pcre2_match_data_free((*m)->data);
	pcre2_code_free((*m)->code);
	free((*m)->glob);
	free(*m);
	*m = NULL;
}
