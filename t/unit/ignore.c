#include "core/ignore.h"

#include "scratch.h"
#include "tap.h"

static void
check(const char *pattern, const char *path, bool is_dir, bool want)
{
	struct ignore ig = {0};

	ignore_add(&ig, pattern);
	if (ignore_skips(&ig, path, is_dir) != want)
		is_str(pattern, path);
	ignore_free(&ig);
}

static void
a_pattern_without_a_slash_fits_a_name_at_any_depth(void)
{
	check("a.log", "a.log", false, true);
	check("a.log", "x/y/a.log", false, true);
	check("a.log", "x/ba.log", false, false);
	check("*.log", "x/a.log", false, true);
	check("*.log", "x/a.logs", false, false);
	check("a?c", "abc", false, true);
	check("[ab]c", "x/bc", false, true);
	check("**/a", "x/y/a", false, true);
}

static void
a_slash_binds_a_pattern_to_its_place(void)
{
	check("/a", "a", false, true);
	check("/a", "x/a", false, false);
	check("x/a", "x/a", false, true);
	check("x/a", "y/x/a", false, false);
	check("x/*.c", "x/a.c", false, true);
	check("x/*.c", "x/y/a.c", false, false);
	check("/*.c", "x/a.c", false, false);
	check("**/x/a", "y/z/x/a", false, true);
	check("x/**", "x/a", true, true);
	check("x/**", "x", true, false);
}

static void
two_stars_between_slashes_are_any_number_of_names(void)
{
	check("a/**/b", "a/b", false, true);
	check("a/**/b", "a/x/y/b", false, true);
	check("a/**/b", "a/x/y/c", false, false);
	check("a/**/b/**/c", "a/b/b/x/b/y/c", false, true);
	check("a/**/**/b", "a/b", false, true);
	check("**", "x/a", false, true);
	check("/**", "a", false, true);
	check("**/a/", "x/a", true, true);
	check("a**c", "x/abc", false, true);
	check("x/a**c", "x/ab/c", false, false);
}

static void
sets_are_of_bytes_ranges_and_classes(void)
{
	check("[]-a]", "]", false, true);
	check("[]-a]", "_", false, true);
	check("[!]]", "]", false, false);
	check("[^a]", "b", false, true);
	check("[a-]", "-", false, true);
	check("[\\]]", "]", false, true);
	check("[[:digit:]x]", "7", false, true);
	check("[[:digit:]x]", "x", false, true);
	check("[[:digit:]x]", "y", false, false);
	check("[![:digit:]]", "7", false, false);
	check("[ab", "a", false, false);
	check("a\\", "a\\", false, false);
	check("\\a\\?", "a?", false, true);
}

static void
a_hostile_pattern_takes_no_time(void)
{
	AUTO_BUF p = BUF_INIT, s = BUF_INIT;

	for (int i = 0; i < 200; i++)
		buf_adds(&p, "**/*a");
	for (int i = 0; i < 1000; i++)
		buf_adds(&s, "aa/");
	buf_adds(&p, "b");
	check(p.s, s.s, false, false);
}

static void
a_deeper_file_of_patterns_goes_before_those_above(void)
{
	struct ignore ig = {0};
	struct err e = {0};

	scratch_write("top", "*.log\n!b.log\n");
	scratch_write("deep", "!a.log\n/c\n");
	is_int(ignore_read(&ig, "t/d", "deep", &e), 1);
	is_int(ignore_read(&ig, "", "top", &e), 1);
	is_true(ignore_has(&ig, "t/d") && !ignore_has(&ig, "t"));
	is_true(ignore_skips(&ig, "a.log", false));
	is_true(ignore_skips(&ig, "t/a.log", false));
	is_true(!ignore_skips(&ig, "t/d/a.log", false));
	is_true(!ignore_skips(&ig, "t/d/x/a.log", false));
	is_true(ignore_skips(&ig, "t/d/c", false));
	is_true(!ignore_skips(&ig, "t/d/x/c", false));
	is_true(!ignore_skips(&ig, "t/dd/c", false));
	ignore_add(&ig, "a.log");
	is_true(ignore_skips(&ig, "t/d/a.log", false));
	is_int(ignore_read(&ig, "t/d", "gone", &e), 0);
	is_true(!ignore_has(&ig, "t/d"));
	is_true(!ignore_skips(&ig, "t/d/c", false));
	ignore_free(&ig);
}

static void
a_slash_at_the_end_means_directories_alone(void)
{
	check("build/", "x/build", true, true);
	check("build/", "x/build", false, false);
}

static void
blank_lines_and_comments_are_no_patterns(void)
{
	check("", "", false, false);
	check("# a", "# a", false, false);
	check("\\#a", "#a", false, true);
	check("a  ", "a", false, true);
	check("a\r", "a", false, true);
}

static void
the_last_pattern_that_matches_decides(void)
{
	struct ignore ig = {0};

	ignore_add(&ig, "*.log");
	ignore_add(&ig, "!keep.log");
	is_true(ignore_skips(&ig, "a.log", false));
	is_true(!ignore_skips(&ig, "x/keep.log", false));
	ignore_add(&ig, "x/keep.log");
	is_true(ignore_skips(&ig, "x/keep.log", false));
	ignore_free(&ig);
}

static void
editors_and_version_control_are_ignored_from_the_start(void)
{
	static const char *const file[] = {
	    ".a.swp", "a~", "#a#", ".#a", "4913", "sedAb3xYz", "x/.b.swx"};
	struct ignore ig = {0};

	ignore_defaults(&ig);
	for (size_t i = 0; i < sizeof file / sizeof *file; i++)
		is_true(ignore_skips(&ig, file[i], false));
	is_true(ignore_skips(&ig, "x/.git", true));
	is_true(ignore_skips(&ig, ".clnrm", true));
	is_true(!ignore_skips(&ig, ".clnrmignore", false));
	is_true(!ignore_skips(&ig, "sedans.md", false));
	is_true(!ignore_skips(&ig, ".git", false));
	ignore_free(&ig);
}

static void
an_operand_has_its_place_below_the_patterns(void)
{
	struct ignore ig = {0};

	ignore_add(&ig, "/t/tmp");
	ignore_place(&ig, "/abs/t", "t");
	ignore_place(&ig, "", "");
	is_true(ignore_skips(&ig, "/abs/t/tmp", true));
	is_true(ignore_skips(&ig, "t/tmp", true));
	is_true(!ignore_skips(&ig, "/abs/tt/tmp", true));
	ignore_free(&ig);
}

TAP_MAIN(TEST(a_pattern_without_a_slash_fits_a_name_at_any_depth),
    TEST(a_slash_binds_a_pattern_to_its_place),
    TEST(two_stars_between_slashes_are_any_number_of_names),
    TEST(sets_are_of_bytes_ranges_and_classes),
    TEST(a_hostile_pattern_takes_no_time),
    TEST(a_deeper_file_of_patterns_goes_before_those_above),
    TEST(a_slash_at_the_end_means_directories_alone),
    TEST(blank_lines_and_comments_are_no_patterns),
    TEST(the_last_pattern_that_matches_decides),
    TEST(editors_and_version_control_are_ignored_from_the_start),
    TEST(an_operand_has_its_place_below_the_patterns))
