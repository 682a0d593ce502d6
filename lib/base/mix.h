/*
 * Hashes of 64 bits that tell contents apart in memory. They are the same on
 * every machine of one byte order, are never stored, and prove nothing.
 */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Two words to one; the order counts. */
static inline uint64_t
mix_pair(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) *
			      (b ^ 0xd6e8feb86659fd93u);

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* The bytes s[n]; s may be NULL where there are none. */
static inline uint64_t
mix_text(const char *s, size_t n)
{
	uint64_t h = mix_pair(n, 0xa0761d6478bd642fu), word;

	for (; n >= 8; s += 8, n -= 8) {
		memcpy(&word, s, 8);
		h = mix_pair(h, word);
	}
	word = 0;
	if (n)
		memcpy(&word, s, n);
	return mix_pair(h, word);
}

#endif
