#include "data/otlp_wire.h"

#include <endian.h>
#include <string.h>

enum { GROUPS = 64 };

__attribute__((cold)) int
wire_fail(struct otlp *o, const char *at, const char *what)
{
	o->at = (size_t)(at - o->s);
	return otlp_fail(o, what);
}

static int
long_varint(struct otlp *o, struct wire *in, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		unsigned char c;

		if (in->s == in->end)
			return wire_fail(o, in->s, "a number that is cut off");
		c = (unsigned char)*in->s++;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return 0;
	}
	return wire_fail(o, in->s, "a number of more than ten bytes");
}

/* Most are of one byte, of two, or of four as data/otlp writes lengths. */
static inline int
varint(struct otlp *o, struct wire *in, uint64_t *v)
{
	const unsigned char *s = (const unsigned char *)in->s;
	size_t n = wire_len(in);
	uint32_t w;

	if (n && s[0] < 0x80) {
		*v = s[0];
		in->s++;
		return 0;
	}
	if (n > 1 && s[1] < 0x80) {
		*v = (uint64_t)(s[0] & 0x7f) | (uint64_t)s[1] << 7;
		in->s += 2;
		return 0;
	}
	if (n < sizeof w)
		return long_varint(o, in, v);
	memcpy(&w, s, sizeof w);
	w = le32toh(w);
	if ((w & 0x80808080) != 0x808080)
		return long_varint(o, in, v);
	*v = (w & 0x7f) | (w >> 1 & 0x3f80) | (w >> 2 & 0x1fc000) |
	     (w >> 3 & 0xfe00000);
	in->s += sizeof w;
	return 0;
}

static inline int
fixed(struct otlp *o, struct wire *in, size_t n, uint64_t *v)
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
length(struct otlp *o, struct wire *in, const char *at, struct wire_field *f)
{
	uint64_t n = 0;

	if (varint(o, in, &n) < 0)
		return -1;
	if (n > wire_len(in))
		return wire_fail(o, at, "a length beyond the end");
	f->s = (struct wire){in->s, in->s + n};
	in->s += n;
	return 0;
}

static int
token(struct otlp *o, struct wire *in, struct wire_field *f)
{
	const char *at = in->s;
	uint64_t tag = 0;

	if (varint(o, in, &tag) < 0)
		return -1;
	if (tag >> 3 < 1 || tag >> 3 > WIRE_NUMBER_MAX)
		return wire_fail(o, at, "a field number that cannot be");
	f->tag = (uint32_t)tag;
	switch (tag & 7) {
	case WIRE_LEN:
		return length(o, in, at, f);
	case WIRE_VARINT:
		return varint(o, in, &f->v);
	case WIRE_I64:
		return fixed(o, in, 8, &f->v);
	case WIRE_I32:
		return fixed(o, in, 4, &f->v);
	case WIRE_GROUP:
	case WIRE_GROUP_END:
		return 0;
	}
	return wire_fail(o, at, "a wire type that cannot be");
}

/* Nobody sends groups any more, but they are to be passed over. */
static int
skip_group(struct otlp *o, struct wire *in, uint32_t tag)
{
	uint32_t open[GROUPS];
	size_t n = 0;

	open[n++] = tag >> 3;
	while (n) {
		struct wire_field f;

		if (in->s == in->end)
			return wire_fail(o, in->s, "a group without an end");
		if (token(o, in, &f) < 0)
			return -1;
		if ((f.tag & 7) == WIRE_GROUP && n == GROUPS)
			return wire_fail(o, in->s, "groups nested too deep");
		if ((f.tag & 7) == WIRE_GROUP)
			open[n++] = f.tag >> 3;
		else if ((f.tag & 7) == WIRE_GROUP_END &&
			 open[--n] != f.tag >> 3)
			return wire_fail(
			    o, in->s, "a group that ends as another");
	}
	return 0;
}

int
wire_next_any(struct otlp *o, struct wire *in, struct wire_field *f)
{
	if (token(o, in, f) < 0)
		return -1;
	if ((f->tag & 7) == WIRE_GROUP_END)
		return wire_fail(
		    o, in->s, "the end of a group that never began");
	if ((f->tag & 7) == WIRE_GROUP && skip_group(o, in, f->tag) < 0)
		return -1;
	return 1;
}
