#include "base/cli.h"

#include <stdint.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/out.h"
#include "scratch.h"
#include "tap.h"

static int strict;
static const char *text, *format = "text";
static struct cli_list vars;
static long jobs;
static int64_t timeout_ns, size;

static const struct cli_opt opts[] = {
    {'s', "strict", NULL, "be strict", CLI_FLAG, &strict},
    {'o', "output", "FILE", "write there", CLI_TEXT, &text},
    {0, "format", "text|ndjson", "how to write", CLI_WORD, &format},
    {0, "var", "K=V", "set one", CLI_LIST, &vars},
    {'j', "jobs", "N", "at a time", CLI_INT, &jobs},
    {0, "timeout", "TIME", "how long", CLI_TIME, &timeout_ns},
    {0, "size", "SIZE", "how much", CLI_SIZE, &size},
    {0},
};

static const struct cli tool = {.name = "clnrm-try",
    .does = "try options",
    .operands = "[FILE]",
    .examples = "  clnrm-try a\n",
    .opts = opts};

/* Gives `value` to the option `name`; what is wrong, or NULL. */
static const char *
set(const char *name, const char *value)
{
	static struct err e;

	return cli_set(cli_find(opts, name), value, &e) < 0 ? e.text : NULL;
}

struct run {
	int argc;
	char **argv;
};

/* Prints what the options became, and each operand. */
static int
start(void *arg)
{
	struct run *r = arg;
	char **operand = cli_start(&tool, r->argc, r->argv);

	printf("strict=%d format=%s jobs=%ld", strict, format, jobs);
	if (text)
		printf(" output=%s", text);
	for (size_t i = 0; i < vars.n; i++)
		printf(" var=%s", vars.item[i]);
	for (char **o = operand; *o; o++)
		printf(" [%s]", *o);
	free(operand);
	free(vars.item);
	return 0;
}

static int
try(struct buf *said, const char *words)
{
	char *copy = strdup(words), *argv[16] = {(char *)"clnrm-try"};
	struct run r = {1, argv};
	int status;

	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		argv[r.argc++] = w;
	status = scratch_child(start, &r, said);
	free(copy);
	return status;
}

static void
options_and_operands_mix(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "a -s b --format ndjson --jobs=3 -o out - c"), 0);
	is_str(
	    said.s, "strict=1 format=ndjson jobs=3 output=out [a] [b] [-] [c]");
}

static void
two_dashes_end_the_options(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "-s -- -s --nonsense --"), 0);
	is_str(said.s, "strict=1 format=text jobs=0 [-s] [--nonsense] [--]");
}

static void
short_options_cluster_and_take_the_rest_as_value(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "-sj4 -ssofile --var a=1 --var=b=2"), 0);
	is_str(
	    said.s, "strict=3 format=text jobs=4 output=file var=a=1 var=b=2");
}

static void
an_unknown_option_is_told_with_the_nearest_one(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "--stict"), 2);
	is_str(said.s,
	    "clnrm-try: unknown option --stict; did you mean --strict?\n");
	is_int(try(&said, "--stri"), 2);
	is_int(try(&said, "--qqqqqqqq"), 2);
	is_str(said.s,
	    "clnrm-try: unknown option --qqqqqqqq; see clnrm-try --help\n");
	is_int(try(&said, "-x"), 2);
	is_str(said.s, "clnrm-try: unknown option -x; see clnrm-try --help\n");
}

static void
a_value_is_needed_exactly_where_there_is_one(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "--jobs"), 2);
	is_str(said.s, "clnrm-try: --jobs needs a value: --jobs N\n");
	is_int(try(&said, "-o"), 2);
	is_str(said.s, "clnrm-try: -o needs a value: -o FILE\n");
	is_int(try(&said, "--strict=1"), 2);
	is_str(said.s, "clnrm-try: --strict takes no value\n");
}

static void
help_and_version_go_to_standard_output_and_exit_0(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "-h"), 0);
	is_true(strstr(said.s, "usage: clnrm-try [OPTION ...] [FILE]"));
	is_true(
	    strstr(said.s, "-j, --jobs N") || strstr(said.s, "-j --jobs N"));
	is_true(strstr(said.s, "man clnrm-try"));
	is_int(try(&said, "--help"), 0);
	is_true(strstr(said.s, "Exit status: 0"));
	is_int(try(&said, "--version"), 0);
	is_true(!strncmp(said.s, "clnrm " VERSION "\n", 7 + strlen(VERSION)));
}

static void
a_duration_needs_a_unit(void)
{
	is_str(
	    set("timeout", "5"), "--timeout: '5' has no unit; write 5s or 5ms");
	is_null(set("timeout", "250ms"));
	is_int(timeout_ns, 250000000);
	is_null(set("timeout", "1.5s"));
	is_int(timeout_ns, 1500000000);
	is_null(set("timeout", "2m"));
	is_int(timeout_ns, 120000000000);
	is_null(set("timeout", "1h"));
	is_int(timeout_ns, 3600000000000);
}

static void
what_is_no_duration_is_refused(void)
{
	static const char *const bad[] = {"", "s", "-1s", "5 s", "5sec", "nans",
	    "infs", "99999999h", "1e400s"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *said = set("timeout", bad[i]);

		if (!is_true(said != NULL))
			printf("#   took '%s'\n", bad[i]);
	}
	is_str(set("timeout", "5sec"),
	    "--timeout: '5sec' is not a duration such as 500ms, 10s, 2m");
}

static void
a_size_may_have_a_unit(void)
{
	is_null(set("size", "4096"));
	is_int(size, 4096);
	is_null(set("size", "64K"));
	is_int(size, 65536);
	is_null(set("size", "3G"));
	is_int(size, (int64_t)3 << 30);
	is_str(set("size", "-1"),
	    "--size: '-1' is not a size such as 4096, 64K, 1M");
	is_true(set("size", "1T") != NULL);
	is_true(set("size", "K") != NULL);
	is_true(set("size", "1KK") != NULL);
	is_true(set("size", "9999999999G") != NULL);
	is_true(set("size", "99999999999999999999") != NULL);
}

static void
a_number_is_whole_and_not_negative(void)
{
	is_null(set("jobs", "12"));
	is_int(jobs, 12);
	is_str(set("jobs", "-1"), "--jobs: '-1' is not a whole number");
	is_true(set("jobs", "1.5") != NULL);
	is_true(set("jobs", "") != NULL);
	is_true(set("jobs", "99999999999999999999") != NULL);
}

static void
a_word_is_one_of_those_offered(void)
{
	is_null(set("format", "ndjson"));
	is_null(set("format", "text"));
	is_str(set("format", "xml"), "--format: 'xml' is none of text|ndjson");
	is_true(set("format", "tex") != NULL);
	is_true(set("format", "") != NULL);
	is_true(set("format", "text|ndjson") != NULL);
}

static void
a_flag_can_be_set_in_words(void)
{
	is_null(set("strict", "yes"));
	is_int(strict, 1);
	is_null(set("strict", "false"));
	is_int(strict, 0);
	is_str(
	    set("strict", "maybe"), "--strict: 'maybe' is not true or false");
}

static void
the_nearest_word_is_near(void)
{
	static const char *const words[] = {"jobs", "format", "timeout"};

	is_str(cli_nearest("jbs", words, 3), "jobs");
	is_str(cli_nearest("fromat", words, 3), "format");
	is_str(cli_nearest("timeouts", words, 3), "timeout");
	is_null(cli_nearest("frobnicate", words, 3));
	is_null(cli_nearest("jobs", words, 0));
}

static int
misuse(void *arg)
{
	(void)arg;
	cli_misuse(&tool);
}

static void
misuse_prints_the_short_help_and_exits_2(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(scratch_child(misuse, NULL, &said), 2);
	is_true(strstr(said.s, "usage: clnrm-try"));
}

/* Exit by cli_finish() with output that goes to `arg`, a path or "". */
static int
finish(void *arg)
{
	const char *path = arg;
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	die_name("clnrm-try");
	if (*path) {
		dup2(open(path, O_WRONLY), 1);
	} else if (!pipe(pair)) {
		dup2(pair[1], 1);
		close(pair[0]);
		close(pair[1]);
	}
	out_add(&out_std, "x", 1);
	return cli_finish(EXIT_NO);
}

static void
a_lost_write_is_3_and_a_reader_that_left_is_none(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(scratch_child(finish, (char *)"/dev/full", &said), 3);
	is_str(said.s, "clnrm-try: standard output: No space left on device\n");
	is_int(scratch_child(finish, (char *)"", &said), 1);
	is_str(said.s, "");
	is_int(scratch_child(finish, (char *)"/dev/null", &said), 1);
}

static void
the_worse_status_wins(void)
{
	static const int order[] = {130, 70, 3, 2, 1, 4, 0};

	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = i; j < COUNT(order); j++) {
			is_int(exit_worse(order[i], order[j]), order[i]);
			is_int(exit_worse(order[j], order[i]), order[i]);
		}
}

TAP_MAIN(TEST(options_and_operands_mix), TEST(two_dashes_end_the_options),
    TEST(short_options_cluster_and_take_the_rest_as_value),
    TEST(an_unknown_option_is_told_with_the_nearest_one),
    TEST(a_value_is_needed_exactly_where_there_is_one),
    TEST(help_and_version_go_to_standard_output_and_exit_0),
    TEST(a_duration_needs_a_unit), TEST(what_is_no_duration_is_refused),
    TEST(a_size_may_have_a_unit), TEST(a_number_is_whole_and_not_negative),
    TEST(a_word_is_one_of_those_offered), TEST(a_flag_can_be_set_in_words),
    TEST(the_nearest_word_is_near),
    TEST(misuse_prints_the_short_help_and_exits_2),
    TEST(a_lost_write_is_3_and_a_reader_that_left_is_none),
    TEST(the_worse_status_wins))
