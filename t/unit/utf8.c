#include "base/utf8.h"

#include "tap.h"

static size_t
check(const char *s)
{
	return utf8_check(s, strlen(s));
}

static void
every_character_comes_back_from_its_bytes(void)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char s[4];
		uint32_t back;
		size_t n;

		if (c == 0xd800)
			c = 0xe000;
		n = utf8_put(s, c);
		if (utf8_next(s, n, &back) != n || back != c) {
			is_int(back, c);
			return;
		}
		if (n > 1 && utf8_next(s, n - 1, &back)) {
			is_int(c, -1);
			return;
		}
	}
}

static void
overlong_forms_are_refused(void)
{
	is_int(check("a\xc0\x80"), 1);
	is_int(check("\xc1\xbf"), 0);
	is_int(check("\xe0\x9f\xbf"), 0);
	is_int(check("\xf0\x8f\xbf\xbf"), 0);
}

static void
surrogates_and_what_lies_past_the_end_are_refused(void)
{
	is_int(check("\xed\x9f\xbf"), 3);
	is_int(check("\xed\xa0\x80"), 0);
	is_int(check("\xed\xbf\xbf"), 0);
	is_int(check("\xf4\x8f\xbf\xbf"), 4);
	is_int(check("\xf4\x90\x80\x80"), 0);
	is_int(check("\xf5\x80\x80\x80"), 0);
	is_int(check("\xff"), 0);
}

static void
a_character_cut_short_is_found_where_it_begins(void)
{
	is_int(check("eight by\xe2\x82"), 8);
	is_int(check("\xe2\x82."), 0);
	is_int(check("\x80"), 0);
	is_int(check("1234567\xff"), 7);
}

static void
the_fast_way_over_ascii_skips_nothing(void)
{
	char s[64];

	for (size_t at = 0; at < sizeof s; at++) {
		memset(s, 'a', sizeof s);
		s[at] = (char)0xff;
		is_int(utf8_check(s, sizeof s), at);
	}
	memset(s, 'a', sizeof s);
	is_int(utf8_check(s, sizeof s), sizeof s);
	is_int(utf8_check(s, 0), 0);
}

static void
a_stray_byte_counts_as_one_character(void)
{
	is_int(utf8_count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10), 4);
	is_int(utf8_count("\xff\xff\xe2\x82", 4), 4);
	is_int(utf8_count("", 0), 0);
}

static void
nothing_printed_is_obeyed_by_a_terminal(void)
{
	static const char odd[] = "a\tb\x1b[1m\n\x7f\xc2\x9b\xff\xc3\xa9\0.";
	AUTO_BUF b = BUF_INIT;

	utf8_print(&b, odd, sizeof odd - 1);
	is_str(b.s, "a b\\x1b[1m\\x0a\\x7f\\x9b\\xff\xc3\xa9\\x00.");
}

static void
what_turns_the_direction_of_writing_is_told(void)
{
	static const char odd[] = "a\xe2\x80\xae"
				  "b\xe2\x81\xa9\xe2\x80\xaf";
	AUTO_BUF b = BUF_INIT;

	utf8_print(&b, odd, sizeof odd - 1);
	is_str(b.s, "a\\u202eb\\u2069\xe2\x80\xaf");
}

TAP_MAIN(TEST(every_character_comes_back_from_its_bytes),
    TEST(overlong_forms_are_refused),
    TEST(surrogates_and_what_lies_past_the_end_are_refused),
    TEST(a_character_cut_short_is_found_where_it_begins),
    TEST(the_fast_way_over_ascii_skips_nothing),
    TEST(a_stray_byte_counts_as_one_character),
    TEST(nothing_printed_is_obeyed_by_a_terminal),
    TEST(what_turns_the_direction_of_writing_is_told))
