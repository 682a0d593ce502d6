#include "data/hash_stream.h"

#include <stdint.h>

void
hash_stream_begin(struct hash_stream *h)
{
	sha256_init(&h->ctx);
}

void
hash_stream_add(struct hash_stream *h, const char *s, size_t n)
{
	sha256_update(&h->ctx, n, (const uint8_t *)s);
}

void
hash_stream_end(struct hash_stream *h, char hex[HASH_HEX])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&h->ctx, sizeof digest, digest);
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[HASH_HEX - 1] = 0;
}
