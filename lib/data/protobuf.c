#include "data/protobuf.h"

#include <string.h>

void
protobuf_varint(struct buf *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

void
protobuf_tag(struct buf *b, unsigned field, enum protobuf_type type)
{
	protobuf_varint(b, field << 3 | type);
}

void
protobuf_bytes(struct buf *b, unsigned field, const char *s, size_t n)
{
	protobuf_tag(b, field, PROTOBUF_BYTES);
	protobuf_varint(b, n);
	buf_add(b, s, n);
}

void
protobuf_number(struct buf *b, unsigned field, int64_t n)
{
	if (!n)
		return;
	protobuf_tag(b, field, PROTOBUF_VARINT);
	protobuf_varint(b, (uint64_t)n);
}

static void
put_little(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_addc(b, (char)(v >> 8 * i));
}

void
protobuf_packed64(struct buf *b, uint64_t v)
{
	put_little(b, v, 8);
}

void
protobuf_packed_double(struct buf *b, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	protobuf_packed64(b, bits);
}

void
protobuf_fixed64(struct buf *b, unsigned field, uint64_t v)
{
	protobuf_tag(b, field, PROTOBUF_FIXED64);
	protobuf_packed64(b, v);
}

void
protobuf_fixed32(struct buf *b, unsigned field, uint32_t v)
{
	protobuf_tag(b, field, PROTOBUF_FIXED32);
	put_little(b, v, 4);
}

void
protobuf_double(struct buf *b, unsigned field, double d)
{
	protobuf_tag(b, field, PROTOBUF_FIXED64);
	protobuf_packed_double(b, d);
}
