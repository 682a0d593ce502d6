#include "data/rng.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

enum { ROUNDS = 12 };

static uint32_t
left(uint32_t x, unsigned by)
{
	return x << by | x >> (-by & 31);
}

static void
quarter(uint32_t x[], int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = left(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = left(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = left(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = left(x[b] ^ x[c], 7);
}

static void
refill(struct rng *r)
{
	uint32_t x[RNG_WORDS] = {
	    0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t first[RNG_WORDS];

	memcpy(x + 4, r->key, sizeof r->key);
	x[12] = (uint32_t)r->block;
	x[13] = (uint32_t)(r->block >> 32);
	memcpy(first, x, sizeof x);
	for (int i = 0; i < ROUNDS; i += 2) {
		for (int c = 0; c < 4; c++)
			quarter(x, c, c + 4, c + 8, c + 12);
		for (int c = 0; c < 4; c++)
			quarter(x, c, (c + 1) % 4 + 4, (c + 2) % 4 + 8,
			    (c + 3) % 4 + 12);
	}
	for (int i = 0; i < RNG_WORDS; i++)
		r->word[i] = x[i] + first[i];
	r->block++;
	r->at = 0;
}

void
rng_seed(struct rng *r, uint64_t seed)
{
	*r = (struct rng){.at = RNG_WORDS};
	for (int i = 0; i < 8; i++) {
		uint32_t x;

		seed = seed * 6364136223846793005U + 11634580027462260723U;
		x = (uint32_t)((seed >> 18 ^ seed) >> 27);
		r->key[i] = left(x, -(unsigned)(seed >> 59) & 31);
	}
}

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

uint64_t
rng_seed_mix(uint64_t base, uint64_t counter)
{
	return mix(base + (counter + 1) * 0x9e3779b97f4a7c15U);
}

uint64_t
rng_seed_any(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, 0) == sizeof seed)
		return seed;
	return rng_seed_mix(
	    (uint64_t)clock_wall_ns(), (uint64_t)clock_mono_ns());
}

uint32_t
rng_u32(struct rng *r)
{
	if (r->at == RNG_WORDS)
		refill(r);
	return r->word[r->at++];
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t low = rng_u32(r);

	return low | (uint64_t)rng_u32(r) << 32;
}

/* The high half of v * n, for the first v whose low half is in the zone. */
static uint32_t
below(struct rng *r, uint32_t n, uint32_t zone)
{
	uint64_t m;

	do
		m = (uint64_t)rng_u32(r) * n;
	while ((uint32_t)m > zone);
	return (uint32_t)(m >> 32);
}

uint32_t
rng_below16(struct rng *r, uint32_t n)
{
	return below(r, n, UINT32_MAX - (0U - n) % n);
}

uint32_t
rng_below32(struct rng *r, uint32_t n)
{
	return below(r, n, (n << __builtin_clz(n)) - 1);
}

uint64_t
rng_below64(struct rng *r, uint64_t n)
{
	uint64_t zone = (n << __builtin_clzll(n)) - 1;
	unsigned __int128 m;

	do
		m = (unsigned __int128)rng_u64(r) * n;
	while ((uint64_t)m > zone);
	return (uint64_t)(m >> 64);
}

double
rng_float(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double
rng_between(struct rng *r, double low, double high)
{
	return (double)(rng_u64(r) >> 12) * 0x1p-52 * (high - low) + low;
}

void
rng_bytes(struct rng *r, unsigned char *to, size_t n)
{
	uint32_t word = 0;

	for (size_t i = 0; i < n; i++) {
		word = i % 4 ? word >> 8 : rng_u32(r);
		to[i] = (unsigned char)word;
	}
}

void
rng_hex(struct rng *r, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = "0123456789abcdef"[rng_below32(r, 16)];
}

void
rng_shuffle(struct rng *r, size_t index[], size_t n)
{
	for (size_t i = n; i-- > 1;) {
		size_t j = rng_below64(r, i + 1), kept = index[i];

		index[i] = index[j];
		index[j] = kept;
	}
}

void
rng_sample(struct rng *r, size_t index[], size_t k, size_t n)
{
	for (size_t i = 0; i < k; i++)
		index[i] = i;
	for (size_t i = k; i < n; i++) {
		size_t j = rng_below64(r, i + 1);

		if (j < k)
			index[j] = i;
	}
}

size_t
rng_weigh(struct rng *r, const double weight[], size_t n)
{
	double left = 0;

	for (size_t i = 0; i < n; i++)
		left += weight[i];
	left *= rng_float(r);
	for (size_t i = 0; i < n; i++)
		if ((left -= weight[i]) <= 0)
			return i;
	return n - 1;
}
