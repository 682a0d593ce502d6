/* One value as TOML, on one line. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/toml.h"

static int put(struct buf *to, const struct value *v, int depth, struct err *e);

static int
quote(struct buf *to, const char *s, size_t n, struct err *e)
{
	static const char short_form[] = "btn?fr"; /* of 8 to 13 */

	if (utf8_check(s, n) < n)
		return err_set(e, "a string that is not UTF-8 is no TOML");
	buf_addc(to, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			buf_addf(to, "\\%c", c);
		else if (c >= 8 && c <= 13 && c != 11)
			buf_addf(to, "\\%c", short_form[c - 8]);
		else if (c < 0x20 || c == 0x7f)
			buf_addf(to, "\\u%04X", c);
		else
			buf_addc(to, (char)c);
	}
	buf_addc(to, '"');
	return 0;
}

/* As few digits as read back to the same number; a float has a dot or an e. */
static void
write_float(struct buf *to, double f)
{
	char text[40];

	if (!isfinite(f)) {
		buf_adds(to, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, f);
		if (strtod(text, NULL) == f)
			break;
	}
	/* 1e+02 is how %g writes what has more places than digits */
	if (strchr(text, 'e') && fabs(f) >= 1 && fabs(f) < 1e16)
		snprintf(text, sizeof text, "%.0f", f);
	buf_adds(to, text);
	if (!strpbrk(text, ".e"))
		buf_adds(to, ".0");
}

static int
write_list(struct buf *to, const struct value *v, int depth, struct err *e)
{
	buf_addc(to, '[');
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_addc(to, ',');
		if (put(to, v->list.item[i], depth + 1, e) < 0)
			return -1;
	}
	buf_addc(to, ']');
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct value_member *x = *(const struct value_member *const *)a;
	const struct value_member *y = *(const struct value_member *const *)b;
	int got = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);

	return got ? got : (x->len > y->len) - (x->len < y->len);
}

static int
write_table(struct buf *to, const struct value *v, int depth, struct err *e)
{
	AUTO_ARENA a = {0};
	size_t n = v->table.n;
	const struct value_member **m = arena_take(&a, (n + 1) * sizeof *m);

	for (size_t i = 0; i < n; i++)
		m[i] = &v->table.member[i];
	qsort(m, n, sizeof *m, by_key);
	buf_addc(to, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(to, ',');
		if (quote(to, m[i]->key, m[i]->len, e) < 0)
			return -1;
		buf_addc(to, '=');
		if (put(to, m[i]->value, depth + 1, e) < 0)
			return -1;
	}
	buf_addc(to, '}');
	return 0;
}

static int
write_text(struct buf *to, const struct value *v, struct err *e)
{
	enum value_time kind;

	if (v->kind == VALUE_STR || !toml_is_time(v->str.s, v->str.len, &kind))
		return quote(to, v->str.s, v->str.len, e);
	buf_add(to, v->str.s, v->str.len);
	return 0;
}

static int
put(struct buf *to, const struct value *v, int depth, struct err *e)
{
	if (depth > TOML_DEPTH - 2)
		return err_set(e, "nested deeper than %d levels", TOML_DEPTH);
	switch (v->kind) {
	case VALUE_NULL:
		return err_set(e, "TOML has no null");
	case VALUE_UINT:
		return err_set(e,
		    "%" PRIu64 " does not fit TOML's 64 bits "
		    "with a sign",
		    v->u);
	case VALUE_BOOL:
		buf_adds(to, v->b ? "true" : "false");
		return 0;
	case VALUE_INT:
		buf_addf(to, "%" PRId64, v->i);
		return 0;
	case VALUE_FLOAT:
		write_float(to, v->f);
		return 0;
	case VALUE_STR:
	case VALUE_TIME:
		return write_text(to, v, e);
	case VALUE_LIST:
		return write_list(to, v, depth, e);
	case VALUE_TABLE:
		return write_table(to, v, depth, e);
	}
	return 0;
}

int
toml_write(struct buf *to, const struct value *v, struct err *e)
{
	size_t start = to->len;

	if (put(to, v, 0, e) == 0)
		return 0;
	buf_cut(to, start);
	return -1;
}
