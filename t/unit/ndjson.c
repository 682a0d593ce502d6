#include "data/ndjson.h"

#include <errno.h>

#include "scratch.h"
#include "tap.h"

/*
 * All lines of a text, as "NUMBER:LINE|", with "!" for one that is too long,
 * read in pieces of `piece` bytes.
 */
static const char *
lines(const char *text, size_t n, size_t limit, size_t piece)
{
	static char said[512];
	int pair[2], got;
	struct ndjson in;
	struct err e = {0};
	size_t len, sent = 0;
	const char *line;

	if (pipe(pair) < 0)
		abort();
	ndjson_open(&in, pair[0], "-");
	in.limit = limit;
	*said = 0;
	do {
		size_t now = n - sent < piece ? n - sent : piece;

		if (!now)
			fd_close(&pair[1]);
		else if (fd_write(pair[1], text + sent, now) < 0)
			abort();
		sent += now;
		is_true(ndjson_fill(&in, &e) == (now > 0));
		while ((got = ndjson_pull(&in, &line, &len, &e)))
			if (got == 1)
				sprintf(said + strlen(said), "%lu:%.*s|",
				    in.line, (int)len, line);
			else
				sprintf(said + strlen(said), "%u!|", e.line);
	} while (!in.is_eof);
	is_int(ndjson_pull(&in, &line, &len, &e), 0);
	ndjson_free(&in);
	fd_close(&pair[0]);
	return said;
}

/* The same however the bytes come. */
static void
check(const char *text, size_t limit, const char *want)
{
	for (size_t piece = 1; piece < 12; piece++)
		is_str(lines(text, strlen(text), limit, piece), want);
	is_str(lines(text, strlen(text), limit, 4096), want);
}

static void
lines_are_handed_out_with_their_numbers(void)
{
	check("a\nbc\n", 100, "1:a|2:bc|");
	check("", 100, "");
}

static void
a_cr_before_the_lf_is_dropped(void)
{
	check("a\r\nb\rc\r\n", 100, "1:a|2:b\rc|");
}

static void
blank_lines_are_skipped_and_counted(void)
{
	check("\n\na\n\r\n\nb\n\n", 100, "3:a|6:b|");
}

static void
the_last_line_needs_no_lf(void)
{
	check("a\nb", 100, "1:a|2:b|");
	check("a", 100, "1:a|");
}

static void
a_line_over_the_limit_is_told_and_the_next_one_read(void)
{
	check("12345\n123456\n12\n", 5, "1:12345|2!|3:12|");
}

static void
a_long_last_line_is_told_once(void)
{
	check("a\n1234567890123456789", 5, "1:a|2!|");
}

static void
a_nul_is_a_byte_like_others(void)
{
	AUTO_FD fd = scratch_input("a\0b\nc\n", 6);
	struct ndjson in;
	struct err e = {0};
	const char *line;
	size_t len;

	ndjson_open(&in, fd, "-");
	is_int(ndjson_fill(&in, &e), 1);
	is_int(ndjson_pull(&in, &line, &len, &e), 1);
	is_int(len, 3);
	is_true(!memcmp(line, "a\0b", 3));
	is_int(ndjson_pull(&in, &line, &len, &e), 1);
	is_int(len, 1);
	ndjson_free(&in);
}

static void
what_was_read_in_part_is_kept(void)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_FD fd = -1;
	struct ndjson in;
	struct err e = {0};
	const char *line;
	size_t len = 0;

	for (int i = 0; i < 200000; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\nlast\n");
	fd = scratch_input(text.s, text.len);
	ndjson_open(&in, fd, "-");
	while (!ndjson_pull(&in, &line, &len, &e))
		is_int(ndjson_fill(&in, &e), 1);
	is_int(len, 200000);
	is_int(line[199999], 'x');
	while (!ndjson_pull(&in, &line, &len, &e))
		is_int(ndjson_fill(&in, &e), 1);
	is_int(len, 4);
	is_true(!memcmp(line, "last", 4));
	ndjson_free(&in);
}

static void
a_read_that_fails_names_the_input(void)
{
	AUTO_FD fd = open("/", O_RDONLY);
	struct ndjson in;
	struct err e = {0};

	ndjson_open(&in, fd, "root");
	is_int(ndjson_fill(&in, &e), -1);
	is_str(e.text, "root: Is a directory");
	ndjson_free(&in);
}

TAP_MAIN(TEST(lines_are_handed_out_with_their_numbers),
    TEST(a_cr_before_the_lf_is_dropped),
    TEST(blank_lines_are_skipped_and_counted), TEST(the_last_line_needs_no_lf),
    TEST(a_line_over_the_limit_is_told_and_the_next_one_read),
    TEST(a_long_last_line_is_told_once), TEST(a_nul_is_a_byte_like_others),
    TEST(what_was_read_in_part_is_kept),
    TEST(a_read_that_fails_names_the_input))
