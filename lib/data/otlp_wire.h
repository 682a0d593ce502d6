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

static inline size_t
wire_len(const struct wire *w)
{
	return (size_t)(w->end - w->s);
}

/* The same as wire_next(), where something is left. */
int wire_next_any(struct otlp *o, struct wire *in, struct wire_field *f);

/*
 * 1 and the next field, 0 at the end of the message, or -1.
 *
 * Nearly all tags, lengths and numbers are of one byte.
 */
static inline __attribute__((always_inline)) int
wire_next(struct otlp *o, struct wire *in, struct wire_field *f)
{
	const unsigned char *s = (const unsigned char *)in->s;
	size_t n = wire_len(in);

	if (!n)
		return 0;
	if (n < 2 || s[0] < TAG(1, VARINT) || s[0] > 0x7f)
		return wire_next_any(o, in, f);
	f->tag = s[0];
	if ((s[0] & 7) == WIRE_LEN && s[1] < 0x80 && s[1] <= n - 2) {
		f->s = (struct wire){in->s + 2, in->s + 2 + s[1]};
		in->s = f->s.end;
		return 1;
	}
	if ((s[0] & 7) == WIRE_VARINT && s[1] < 0x80) {
		f->v = s[1];
		in->s += 2;
		return 1;
	}
	if ((s[0] & 7) == WIRE_I64 && n > sizeof f->v) {
		memcpy(&f->v, s + 1, sizeof f->v);
		f->v = le64toh(f->v);
		in->s += 1 + sizeof f->v;
		return 1;
	}
	return wire_next_any(o, in, f);
}

#endif
