#include "core/capture.h"

#include "tap.h"

/* What is kept of text when it comes in pieces, and "+N" dropped. */
static const char *
keep(const char *text, size_t limit, size_t piece)
{
	static char said[256];
	AUTO_BUF out = BUF_INIT;
	struct capture c;
	size_t n = strlen(text);

	capture_open(&c, limit);
	for (size_t i = 0; i < n; i += piece)
		capture_add(&c, text + i, n - i < piece ? n - i : piece);
	capture_text(&c, &out);
	snprintf(said, sizeof said, "%.200s+%llu", out.s,
	    (unsigned long long)c.dropped);
	capture_free(&c);
	return said;
}

static void
check(const char *text, size_t limit, const char *want)
{
	for (size_t piece = 1; piece <= strlen(text); piece++)
		if (!is_str(keep(text, limit, piece), want))
			printf("#   in pieces of %zu\n", piece);
}

static void
what_fits_is_kept_whole(void)
{
	check("abcdefghij", 10, "abcdefghij+0");
	check("abc", 10, "abc+0");
	is_str(keep("", 10, 1), "+0");
}

static void
of_more_the_first_and_the_last_half_are_kept(void)
{
	check("abcdefghijk", 10, "abcdeghijk+1");
	check("abcdefghijklmnopqrstuvwxyz", 10, "abcdevwxyz+16");
}

static void
an_odd_limit_is_held(void)
{
	check("abcdefghij", 5, "abhij+5");
	check("abcdef", 1, "f+5");
}

static void
a_limit_of_nothing_counts_only(void)
{
	check("abcdef", 0, "+6");
}

TAP_MAIN(TEST(what_fits_is_kept_whole),
    TEST(of_more_the_first_and_the_last_half_are_kept),
    TEST(an_odd_limit_is_held), TEST(a_limit_of_nothing_counts_only))
