#include "data/otlp_int.h"

#include <endian.h>
#include <string.h>

/* src: the wire format of Protocol Buffers; opentelemetry-proto 1.11 */

enum { VARINT = 0, I64 = 1, LEN = 2, GROUP = 3, GROUP_END = 4, I32 = 5 };
enum { GROUPS = 64, NUMBER_MAX = (1 << 29) - 1 };

/* A field number and its wire type, as a tag on the wire holds them. */
#define TAG(number, type) ((number) << 3 | (type))

struct slice {
	const char *s, *end;
};

struct field {
	uint32_t tag;
	uint64_t v;	/* of VARINT, I64, I32 */
	struct slice s; /* of LEN */
};

static __attribute__((cold)) int
fail(struct otlp *o, const char *at, const char *what)
{
	o->at = (size_t)(at - o->s);
	return otlp_fail(o, what);
}

static __attribute__((noinline)) int
long_varint(struct otlp *o, struct slice *in, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		unsigned char c;

		if (in->s == in->end)
			return fail(o, in->s, "a number that is cut off");
		c = (unsigned char)*in->s++;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return 0;
	}
	return fail(o, in->s, "a number of more than ten bytes");
}

/* Nearly all tags and lengths are of one byte. */
static inline int
varint(struct otlp *o, struct slice *in, uint64_t *v)
{
	if (in->s == in->end || (unsigned char)*in->s > 0x7f)
		return long_varint(o, in, v);
	*v = (unsigned char)*in->s++;
	return 0;
}

static inline int
fixed(struct otlp *o, struct slice *in, size_t n, uint64_t *v)
{
	*v = 0;
	if ((size_t)(in->end - in->s) < n)
		return fail(o, in->s, "a number that is cut off");
	memcpy(v, in->s, n);
	*v = le64toh(*v);
	in->s += n;
	return 0;
}

static inline int
length(struct otlp *o, struct slice *in, const char *at, struct field *f)
{
	if (varint(o, in, &f->v) < 0)
		return -1;
	if (f->v > (uint64_t)(in->end - in->s))
		return fail(o, at, "a length beyond the end");
	f->s = (struct slice){in->s, in->s + f->v};
	in->s += f->v;
	return 0;
}

/* One field, the inside of a group not yet read. */
static inline __attribute__((always_inline)) int
token(struct otlp *o, struct slice *in, struct field *f)
{
	const char *at = in->s;
	uint64_t tag;

	if (varint(o, in, &tag) < 0)
		return -1;
	if (tag >> 3 < 1 || tag >> 3 > NUMBER_MAX)
		return fail(o, at, "a field number that cannot be");
	f->tag = (uint32_t)tag;
	switch (tag & 7) {
	case LEN:
		return length(o, in, at, f);
	case VARINT:
		return varint(o, in, &f->v);
	case I64:
		return fixed(o, in, 8, &f->v);
	case I32:
		return fixed(o, in, 4, &f->v);
	case GROUP:
	case GROUP_END:
		return 0;
	}
	return fail(o, at, "a wire type that cannot be");
}

/* Nobody sends groups any more, but they are to be passed over. */
static int
skip_group(struct otlp *o, struct slice *in, uint32_t tag)
{
	uint32_t open[GROUPS];
	size_t n = 0;

	open[n++] = tag >> 3;
	while (n) {
		struct field f;

		if (in->s == in->end)
			return fail(o, in->s, "a group without an end");
		if (token(o, in, &f) < 0)
			return -1;
		if ((f.tag & 7) == GROUP && n == GROUPS)
			return fail(o, in->s, "groups nested too deep");
		if ((f.tag & 7) == GROUP)
			open[n++] = f.tag >> 3;
		else if ((f.tag & 7) == GROUP_END && open[--n] != f.tag >> 3)
			return fail(o, in->s, "a group that ends as another");
	}
	return 0;
}

/* 1 and the next field, 0 at the end of the message, or -1. */
static int
next(struct otlp *o, struct slice *in, struct field *f)
{
	if (in->s == in->end)
		return 0;
	if (token(o, in, f) < 0)
		return -1;
	if ((f->tag & 7) == GROUP_END)
		return fail(o, in->s, "the end of a group that never began");
	if ((f->tag & 7) == GROUP && skip_group(o, in, f->tag) < 0)
		return -1;
	return 1;
}

static void
text(struct otlp *o, struct buf *to, const struct field *f)
{
	otlp_text(o, to, f->s.s, (size_t)(f->s.end - f->s.s));
}

static void
id(struct otlp_id *to, const struct field *f)
{
	size_t n = (size_t)(f->s.end - f->s.s);

	*to = (struct otlp_id){.len = n};
	memcpy(to->b, f->s.s, n < sizeof to->b ? n : sizeof to->b);
}

static int read_any(struct otlp *o, unsigned level, struct slice in);

static int
read_pair(
    struct otlp *o, unsigned level, struct slice in, struct otlp_attrs *to)
{
	struct otlp_any *v = &o->any[level];
	struct field f;
	int got;

	otlp_any_reset(v);
	buf_reset(&v->key);
	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			otlp_key(o, &v->key, f.s.s, (size_t)(f.s.end - f.s.s));
			break;
		case TAG(2, LEN):
			if (read_any(o, level, f.s) < 0)
				return -1;
			break;
		case TAG(3, VARINT):
			o->r->warnings |= OTLP_STRINDEX_KEY;
			break;
		}
	if (!got)
		otlp_attr(to, v);
	return got;
}

static int
read_list(struct otlp *o, unsigned level, struct slice in)
{
	struct otlp_any *item = &o->any[level + 1];
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0) {
		if (f.tag != TAG(1, LEN))
			continue;
		otlp_any_reset(item);
		if (read_any(o, level + 1, f.s) < 0)
			return -1;
		otlp_any_add(&o->any[level], item);
	}
	return got;
}

static int
read_map(struct otlp *o, unsigned level, struct slice in)
{
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		if (f.tag == TAG(1, LEN) &&
		    read_pair(o, level + 1, f.s, &o->any[level].map) < 0)
			return -1;
	return got;
}

/* A list or map that came before is added to: messages merge. */
static int
read_nest(
    struct otlp *o, unsigned level, const struct field *f, enum otlp_kind kind)
{
	struct otlp_any *v = &o->any[level];

	if (level == OTLP_LEVELS)
		return fail(o, f->s.s, "a value nested too deep");
	if (v->kind != kind)
		otlp_any_reset(v);
	v->kind = kind;
	return kind == OTLP_LIST ? read_list(o, level, f->s)
				 : read_map(o, level, f->s);
}

static double
as_double(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof d);
	return d;
}

static int
read_any(struct otlp *o, unsigned level, struct slice in)
{
	struct otlp_any *v = &o->any[level];
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			text(o, otlp_any_scalar(v), &f);
			break;
		case TAG(2, VARINT):
			otlp_any_bool(v, f.v != 0);
			break;
		case TAG(3, VARINT):
			otlp_any_int(v, (int64_t)f.v);
			break;
		case TAG(4, I64):
			otlp_any_double(v, as_double(f.v));
			break;
		case TAG(5, LEN):
			if (read_nest(o, level, &f, OTLP_LIST) < 0)
				return -1;
			break;
		case TAG(6, LEN):
			if (read_nest(o, level, &f, OTLP_MAP) < 0)
				return -1;
			break;
		case TAG(7, LEN):
			otlp_any_bytes(v, (const unsigned char *)f.s.s,
			    (size_t)(f.s.end - f.s.s));
			break;
		case TAG(8, VARINT):
			o->r->warnings |= OTLP_STRINDEX_VALUE;
			break;
		}
	return got;
}

static int
read_event(struct otlp *o, struct slice in)
{
	struct otlp_event *ev = &o->event;
	struct field f;
	int got;

	otlp_event_reset(ev);
	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, I64):
			ev->time_ns = f.v;
			break;
		case TAG(2, LEN):
			text(o, &ev->name, &f);
			break;
		case TAG(3, LEN):
			if (read_pair(o, 0, f.s, &ev->attrs) < 0)
				return -1;
			break;
		case TAG(4, VARINT):
			ev->dropped = (uint32_t)f.v;
			break;
		}
	if (!got)
		otlp_event_end(o);
	return got;
}

static int
read_link(struct otlp *o, struct slice in)
{
	struct otlp_link *l = &o->link;
	struct field f;
	int got;

	otlp_link_reset(l);
	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			id(&l->trace_id, &f);
			break;
		case TAG(2, LEN):
			id(&l->span_id, &f);
			break;
		case TAG(3, LEN):
			text(o, &l->state, &f);
			break;
		case TAG(4, LEN):
			if (read_pair(o, 0, f.s, &l->attrs) < 0)
				return -1;
			break;
		case TAG(5, VARINT):
			l->dropped = (uint32_t)f.v;
			break;
		case TAG(6, I32):
			l->flags = (uint32_t)f.v;
			break;
		}
	if (!got)
		otlp_link_end(o);
	return got;
}

static int
read_status(struct otlp *o, struct slice in)
{
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		if (f.tag == TAG(2, LEN))
			text(o, &o->draft.message, &f);
		else if (f.tag == TAG(3, VARINT))
			o->draft.code = (int32_t)f.v;
	return got;
}

/* The fields of a span that are messages; 0 or -1. */
static int
read_span_part(struct otlp *o, const struct field *f)
{
	switch (f->tag) {
	case TAG(9, LEN):
		return read_pair(o, 0, f->s, &o->draft.attrs);
	case TAG(11, LEN):
		return read_event(o, f->s);
	case TAG(13, LEN):
		return read_link(o, f->s);
	case TAG(15, LEN):
		return read_status(o, f->s);
	}
	return 0;
}

static void
set_span_field(struct otlp *o, const struct field *f)
{
	struct otlp_draft *d = &o->draft;

	switch (f->tag) {
	case TAG(1, LEN):
		id(&d->trace_id, f);
		break;
	case TAG(2, LEN):
		id(&d->span_id, f);
		break;
	case TAG(3, LEN):
		text(o, &d->state, f);
		break;
	case TAG(4, LEN):
		id(&d->parent_id, f);
		break;
	case TAG(5, LEN):
		text(o, &d->name, f);
		break;
	case TAG(6, VARINT):
		d->kind = (int32_t)f->v;
		break;
	case TAG(7, I64):
		d->start_ns = f->v;
		break;
	case TAG(8, I64):
		d->end_ns = f->v;
		break;
	case TAG(10, VARINT):
		d->dropped = (uint32_t)f->v;
		break;
	case TAG(12, VARINT):
		d->dropped_events = (uint32_t)f->v;
		break;
	case TAG(14, VARINT):
		d->dropped_links = (uint32_t)f->v;
		break;
	case TAG(16, I32):
		d->flags = (uint32_t)f->v;
		break;
	}
}

static int
read_span(struct otlp *o, struct slice in)
{
	struct field f;
	int got;

	otlp_draft_reset(&o->draft);
	while ((got = next(o, &in, &f)) > 0) {
		set_span_field(o, &f);
		if (read_span_part(o, &f) < 0)
			return -1;
	}
	return got < 0 ? -1 : otlp_span_end(o);
}

static int
read_scope(struct otlp *o, struct slice in)
{
	struct otlp_scope *s = &o->scope;
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			text(o, &s->name, &f);
			break;
		case TAG(2, LEN):
			text(o, &s->version, &f);
			break;
		case TAG(3, LEN):
			if (read_pair(o, 0, f.s, &s->attrs) < 0)
				return -1;
			break;
		case TAG(4, VARINT):
			s->dropped = (uint32_t)f.v;
			break;
		}
	return got;
}

static int
read_scope_spans(struct otlp *o, struct slice in)
{
	size_t from = o->spans;
	struct field f;
	int got;

	otlp_scope_reset(&o->scope);
	buf_reset(&o->scope.schema);
	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			if (read_scope(o, f.s) < 0)
				return -1;
			break;
		case TAG(2, LEN):
			if (read_span(o, f.s) < 0)
				return -1;
			break;
		case TAG(3, LEN):
			text(o, &o->scope.schema, &f);
			break;
		}
	if (!got)
		otlp_scope_end(o, from);
	return got;
}

static int
read_resource(struct otlp *o, struct slice in)
{
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		if (f.tag == TAG(1, LEN)) {
			if (read_pair(o, 0, f.s, &o->resource.attrs) < 0)
				return -1;
		} else if (f.tag == TAG(2, VARINT))
			o->resource.dropped = (uint32_t)f.v;
	return got;
}

static int
read_resource_spans(struct otlp *o, struct slice in)
{
	size_t from = o->spans;
	struct field f;
	int got;

	otlp_resource_reset(&o->resource);
	buf_reset(&o->resource.schema);
	while ((got = next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			if (read_resource(o, f.s) < 0)
				return -1;
			break;
		case TAG(2, LEN):
			if (read_scope_spans(o, f.s) < 0)
				return -1;
			break;
		case TAG(3, LEN):
			text(o, &o->resource.schema, &f);
			break;
		}
	if (!got)
		otlp_resource_end(o, from);
	return got;
}

int
otlp_pb(struct otlp *o)
{
	struct slice in = {o->s, o->s + o->n};
	struct field f;
	int got;

	while ((got = next(o, &in, &f)) > 0)
		if (f.tag == TAG(1, LEN) && read_resource_spans(o, f.s) < 0)
			return -1;
	return got;
}
