#include "base/digest.h"

#include <string.h>

/* FNV-1a, by words where it can, and MurmurHash3's last steps, without which
 * ids that are counted up would all fall in one place. */
uint64_t
digest_add(uint64_t seed, const char *s, size_t n)
{
	uint64_t h = 14695981039346656037u ^ seed, word;

	for (; n >= sizeof word; s += sizeof word, n -= sizeof word) {
		memcpy(&word, s, sizeof word);
		h = (h ^ word) * 1099511628211u;
		h ^= h >> 32;
	}
	for (; n; s++, n--)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	h ^= h >> 33;
	return h ? h : 1;
}
