/*
 * The seeded generator: equal seeds give equal draws, on every machine and in
 * every version. It is no source of secrets.
 *
 * src: ChaCha with 12 rounds (D. J. Bernstein, 2008), 64-bit block counter,
 *      zero nonce; the key is drawn from the seed by PCG-XSH-RR; ranges by
 *      D. Lemire, "Fast Random Integer Generation in an Interval" (2019)
 */
#ifndef DATA_RNG_H
#define DATA_RNG_H

#include <stddef.h>
#include <stdint.h>

enum { RNG_WORDS = 16 };

struct rng {
	uint32_t key[8];
	uint64_t block;		  /* the next one */
	uint32_t word[RNG_WORDS]; /* word[at] is next */
	unsigned at;
};

/* Begin anew with that seed. */
void rng_seed(struct rng *r, uint64_t seed);

/*
 * A seed for the draw number `counter` of what has the seed `base`, for who
 * draws often from one seed and does not want equal draws.
 *
 * src: SplitMix64 (S. Vigna); counter 0 is its first number
 */
uint64_t rng_seed_mix(uint64_t base, uint64_t counter);

/* A seed that nobody knows: from the kernel, else from the clocks. */
uint64_t rng_seed_any(void);

/* Any number of so many bits. */
uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);

/* 0 to n - 1, n > 0; the three differ in what they draw, not in what for. */
uint32_t rng_below16(struct rng *r, uint32_t n); /* n <= 65536 */
uint32_t rng_below32(struct rng *r, uint32_t n);
uint64_t rng_below64(struct rng *r, uint64_t n);

/* 0 <= f < 1, in steps of 2^-53. */
double rng_float(struct rng *r);

/* low <= f < high, in steps of 2^-52 of the range. */
double rng_between(struct rng *r, double low, double high);

/* n bytes of the stream; n lower-case hex digits without a NUL. */
void rng_bytes(struct rng *r, unsigned char *to, size_t n);
void rng_hex(struct rng *r, char *to, size_t n);

/* Put index[n] into another order. */
void rng_shuffle(struct rng *r, size_t index[], size_t n);

/* Choose k of n, k <= n, into index[k]. */
void rng_sample(struct rng *r, size_t index[], size_t k, size_t n);

/*
 * Choose one of n > 0 by weight.
 *
 * in: weight[n], finite, none negative; when all are 0 the first is chosen
 */
size_t rng_weigh(struct rng *r, const double weight[], size_t n);

#endif
