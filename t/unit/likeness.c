#include "data/likeness.h"

#include "data/match.h"
#include "tap.h"

static const char *
made(struct buf *b, const char *pattern)
{
	struct err e = {0};

	buf_reset(b);
	if (likeness_of(pattern, strlen(pattern), b, &e) < 0)
		buf_adds(b, e.text);
	return b->s;
}

static void
a_text_is_made_that_the_expression_finds(void)
{
	static const char *const pairs[][2] = {
	    {"hello", "hello"},
	    {"^ok$", "ok"},
	    {"paid: [0-9]+ EUR", "paid: 0 EUR"},
	    {"a|b", "a"},
	    {"(foo|bar)baz", "foobaz"},
	    {"x{3}y{2,}z{0,4}", "xxxyy"},
	    {"(?i)hello", "hello"},
	    {"(?<n>\\d{2})-\\k<n>|x", "00-00"},
	    {"(\\w+)=\\1", "a=a"},
	    {"[^a]", "0"},
	    {"[]x]", "]"},
	    {"\\x41\\x{42}\\.", "AB."},
	    {"\\Qa.b\\E!", "a.b!"},
	    {"[[:digit:]][\\d-]", "00"},
	    {"caf\303\251+", "caf\303\251"},
	    {"", ""},
	};
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		is_str(made(&b, pairs[i][0]), pairs[i][1]);
}

static void
what_only_a_longer_text_meets_is_met_by_it(void)
{
	AUTO_BUF b = BUF_INIT;

	is_str(made(&b, "(?m)^a$\\s*^b$"), "a\nb");
	is_str(made(&b, "(x*)(?<=x)y"), "xy");
	is_str(made(&b, "(?!a)(a|b)"), "b");
}

static void
what_cannot_be_made_is_an_error(void)
{
	static const char none[] = "no text could be made that the expression "
				   "is found in";
	AUTO_BUF b = BUF_INIT;

	is_str(made(&b, "(?=.*[A-Z])(?=.*q)[a-z]$"), none);
	is_str(made(&b, "a\\x00"), none);
	is_str(made(&b, "(a{1000}){1000}"), none);
	is_str(made(&b, "(?!)"), none);
	is_str(made(&b, "(a"), "missing closing parenthesis");
}

static void
deep_nesting_and_odd_bytes_end_well(void)
{
	AUTO_BUF deep = BUF_INIT;
	AUTO_BUF b = BUF_INIT;
	struct err e = {0};
	uint32_t seed = 1;

	for (int i = 0; i < 200; i++)
		buf_addc(&deep, '(');
	buf_addc(&deep, 'a');
	for (int i = 0; i < 200; i++)
		buf_addc(&deep, ')');
	is_int(likeness_of(deep.s, deep.len, &b, &e), -1);
	for (int i = 0; i < 20000; i++) {
		static const char bytes[] = "ab()[]{}|*+?.^$\\dw1-,:<!=PQEx0";
		char s[17];

		for (int k = 0; k < 16; k++) {
			seed = seed * 1664525 + 1013904223;
			s[k] = bytes[(seed >> 16) % (sizeof bytes - 1)];
		}
		s[16] = 0;
		buf_reset(&b);
		likeness_of(s, seed >> 28, &b, &e);
	}
}

TAP_MAIN(TEST(a_text_is_made_that_the_expression_finds),
    TEST(what_only_a_longer_text_meets_is_met_by_it),
    TEST(what_cannot_be_made_is_an_error),
    TEST(deep_nesting_and_odd_bytes_end_well))
