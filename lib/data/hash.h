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

#endif
