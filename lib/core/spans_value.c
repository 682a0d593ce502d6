#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/spans_int.h"
#include "data/json.h"

/* src: the values of spans in clnrm-records(7) */

enum { LEVELS = 256 };

static int put_value(struct spans_reader *r, struct buf *b, unsigned level);
static int put_any(struct spans_reader *r, struct buf *b, unsigned level);

/* Members of a map, to be sorted. */
struct members {
	struct member {
		struct pull_text key;
		char *value;
		size_t len, at;
	} * item;
	size_t n, cap;
};

static int
by_key(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
	int sign = memcmp(a->key.s, b->key.s, n);

	if (!sign && a->key.n != b->key.n)
		sign = a->key.n < b->key.n ? -1 : 1;
	return sign ? sign : a->at < b->at ? -1 : 1;
}

/* Of equal keys the last wins. */
static void
put_members(struct members *m, struct buf *b)
{
	bool is_next = false;

	if (m->n > 1)
		qsort(m->item, m->n, sizeof *m->item, by_key);
	buf_addc(b, '{');
	for (size_t i = 0; i < m->n; i++) {
		const struct member *it = &m->item[i], *next = it + 1;

		if (i + 1 < m->n && next->key.n == it->key.n &&
		    !memcmp(next->key.s, it->key.s, it->key.n))
			continue;
		if (is_next)
			buf_addc(b, ',');
		is_next = true;
		json_quote(b, it->key.s, it->key.n);
		buf_addc(b, ':');
		buf_add(b, it->value, it->len);
	}
	buf_addc(b, '}');
}

static void
free_members(struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->item[i].value);
	free(m->item);
}

#define AUTO_MEMBERS __attribute__((cleanup(free_members))) struct members

static void
keep_member(struct members *m, struct pull_text key, struct buf *value)
{
	m->item = mem_more(m->item, m->n, &m->cap, sizeof *m->item);
	m->item[m->n] = (struct member){key, NULL, value->len, m->n};
	m->item[m->n++].value = buf_steal(value);
}

static int
put_object(struct spans_reader *r, struct buf *b, unsigned level)
{
	AUTO_MEMBERS m = {0};
	AUTO_BUF value = BUF_INIT;
	struct pull_text key;
	int got;

	if (pull_open(&r->p, '{') < 0)
		return -1;
	while ((got = pull_member(&r->p, &key, m.n > 0)) > 0) {
		if (put_value(r, &value, level + 1) < 0)
			return -1;
		keep_member(&m, key, &value);
	}
	put_members(&m, b);
	return got;
}

static int
put_list(struct spans_reader *r, struct buf *b, unsigned level,
    int (*put)(struct spans_reader *, struct buf *, unsigned))
{
	bool more = false;
	int got;

	if (pull_open(&r->p, '[') < 0)
		return -1;
	buf_addc(b, '[');
	for (; (got = pull_item(&r->p, more)) > 0; more = true) {
		if (more)
			buf_addc(b, ',');
		if (put(r, b, level + 1) < 0)
			return -1;
	}
	buf_addc(b, ']');
	return got;
}

static void
put_double(struct buf *b, double d)
{
	AUTO_JSON j = JSON_INIT;

	if (d != d || d - d != 0) {
		buf_addf(b, "{\"double\":\"%s\"}",
		    d != d  ? "NaN"
		    : d < 0 ? "-Infinity"
			    : "Infinity");
		return;
	}
	json_float(&j, NULL, d);
	buf_add(b, j.text.s, j.text.len);
}

/* Is it what the shortest form of %g would print? Most are. */
static bool
is_short(struct pull_text t)
{
	const char *s = t.s, *point;
	size_t n = t.n, whole;

	if (n && *s == '-')
		s++, n--;
	point = memchr(s, '.', n);
	if (!point || n > 16 || memchr(s, 'e', n) || memchr(s, 'E', n))
		return false;
	whole = (size_t)(point - s);
	if (s[n - 1] == '0')
		return whole == 1 && n == 3;
	return *s != '0' || n < 6 || memcmp(point, ".0000", 5) != 0;
}

static void
put_number(struct buf *b, struct pull_text t, bool is_double)
{
	AUTO_BUF text = BUF_INIT;

	is_double = is_double || memchr(t.s, '.', t.n) ||
		    memchr(t.s, 'e', t.n) || memchr(t.s, 'E', t.n);
	if (is_double ? is_short(t) : t.n != 2 || memcmp(t.s, "-0", 2)) {
		buf_add(b, t.s, t.n);
		return;
	}
	buf_add(&text, t.s, t.n);
	if (is_double)
		put_double(b, strtod(text.s, NULL));
	else
		buf_addc(b, '0');
}

static int
put_string(struct spans_reader *r, struct buf *b)
{
	struct pull_text t;

	if (pull_string(&r->p, &t) < 0)
		return -1;
	json_quote(b, t.s, t.n);
	return 0;
}

static int
put_value(struct spans_reader *r, struct buf *b, unsigned level)
{
	struct pull_text t;

	if (level > LEVELS)
		return pull_fail(&r->p, "a value nested too deep");
	switch (pull_peek(&r->p)) {
	case '{':
		return put_object(r, b, level);
	case '[':
		return put_list(r, b, level, put_value);
	case '"':
		return put_string(r, b);
	default:
		if (pull_scalar(&r->p, &t) < 0)
			return -1;
		if (strchr("tfn", *t.s))
			buf_add(b, t.s, t.n);
		else
			put_number(b, t, false);
		return 0;
	}
}

/* {"values":[…]}, of values or of keys with values. */
static int
put_values(struct spans_reader *r, struct buf *b, unsigned level,
    int (*put)(struct spans_reader *, struct buf *, unsigned))
{
	struct pull_text key;
	size_t from = b->len;
	bool more = false;
	int got;

	if (pull_peek(&r->p) != '{')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true) {
		if (!PULL_IS(key, "values") || pull_peek(&r->p) != '[')
			got = pull_skip(&r->p, NULL);
		else {
			buf_cut(b, from);
			got = put(r, b, level);
		}
		if (got < 0)
			return -1;
	}
	return got;
}

static int
put_items(struct spans_reader *r, struct buf *b, unsigned level)
{
	return put_list(r, b, level, put_any);
}

/* {"key":…,"value":{…}}, the value in *value. */
static int
read_pair(struct spans_reader *r, unsigned level, struct pull_text *name,
    struct buf *value)
{
	struct pull_text key;
	bool more = false;
	int got;

	*name = (struct pull_text){"", 0};
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true) {
		if (PULL_IS(key, "key") && pull_peek(&r->p) == '"')
			got = pull_string(&r->p, name);
		else if (PULL_IS(key, "value")) {
			buf_reset(value);
			got = put_any(r, value, level + 1);
		} else
			got = pull_skip(&r->p, NULL);
		if (got < 0)
			return -1;
	}
	if (!value->len)
		buf_adds(value, "null");
	return got;
}

static int
put_pairs(struct spans_reader *r, struct buf *b, unsigned level)
{
	AUTO_MEMBERS m = {0};
	AUTO_BUF value = BUF_INIT;
	struct pull_text key;
	int got;

	if (pull_open(&r->p, '[') < 0)
		return -1;
	while ((got = pull_item(&r->p, m.n > 0)) > 0) {
		if (read_pair(r, level, &key, &value) < 0)
			return -1;
		keep_member(&m, key, &value);
	}
	buf_adds(b, "{\"map\":");
	put_members(&m, b);
	buf_addc(b, '}');
	return got;
}

static bool
is_number(struct pull_text t)
{
	struct pull p = {.s = t.s, .n = t.n};
	struct pull_text number;

	return pull_scalar(&p, &number) == 0 && number.n == t.n &&
	       !strchr("tfn", *t.s);
}

/* A number, bare or in quotes; of a double also NaN and the like. */
static int
put_quoted(struct spans_reader *r, struct buf *b, bool is_double)
{
	struct pull_text t;

	if (pull_peek(&r->p) != '"')
		return pull_scalar(&r->p, &t) < 0
			 ? -1
			 : (put_number(b, t, is_double), 0);
	if (pull_string(&r->p, &t) < 0)
		return -1;
	if (PULL_IS(t, "NaN") || PULL_IS(t, "Infinity") ||
	    PULL_IS(t, "-Infinity"))
		buf_addf(b, "{\"double\":\"%.*s\"}", (int)t.n, t.s);
	else if (is_number(t))
		put_number(b, t, is_double);
	else
		return pull_fail(&r->p, "a number is wanted");
	return 0;
}

static int
put_bytes(struct spans_reader *r, struct buf *b)
{
	buf_adds(b, "{\"bytes\":");
	if (pull_peek(&r->p) != '"' || put_string(r, b) < 0)
		return pull_fail(&r->p, "bytes are a string of base64");
	buf_addc(b, '}');
	return 0;
}

static int
put_any_member(
    struct spans_reader *r, struct pull_text key, struct buf *b, unsigned level)
{
	struct pull_text t;

	if (PULL_IS(key, "stringValue"))
		return put_value(r, b, level);
	if (PULL_IS(key, "intValue"))
		return put_quoted(r, b, false);
	if (PULL_IS(key, "doubleValue"))
		return put_quoted(r, b, true);
	if (PULL_IS(key, "arrayValue"))
		return put_values(r, b, level, put_items);
	if (PULL_IS(key, "kvlistValue"))
		return put_values(r, b, level, put_pairs);
	if (PULL_IS(key, "bytesValue"))
		return put_bytes(r, b);
	if (pull_skip(&r->p, &t) < 0)
		return -1;
	if (PULL_IS(key, "boolValue"))
		buf_add(b, t.s, t.n);
	return 0;
}

static int
put_any(struct spans_reader *r, struct buf *b, unsigned level)
{
	struct pull_text key;
	size_t from = b->len;
	bool more = false;
	int got;

	if (level > LEVELS)
		return pull_fail(&r->p, "a value nested too deep");
	if (pull_peek(&r->p) != '{')
		return put_value(r, b, level);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true)
		if (put_any_member(r, key, b, level) < 0)
			return -1;
	if (b->len == from)
		buf_adds(b, "null");
	return got;
}

static int
keep(struct spans_reader *r, struct pull_text *to,
    int (*put)(struct spans_reader *, struct buf *, unsigned))
{
	buf_reset(&r->scratch);
	if (put(r, &r->scratch, 0) < 0)
		return -1;
	to->s = arena_dup(&r->t->arena, r->scratch.s, r->scratch.len);
	to->n = r->scratch.len;
	return 0;
}

/* What is canonical as it stands is borrowed. */
static bool
is_plain(struct pull_text t)
{
	if (*t.s == '"')
		return !memchr(t.s, '\\', t.n);
	if (*t.s == '{' || *t.s == '[')
		return false;
	if (memchr(t.s, '.', t.n))
		return is_short(t);
	return *t.s != '-' && !memchr(t.s, 'e', t.n) && !memchr(t.s, 'E', t.n);
}

int
spans_value(struct spans_reader *r, struct pull_text *to)
{
	size_t from;

	pull_peek(&r->p);
	from = r->p.at;
	if (pull_skip(&r->p, to) < 0)
		return -1;
	if (is_plain(*to) || *to->s == 't' || *to->s == 'f' || *to->s == 'n')
		return 0;
	r->p.at = from;
	return keep(r, to, put_value);
}

/* {"stringValue":"x"} and {"intValue":"1"}, without a copy. */
static bool
borrow_any(struct spans_reader *r, struct pull_text *to)
{
	struct pull_text key;

	if (pull_open(&r->p, '{') < 0 || pull_member(&r->p, &key, false) <= 0 ||
	    pull_skip(&r->p, to) < 0 || pull_peek(&r->p) != '}')
		return false;
	r->p.at++;
	r->p.depth--;
	if (PULL_IS(key, "intValue")) {
		if (*to->s == '"')
			*to = (struct pull_text){to->s + 1, to->n - 2};
		return to->n && strspn(to->s, "0123456789") >= to->n &&
		       (*to->s != '0' || to->n == 1);
	}
	return (PULL_IS(key, "stringValue") && *to->s == '"' &&
		   is_plain(*to)) ||
	       (PULL_IS(key, "doubleValue") && is_short(*to)) ||
	       PULL_IS(key, "boolValue");
}

int
spans_any(struct spans_reader *r, struct pull_text *to)
{
	struct pull before;

	pull_peek(&r->p);
	before = r->p;
	if (borrow_any(r, to))
		return 0;
	r->p = before;
	return keep(r, to, put_any);
}
