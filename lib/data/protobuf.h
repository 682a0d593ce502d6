/*
 * Fields of messages of Protocol Buffers, appended to a text. What is empty or
 * zero stays away where proto3 has it so.
 *
 * src: Protocol Buffers, encoding
 */
#ifndef DATA_PROTOBUF_H
#define DATA_PROTOBUF_H

#include "base/buf.h"

enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5
};

void protobuf_tag(struct buf *b, unsigned field, enum protobuf_type type);
void protobuf_varint(struct buf *b, uint64_t v);

/* A field; zero and empty too. */
void protobuf_bytes(struct buf *b, unsigned field, const char *s, size_t n);
void protobuf_fixed64(struct buf *b, unsigned field, uint64_t v);
void protobuf_fixed32(struct buf *b, unsigned field, uint32_t v);
void protobuf_double(struct buf *b, unsigned field, double d);

/* The eight bytes alone, of what is packed. */
void protobuf_packed64(struct buf *b, uint64_t v);
void protobuf_packed_double(struct buf *b, double d);

/* A field unless it is zero. */
void protobuf_number(struct buf *b, unsigned field, int64_t n);

#endif
