#include "data/otlp_int.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"

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

void
otlp_key(struct otlp *o, struct buf *to, const char *s, size_t n)
{
	buf_reset(to);
	if (utf8_check(s, n) == n) {
		buf_add(to, s, n);
		return;
	}
	o->r->warnings |= OTLP_BAD_UTF8;
	mend(to, s, n);
}

void
otlp_text(struct otlp *o, struct buf *to, const char *s, size_t n)
{
	if (utf8_check(s, n) < n) {
		otlp_key(o, &o->scratch, s, n);
		s = o->scratch.s;
		n = o->scratch.len;
	}
	buf_reset(to);
	json_quote(to, s, n);
}

/*
 * The least precision at which %g may read back equal. Fifteen digits decide
 * it for normal numbers; for the small ones there is no such bound.
 */
static int
least_precision(double d)
{
	char s[32];
	int digits = 15;

	if (fabs(d) < DBL_MIN)
		return 1;
	snprintf(s, sizeof s, "%.14e", d);
	if (strtod(s, NULL) != d)
		return 16;
	for (char *c = strchr(s, 'e'); digits > 1 && c[-1] == '0'; c--)
		digits--;
	return digits;
}

static void
print_double(struct buf *b, double d)
{
	char s[40];

	if (!isfinite(d)) {
		buf_addf(b, "{\"double\":\"%s\"}",
		    isnan(d) ? "NaN"
		    : d < 0  ? "-Infinity"
			     : "Infinity");
		return;
	}
	for (int p = least_precision(d); p <= 17; p++) {
		snprintf(s, sizeof s, "%.*g", p, d);
		if (strtod(s, NULL) == d)
			break;
	}
	buf_adds(b, s);
	if (!strpbrk(s, ".e"))
		buf_adds(b, ".0");
}

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
	buf_addf(otlp_any_scalar(v), "%" PRId64, i);
}

void
otlp_any_bool(struct otlp_any *v, bool b)
{
	buf_adds(otlp_any_scalar(v), b ? "true" : "false");
}

void
otlp_any_double(struct otlp_any *v, double d)
{
	print_double(otlp_any_scalar(v), d);
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

/* Sort, and of equal keys keep the last. */
static void
settle(struct otlp_attrs *a)
{
	const char *s = a->text.s;
	size_t n = 0;

	if (a->n > 1)
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
print_attrs(struct buf *to, struct otlp_attrs *a)
{
	settle(a);
	buf_addc(to, '{');
	for (size_t i = 0; i < a->n; i++) {
		const struct otlp_attr *it = &a->item[i];

		if (i)
			buf_addc(to, ',');
		json_quote(to, a->text.s + it->key, it->key_len);
		buf_addc(to, ':');
		buf_add(to, a->text.s + it->value, it->value_len);
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
		print_attrs(to, &v->map);
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

static void
print_text(struct buf *to, const char *key, const struct buf *text)
{
	buf_addf(to, "\"%s\":", key);
	if (text->len)
		buf_add(to, text->s, text->len);
	else
		buf_adds(to, "\"\"");
}

static void
print_id(struct buf *to, const char *key, const struct otlp_id *id)
{
	size_t n = id->len < sizeof id->b ? id->len : sizeof id->b;

	buf_addf(to, "\"%s\":\"", key);
	for (size_t i = 0; i < n; i++)
		buf_add(to,
		    (char[]){"0123456789abcdef"[id->b[i] >> 4],
			"0123456789abcdef"[id->b[i] & 15]},
		    2);
	buf_addc(to, '"');
}

static void
print_attributes(struct buf *to, struct otlp_attrs *a, uint32_t dropped)
{
	buf_adds(to, "\"attributes\":");
	print_attrs(to, a);
	buf_addf(to, ",\"dropped_attributes\":%" PRIu32, dropped);
}

/* Numbers without a name are kept in digits. */
static void
print_enum(struct buf *to, const char *key, int32_t v, const char *const name[],
    int names)
{
	if (v >= 0 && v < names)
		buf_addf(to, "\"%s\":\"%s\"", key, name[v]);
	else
		buf_addf(to, "\"%s\":\"%" PRId32 "\"", key, v);
}

void
otlp_event_end(struct otlp *o)
{
	struct buf *to = &o->draft.events;
	struct otlp_event *ev = &o->event;

	if (to->len)
		buf_addc(to, ',');
	buf_addf(to, "{\"time_unix_nano\":\"%" PRIu64 "\",", ev->time_ns);
	print_text(to, "name", &ev->name);
	buf_addc(to, ',');
	print_attributes(to, &ev->attrs, ev->dropped);
	buf_addc(to, '}');
}

void
otlp_link_end(struct otlp *o)
{
	struct buf *to = &o->draft.links;
	struct otlp_link *l = &o->link;

	if (to->len)
		buf_addc(to, ',');
	buf_addc(to, '{');
	print_id(to, "trace_id", &l->trace_id);
	buf_addc(to, ',');
	print_id(to, "span_id", &l->span_id);
	buf_addc(to, ',');
	print_text(to, "trace_state", &l->state);
	buf_addf(to, ",\"flags\":%" PRIu32 ",", l->flags);
	print_attributes(to, &l->attrs, l->dropped);
	buf_addc(to, '}');
}

static void
print_head(struct buf *to, struct otlp_draft *d)
{
	static const char *const kind[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};
	static const char *const code[] = {"UNSET", "OK", "ERROR"};

	print_id(to, "trace_id", &d->trace_id);
	buf_addc(to, ',');
	print_id(to, "span_id", &d->span_id);
	buf_addc(to, ',');
	print_id(to, "parent_span_id", &d->parent_id);
	buf_addc(to, ',');
	print_text(to, "trace_state", &d->state);
	buf_addf(to, ",\"flags\":%" PRIu32 ",", d->flags);
	print_text(to, "name", &d->name);
	buf_addc(to, ',');
	print_enum(to, "kind", d->kind, kind, COUNT(kind));
	buf_addf(to,
	    ",\"start_unix_nano\":\"%" PRIu64 "\",\"end_unix_nano\":\"%" PRIu64
	    "\",\"status\":{",
	    d->start_ns, d->end_ns);
	print_enum(to, "code", d->code, code, COUNT(code));
	buf_addc(to, ',');
	print_text(to, "message", &d->message);
	buf_adds(to, "},");
	print_attributes(to, &d->attrs, d->dropped);
	buf_adds(to, ",\"events\":[");
	buf_add(to, d->events.s, d->events.len);
	buf_addf(to, "],\"dropped_events\":%" PRIu32 ",\"links\":[",
	    d->dropped_events);
	buf_add(to, d->links.s, d->links.len);
	buf_addf(to, "],\"dropped_links\":%" PRIu32, d->dropped_links);
}

static bool
is_zero(const struct otlp_id *id)
{
	for (size_t i = 0; i < sizeof id->b; i++)
		if (id->b[i])
			return false;
	return true;
}

/* Why a span cannot be, in why[64]. */
static bool
is_rejected(const struct otlp_draft *d, char why[64])
{
	if (d->trace_id.len != 16)
		snprintf(
		    why, 64, "trace_id is %zu bytes, not 16", d->trace_id.len);
	else if (is_zero(&d->trace_id))
		snprintf(why, 64, "trace_id is all zero");
	else if (d->span_id.len != 8)
		snprintf(
		    why, 64, "span_id is %zu bytes, not 8", d->span_id.len);
	else if (is_zero(&d->span_id))
		snprintf(why, 64, "span_id is all zero");
	else if (d->parent_id.len && d->parent_id.len != 8)
		snprintf(why, 64, "parent_span_id is %zu bytes, not 0 or 8",
		    d->parent_id.len);
	else
		return false;
	return true;
}

static void
reject(struct otlp_result *r, const char *why)
{
	if (r->rejected < OTLP_REASONS)
		snprintf(
		    r->reason[r->rejected], sizeof r->reason[0], "%s", why);
	r->rejected++;
}

static int
too_large(struct otlp *o)
{
	o->r->is_too_large = true;
	return err_set(o->e,
	    "the spans of this request take more than %d bytes written out",
	    OTLP_TEXT);
}

int
otlp_span_end(struct otlp *o)
{
	struct otlp_draft *d = &o->draft;
	struct otlp_kept *k;
	char why[64];

	if (is_rejected(d, why)) {
		reject(o->r, why);
		return 0;
	}
	if (d->parent_id.len && is_zero(&d->parent_id)) {
		o->r->warnings |= OTLP_ZERO_PARENT;
		d->parent_id.len = 0;
	}
	o->kept = mem_more(o->kept, o->spans, &o->spans_cap, sizeof *o->kept);
	k = &o->kept[o->spans++];
	*k = (struct otlp_kept){.at = o->text.len,
	    .span = {.has_parent = d->parent_id.len > 0,
		.start_ns = d->start_ns,
		.end_ns = d->end_ns}};
	memcpy(k->span.trace_id, d->trace_id.b, 16);
	memcpy(k->span.span_id, d->span_id.b, 8);
	memcpy(k->span.parent_id, d->parent_id.b, 8);
	print_head(&o->text, d);
	k->len = o->text.len - k->at;
	return o->text.len > OTLP_TEXT ? too_large(o) : 0;
}

static struct otlp_tail *
tail_new(struct otlp *o)
{
	o->tail = mem_more(o->tail, o->tails, &o->tails_cap, sizeof *o->tail);
	o->tail[o->tails] = (struct otlp_tail){.at = o->text.len};
	return &o->tail[o->tails++];
}

void
otlp_scope_end(struct otlp *o, size_t from)
{
	struct otlp_scope *s = &o->scope;
	struct buf *to = &o->text;
	struct otlp_tail *t;

	if (from == o->spans)
		return;
	t = tail_new(o);
	buf_adds(to, ",\"scope\":{");
	print_text(to, "name", &s->name);
	buf_addc(to, ',');
	print_text(to, "version", &s->version);
	buf_addc(to, ',');
	print_attributes(to, &s->attrs, s->dropped);
	buf_addc(to, ',');
	print_text(to, "schema_url", &s->schema);
	buf_addc(to, '}');
	t->len = to->len - t->at;
	for (size_t i = from; i < o->spans; i++)
		o->kept[i].scope = o->tails - 1;
}

/* Escapes never occur in an id of ours: then the quoted text is the text. */
static void
find_run(struct otlp *o, struct otlp_tail *t)
{
	static const char key[] = "test.run.id";
	const struct otlp_attrs *a = &o->resource.attrs;

	for (size_t i = 0; i < a->n; i++) {
		const struct otlp_attr *it = &a->item[i];
		const char *v = a->text.s + it->value;

		if (it->key_len != strlen(key) ||
		    memcmp(a->text.s + it->key, key, strlen(key)))
			continue;
		if (*v != '"' || memchr(v, '\\', it->value_len))
			return;
		t->run = o->text.len;
		t->run_len = it->value_len - 2;
		buf_add(&o->text, v + 1, t->run_len);
	}
}

void
otlp_resource_end(struct otlp *o, size_t from)
{
	struct otlp_resource *r = &o->resource;
	struct buf *to = &o->text;
	struct otlp_tail *t;

	if (from == o->spans)
		return;
	t = tail_new(o);
	buf_adds(to, ",\"resource\":{");
	print_attributes(to, &r->attrs, r->dropped);
	buf_addc(to, ',');
	print_text(to, "schema_url", &r->schema);
	buf_addc(to, '}');
	t->len = to->len - t->at;
	find_run(o, t);
	for (size_t i = from; i < o->spans; i++)
		o->kept[i].resource = o->tails - 1;
}
