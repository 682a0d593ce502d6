#include <stdlib.h>

#include "base/digest.h"
#include "base/mem.h"
#include "data/otlp_pen.h"
#include "data/otlp_wire.h"

/* What is printed here was found to be well-formed. */

enum {
	FIXED = 512, /* what a part of a span has of our words */
	ID = 16,     /* bytes of one that are shown */
};

static void
put_text(struct otlp *o, struct buf *to, const struct wire *s)
{
	otlp_text(o, to, s->s, wire_len(s));
}

static char *
put_id(char *p, const struct wire *id)
{
	size_t n = wire_len(id);

	return pen_hex(p, (const unsigned char *)id->s, n < ID ? n : ID);
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

/* Those that were taken in since `from`. */
static void
print_attributes(struct otlp *o, size_t from, uint32_t dropped, struct buf *to)
{
	buf_adds(to, "\"attributes\":");
	otlp_attrs_print(o, from, to);
	pen_end(
	    to, pen_number(PEN(buf_room(to, FIXED), ",\"dropped_attributes\":"),
		    dropped));
}

static void
print_event(struct otlp *o, struct wire in, struct buf *to)
{
	struct wire name = {"", ""};
	uint64_t time_ns = 0;
	uint32_t dropped = 0;
	size_t from = o->attrs;
	struct wire_field f;
	char *p;

	while (wire_next(o, &in, &f) > 0)
		switch (f.tag) {
		case TAG(1, I64):
			time_ns = f.v;
			break;
		case TAG(2, LEN):
			name = f.s;
			break;
		case TAG(3, LEN):
			otlp_attr(o, from, f.s);
			break;
		case TAG(4, VARINT):
			dropped = (uint32_t)f.v;
			break;
		}
	p = PEN(buf_room(to, FIXED), "{\"time_unix_nano\":\"");
	pen_end(to, PEN(pen_number(p, time_ns), "\",\"name\":"));
	put_text(o, to, &name);
	buf_addc(to, ',');
	print_attributes(o, from, dropped, to);
	buf_addc(to, '}');
}

static void
print_link(struct otlp *o, struct wire in, struct buf *to)
{
	struct wire trace = {0}, span = {0}, state = {"", ""};
	uint32_t flags = 0, dropped = 0;
	size_t from = o->attrs;
	struct wire_field f;
	char *p;

	while (wire_next(o, &in, &f) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			trace = f.s;
			break;
		case TAG(2, LEN):
			span = f.s;
			break;
		case TAG(3, LEN):
			state = f.s;
			break;
		case TAG(4, LEN):
			otlp_attr(o, from, f.s);
			break;
		case TAG(5, VARINT):
			dropped = (uint32_t)f.v;
			break;
		case TAG(6, I32):
			flags = (uint32_t)f.v;
			break;
		}
	p = PEN(buf_room(to, FIXED), "{\"trace_id\":\"");
	p = PEN(put_id(p, &trace), "\",\"span_id\":\"");
	pen_end(to, PEN(put_id(p, &span), "\",\"trace_state\":"));
	put_text(o, to, &state);
	p = PEN(buf_room(to, FIXED), ",\"flags\":");
	pen_end(to, PEN(pen_number(p, flags), ","));
	print_attributes(o, from, dropped, to);
	buf_addc(to, '}');
}

/* What a span has once; its attributes are taken in. */
struct draft {
	struct wire state, name, message;
	uint32_t flags, dropped, dropped_events, dropped_links;
	int32_t kind, code;
	bool has_events, has_links;
};

static void
read_status(struct otlp *o, struct draft *d, struct wire in)
{
	struct wire_field f;

	while (wire_next(o, &in, &f) > 0)
		if (f.tag == TAG(2, LEN))
			d->message = f.s;
		else if (f.tag == TAG(3, VARINT))
			d->code = (int32_t)f.v;
}

static void
read_field(struct otlp *o, struct draft *d, const struct wire_field *f)
{
	switch (f->tag) {
	case TAG(3, LEN):
		d->state = f->s;
		break;
	case TAG(5, LEN):
		d->name = f->s;
		break;
	case TAG(6, VARINT):
		d->kind = (int32_t)f->v;
		break;
	case TAG(9, LEN):
		otlp_attr(o, 0, f->s);
		break;
	case TAG(10, VARINT):
		d->dropped = (uint32_t)f->v;
		break;
	case TAG(11, LEN):
		d->has_events = true;
		break;
	case TAG(12, VARINT):
		d->dropped_events = (uint32_t)f->v;
		break;
	case TAG(13, LEN):
		d->has_links = true;
		break;
	case TAG(14, VARINT):
		d->dropped_links = (uint32_t)f->v;
		break;
	case TAG(15, LEN):
		read_status(o, d, f->s);
		break;
	case TAG(16, I32):
		d->flags = (uint32_t)f->v;
		break;
	}
}

static void
print_ids(const struct otlp_span *s, struct buf *to)
{
	char *p = PEN(buf_room(to, FIXED), "\"trace_id\":\"");

	p = pen_hex(p, s->trace_id, sizeof s->trace_id);
	p = PEN(p, "\",\"span_id\":\"");
	p = pen_hex(p, s->span_id, sizeof s->span_id);
	p = PEN(p, "\",\"parent_span_id\":\"");
	if (s->has_parent)
		p = pen_hex(p, s->parent_id, sizeof s->parent_id);
	pen_end(to, PEN(p, "\",\"trace_state\":"));
}

/* What stands before the attributes. */
static void
print_head(struct otlp *o, const struct otlp_span *s, const struct draft *d,
    struct buf *to)
{
	static const char *const kind[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};
	static const char *const code[] = {"UNSET", "OK", "ERROR"};
	char *p;

	print_ids(s, to);
	put_text(o, to, &d->state);
	p = PEN(buf_room(to, FIXED), ",\"flags\":");
	pen_end(to, PEN(pen_number(p, d->flags), ",\"name\":"));
	put_text(o, to, &d->name);
	p = PEN(buf_room(to, FIXED), ",\"kind\":\"");
	p = put_enum(p, d->kind, kind, COUNT(kind));
	p = PEN(p, "\",\"start_unix_nano\":\"");
	p = pen_number(p, s->start_ns);
	p = PEN(p, "\",\"end_unix_nano\":\"");
	p = pen_number(p, s->end_ns);
	p = PEN(p, "\",\"status\":{\"code\":\"");
	p = put_enum(p, d->code, code, COUNT(code));
	pen_end(to, PEN(p, "\",\"message\":"));
	put_text(o, to, &d->message);
	buf_adds(to, "},");
}

/* All messages of one kind, as a list. */
static void
print_parts(struct otlp *o, struct wire in, uint32_t tag,
    void (*print)(struct otlp *, struct wire, struct buf *), struct buf *to)
{
	struct wire_field f;
	bool more = false;

	while (to->len < o->limit && wire_next(o, &in, &f) > 0) {
		if (f.tag != tag)
			continue;
		if (more)
			buf_addc(to, ',');
		more = true;
		print(o, f.s, to);
	}
}

static void
print_span(struct otlp *o, const struct otlp_kept *k, struct buf *to)
{
	struct draft d = {
	    .state = {"", ""}, .name = {"", ""}, .message = {"", ""}};
	struct wire in = k->s;
	struct wire_field f;
	char *p;

	while (wire_next(o, &in, &f) > 0)
		read_field(o, &d, &f);
	print_head(o, &k->span, &d, to);
	print_attributes(o, 0, d.dropped, to);
	buf_adds(to, ",\"events\":[");
	if (d.has_events)
		print_parts(o, k->s, TAG(11, LEN), print_event, to);
	p = PEN(buf_room(to, FIXED), "],\"dropped_events\":");
	pen_end(to, PEN(pen_number(p, d.dropped_events), ",\"links\":["));
	if (d.has_links)
		print_parts(o, k->s, TAG(13, LEN), print_link, to);
	p = PEN(buf_room(to, FIXED), "],\"dropped_links\":");
	pen_end(to, pen_number(p, d.dropped_links));
}

/* ---- what spans have in common */

static void
print_schema(struct otlp *o, struct wire in, struct buf *to)
{
	struct wire schema = {"", ""};
	struct wire_field f;

	while (wire_next(o, &in, &f) > 0)
		if (f.tag == TAG(3, LEN))
			schema = f.s;
	buf_adds(to, ",\"schema_url\":");
	put_text(o, to, &schema);
	buf_addc(to, '}');
}

static void
print_scope(struct otlp *o, struct wire whole, struct buf *to)
{
	struct wire name = {"", ""}, version = {"", ""}, in = whole;
	uint32_t dropped = 0;
	struct wire_field f, part;

	while (wire_next(o, &in, &part) > 0)
		while (part.tag == TAG(1, LEN) && wire_next(o, &part.s, &f) > 0)
			if (f.tag == TAG(1, LEN))
				name = f.s;
			else if (f.tag == TAG(2, LEN))
				version = f.s;
			else if (f.tag == TAG(3, LEN))
				otlp_attr(o, 0, f.s);
			else if (f.tag == TAG(4, VARINT))
				dropped = (uint32_t)f.v;
	buf_adds(to, ",\"scope\":{\"name\":");
	put_text(o, to, &name);
	buf_adds(to, ",\"version\":");
	put_text(o, to, &version);
	buf_addc(to, ',');
	print_attributes(o, 0, dropped, to);
	print_schema(o, whole, to);
}

static void
print_resource(struct otlp *o, struct wire whole, struct buf *to)
{
	struct wire in = whole;
	uint32_t dropped = 0;
	struct wire_field f, part;

	while (wire_next(o, &in, &part) > 0)
		while (part.tag == TAG(1, LEN) && wire_next(o, &part.s, &f) > 0)
			if (f.tag == TAG(1, LEN))
				otlp_attr(o, 0, f.s);
			else if (f.tag == TAG(2, VARINT))
				dropped = (uint32_t)f.v;
	buf_adds(to, ",\"resource\":{");
	print_attributes(o, 0, dropped, to);
	print_schema(o, whole, to);
}

/* Printed once, for all of its spans. */
static void
print_tail(struct otlp *o, uint32_t i,
    void (*print)(struct otlp *, struct wire, struct buf *), struct buf *to)
{
	struct otlp_tail *t = &o->tail[i];

	if (!t->text.len)
		print(o, t->s, &t->text);
	buf_add(to, t->text.s, t->text.len);
}

void
otlp_span_print(const struct otlp_span *s, struct buf *to)
{
	const struct otlp_kept *k = (const struct otlp_kept *)s;

	print_span(k->of, k, to);
	print_tail(k->of, k->resource, print_resource, to);
	print_tail(k->of, k->scope, print_scope, to);
}

/* What the spans of a tail have in common, without the spans. */
static uint64_t
tail_digest(struct otlp *o, uint32_t i)
{
	struct otlp_tail *t = &o->tail[i];
	struct wire in = t->s;
	struct wire_field f;

	if (t->digest)
		return t->digest;
	t->digest = 1;
	while (wire_next(o, &in, &f) > 0)
		if (f.tag == TAG(1, LEN) || f.tag == TAG(3, LEN))
			t->digest =
			    digest_add(t->digest, f.s.s, wire_len(&f.s));
	return t->digest;
}

uint64_t
otlp_span_digest(const struct otlp_span *s)
{
	const struct otlp_kept *k = (const struct otlp_kept *)s;
	uint64_t seed =
	    tail_digest(k->of, k->resource) * 31 ^ tail_digest(k->of, k->scope);

	return digest_add(seed, k->s.s, wire_len(&k->s));
}
