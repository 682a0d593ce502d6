/*
 * The SHA-256 of bytes that come in pieces.
 *
 * src: FIPS 180-4
 */
#ifndef DATA_HASH_STREAM_H
#define DATA_HASH_STREAM_H

#include <nettle/sha2.h>
#include <stddef.h>

#include "data/hash.h"

struct hash_stream {
	struct sha256_ctx ctx;
};

void hash_stream_begin(struct hash_stream *h);

void hash_stream_add(struct hash_stream *h, const char *s, size_t n);

/* What has come so far, in lower-case hex; *h begins anew. */
void hash_stream_end(struct hash_stream *h, char hex[HASH_HEX]);

#endif
