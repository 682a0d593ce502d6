#include "data/otlp_wire.h"

enum { GROUPS = 64 };

__attribute__((cold)) int
wire_fail(struct otlp *o, const char *at, const char *what)
{
	o->at = (size_t)(at - o->s);
	return otlp_fail(o, what);
}

int
wire_long_varint(struct otlp *o, struct wire *in, uint64_t *v)
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

/* Nobody sends groups any more, but they are to be passed over. */
int
wire_skip_group(struct otlp *o, struct wire *in, uint32_t tag)
{
	uint32_t open[GROUPS];
	size_t n = 0;

	open[n++] = tag >> 3;
	while (n) {
		struct wire_field f;

		if (in->s == in->end)
			return wire_fail(o, in->s, "a group without an end");
		if (wire_token(o, in, &f) < 0)
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
