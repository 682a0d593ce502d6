#include "data/json_int.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "data/token.h"

/*
 * yajl counts no depth, lets some byte sequences pass that are not UTF-8 and
 * mangles lone surrogates, so the text is looked over before yajl sees it.
 */
struct reading {
	struct arena *a; /* NULL: only look, build nothing */
	struct value *root;
	struct value *open[JSON_DEPTH];
	unsigned depth;
	struct value_member *member; /* whose value comes next */
	bool is_too_deep;
};

static struct value *
attach(struct reading *r, struct value *v)
{
	struct value *in = r->depth ? r->open[r->depth - 1] : NULL;

	if (!in)
		r->root = v;
	else if (in->kind == VALUE_LIST)
		value_add(r->a, in, v);
	else
		r->member->value = v;
	return v;
}

static int
on_null(void *arg)
{
	struct reading *r = arg;

	if (r->a)
		attach(r, value_new(r->a, VALUE_NULL));
	return 1;
}

static int
on_bool(void *arg, int b)
{
	struct reading *r = arg;

	if (r->a)
		attach(r, value_bool(r->a, b));
	return 1;
}

static struct value *
number(struct arena *a, const char *text)
{
	struct value *v;
	char *end;

	errno = 0;
	if (!strpbrk(text, ".eE")) {
		int64_t i = strtoll(text, &end, 10);

		if (!errno)
			return value_int(a, i);
		errno = 0;
		if (*text != '-') {
			v = value_new(a, VALUE_UINT);
			v->u = strtoull(text, &end, 10);
			if (!errno)
				return v;
		}
	}
	return value_float(a, strtod(text, NULL));
}

enum { DIGITS = 18 }; /* of any int64_t */

/* Most numbers are short and whole. */
static int64_t
small(const char *s, size_t n)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (s[i] - '0');
	return v;
}

static int
on_number(void *arg, const char *s, size_t n)
{
	struct reading *r = arg;
	AUTO_BUF text = BUF_INIT;

	if (!r->a)
		return 1;
	if (n <= DIGITS && token_digits(s, n) == n) {
		attach(r, value_int(r->a, small(s, n)));
		return 1;
	}
	buf_add(&text, s, n);
	attach(r, number(r->a, text.s));
	return 1;
}

static int
on_string(void *arg, const unsigned char *s, size_t n)
{
	struct reading *r = arg;

	if (r->a)
		attach(r, value_str(r->a, (const char *)s, n));
	return 1;
}

static int
on_key(void *arg, const unsigned char *s, size_t n)
{
	struct reading *r = arg;

	if (r->a)
		r->member = value_set(
		    r->a, r->open[r->depth - 1], (const char *)s, n, NULL);
	return 1;
}

static int
open_bracket(struct reading *r, enum value_kind kind)
{
	if (r->depth == JSON_DEPTH) {
		r->is_too_deep = true;
		return 0;
	}
	r->open[r->depth] = r->a ? attach(r, value_new(r->a, kind)) : NULL;
	r->depth++;
	return 1;
}

static int
on_open_object(void *arg)
{
	return open_bracket(arg, VALUE_TABLE);
}

static int
on_open_array(void *arg)
{
	return open_bracket(arg, VALUE_LIST);
}

static int
on_close(void *arg)
{
	((struct reading *)arg)->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_map_key = on_key,
    .yajl_start_map = on_open_object,
    .yajl_end_map = on_close,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close,
};

int
json_fail(
    const char *s, size_t n, size_t offset, struct err *e, const char *what)
{
	const char *line = s;
	unsigned number = 1;

	if (offset > n)
		offset = n;
	for (const char *p = s; p < s + offset; p++)
		if (*p == '\n') {
			number++;
			line = p + 1;
		}
	return err_at(e, NULL, number,
	    (unsigned)utf8_count(line, (size_t)(s + offset - line)) + 1, "%s",
	    what);
}

static int
hex4(const char *s, const char *end)
{
	int v = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(s[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* Is there a surrogate escape without its other half in s[n]? */
static bool
has_lone_surrogate(const char *s, size_t n)
{
	const char *end = s + n;

	while ((s = memchr(s, '\\', (size_t)(end - s)))) {
		int c = end - s > 1 && s[1] == 'u' ? hex4(s + 2, end) : -1;

		if (c >= 0xdc00 && c <= 0xdfff)
			return true;
		if (c >= 0xd800 && c <= 0xdbff) {
			int low = end - s > 7 && s[6] == '\\' && s[7] == 'u'
				    ? hex4(s + 8, end)
				    : -1;

			if (low < 0xdc00 || low > 0xdfff)
				return true;
			s += 6;
		}
		s += c >= 0 ? 6 : 2;
		if (s > end)
			break;
	}
	return false;
}

/* The same text with \ufffd in place of lone surrogates: equal in length. */
static void
mend_surrogates(struct buf *text)
{
	char *s = text->s, *end = s + text->len;

	while ((s = memchr(s, '\\', (size_t)(end - s)))) {
		int c = end - s > 1 && s[1] == 'u' ? hex4(s + 2, end) : -1;
		bool is_high = c >= 0xd800 && c <= 0xdbff;
		int low = is_high && end - s > 7 && s[6] == '\\' && s[7] == 'u'
			    ? hex4(s + 8, end)
			    : -1;

		if (is_high && low >= 0xdc00 && low <= 0xdfff)
			s += 6;
		else if (c >= 0xd800 && c <= 0xdfff)
			memcpy(s + 2, "fffd", 4);
		s += c >= 0 ? 6 : 2;
		if (s > end)
			break;
	}
}

/*
 * Where yajl was content and should not have been, or NULL: it takes vertical
 * tabs and form feeds for blanks, which no text of JSON holds as they are.
 */
static const char *
false_blank(const char *s, size_t n)
{
	const char *feed = memchr(s, '\f', n);

	return feed ? feed : memchr(s, '\v', n);
}

static int
run(struct reading *r, const char *s, size_t n, struct err *e)
{
	const char *feed = false_blank(s, n);
	yajl_handle y = yajl_alloc(&callbacks, NULL, r);
	yajl_status status;
	size_t used;
	int got = 0;

	yajl_config(y, yajl_dont_validate_strings, 1);
	status = yajl_parse(y, (const unsigned char *)s, n);
	used = yajl_get_bytes_consumed(y);
	if (status == yajl_status_ok) {
		/* A string left open behind the text is broken by a newline. */
		status = yajl_parse(y, (const unsigned char *)"\n", 1);
		if (status == yajl_status_ok)
			status = yajl_complete_parse(y);
		used = n;
	}
	if (status != yajl_status_ok)
		got = json_fail(s, n, used ? used - 1 : 0, e,
		    r->is_too_deep ? "nested deeper than 256 levels"
				   : "malformed JSON");
	else if (feed)
		got = json_fail(s, n, (size_t)(feed - s), e, "malformed JSON");
	yajl_free(y);
	return got;
}

static int
read_text(struct reading *r, const char *s, size_t n, struct err *e)
{
	size_t bad = utf8_check(s, n);

	if (bad < n)
		return json_fail(s, n, bad, e, "not UTF-8");
	return run(r, s, n, e);
}

struct value *
json_parse(struct arena *a, const char *s, size_t n, struct err *e)
{
	struct reading r = {.a = a};
	AUTO_BUF mended = BUF_INIT;

	if (has_lone_surrogate(s, n)) {
		buf_add(&mended, s, n);
		mend_surrogates(&mended);
		s = mended.s;
	}
	return read_text(&r, s, n, e) < 0 ? NULL : r.root;
}

int
json_check(const char *s, size_t n, struct err *e)
{
	struct reading r = {.a = NULL};

	return read_text(&r, s, n, e);
}

/* Text without what needs an escape, if it is UTF-8. */
static void
put_plain(struct buf *b, const char *s, size_t n)
{
	for (;;) {
		size_t good = utf8_check(s, n);

		buf_add(b, s, good);
		if (good == n)
			return;
		buf_adds(b, "\xef\xbf\xbd");
		s += good + 1;
		n -= good + 1;
	}
}

static void
put_escaped(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c == '"' || c == '\\')
		buf_add(b, (char[]){'\\', (char)c}, 2);
	else if (strchr("\b\f\n\r\t", c) && c)
		buf_add(b, (char[]){'\\', "btn?fr"[c - '\b']}, 2);
	else
		buf_add(b,
		    (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void
json_quote(struct buf *b, const char *s, size_t n)
{
	buf_addc(b, '"');
	for (;;) {
		size_t plain = token_plain(s, n);

		put_plain(b, s, plain);
		if (plain == n)
			break;
		put_escaped(b, (unsigned char)s[plain]);
		s += plain + 1;
		n -= plain + 1;
	}
	buf_addc(b, '"');
}

void
json_keyn(struct json *j, const char *key, size_t n)
{
	if (j->is_next)
		buf_addc(&j->text, ',');
	json_quote(&j->text, key, n);
	buf_addc(&j->text, ':');
	j->is_next = false;
}

static void
begin(struct json *j, const char *key)
{
	if (key)
		json_keyn(j, key, strlen(key));
	else if (j->is_next)
		buf_addc(&j->text, ',');
	j->is_next = true;
}

void
json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	buf_addc(&j->text, bracket);
	j->is_next = false;
}

void
json_close(struct json *j, char bracket)
{
	buf_addc(&j->text, bracket);
	j->is_next = true;
}

void
json_raw(struct json *j, const char *key, const char *s, size_t n)
{
	begin(j, key);
	buf_add(&j->text, s, n);
}

void
json_strn(struct json *j, const char *key, const char *s, size_t n)
{
	begin(j, key);
	json_quote(&j->text, s, n);
}

void
json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

void
json_int(struct json *j, const char *key, int64_t v)
{
	begin(j, key);
	buf_addi(&j->text, v);
}

void
json_float(struct json *j, const char *key, double v)
{
	char text[32];

	if (!isfinite(v)) {
		json_null(j, key);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	begin(j, key);
	buf_adds(&j->text, text);
	if (!strpbrk(text, ".e"))
		buf_adds(&j->text, ".0");
}

void
json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	buf_adds(&j->text, v ? "true" : "false");
}

void
json_null(struct json *j, const char *key)
{
	begin(j, key);
	buf_adds(&j->text, "null");
}

void
json_nano(struct json *j, const char *key, uint64_t ns)
{
	begin(j, key);
	buf_addf(&j->text, "\"%llu\"", (unsigned long long)ns);
}

static void
container(struct json *j, const char *key, const struct value *v)
{
	bool is_table = v->kind == VALUE_TABLE;

	json_open(j, key, is_table ? '{' : '[');
	for (size_t i = 0; i < value_count(v); i++)
		if (is_table) {
			const struct value_member *m = &v->table.member[i];

			json_keyn(j, m->key, m->len);
			json_value(j, NULL, m->value);
		} else {
			json_value(j, NULL, v->list.item[i]);
		}
	json_close(j, is_table ? '}' : ']');
}

void
json_value(struct json *j, const char *key, const struct value *v)
{
	switch (v ? v->kind : VALUE_NULL) {
	case VALUE_NULL:
		json_null(j, key);
		break;
	case VALUE_BOOL:
		json_bool(j, key, v->b);
		break;
	case VALUE_INT:
		json_int(j, key, v->i);
		break;
	case VALUE_UINT:
		begin(j, key);
		buf_addf(&j->text, "%llu", (unsigned long long)v->u);
		break;
	case VALUE_FLOAT:
		json_float(j, key, v->f);
		break;
	case VALUE_STR:
	case VALUE_TIME:
		json_strn(j, key, v->str.s, v->str.len);
		break;
	case VALUE_LIST:
	case VALUE_TABLE:
		container(j, key, v);
		break;
	}
}

void
json_free(struct json *j)
{
	buf_free(&j->text);
}
