#include "base/key.h"

#include <sys/auxv.h>

uint64_t key_seed[2];

__attribute__((constructor)) static void
set_seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (random)
		memcpy(key_seed, random, sizeof key_seed);
}
