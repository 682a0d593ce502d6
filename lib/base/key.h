/*
 * Hashes of keys for tables in memory. Each process has a seed of its own, so
 * that nobody can choose keys that all meet in one slot; they are never stored
 * and nothing is put in order by them.
 */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern uint64_t key_seed[2]; /* set before main() */

static inline uint64_t
key_mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 x = (unsigned __int128)a * b;

	return (uint64_t)x ^ (uint64_t)(x >> 64);
}

/* Of the bytes s[n], eight at a time, folded into a product (wyhash). */
static inline uint32_t
key_hash(const char *s, size_t n)
{
	uint64_t h = key_seed[0] ^ n * 0x9e3779b97f4a7c15u, word = 0;
	uint64_t with = key_seed[1] | 1;

	for (; n > 8; s += 8, n -= 8) {
		memcpy(&word, s, 8);
		h = key_mix(h ^ word, with);
	}
	if (n >= 4) {
		uint32_t low, high;

		memcpy(&low, s, 4);
		memcpy(&high, s + n - 4, 4);
		word = (uint64_t)high << 32 | low;
	} else if (n) {
		word = (uint64_t)(unsigned char)s[0] << 16 |
		       (uint64_t)(unsigned char)s[n / 2] << 8 |
		       (unsigned char)s[n - 1];
	} else {
		word = 0;
	}
	h = key_mix(h ^ word, with);
	return (uint32_t)key_mix(h, 0xa0761d6478bd642fu);
}

/* Of a key in two parts. */
static inline uint32_t
key_hash_pair(uint32_t a, uint32_t b)
{
	uint64_t both = (uint64_t)a << 32 | b;

	return (uint32_t)key_mix(both ^ key_seed[0], key_seed[1] | 1);
}

#endif
