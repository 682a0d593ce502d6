#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "data/otlp_int.h"
#include "data/otlp_pen.h"

enum { FEW = 16 };

/* src: RFC 4648, section 4 */
static void
print_base64(struct buf *b, const unsigned char *s, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *to = buf_room(b, (n + 2) / 3 * 4);

	b->len += (n + 2) / 3 * 4;
	for (; n; s += 3) {
		uint32_t v = (uint32_t)s[0] << 16 | (n > 1 ? s[1] << 8 : 0) |
			     (n > 2 ? s[2] : 0);

		*to++ = digit[v >> 18];
		*to++ = digit[v >> 12 & 63];
		*to++ = n > 1 ? digit[v >> 6 & 63] : '=';
		*to++ = n > 2 ? digit[v & 63] : '=';
		if (n <= 3)
			break;
		n -= 3;
	}
	b->s[b->len] = 0;
}

void
otlp_any_reset(struct otlp_any *v)
{
	v->kind = OTLP_NONE;
	buf_reset(&v->text);
	otlp_attrs_reset(&v->map);
}

struct buf *
otlp_any_scalar(struct otlp_any *v)
{
	otlp_any_reset(v);
	v->kind = OTLP_SCALAR;
	return &v->text;
}

void
otlp_any_int(struct otlp_any *v, int64_t i)
{
	struct buf *b = otlp_any_scalar(v);
	char *p = buf_room(b, PEN_NUMBER + 1);

	if (i < 0)
		*p++ = '-';
	pen_end(b, pen_number(p, i < 0 ? -(uint64_t)i : (uint64_t)i));
}

void
otlp_any_bool(struct otlp_any *v, bool b)
{
	buf_adds(otlp_any_scalar(v), b ? "true" : "false");
}

void
otlp_any_double(struct otlp_any *v, double d)
{
	struct buf *b = otlp_any_scalar(v);

	if (isfinite(d))
		pen_end(b, pen_double(buf_room(b, PEN_DOUBLE), d));
	else
		buf_addf(b, "{\"double\":\"%s\"}",
		    isnan(d) ? "NaN"
		    : d < 0  ? "-Infinity"
			     : "Infinity");
}

void
otlp_any_bytes(struct otlp_any *v, const unsigned char *s, size_t n)
{
	struct buf *b = otlp_any_scalar(v);

	buf_adds(b, "{\"bytes\":\"");
	print_base64(b, s, n);
	buf_adds(b, "\"}");
}

void
otlp_attrs_reset(struct otlp_attrs *a)
{
	buf_reset(&a->text);
	a->n = 0;
}

/* By key, and in the order of arrival where keys are equal. */
static int
compare(const void *left, const void *right, void *text)
{
	const struct otlp_attr *a = left, *b = right;
	const char *s = text;
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int sign = memcmp(s + a->key, s + b->key, n);

	if (sign)
		return sign;
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return a->key < b->key ? -1 : 1;
}

/* Many programs set them in the same order each time, and few of them. */
static void
sort_few(struct otlp_attrs *a)
{
	for (size_t i = 1; i < a->n; i++) {
		struct otlp_attr it = a->item[i];
		size_t k = i;

		for (; k && compare(&a->item[k - 1], &it, a->text.s) > 0; k--)
			a->item[k] = a->item[k - 1];
		a->item[k] = it;
	}
}

static bool
is_settled(const struct otlp_attrs *a)
{
	const struct otlp_attr *it = a->item;
	const char *s = a->text.s;

	for (size_t i = 1; i < a->n; i++, it++) {
		size_t n =
		    it->key_len < it[1].key_len ? it->key_len : it[1].key_len;
		int sign = memcmp(s + it->key, s + it[1].key, n);

		if (sign > 0 || (!sign && it->key_len >= it[1].key_len))
			return false;
	}
	return true;
}

/* Sort, and of equal keys keep the last. */
static void
settle(struct otlp_attrs *a)
{
	const char *s = a->text.s;
	size_t n = 0;

	if (is_settled(a))
		return;
	if (a->n <= FEW)
		sort_few(a);
	else
		qsort_r(a->item, a->n, sizeof *a->item, compare, a->text.s);
	for (size_t i = 0; i < a->n; i++) {
		struct otlp_attr *before = n ? &a->item[n - 1] : NULL;

		if (before && before->key_len == a->item[i].key_len &&
		    !memcmp(
			s + before->key, s + a->item[i].key, before->key_len))
			n--;
		a->item[n++] = a->item[i];
	}
	a->n = n;
}

static void
print_attr(struct buf *to, const char *text, const struct otlp_attr *it)
{
	const char *key = text + it->key;
	char *p;

	if (pen_plain(key, it->key_len) == it->key_len) {
		p = buf_room(to, it->key_len + it->value_len + 3);
		*p++ = '"';
		p = pen_put(p, key, it->key_len);
		p = PEN(p, "\":");
		pen_end(to, pen_put(p, text + it->value, it->value_len));
		return;
	}
	json_quote(to, key, it->key_len);
	buf_addc(to, ':');
	buf_add(to, text + it->value, it->value_len);
}

void
otlp_attrs_print(struct buf *to, struct otlp_attrs *a)
{
	settle(a);
	buf_addc(to, '{');
	for (size_t i = 0; i < a->n; i++) {
		if (i)
			buf_addc(to, ',');
		print_attr(to, a->text.s, &a->item[i]);
	}
	buf_addc(to, '}');
}

static void
print_any(struct buf *to, struct otlp_any *v)
{
	switch (v->kind) {
	case OTLP_NONE:
		buf_adds(to, "null");
		break;
	case OTLP_SCALAR:
		buf_add(to, v->text.s, v->text.len);
		break;
	case OTLP_LIST:
		buf_addc(to, '[');
		buf_add(to, v->text.s, v->text.len);
		buf_addc(to, ']');
		break;
	case OTLP_MAP:
		buf_adds(to, "{\"map\":");
		otlp_attrs_print(to, &v->map);
		buf_addc(to, '}');
	}
}

void
otlp_any_add(struct otlp_any *list, struct otlp_any *item)
{
	if (list->text.len)
		buf_addc(&list->text, ',');
	print_any(&list->text, item);
}

/*
 * A request of empty attributes, two bytes each, would need eight times its
 * size: those that are overridden are dropped before the array grows.
 */
static void
make_room(struct otlp_attrs *a)
{
	size_t n = a->n;

	if (n == a->cap && n >= 1024) {
		settle(a);
		if (a->n < a->cap / 2)
			n = a->n;
	}
	a->item = mem_more(a->item, n, &a->cap, sizeof *a->item);
}

void
otlp_attr(struct otlp_attrs *to, struct otlp_any *v)
{
	struct otlp_attr it = {.key = (uint32_t)to->text.len};

	buf_add(&to->text, v->key.s, v->key.len);
	it.key_len = (uint32_t)v->key.len;
	it.value = (uint32_t)to->text.len;
	print_any(&to->text, v);
	it.value_len = (uint32_t)to->text.len - it.value;
	make_room(to);
	to->item[to->n++] = it;
}
