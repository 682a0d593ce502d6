#include "base/digest.h"

#include "base/mix.h"

/* Two words to a multiplication: what one waits for is how many there are. */
uint64_t
digest_add(uint64_t seed, const char *s, size_t n)
{
	uint64_t h = mix_pair(seed, n), word[2];

	for (; n >= sizeof word; s += sizeof word, n -= sizeof word) {
		memcpy(word, s, sizeof word);
		h = mix_pair(h ^ word[0], word[1]);
	}
	if (n) {
		word[0] = word[1] = 0;
		memcpy(word, s, n);
		h = mix_pair(h ^ word[0], word[1]);
	}
	return h ? h : 1;
}
