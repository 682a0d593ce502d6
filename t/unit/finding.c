#include "core/finding.h"

#include <sys/stat.h>

#include "data/json.h"
#include "scratch.h"
#include "tap.h"

static struct finding_source source = FINDING_SOURCE_INIT;

/* What is printed of a finding in x.toml, whose text is given. */
static const char *
shown(const char *text, struct finding f)
{
	static char last[4096];
	AUTO_BUF b = BUF_INIT;

	f.severity = "error";
	f.message = "odd";
	f.file = "x.toml";
	finding_source_set(&source, "x.toml", text, strlen(text));
	finding_print(&b, &f, &source, false);
	finding_source_free(&source);
	snprintf(last, sizeof last, "%s", b.s);
	return last;
}

static void
a_finding_has_its_place_its_line_and_its_notes(void)
{
	is_str(shown("a = 1\nb = [2]\n", (struct finding){.code = "E304",
					     .line = 2,
					     .column = 6,
					     .in = "t",
					     .expected = "1",
					     .actual = "2",
					     .hint = "seen: it\nmend it"}),
	    "error[E304]: odd\n"
	    "  --> x.toml:2:6\n"
	    "   |\n"
	    " 2 | b = [2]\n"
	    "   |      ^ 2\n"
	    "   = in:    t\n"
	    "   = expected: 1\n"
	    "   = seen:  it\n"
	    "   = fix:   mend it\n"
	    "\n");
}

static void
what_is_not_known_is_not_printed(void)
{
	static const char head[] = "error: odd\n  --> x.toml";
	const char *s = shown("a\n", (struct finding){0});

	is_str(s, "error: odd\n  --> x.toml\n\n");
	s = shown("a\n", (struct finding){.line = 1});
	is_str(s + strlen(head), ":1\n   |\n 1 | a\n\n");
	s = shown("a\n", (struct finding){.line = 2, .column = 1});
	is_str(s + strlen(head), ":2:1\n\n");
	s = shown("a\n", (struct finding){.line = 9, .column = 9});
	is_str(s + strlen(head), ":9:9\n\n");
}

static void
the_gutter_is_as_wide_as_the_number(void)
{
	AUTO_BUF text = BUF_INIT;

	for (int i = 0; i < 9999; i++)
		buf_adds(&text, "x\n");
	is_str(shown(text.s,
		   (struct finding){.line = 1000, .column = 1, .hint = "y"}),
	    "error: odd\n"
	    "    --> x.toml:1000:1\n"
	    "     |\n"
	    "1000 | x\n"
	    "     | ^\n"
	    "     = fix:   y\n"
	    "\n");
}

/* The line with its carets alone. */
static const char *
under(const char *text, unsigned column, unsigned end)
{
	struct finding f = {.line = 1, .column = column, .end = end};
	char *s = strstr((char *)shown(text, f), "\n   | ");

	if (!s)
		return NULL;
	s += strlen("\n   | ");
	s[strcspn(s, "\n")] = 0;
	return s;
}

static void
carets_stand_below_what_is_meant(void)
{
	is_str(under("ab cd ef", 4, 6), "   ^^");
	is_str(under("ab cd ef", 4, 0), "   ^^");
	is_str(under("a = \"b \\\" c\", d", 5, 0), "    ^^^^^^^^");
	is_str(under("a = 'b \\' c", 5, 0), "    ^^^^^");
	is_str(under("a = \"b", 5, 0), "    ^^");
	is_str(under("a = \"b\\", 5, 0), "    ^^^");
	is_str(under("a = , b", 5, 0), "    ^");
	is_str(under("ab", 2, 900), " ^");
	is_str(under("ab", 3, 0), "  ^");
	is_str(under("ab", 900, 901), "  ^");
}

static void
carets_keep_their_place_behind_what_is_printed_otherwise(void)
{
	is_str(under("\ta b", 4, 0), "   ^");
	is_str(under("\xc3\xa9 b", 3, 0), "  ^");
	is_str(under("\x1b b", 3, 0), "     ^");
	is_str(under("b \x01", 3, 4), "  ^^^^");
	is_str(under("\xff b", 3, 0), "     ^");
}

static void
what_does_not_stand_beside_the_carets_has_a_note(void)
{
	struct finding f = {.line = 1, .column = 1, .actual = "b\nc"};

	is_true(
	    strstr(shown("a\n", f), " | ^\n   = found: b\n     | c\n") != NULL);
	f.actual = "b";
	is_true(strstr(shown("a\n", f), " | ^ b\n\n") != NULL);
	f.column = 0;
	is_true(strstr(shown("a\n", f), " | a\n   = found: b\n") != NULL);
}

static void
the_rendered_line_is_told_where_it_is_another(void)
{
	struct finding f = {.line = 1, .column = 1, .rendered = "a = 1"};

	is_true(strstr(shown("a = {{ b }}\n", f),
		    "= note:  rendered as: a = 1\n") != NULL);
	is_null(strstr(shown("a = 1\n", f), "rendered"));
}

static void
a_line_that_no_screen_shows_is_left_out(void)
{
	char text[500];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	is_null(strstr(shown(text, (struct finding){.line = 1}), "|"));
	text[400] = 0;
	is_true(strstr(shown(text, (struct finding){.line = 1}), "| aa"));
}

static void
no_byte_of_a_record_is_obeyed_by_a_terminal(void)
{
	const struct finding f = {.severity = "\x1b",
	    .code = "\x1b",
	    .file = "\x1b",
	    .message = "\x1b\n",
	    .expected = "\x1b",
	    .actual = "\x1b",
	    .hint = "\x1b",
	    .rendered = "\x1b",
	    .in = "\x1b",
	    .line = 1,
	    .column = 1};
	AUTO_BUF b = BUF_INIT;

	finding_source_set(&source, "\x1b", "\x1b", 1);
	finding_print(&b, &f, &source, false);
	finding_print_line(&b, &f);
	finding_source_free(&source);
	is_null(strchr(b.s, '\x1b'));
	is_true(strstr(b.s, "\\x1b:1:1: \\x1b: \\x1b\\x0a [\\x1b]\n") != NULL);
}

static void
what_is_about_the_stream_is_one_line_and_its_notes(void)
{
	const struct finding f = {.severity = "error",
	    .code = "E502",
	    .message = "odd",
	    .hint = "mend it",
	    .line = 2,
	    .column = 9};
	AUTO_BUF b = BUF_INIT;

	finding_print(&b, &f, &source, false);
	is_null(source.path);
	is_str(b.s, "-:2:9: error: odd\n   = fix:   mend it\n\n");
}

static void
a_source_is_read_once_and_again_when_forgotten(void)
{
	const struct finding f = {.severity = "error",
	    .message = "odd",
	    .file = "once.toml",
	    .line = 1};
	AUTO_BUF b = BUF_INIT;

	scratch_write("once.toml", "old\n");
	finding_print(&b, &f, &source, false);
	scratch_write("once.toml", "new\n");
	buf_reset(&b);
	finding_print(&b, &f, &source, false);
	is_true(strstr(b.s, " 1 | old\n") != NULL);
	finding_source_free(&source);
	buf_reset(&b);
	finding_print(&b, &f, &source, false);
	is_true(strstr(b.s, " 1 | new\n") != NULL);
	finding_source_free(&source);
}

static void
what_is_no_regular_file_is_not_opened(void)
{
	const char *const odd[] = {"fifo", "/dev/zero", ".", "none"};
	AUTO_BUF b = BUF_INIT;

	scratch_enter();
	is_int(mkfifo("fifo", 0600), 0);
	alarm(10);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct finding f = {.severity = "error",
		    .message = "odd",
		    .file = odd[i],
		    .line = 1};

		finding_print(&b, &f, &source, false);
		finding_source_free(&source);
	}
	alarm(0);
	is_null(strchr(b.s, '|'));
}

static struct finding
from(struct arena *a, const char *json)
{
	struct err e = {0};

	return finding_of(a, json_parse(a, json, strlen(json), &e));
}

static void
a_finding_is_what_its_record_says(void)
{
	AUTO_ARENA a = {0};
	struct finding f = from(&a,
	    "{\"severity\":\"warning\",\"code\":\"W301\",\"source\":\"a\","
	    "\"file\":\"b\",\"message\":\"m\",\"line\":3,\"column\":2,"
	    "\"end_line\":3,\"end_column\":7,\"expected\":\"e\","
	    "\"actual\":\"c\",\"hint\":\"h\",\"rendered\":\"r\"}");

	is_str(f.severity, "warning");
	is_str(f.code, "W301");
	is_str(f.file, "b");
	is_str(f.message, "m");
	is_int(f.line, 3);
	is_int(f.column, 2);
	is_int(f.end, 7);
	is_str(f.expected, "e");
	is_str(f.actual, "c");
	is_str(f.hint, "h");
	is_str(f.rendered, "r");
}

static void
what_a_record_leaves_out_has_the_usual_value(void)
{
	AUTO_ARENA a = {0};
	struct finding f = from(&a,
	    "{\"source\":\"a\",\"file\":null,\"line\":-1,\"column\":1e300}");

	is_str(f.severity, "error");
	is_str(f.message, "no message");
	is_str(f.file, "a");
	is_null(f.code);
	is_int(f.line, 0);
	is_int(f.column, 0);
	f = from(&a, "{\"line\":1,\"end_line\":2,\"end_column\":1}");
	is_true(f.end > 1000);
}

TAP_MAIN(TEST(a_finding_has_its_place_its_line_and_its_notes),
    TEST(what_is_not_known_is_not_printed),
    TEST(the_gutter_is_as_wide_as_the_number),
    TEST(carets_stand_below_what_is_meant),
    TEST(carets_keep_their_place_behind_what_is_printed_otherwise),
    TEST(what_does_not_stand_beside_the_carets_has_a_note),
    TEST(the_rendered_line_is_told_where_it_is_another),
    TEST(a_line_that_no_screen_shows_is_left_out),
    TEST(no_byte_of_a_record_is_obeyed_by_a_terminal),
    TEST(what_is_about_the_stream_is_one_line_and_its_notes),
    TEST(a_source_is_read_once_and_again_when_forgotten),
    TEST(what_is_no_regular_file_is_not_opened),
    TEST(a_finding_is_what_its_record_says),
    TEST(what_a_record_leaves_out_has_the_usual_value))
