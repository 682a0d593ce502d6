#include "data/hash.h"

#include <errno.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <unistd.h>

static void
print(struct sha256_ctx *ctx, char hex[HASH_HEX])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof digest, digest);
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[HASH_HEX - 1] = 0;
}

void
hash_hex(const char *s, size_t n, char hex[HASH_HEX])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, (const uint8_t *)s);
	print(&ctx, hex);
}

int
hash_fd(int fd, char hex[HASH_HEX])
{
	struct sha256_ctx ctx;
	uint8_t chunk[64 << 10];
	ssize_t n;

	sha256_init(&ctx);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		sha256_update(&ctx, (size_t)n, chunk);
	}
	print(&ctx, hex);
	return 0;
}

void
hash_sha1(const char *s, size_t n, const char *t, size_t m,
    unsigned char digest[HASH_SHA1])
{
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, n, (const uint8_t *)s);
	sha1_update(&ctx, m, (const uint8_t *)t);
	sha1_digest(&ctx, HASH_SHA1, digest);
}
