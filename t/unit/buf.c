#include "base/buf.h"

#include "tap.h"

static void
an_empty_one_is_an_empty_string(void)
{
	AUTO_BUF b = BUF_INIT;

	is_str(b.s, "");
	buf_add(&b, NULL, 0);
	buf_drop(&b, 0);
	buf_reset(&b);
	is_int(b.cap, 0);
}

static void
what_is_appended_stands_in_order(void)
{
	AUTO_BUF b = BUF_INIT;

	buf_adds(&b, "one");
	buf_addc(&b, ' ');
	buf_add(&b, "two!", 3);
	buf_addf(&b, " %d%s", 3, "!");
	is_str(b.s, "one two 3!");
	is_int(b.len, 10);
}

static void
a_nul_is_a_byte_like_others(void)
{
	AUTO_BUF b = BUF_INIT;

	buf_add(&b, "a\0b", 3);
	buf_addc(&b, 0);
	is_int(b.len, 4);
	is_true(!memcmp(b.s, "a\0b\0", 5));
}

static void
it_grows_and_keeps_what_it_holds(void)
{
	AUTO_BUF b = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_addc(&b, (char)('a' + i % 26));
	is_int(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		if (b.s[i] != 'a' + i % 26) {
			is_int(i, -1);
			break;
		}
}

static void
room_is_given_but_not_counted(void)
{
	AUTO_BUF b = BUF_INIT;
	char *room;

	buf_adds(&b, "a");
	room = buf_room(&b, 1000);
	is_int(b.len, 1);
	is_str(b.s, "a");
	memset(room, 'x', 1000);
	is_true(b.cap > 1001);
}

static void
dropping_and_cutting_keep_the_rest(void)
{
	AUTO_BUF b = BUF_INIT;

	buf_adds(&b, "abcdef");
	buf_drop(&b, 2);
	is_str(b.s, "cdef");
	buf_cut(&b, 3);
	is_str(b.s, "cde");
	buf_cut(&b, 9);
	is_int(b.len, 3);
	buf_drop(&b, 3);
	is_str(b.s, "");
}

static void
whole_numbers_are_written_as_printf_does(void)
{
	static const int64_t v[] = {0, 7, -1, 10, -100, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		AUTO_BUF b = BUF_INIT, want = BUF_INIT;

		buf_addi(&b, v[i]);
		buf_addf(&want, "%lld", (long long)v[i]);
		is_str(b.s, want.s);
	}
}

static void
a_format_of_any_length_fits(void)
{
	for (int n = 0; n < 200; n++) {
		AUTO_BUF b = BUF_INIT;

		buf_adds(&b, "ab");
		buf_addf(&b, "%*d", n, 7);
		is_int(b.len, 2 + (n > 1 ? n : 1));
		is_true(b.s[b.len - 1] == '7' && !b.s[b.len]);
	}
}

static void
what_is_stolen_is_the_callers(void)
{
	AUTO_BUF b = BUF_INIT;
	char *s;

	buf_adds(&b, "mine");
	s = buf_steal(&b);
	is_str(s, "mine");
	is_str(b.s, "");
	free(s);
	s = buf_steal(&b);
	is_str(s, "");
	free(s);
}

TAP_MAIN(TEST(an_empty_one_is_an_empty_string),
    TEST(what_is_appended_stands_in_order), TEST(a_nul_is_a_byte_like_others),
    TEST(it_grows_and_keeps_what_it_holds), TEST(room_is_given_but_not_counted),
    TEST(dropping_and_cutting_keep_the_rest),
    TEST(whole_numbers_are_written_as_printf_does),
    TEST(a_format_of_any_length_fits), TEST(what_is_stolen_is_the_callers))
