/*
 * The fields of a message in protobuf, one after the other, where they lie. Of
 * data/otlp only.
 *
 * src: the wire format of Protocol Buffers
 */
#ifndef DATA_OTLP_WIRE_H
#define DATA_OTLP_WIRE_H

#include <endian.h>
#include <string.h>

#include "data/otlp_int.h"

enum {
	WIRE_VARINT = 0,
	WIRE_I64 = 1,
	WIRE_LEN = 2,
	WIRE_GROUP = 3,
	WIRE_GROUP_END = 4,
	WIRE_I32 = 5
};

/* A field number and its wire type, as a tag on the wire holds them. */
#define TAG(number, type) ((number) << 3 | WIRE_##type)

enum { WIRE_NUMBER_MAX = (1 << 29) - 1 };

struct wire_field {
	uint32_t tag;
	uint64_t v;    /* of VARINT, I64, I32 */
	struct wire s; /* of LEN */
};

/* "… at byte N", where `at` is; -1. */
int wire_fail(struct otlp *o, const char *at, const char *what);

int wire_long_varint(struct otlp *o, struct wire *in, uint64_t *v);
int wire_skip_group(struct otlp *o, struct wire *in, uint32_t tag);

static inline size_t
wire_len(const struct wire *w)
{
	return (size_t)(w->end - w->s);
}

/* Nearly all tags and lengths are of one byte or two. */
static inline int
wire_varint(struct otlp *o, struct wire *in, uint64_t *v)
{
	const unsigned char *s = (const unsigned char *)in->s;

	if (in->end - in->s >= 2) {
		if (s[0] < 0x80) {
			*v = s[0];
			in->s++;
			return 0;
		}
		if (s[1] < 0x80) {
			*v = (uint64_t)(s[0] & 0x7f) | (uint64_t)s[1] << 7;
			in->s += 2;
			return 0;
		}
	}
	return wire_long_varint(o, in, v);
}

static inline int
wire_fixed(struct otlp *o, struct wire *in, size_t n, uint64_t *v)
{
	*v = 0;
	if (wire_len(in) < n)
		return wire_fail(o, in->s, "a number that is cut off");
	memcpy(v, in->s, n);
	*v = le64toh(*v);
	in->s += n;
	return 0;
}

static inline int
wire_length(
    struct otlp *o, struct wire *in, const char *at, struct wire_field *f)
{
	uint64_t n;

	if (wire_varint(o, in, &n) < 0)
		return -1;
	if (n > wire_len(in))
		return wire_fail(o, at, "a length beyond the end");
	f->s = (struct wire){in->s, in->s + n};
	in->s += n;
	return 0;
}

/* One field, the inside of a group not yet read. */
static inline int
wire_token(struct otlp *o, struct wire *in, struct wire_field *f)
{
	const char *at = in->s;
	uint64_t tag;

	if (wire_varint(o, in, &tag) < 0)
		return -1;
	if (tag >> 3 < 1 || tag >> 3 > WIRE_NUMBER_MAX)
		return wire_fail(o, at, "a field number that cannot be");
	f->tag = (uint32_t)tag;
	switch (tag & 7) {
	case WIRE_LEN:
		return wire_length(o, in, at, f);
	case WIRE_VARINT:
		return wire_varint(o, in, &f->v);
	case WIRE_I64:
		return wire_fixed(o, in, 8, &f->v);
	case WIRE_I32:
		return wire_fixed(o, in, 4, &f->v);
	case WIRE_GROUP:
	case WIRE_GROUP_END:
		return 0;
	}
	return wire_fail(o, at, "a wire type that cannot be");
}

/* 1 and the next field, 0 at the end of the message, or -1. */
static inline __attribute__((always_inline)) int
wire_next(struct otlp *o, struct wire *in, struct wire_field *f)
{
	if (in->s == in->end)
		return 0;
	if (wire_token(o, in, f) < 0)
		return -1;
	if ((f->tag & 7) == WIRE_GROUP_END)
		return wire_fail(
		    o, in->s, "the end of a group that never began");
	if ((f->tag & 7) == WIRE_GROUP && wire_skip_group(o, in, f->tag) < 0)
		return -1;
	return 1;
}

#endif
