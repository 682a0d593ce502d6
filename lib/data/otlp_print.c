#include "data/otlp_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "data/otlp_pen.h"

enum { FIXED = 512 }; /* what a span has of our words */

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

static void
put_plain(struct buf *to, const char *s, size_t n)
{
	char *p;

	buf_reset(to);
	p = buf_room(to, n + 2);
	*p++ = '"';
	p = pen_put(p, s, n);
	*p++ = '"';
	pen_end(to, p);
}

void
otlp_text(struct otlp *o, struct buf *to, const char *s, size_t n)
{
	if (utf8_check(s, n) < n) {
		otlp_key(o, &o->scratch, s, n);
		s = o->scratch.s;
		n = o->scratch.len;
	}
	if (pen_plain(s, n) == n) {
		put_plain(to, s, n);
		return;
	}
	buf_reset(to);
	json_quote(to, s, n);
}

static char *
put_id(char *p, const struct otlp_id *id)
{
	return pen_hex(
	    p, id->b, id->len < sizeof id->b ? id->len : sizeof id->b);
}

static char *
put_text(char *p, const struct buf *text)
{
	return text->len ? pen_put(p, text->s, text->len) : PEN(p, "\"\"");
}

static void
print_attributes(struct buf *to, struct otlp_attrs *a, uint32_t dropped)
{
	buf_adds(to, "\"attributes\":");
	otlp_attrs_print(to, a);
	pen_end(
	    to, pen_number(PEN(buf_room(to, FIXED), ",\"dropped_attributes\":"),
		    dropped));
}

/* Numbers without a name are kept in digits. */
static char *
put_enum(char *p, int32_t v, const char *const name[], int names)
{
	if (v >= 0 && v < names)
		return pen_put(p, name[v], strlen(name[v]));
	if (v < 0)
		*p++ = '-';
	return pen_number(p, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void
otlp_event_end(struct otlp *o)
{
	struct buf *to = &o->draft.events;
	struct otlp_event *ev = &o->event;
	char *p;

	if (to->len)
		buf_addc(to, ',');
	p = buf_room(to, FIXED + ev->name.len);
	p = PEN(p, "{\"time_unix_nano\":\"");
	p = pen_number(p, ev->time_ns);
	p = PEN(p, "\",\"name\":");
	p = put_text(p, &ev->name);
	*p++ = ',';
	pen_end(to, p);
	print_attributes(to, &ev->attrs, ev->dropped);
	buf_addc(to, '}');
}

void
otlp_link_end(struct otlp *o)
{
	struct buf *to = &o->draft.links;
	struct otlp_link *l = &o->link;
	char *p;

	if (to->len)
		buf_addc(to, ',');
	p = buf_room(to, FIXED + l->state.len);
	p = PEN(p, "{\"trace_id\":\"");
	p = put_id(p, &l->trace_id);
	p = PEN(p, "\",\"span_id\":\"");
	p = put_id(p, &l->span_id);
	p = PEN(p, "\",\"trace_state\":");
	p = put_text(p, &l->state);
	p = PEN(p, ",\"flags\":");
	p = pen_number(p, l->flags);
	*p++ = ',';
	pen_end(to, p);
	print_attributes(to, &l->attrs, l->dropped);
	buf_addc(to, '}');
}

static char *
put_status(char *p, const struct otlp_draft *d)
{
	static const char *const code[] = {"UNSET", "OK", "ERROR"};

	p = PEN(p, "\"status\":{\"code\":\"");
	p = put_enum(p, d->code, code, COUNT(code));
	p = PEN(p, "\",\"message\":");
	p = put_text(p, &d->message);
	return PEN(p, "},");
}

/* What stands before the attributes. */
static char *
put_head(char *p, const struct otlp_draft *d)
{
	static const char *const kind[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};

	p = PEN(p, "\"trace_id\":\"");
	p = put_id(p, &d->trace_id);
	p = PEN(p, "\",\"span_id\":\"");
	p = put_id(p, &d->span_id);
	p = PEN(p, "\",\"parent_span_id\":\"");
	p = put_id(p, &d->parent_id);
	p = PEN(p, "\",\"trace_state\":");
	p = put_text(p, &d->state);
	p = PEN(p, ",\"flags\":");
	p = pen_number(p, d->flags);
	p = PEN(p, ",\"name\":");
	p = put_text(p, &d->name);
	p = PEN(p, ",\"kind\":\"");
	p = put_enum(p, d->kind, kind, COUNT(kind));
	p = PEN(p, "\",\"start_unix_nano\":\"");
	p = pen_number(p, d->start_ns);
	p = PEN(p, "\",\"end_unix_nano\":\"");
	p = pen_number(p, d->end_ns);
	return put_status(PEN(p, "\","), d);
}

static void
print_span(struct buf *to, struct otlp_draft *d)
{
	char *p;

	pen_end(to, put_head(buf_room(to, FIXED + d->state.len + d->name.len +
					      d->message.len),
			d));
	print_attributes(to, &d->attrs, d->dropped);
	p = buf_room(to, FIXED + d->events.len + d->links.len);
	p = PEN(p, ",\"events\":[");
	p = pen_put(p, d->events.s, d->events.len);
	p = PEN(p, "],\"dropped_events\":");
	p = pen_number(p, d->dropped_events);
	p = PEN(p, ",\"links\":[");
	p = pen_put(p, d->links.s, d->links.len);
	p = PEN(p, "],\"dropped_links\":");
	pen_end(to, pen_number(p, d->dropped_links));
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
	print_span(&o->text, d);
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

static void
print_schema(struct buf *to, const struct buf *schema)
{
	char *p = PEN(buf_room(to, FIXED + schema->len), ",\"schema_url\":");

	p = put_text(p, schema);
	*p++ = '}';
	pen_end(to, p);
}

void
otlp_scope_end(struct otlp *o, size_t from)
{
	struct otlp_scope *s = &o->scope;
	struct buf *to = &o->text;
	struct otlp_tail *t;
	char *p;

	if (from == o->spans)
		return;
	t = tail_new(o);
	p = buf_room(to, FIXED + s->name.len + s->version.len);
	p = PEN(p, ",\"scope\":{\"name\":");
	p = put_text(p, &s->name);
	p = PEN(p, ",\"version\":");
	p = put_text(p, &s->version);
	*p++ = ',';
	pen_end(to, p);
	print_attributes(to, &s->attrs, s->dropped);
	print_schema(to, &s->schema);
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
	print_schema(to, &r->schema);
	t->len = to->len - t->at;
	find_run(o, t);
	for (size_t i = from; i < o->spans; i++)
		o->kept[i].resource = o->tails - 1;
}
