#include "base/mem.h"
#include "core/report_int.h"
#include "tap.h"

static const char *
escaped(const char *s, size_t n)
{
	static char last[256];
	AUTO_BUF b = BUF_INIT;

	page_escape(&b, s, n);
	snprintf(last, sizeof last, "%s", b.s);
	return last;
}

#define ESCAPED(text) escaped(text, sizeof(text) - 1)

static void
what_markup_would_read_is_escaped(void)
{
	is_str(ESCAPED("<a b=\"c\" d='e'>&amp;"),
	    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
	is_str(ESCAPED("]]> \xc3\xa4 \xf0\x9f\x98\x80"),
	    "]]&gt; \xc3\xa4 \xf0\x9f\x98\x80");
	is_str(ESCAPED("\xc4\xa6"), "\xc4\xa6"); /* U+0126 is no U+0026 */
}

static void
what_xml_cannot_hold_is_left_out(void)
{
	is_str(ESCAPED("a\0b\x01\x08\x0b\x0c\x1f\x7f"
		       "c\t\n\r"),
	    "abc\t\n");
	is_str(ESCAPED("\xc2\x85\xef\xbf\xbe\xef\xbf\xbfx"), "x");
	is_str(ESCAPED("\xed\xa0\x80\xc0\xaf\xff"),
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd");
}

static void
what_colours_a_terminal_is_left_out_whole(void)
{
	is_str(ESCAPED("\033[1;31mred\033[0m \033[K."), "red .");
	is_str(ESCAPED("\033[31"), "[31");
	is_str(ESCAPED("\033["), "[");
	is_str(ESCAPED("\033"), "");
	is_str(ESCAPED("\033[3\xc3\xa4m"), "[3\xc3\xa4m");
}

static const char *
counted(const char *const verdict[], size_t n)
{
	static char last[256];
	struct totals t = {0};
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		report_count(&t, &(struct result){.verdict = verdict[i]});
	report_totals_put(&b, &t);
	snprintf(last, sizeof last, "%s", b.s);
	return last;
}

static void
totals_name_what_there_is_and_no_more(void)
{
	static const char *const all[] = {
	    "skip", "error", "fake", "fail", "flaky", "pass", NULL, "error"};

	is_str(counted(all, 0), "0 tests: nothing was selected");
	is_str(counted(all, 1), "1 test: 1 skipped");
	is_str(counted(all, COUNT(all)),
	    "7 tests: 1 passed, 1 flaky, 1 failed, 1 fake-green, 2 errors, "
	    "1 skipped, 1 not run");
}

static void
a_verdict_that_nobody_knows_is_an_error(void)
{
	static const char *const odd[] = {"not run", "perhaps"};

	is_str(counted(odd + 1, 1), "1 test: 1 error");
	is_str(report_word(&(struct result){.verdict = "perhaps"}), "ERROR");
	is_true(report_is_red(&(struct result){.verdict = "perhaps"}));
	is_true(report_is_red(&(struct result){.verdict = NULL}));
	is_true(!report_is_red(&(struct result){.verdict = "flaky"}));
}

static void
times_are_told_as_utc(void)
{
	AUTO_BUF b = BUF_INIT;

	report_time_put(&b, 1700000000123456789);
	is_str(b.s, "2023-11-14T22:13:20");
}

TAP_MAIN(TEST(what_markup_would_read_is_escaped),
    TEST(what_xml_cannot_hold_is_left_out),
    TEST(what_colours_a_terminal_is_left_out_whole),
    TEST(totals_name_what_there_is_and_no_more),
    TEST(a_verdict_that_nobody_knows_is_an_error), TEST(times_are_told_as_utc))
