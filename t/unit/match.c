#include "data/match.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"

static int
find(enum match_kind kind, const char *pattern, const char *text)
{
	struct err e = {0};
	AUTO_MATCH *m = match_compile(kind, pattern, strlen(pattern), NULL, &e);

	if (!is_true(m != NULL))
		return -2;
	return match_find(m, text, strlen(text), NULL, &e);
}

static void
a_star_takes_any_run_also_across_slashes_and_points(void)
{
	is_int(find(MATCH_GLOB, "a*z", "az"), 1);
	is_int(find(MATCH_GLOB, "a*z", "a/b.c/z"), 1);
	is_int(find(MATCH_GLOB, "*.write", "db.write"), 1);
	is_int(find(MATCH_GLOB, "*.write", "db.writer"), 0);
	is_int(find(MATCH_GLOB, "*a*b*c", "xxaybbzc"), 1);
	is_int(find(MATCH_GLOB, "*", ""), 1);
	is_int(find(MATCH_GLOB, "", ""), 1);
	is_int(find(MATCH_GLOB, "", "a"), 0);
}

static void
a_question_mark_is_one_character_of_any_length(void)
{
	is_int(find(MATCH_GLOB, "a?c", "abc"), 1);
	is_int(find(MATCH_GLOB, "a?c",
		   "a\xc3\xa9"
		   "c"),
	    1);
	is_int(find(MATCH_GLOB, "a?c", "ac"), 0);
	is_int(find(MATCH_GLOB, "a?c", "abbc"), 0);
}

static void
sets_have_ranges_and_negation_and_a_bracket_first_is_itself(void)
{
	is_int(find(MATCH_GLOB, "[a-c]x", "bx"), 1);
	is_int(find(MATCH_GLOB, "[a-c]x", "dx"), 0);
	is_int(find(MATCH_GLOB, "[!a-c]x", "dx"), 1);
	is_int(find(MATCH_GLOB, "[!a-c]x", "ax"), 0);
	is_int(find(MATCH_GLOB, "[]]", "]"), 1);
	is_int(find(MATCH_GLOB, "[!]]", "]"), 0);
	is_int(find(MATCH_GLOB, "[a-]", "-"), 1);
	is_int(find(MATCH_GLOB, "a[*]", "a*"), 1);
	is_int(find(MATCH_GLOB, "a[*]", "ab"), 0);
}

static void
two_stars_are_any_number_of_path_components(void)
{
	is_int(find(MATCH_GLOB, "a/**/b", "a/b"), 1);
	is_int(find(MATCH_GLOB, "a/**/b", "a/x/y/b"), 1);
	is_int(find(MATCH_GLOB, "a/**/b", "a/xb"), 0);
	is_int(find(MATCH_GLOB, "**/b", "b"), 1);
	is_int(find(MATCH_GLOB, "**/b", "ab"), 0);
	is_int(find(MATCH_GLOB, "a/**", "a/x/y"), 1);
	is_int(find(MATCH_GLOB, "**/x/*.c", "q/x/y/x/z.c"), 1);
}

static void
wrong(enum match_kind kind, const char *pattern, size_t want)
{
	struct err e = {0};
	size_t offset = 99;
	AUTO_MATCH *m =
	    match_compile(kind, pattern, strlen(pattern), &offset, &e);

	is_null(m);
	is_int(offset, want);
	is_true(*e.text != 0);
}

static void
a_bad_pattern_is_told_with_its_offset(void)
{
	wrong(MATCH_GLOB, "ab[c", 2);
	wrong(MATCH_GLOB, "a[!]", 1);
	wrong(MATCH_GLOB, "x***", 3);
	wrong(MATCH_GLOB, "ab**", 2);
	wrong(MATCH_GLOB, "**b", 0);
	wrong(MATCH_REGEX, "ab(c", 4);
	wrong(MATCH_REGEX, "a\\C", 3);
}

static void
a_regular_expression_is_found_anywhere_and_its_range_told(void)
{
	struct err e = {0};
	size_t at[2] = {0};
	AUTO_MATCH *m = match_compile(MATCH_REGEX, "\\d+", 3, NULL, &e);

	is_int(match_find(m, "paid 12 now", 11, at, &e), 1);
	is_int(at[0], 5);
	is_int(at[1], 7);
	is_int(match_find(m, "none", 4, at, &e), 0);
	is_int(find(MATCH_REGEX, "^b", "ab"), 0);
	is_int(find(MATCH_REGEX, "(?m)^b", "a\nb"), 1);
	is_int(find(MATCH_REGEX, "^\\w$", "\xc3\xa9"), 1);
}

static void
a_match_far_behind_in_a_long_text_is_found(void)
{
	size_t n = 300000, at[2] = {0};
	char *text = malloc(n + 1);
	struct err e = {0};
	AUTO_MATCH *m =
	    match_compile(MATCH_REGEX, "(?<=\xc3\xa9)end$", 11, NULL, &e);

	for (size_t i = 0; i < n; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	memcpy(text + n - 3, "end", 3);
	is_int(match_find(m, text + 1, n - 1, at, &e), 0);
	memcpy(text + n - 5, "\xc3\xa9", 2);
	is_int(match_find(m, text, n, at, &e), 1);
	is_int(at[0], n - 3);
	free(text);
}

static void
bytes_that_are_no_utf8_match_nothing_and_end_no_search(void)
{
	char text[4096];

	memset(text, 0x80, sizeof text);
	memcpy(text + sizeof text - 2, "x", 2);
	is_int(find(MATCH_REGEX, "x", text), 1);
	is_int(find(MATCH_REGEX, "y", text), 0);
}

static void
a_hostile_pattern_ends_in_an_error_soon(void)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 1);
	int64_t begun = clock_mono_ns();

	memset(text, 'a', n);
	text[n] = 0;
	is_int(find(MATCH_REGEX, "(a+)+$(?<!a)", text), -1);
	is_int(find(MATCH_REGEX, "(a|aa)+[b-z]", text), -1);
	is_int(find(MATCH_REGEX, "[a-f]*[0-9]", text), -1);
	is_true(clock_mono_ns() - begun < INT64_C(60000000000));
	free(text);
}

TAP_MAIN(TEST(a_star_takes_any_run_also_across_slashes_and_points),
    TEST(a_question_mark_is_one_character_of_any_length),
    TEST(sets_have_ranges_and_negation_and_a_bracket_first_is_itself),
    TEST(two_stars_are_any_number_of_path_components),
    TEST(a_bad_pattern_is_told_with_its_offset),
    TEST(a_regular_expression_is_found_anywhere_and_its_range_told),
    TEST(a_match_far_behind_in_a_long_text_is_found),
    TEST(bytes_that_are_no_utf8_match_nothing_and_end_no_search),
    TEST(a_hostile_pattern_ends_in_an_error_soon))
