#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "data/otlp_pen.h"
#include "data/otlp_wire.h"
#include "data/token.h"

/* What is printed here was found to be well-formed. */

enum { FEW = 16 };

/* ---- texts */

/*
 * The length of the maximal subpart of a character that is broken at p[n]:
 * what Unicode wants replaced by one U+FFFD.
 */
static size_t
bad_part(const unsigned char *p, size_t n)
{
	unsigned low = 0x80, high = 0xbf;
	size_t need, i = 1;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 1;
	need = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	if (p[0] == 0xe0)
		low = 0xa0;
	if (p[0] == 0xf0)
		low = 0x90;
	if (p[0] == 0xed)
		high = 0x9f;
	if (p[0] == 0xf4)
		high = 0x8f;
	for (; i <= need && i < n && p[i] >= low && p[i] <= high; i++) {
		low = 0x80;
		high = 0xbf;
	}
	return i;
}

static void
mend(struct buf *to, const char *s, size_t n)
{
	while (n) {
		size_t good = utf8_check(s, n);

		buf_add(to, s, good);
		s += good;
		n -= good;
		if (!n)
			return;
		buf_adds(to, "\xef\xbf\xbd");
		good = bad_part((const unsigned char *)s, n);
		s += good;
		n -= good;
	}
}

static inline bool
is_broken(const struct otlp *o, const char *s, size_t n)
{
	return o->r->warnings & OTLP_BAD_UTF8 && utf8_check(s, n) < n;
}

static __attribute__((noinline)) void
put_odd(struct otlp *o, struct buf *to, const char *s, size_t n)
{
	AUTO_BUF whole = BUF_INIT;

	if (is_broken(o, s, n)) {
		mend(&whole, s, n);
		s = whole.s;
		n = whole.len;
	}
	json_quote(to, s, n);
}

void
otlp_text(struct otlp *o, struct buf *to, const char *s, size_t n)
{
	char *p;

	if (n && (token_plain(s, n) < n || is_broken(o, s, n))) {
		put_odd(o, to, s, n);
		return;
	}
	p = buf_room(to, n + 2);
	*p++ = '"';
	p = pen_put(p, s, n);
	*p++ = '"';
	pen_end(to, p);
}

/* ---- values */

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

static void
print_bytes(struct buf *to, struct wire s)
{
	buf_adds(to, "{\"bytes\":\"");
	print_base64(to, (const unsigned char *)s.s, wire_len(&s));
	buf_adds(to, "\"}");
}

static void
print_int(struct buf *to, int64_t i)
{
	char *p = buf_room(to, PEN_NUMBER + 1);

	if (i < 0)
		*p++ = '-';
	pen_end(to, pen_number(p, i < 0 ? -(uint64_t)i : (uint64_t)i));
}

static void
print_double(struct buf *to, uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof d);
	if (isfinite(d))
		pen_end(to, pen_double(buf_room(to, PEN_DOUBLE), d));
	else
		buf_addf(to, "{\"double\":\"%s\"}",
		    isnan(d) ? "NaN"
		    : d < 0  ? "-Infinity"
			     : "Infinity");
}

/* The fields of an AnyValue; where a KeyValue has several, of all of them:
 * messages merge. */
struct any {
	struct wire in, split;
};

static int
next_any(struct otlp *o, struct any *v, struct wire_field *f)
{
	while (v->in.s == v->in.end) {
		int got = wire_next(o, &v->split, f);

		if (got <= 0)
			return got;
		if (f->tag == TAG(2, LEN))
			v->in = f->s;
	}
	return wire_next(o, &v->in, f);
}

static bool
is_member(uint32_t tag)
{
	static const bool is[] = {
	    [TAG(1, LEN)] = true,
	    [TAG(2, VARINT)] = true,
	    [TAG(3, VARINT)] = true,
	    [TAG(4, I64)] = true,
	    [TAG(5, LEN)] = true,
	    [TAG(6, LEN)] = true,
	    [TAG(7, LEN)] = true,
	};

	return tag < COUNT(is) && is[tag];
}

/*
 * The member that it has: the last one. Of a list or map *from is where the
 * first one is that is merged with it.
 */
static struct wire_field
find_member(struct otlp *o, struct any v, struct any *from)
{
	struct wire_field last = {0}, f;

	*from = v;
	if (v.in.s < v.in.end && wire_next(o, &v.in, &f) > 0 &&
	    is_member(f.tag) && v.in.s == v.in.end && v.split.s == v.split.end)
		return f; /* as nearly always */
	v = *from;
	for (struct any at = v; next_any(o, &v, &f) > 0; at = v) {
		if (!is_member(f.tag))
			continue;
		if (f.tag != last.tag)
			*from = at;
		last = f;
	}
	return last;
}

static void print_any(struct otlp *o, struct any v, struct buf *to);

static void
print_list(struct otlp *o, struct any v, struct buf *to)
{
	struct wire_field f, item;
	bool more = false;

	buf_addc(to, '[');
	while (next_any(o, &v, &f) > 0)
		while (f.tag == TAG(5, LEN) && to->len < o->limit &&
		       wire_next(o, &f.s, &item) > 0) {
			if (item.tag != TAG(1, LEN))
				continue;
			if (more)
				buf_addc(to, ',');
			more = true;
			print_any(o, (struct any){.in = item.s}, to);
		}
	buf_addc(to, ']');
}

static void
print_map(struct otlp *o, struct any v, struct buf *to)
{
	size_t from = o->attrs;
	struct wire_field f, item;

	while (next_any(o, &v, &f) > 0)
		while (f.tag == TAG(6, LEN) && wire_next(o, &f.s, &item) > 0)
			if (item.tag == TAG(1, LEN))
				otlp_attr(o, from, item.s);
	buf_adds(to, "{\"map\":");
	otlp_attrs_print(o, from, to);
	buf_addc(to, '}');
}

static void
print_any(struct otlp *o, struct any v, struct buf *to)
{
	struct any from;
	struct wire_field f = find_member(o, v, &from);

	switch (f.tag) {
	case TAG(1, LEN):
		otlp_text(o, to, f.s.s, wire_len(&f.s));
		break;
	case TAG(2, VARINT):
		buf_adds(to, f.v ? "true" : "false");
		break;
	case TAG(3, VARINT):
		print_int(to, (int64_t)f.v);
		break;
	case TAG(4, I64):
		print_double(to, f.v);
		break;
	case TAG(5, LEN):
		print_list(o, from, to);
		break;
	case TAG(6, LEN):
		print_map(o, from, to);
		break;
	case TAG(7, LEN):
		print_bytes(to, f.s);
		break;
	default:
		buf_adds(to, "null");
	}
}

/* ---- attributes */

/* By key, and in the order of arrival where keys are equal. */
static int
compare(const void *left, const void *right)
{
	const struct otlp_attr *a = left, *b = right;
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int sign = n ? memcmp(a->key, b->key, n) : 0;

	if (sign)
		return sign;
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return a->value < b->value ? -1 : 1; /* both lie in the request */
}

static bool
is_equal(const struct otlp_attr *a, const struct otlp_attr *b)
{
	return a->key_len == b->key_len &&
	       (!a->key_len || !memcmp(a->key, b->key, a->key_len));
}

/* Many programs set them in the same order each time, and few of them. */
static void
sort_few(struct otlp_attr *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct otlp_attr it = a[i];
		size_t k = i;

		for (; k && compare(&a[k - 1], &it) > 0; k--)
			a[k] = a[k - 1];
		a[k] = it;
	}
}

static bool
is_settled(const struct otlp_attr *a, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (compare(&a[i - 1], &a[i]) > 0 || is_equal(&a[i - 1], &a[i]))
			return false;
	return true;
}

/* Sort, and of equal keys keep the last. */
static void
settle(struct otlp *o, size_t from)
{
	size_t n = o->attrs - from, kept = 0;
	struct otlp_attr *a = n ? o->attr + from : NULL;

	if (n < 2 || is_settled(a, n))
		return;
	if (n <= FEW)
		sort_few(a, n);
	else
		qsort(a, n, sizeof *a, compare);
	for (size_t i = 0; i < n; i++) {
		if (kept && is_equal(&a[kept - 1], &a[i]))
			kept--;
		a[kept++] = a[i];
	}
	o->attrs = from + kept;
}

/*
 * A request of empty attributes, two bytes each, would need many times its
 * size: those that are overridden are dropped before the array grows.
 */
static void
make_room(struct otlp *o, size_t from)
{
	size_t n = o->attrs;

	if (n - from >= 1024) {
		settle(o, from);
		n = o->attrs < o->attrs_cap / 2 ? o->attrs : n;
	}
	o->attr = mem_more(o->attr, n, &o->attrs_cap, sizeof *o->attr);
}

static void
set_key(struct otlp *o, struct otlp_attr *it, struct wire s)
{
	it->key = s.s;
	it->key_len = (uint32_t)wire_len(&s);
	if (!is_broken(o, s.s, it->key_len))
		return;
	AUTO_BUF whole = BUF_INIT;
	mend(&whole, s.s, it->key_len);
	it->key = arena_dup(&o->keys, whole.s, whole.len);
	it->key_len = (uint32_t)whole.len;
}

void
otlp_attr(struct otlp *o, size_t from, struct wire pair)
{
	struct wire key = {"", ""}, value = {pair.end, pair.end}, in = pair;
	bool has_value = false;
	struct otlp_attr it = {0};
	struct wire_field f;

	while (wire_next(o, &in, &f) > 0)
		if (f.tag == TAG(1, LEN)) {
			key = f.s;
		} else if (f.tag == TAG(2, LEN)) {
			it.is_split = has_value;
			value = has_value ? pair : f.s;
			has_value = true;
		}
	set_key(o, &it, key);
	it.value = value.s;
	it.value_len = (uint32_t)wire_len(&value) & INT32_MAX;
	if (o->attrs == o->attrs_cap)
		make_room(o, from);
	o->attr[o->attrs++] = it;
}

static struct any
value_of(const struct otlp_attr *it)
{
	struct wire s = {it->value, it->value + it->value_len};

	return it->is_split ? (struct any){.split = s} : (struct any){.in = s};
}

struct wire
otlp_attr_text(struct otlp *o, const struct otlp_attr *it)
{
	struct any from;
	struct wire_field f = find_member(o, value_of(it), &from);

	return f.tag == TAG(1, LEN) ? f.s : (struct wire){0};
}

void
otlp_attrs_print(struct otlp *o, size_t from, struct buf *to)
{
	settle(o, from);
	buf_addc(to, '{');
	for (size_t i = from; i < o->attrs && to->len < o->limit; i++) {
		const struct otlp_attr *it = &o->attr[i];

		if (i > from)
			buf_addc(to, ',');
		otlp_text(o, to, it->key, it->key_len);
		buf_addc(to, ':');
		print_any(o, value_of(it), to);
	}
	o->attrs = from;
	buf_addc(to, '}');
}
