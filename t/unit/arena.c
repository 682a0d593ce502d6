#include "base/arena.h"

#include <stdint.h>

#include "tap.h"

static bool
is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void
memory_is_zeroed_and_aligned_for_any_object(void)
{
	AUTO_ARENA a = {0};

	for (size_t n = 0; n < 3000; n += 7) {
		char *p = arena_alloc(&a, n);

		if ((uintptr_t)p % _Alignof(max_align_t) || !is_zero(p, n)) {
			is_int(n, -1);
			break;
		}
		memset(p, 0xff, n);
	}
}

static void
a_large_piece_leaves_the_open_block_open(void)
{
	AUTO_ARENA a = {0};
	char *first = arena_alloc(&a, 16);
	char *large = arena_alloc(&a, 1 << 20);
	char *second = arena_alloc(&a, 16);

	arena_alloc(&a, 1 << 20); /* a leak check sees whether both are freed */
	is_true(is_zero(large, 1 << 20));
	memset(large, 1, 1 << 20);
	is_true(second == first + 16);
	is_true(is_zero(second, 16));
}

static void
a_large_piece_can_come_first(void)
{
	AUTO_ARENA a = {0};
	char *large = arena_alloc(&a, 1 << 20);
	char *small = arena_alloc(&a, 64);

	memset(large, 1, 1 << 20);
	is_true(is_zero(small, 64));
	memset(small, 2, 64);
	is_int(large[(1 << 20) - 1], 1);
}

static void
texts_are_copies_with_a_nul_behind(void)
{
	AUTO_ARENA a = {0};
	char text[] = "abc";
	char *copy = arena_dup(&a, text, 2), *all = arena_str(&a, text);

	text[0] = 'x';
	is_str(copy, "ab");
	is_str(all, "abc");
	is_null(arena_str(&a, NULL));
	is_str(arena_dup(&a, NULL, 0), "");
	is_str(arena_fmt(&a, "%s-%d", "a", 7), "a-7");
}

static void
an_array_that_grows_keeps_its_elements(void)
{
	AUTO_ARENA a = {0};
	size_t n = 0, cap = 0;
	int *v = NULL;

	while (n < 1000) {
		v = arena_more(&a, v, n, &cap, sizeof *v);
		is_int(v[n], 0);
		v[n] = (int)n;
		n++;
	}
	is_true(cap >= 1000);
	for (size_t i = 0; i < n; i++)
		is_int(v[i], i);
}

static void
each_block_is_four_times_the_last_one_up_to_four_mebibytes(void)
{
	AUTO_ARENA a = {0};
	const struct arena_block *last = NULL;
	size_t size = 16 << 10, blocks = 0;

	while (blocks < 6) {
		memset(arena_take(&a, 1000), 1, 1000);
		if (a.block == last)
			continue;
		is_int(a.left + 1008, size);
		size *= size < 4 << 20 ? 4 : 1;
		last = a.block;
		blocks++;
	}
	is_int(size, 4 << 20);
}

static void
what_is_given_back_is_taken_next(void)
{
	AUTO_ARENA a = {0};
	char *p = arena_take(&a, 100), *q;

	arena_trim(&a, p, 100, 17);
	is_true((char *)arena_take(&a, 8) == p + 32);
	p = arena_take(&a, 5000);
	q = arena_take(&a, 16);
	arena_trim(&a, p, 5000, 1); /* of its own block: stays */
	is_true((char *)arena_take(&a, 16) == q + 16);
}

static void
it_can_be_used_again_after_it_was_freed(void)
{
	struct arena a = {0};

	arena_free(&a);
	arena_alloc(&a, 100000);
	arena_free(&a);
	is_str(arena_str(&a, "again"), "again");
	arena_free(&a);
	is_null(a.block);
}

TAP_MAIN(TEST(memory_is_zeroed_and_aligned_for_any_object),
    TEST(a_large_piece_leaves_the_open_block_open),
    TEST(a_large_piece_can_come_first),
    TEST(texts_are_copies_with_a_nul_behind),
    TEST(an_array_that_grows_keeps_its_elements),
    TEST(each_block_is_four_times_the_last_one_up_to_four_mebibytes),
    TEST(what_is_given_back_is_taken_next),
    TEST(it_can_be_used_again_after_it_was_freed))
