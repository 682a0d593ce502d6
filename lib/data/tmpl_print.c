/*
 * Values as text: as an output prints them, and as JSON.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/tmpl_int.h"

/* One value in many places prints as much as many would. */
enum { TOO_LONG = 2 * TMPL_OUTPUT };

/* Of values that are compared: more than ever fit into memory. */
enum { COMPARED = 10000000 };

bool
tmpl_is_num(const struct value *v)
{
	return v->kind == VALUE_INT || v->kind == VALUE_UINT ||
	       v->kind == VALUE_FLOAT;
}

double
tmpl_num(const struct value *v)
{
	return v->kind == VALUE_INT  ? (double)v->i
	     : v->kind == VALUE_UINT ? (double)v->u
				     : v->f;
}

bool
tmpl_truthy(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return v->b;
	case VALUE_INT:
	case VALUE_UINT:
		return v->u != 0;
	case VALUE_FLOAT:
		return v->f != 0 && !isnan(v->f);
	case VALUE_STR:
	case VALUE_TIME:
		return v->str.len > 0;
	case VALUE_LIST:
	case VALUE_TABLE:
		return value_count(v) > 0;
	}
	return false;
}

static bool equal(
    const struct value *a, const struct value *b, int depth, size_t *left);

static bool
equal_inside(
    const struct value *a, const struct value *b, int depth, size_t *left)
{
	if (value_count(a) != value_count(b) || depth > TMPL_NESTING)
		return false;
	for (size_t i = 0; a->kind == VALUE_LIST && i < a->list.n; i++)
		if (!equal(a->list.item[i], b->list.item[i], depth + 1, left))
			return false;
	for (size_t i = 0; a->kind == VALUE_TABLE && i < a->table.n; i++) {
		const struct value_member *m = &a->table.member[i];
		const struct value_member *o =
		    value_member_by(b, m->hash, m->key, m->len);

		if (!o || !equal(m->value, o->value, depth + 1, left))
			return false;
	}
	return true;
}

static bool
equal(const struct value *a, const struct value *b, int depth, size_t *left)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || !*left)
		return false;
	--*left;
	switch (a->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_INT:
	case VALUE_UINT:
		return a->u == b->u;
	case VALUE_FLOAT:
		return a->f == b->f;
	case VALUE_STR:
	case VALUE_TIME:
		return a->str.len == b->str.len &&
		       !memcmp(a->str.s, b->str.s, a->str.len);
	case VALUE_LIST:
	case VALUE_TABLE:
		break;
	}
	return equal_inside(a, b, depth, left);
}

bool
tmpl_equal(const struct value *a, const struct value *b)
{
	size_t left = COMPARED;

	return equal(a, b, 0, &left);
}

/* Shortest digits d.ddd that read back, and the power of ten of the first. */
static size_t
digits(double f, char to[32], int *power)
{
	char text[40];
	size_t n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, f);
		if (strtod(text, NULL) == f)
			break;
	}
	for (const char *c = text; *c && *c != 'e'; c++)
		if (*c >= '0' && *c <= '9')
			to[n++] = *c;
	while (n > 1 && to[n - 1] == '0')
		n--;
	*power = atoi(strchr(text, 'e') + 1);
	return n;
}

/* Digits with a point behind the first `before` of them, zeros as needed. */
static void
place_point(struct buf *b, const char *d, size_t n, int before)
{
	if (before <= 0)
		buf_adds(b, "0.");
	for (int i = before; i < 0; i++)
		buf_addc(b, '0');
	for (int i = 0; i < before || i < (int)n; i++) {
		if (i && i == before)
			buf_addc(b, '.');
		buf_addc(b, i < (int)n ? d[i] : '0');
	}
}

void
tmpl_print_float(struct buf *b, double f)
{
	char d[32];
	int power;
	size_t n;

	if (!isfinite(f)) {
		buf_adds(b, isnan(f) ? "NaN" : f < 0 ? "-inf" : "inf");
		return;
	}
	if (signbit(f))
		buf_addc(b, '-');
	n = digits(fabs(f), d, &power);
	place_point(b, d, n, power + 1);
}

void
tmpl_json_float(struct buf *b, double f)
{
	char d[32];
	int power;
	size_t n;

	if (!isfinite(f)) {
		buf_adds(b, "null");
		return;
	}
	if (signbit(f))
		buf_addc(b, '-');
	n = digits(fabs(f), d, &power);
	if (power >= -5 && power < 16) {
		place_point(b, d, n, power + 1);
		if ((int)n <= power + 1)
			buf_adds(b, ".0");
		return;
	}
	place_point(b, d, n, 1);
	buf_addf(b, "e%d", power);
}

static int
print_list(struct buf *b, const struct value *v, int depth)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_adds(b, ", ");
		if (tmpl_print(b, v->list.item[i], depth + 1) < 0)
			return -1;
	}
	buf_addc(b, ']');
	return 0;
}

int
tmpl_print(struct buf *b, const struct value *v, int depth)
{
	if (depth > TMPL_NESTING || b->len > TOO_LONG)
		return -1;
	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		buf_adds(b, v->b ? "true" : "false");
		break;
	case VALUE_INT:
		buf_addi(b, v->i);
		break;
	case VALUE_UINT:
		buf_addf(b, "%" PRIu64, v->u);
		break;
	case VALUE_FLOAT:
		tmpl_print_float(b, v->f);
		break;
	case VALUE_STR:
	case VALUE_TIME:
		buf_add(b, v->str.s, v->str.len);
		break;
	case VALUE_LIST:
		return print_list(b, v, depth);
	case VALUE_TABLE:
		buf_adds(b, "[object]");
		break;
	}
	return 0;
}

/* ---- JSON */

static void
json_text(struct buf *b, const char *s, size_t n)
{
	static const char plain[] = "btn?fr";

	buf_addc(b, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else if (c >= 8 && c <= 13 && c != 11)
			buf_addf(b, "\\%c", plain[c - 8]);
		else if (c < 0x20)
			buf_addf(b, "\\u%04x", c);
		else
			buf_addc(b, (char)c);
	}
	buf_addc(b, '"');
}

static int
by_key(const void *a, const void *b)
{
	const struct value_member *x = *(const struct value_member *const *)a;
	const struct value_member *y = *(const struct value_member *const *)b;
	int got = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);

	return got ? got : (x->len > y->len) - (x->len < y->len);
}

const struct value_member **
tmpl_sorted(struct arena *a, const struct value *table)
{
	size_t n = table->table.n;
	const struct value_member **m =
	    arena_alloc(a, (n + 1) * sizeof(struct value_member *));

	for (size_t i = 0; i < n; i++)
		m[i] = &table->table.member[i];
	if (n)
		qsort(m, n, sizeof(struct value_member *), by_key);
	return m;
}

static void
new_line(struct buf *b, int indent)
{
	if (indent < 0)
		return;
	buf_addc(b, '\n');
	for (int i = 0; i < indent; i++)
		buf_adds(b, "  ");
}

static int
json_list(struct buf *b, const struct value *v, int indent, int depth)
{
	int inner = indent < 0 ? -1 : indent + 1;

	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_addc(b, ',');
		new_line(b, inner);
		if (tmpl_json(b, v->list.item[i], inner, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int
json_table(struct buf *b, const struct value *v, int indent, int depth)
{
	AUTO_ARENA a = {0};
	const struct value_member **m = tmpl_sorted(&a, v);
	int inner = indent < 0 ? -1 : indent + 1;

	for (size_t i = 0; i < v->table.n; i++) {
		if (i)
			buf_addc(b, ',');
		new_line(b, inner);
		json_text(b, m[i]->key, m[i]->len);
		buf_adds(b, indent < 0 ? ":" : ": ");
		if (tmpl_json(b, m[i]->value, inner, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int
json_inside(struct buf *b, const struct value *v, int indent, int depth)
{
	bool is_list = v->kind == VALUE_LIST;
	int got;

	buf_addc(b, is_list ? '[' : '{');
	got = is_list ? json_list(b, v, indent, depth)
		      : json_table(b, v, indent, depth);
	if (value_count(v))
		new_line(b, indent);
	buf_addc(b, is_list ? ']' : '}');
	return got;
}

int
tmpl_json(struct buf *b, const struct value *v, int indent, int depth)
{
	if (depth > TMPL_NESTING || b->len > TOO_LONG)
		return -1;
	switch (v->kind) {
	case VALUE_NULL:
		buf_adds(b, "null");
		break;
	case VALUE_FLOAT:
		tmpl_json_float(b, v->f);
		break;
	case VALUE_STR:
	case VALUE_TIME:
		json_text(b, v->str.s, v->str.len);
		break;
	case VALUE_LIST:
	case VALUE_TABLE:
		return json_inside(b, v, indent, depth);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_UINT:
		return tmpl_print(b, v, depth);
	}
	return 0;
}
