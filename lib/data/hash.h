/*
 * Digests.
 */
#ifndef DATA_HASH_H
#define DATA_HASH_H

#include <stddef.h>

#include "base/err.h"

enum { HASH_HEX = 65 }; /* a SHA-256 in lower-case hex, and a NUL */

/* SHA-256 of s[n]. src: FIPS 180-4 */
void hash_hex(const char *s, size_t n, char hex[HASH_HEX]);

/*
 * SHA-256 of what is left of a file.
 *
 * err: -1 with errno on a read error
 */
int hash_fd(int fd, char hex[HASH_HEX]);

enum { HASH_SHA1 = 20 };

/* SHA-1 of s[n] and t[m] behind it; proof of nothing. src: RFC 3174 */
void hash_sha1(const char *s, size_t n, const char *t, size_t m,
    unsigned char digest[HASH_SHA1]);

#endif
