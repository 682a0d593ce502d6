#include "base/slots.h"

#include "base/key.h"
#include "tap.h"

enum { THINGS = 1000 };

static struct slot *
find(const struct slots *x, const int thing[], uint32_t hash, int what)
{
	struct slot *s = slots_first(x, hash);

	while (s->number && thing[s->number - 1] != what)
		s = slots_next(x, s);
	return s;
}

/* Add THINGS numbers by fn, and look each up again. */
static void
all_are_found(uint32_t (*fn)(int))
{
	static int thing[THINGS];
	struct slots x = {0};
	int found = 0;

	for (int i = 0; i < THINGS; i++) {
		thing[i] = 7 * i;
		slots_make_room(&x, 1);
		slots_put(
		    &x, find(&x, thing, fn(7 * i), 7 * i), (uint32_t)i + 1);
	}
	is_int(x.n, THINGS);
	is_true(x.room >= 2 * THINGS);
	for (int i = 0; i < THINGS; i++)
		found += find(&x, thing, fn(7 * i), 7 * i)->number ==
			 (uint32_t)i + 1;
	is_int(found, THINGS);
	is_int(find(&x, thing, fn(1), 1)->number, 0);
	slots_free(&x);
	is_int(x.room, 0);
}

static uint32_t
own(int what)
{
	return key_hash((const char *)&what, sizeof what);
}

static uint32_t
same(int what)
{
	(void)what;
	return UINT32_MAX; /* of the last slot: the next is the first */
}

static void
what_was_put_is_found_by_its_hash(void)
{
	all_are_found(own);
}

static void
things_of_one_hash_are_told_apart(void)
{
	all_are_found(same);
}

static void
a_key_counts_by_its_bytes_and_their_number(void)
{
	static const char text[] = "0123456789abcdef0123456789abcdef";

	for (size_t n = 0; n <= 16; n++) {
		char other[17] = "";

		memcpy(other, text, n);
		is_true(key_hash(text, n) == key_hash(text + 16, n));
		is_true(key_hash(text, n) == key_hash(other, n));
		is_true(key_hash(text, n) != key_hash(text, n + 1));
		if (n) {
			other[n - 1] ^= 1;
			is_true(key_hash(text, n) != key_hash(other, n));
		}
	}
	is_true(key_hash_pair(1, 2) != key_hash_pair(2, 1));
}

TAP_MAIN(TEST(what_was_put_is_found_by_its_hash),
    TEST(things_of_one_hash_are_told_apart),
    TEST(a_key_counts_by_its_bytes_and_their_number))
