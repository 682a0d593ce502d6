#include "data/rng.h"

#include "tap.h"

static struct rng
seeded(uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed);
	return r;
}

/* What is known to come of a seed. */
static const struct {
	uint64_t seed;
	const char *hex; /* 16 digits, and 16 more */
	int pick;	 /* of 4 */
	size_t shuffle[5], sample[2];
	const char *letters;
	int below_1000, port;
	const char *semver;
	double number;
} known[] = {
    {0, "c094c1382f3a7362d7318eae13660d1b", 3, {2, 5, 4, 3, 1}, {5, 2},
	"utouvarpwg", 801, 52726, "8.14.55", 731.1134158637045},
    {1, "db33c48f6b82632323e6e554f9fa4837", 1, {1, 3, 5, 2, 4}, {1, 4},
	"vzurflfeug", 824, 54242, "8.19.79", 974.2447372584027},
    {42, "28a6a20d86b28d3a087a4781729386a3", 2, {5, 3, 2, 1, 4}, {1, 3},
	"dngowqzkza", 133, 9630, "1.10.24", 526.5574090027739},
    {12345, "ea7aa98bc9fa9a0ee7c3e35b99e0b7e5", 1, {1, 4, 5, 3, 2}, {1, 5},
	NULL, 0, 0, NULL, 0},
};

enum { KNOWN = sizeof known / sizeof *known };

static void
hex_digits_are_those_known(void)
{
	for (int i = 0; i < KNOWN; i++) {
		struct rng r = seeded(known[i].seed);
		char hex[33] = "";

		rng_hex(&r, hex, 32);
		is_str(hex, known[i].hex);
	}
}

static void
picks_shuffles_and_samples_are_those_known(void)
{
	for (int i = 0; i < KNOWN; i++) {
		struct rng r = seeded(known[i].seed);
		size_t five[] = {1, 2, 3, 4, 5}, two[2];

		is_int(rng_below64(&r, 4), known[i].pick);
		r = seeded(known[i].seed);
		rng_shuffle(&r, five, 5);
		is_true(!memcmp(five, known[i].shuffle, sizeof five));
		r = seeded(known[i].seed);
		rng_sample(&r, two, 2, 5);
		is_int(two[0] + 1, known[i].sample[0]);
		is_int(two[1] + 1, known[i].sample[1]);
	}
}

static void
letters_and_numbers_are_those_known(void)
{
	for (int i = 0; i < KNOWN && known[i].letters; i++) {
		struct rng r = seeded(known[i].seed);
		char word[11] = "";

		for (int c = 0; c < 10; c++)
			word[c] = (char)('a' + rng_below16(&r, 26));
		is_str(word, known[i].letters);
		r = seeded(known[i].seed);
		is_int(rng_below32(&r, 1000), known[i].below_1000);
		r = seeded(known[i].seed);
		is_int(1024 + rng_below16(&r, 65535 - 1024), known[i].port);
		r = seeded(known[i].seed);
		is_true(rng_between(&r, 0, 1000) == known[i].number);
	}
}

static void
versions_draw_their_parts_in_order(void)
{
	for (int i = 0; i < KNOWN && known[i].semver; i++) {
		struct rng r = seeded(known[i].seed);
		unsigned part[3] = {10, 20, 100};
		char text[16];

		for (int p = 0; p < 3; p++)
			part[p] = rng_below16(&r, part[p]);
		snprintf(
		    text, sizeof text, "%u.%u.%u", part[0], part[1], part[2]);
		is_str(text, known[i].semver);
	}
}

static void
the_stream_goes_on_over_the_end_of_a_block(void)
{
	struct rng words = seeded(7), pairs = seeded(7);
	uint32_t word[40];

	for (int i = 0; i < 40; i++)
		word[i] = rng_u32(&words);
	rng_u32(&pairs);
	for (int i = 1; i < 39; i += 2)
		is_true(
		    rng_u64(&pairs) == ((uint64_t)word[i + 1] << 32 | word[i]));
	is_true(memcmp(word, word + 16, 64) != 0);
}

static void
bytes_are_the_words_with_the_low_byte_first(void)
{
	struct rng words = seeded(7), bytes = seeded(7);
	uint32_t word = rng_u32(&words), next = rng_u32(&words);
	unsigned char b[6];

	rng_bytes(&bytes, b, sizeof b);
	is_int(b[0], word & 255);
	is_int(b[3], word >> 24);
	is_int(b[5], next >> 8 & 255);
}

static void
draws_stay_below_their_bound(void)
{
	static const uint64_t bounds[] = {1, 2, 3, 5, 1000, 65535, 65536};
	struct rng r = seeded(3);

	for (size_t i = 0; i < 7 * 500; i++) {
		uint64_t n = bounds[i % 7];
		double f = rng_float(&r), g = rng_between(&r, -2, 3);

		is_true(rng_below16(&r, (uint32_t)n) < n);
		is_true(rng_below32(&r, (uint32_t)n) < n);
		is_true(rng_below64(&r, n) < n);
		is_true(f >= 0 && f < 1 && g >= -2 && g < 3);
	}
	is_true(rng_below32(&r, UINT32_MAX) < UINT32_MAX);
	is_true(rng_below64(&r, UINT64_MAX) < UINT64_MAX);
}

static void
few_of_none_and_all_of_some_are_chosen(void)
{
	struct rng r = seeded(1);
	size_t index[3] = {9, 9, 9};

	rng_shuffle(&r, index, 0);
	rng_sample(&r, index, 0, 3);
	is_int(index[0], 9);
	rng_sample(&r, index, 3, 3);
	is_int(index[0] + index[1] + index[2], 3);
}

static void
what_weighs_nothing_is_not_chosen(void)
{
	static const double weight[] = {1, 0, 3, 0}, none[] = {0, 0};
	struct rng r = seeded(5);
	int often[4] = {0};

	for (int i = 0; i < 4000; i++)
		often[rng_weigh(&r, weight, 4)]++;
	is_int(often[1] + often[3], 0);
	is_true(often[0] > 850 && often[0] < 1150);
	is_int(rng_weigh(&r, none, 2), 0);
}

static void
mixed_seeds_differ_and_stay(void)
{
	is_true(rng_seed_mix(42, 0) == rng_seed_mix(42, 0));
	is_true(rng_seed_mix(42, 0) != rng_seed_mix(42, 1));
	is_true(rng_seed_mix(42, 1) != rng_seed_mix(43, 0));
	is_true(rng_seed_mix(0, 0) == 0xe220a8397b1dcdafU);
	is_true(rng_seed_mix(0, 1) == 0x6e789e6aa1b965f4U);
	is_true(rng_seed_any() != rng_seed_any());
}

TAP_MAIN(TEST(hex_digits_are_those_known),
    TEST(picks_shuffles_and_samples_are_those_known),
    TEST(letters_and_numbers_are_those_known),
    TEST(versions_draw_their_parts_in_order),
    TEST(the_stream_goes_on_over_the_end_of_a_block),
    TEST(bytes_are_the_words_with_the_low_byte_first),
    TEST(draws_stay_below_their_bound),
    TEST(few_of_none_and_all_of_some_are_chosen),
    TEST(what_weighs_nothing_is_not_chosen), TEST(mixed_seeds_differ_and_stay))
