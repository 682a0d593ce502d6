/*
 * clnrm-report: say how the tests went.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/color.h"
#include "base/die.h"
#include "base/ticker.h"
#include "core/explain.h"
#include "core/keep.h"
#include "core/report.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/stop.h"

static const char *format, *code, *color = "auto", *no_tests = "fail";
static struct cli_list also;
static int64_t slow_ns = 10000000000;
static int clear, strict, unordered, loose, save, last;
static long keeps = 10;
static struct keep *keep;
static struct out err_out = {.fd = 2, .pending = BUF_INIT, .is_held = true};

static const struct cli_opt opts[] = {
    {0, "format", REPORT_FORMATS,
	"how to print (text on a terminal, else tap); plan: what would run",
	CLI_WORD, &format},
    {0, "report", "FORMAT=FILE", "the same in a file as well; repeatable",
	CLI_LIST, &also},
    {0, "color", "auto|always|never", "colour the text", CLI_WORD, &color},
    {0, "clear", NULL, "show what comes of a change on a clear screen",
	CLI_FLAG, &clear},
    {0, "explain", "CODE|all", "tell what the code of a finding means",
	CLI_TEXT, &code},
    {0, "slow", "TIME", "name tests that run longer (10s; 0s: none)", CLI_TIME,
	&slow_ns},
    {0, "last", NULL, "report the last kept run, as the operand last does",
	CLI_FLAG, &last},
    {0, "save", NULL, "keep this run below .clnrm/runs", CLI_FLAG, &save},
    {0, "keep", "N", "runs that are kept there (10; 0: none)", CLI_INT, &keeps},
    {0, "no-tests", "pass|fail", "what an empty selection is (fail)", CLI_WORD,
	&no_tests},
    {0, "strict", NULL, "count warnings as findings", CLI_FLAG, &strict},
    {0, "unordered", NULL, "tell files as they end, not as they are planned",
	CLI_FLAG, &unordered},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-report",
    .does = "say how the tests went",
    .operands = "[FILE | RUN | -]",
    .examples = "  clnrm-exec - <plans.ndjson | clnrm-verify | clnrm-report\n"
		"  clnrm-report --format tap saved.ndjson\n"
		"  clnrm-report --report junit=junit.xml saved.ndjson\n",
    .opts = opts,
};

static bool
wants_color(void)
{
	return strcmp(color, "auto") ? !strcmp(color, "always")
				     : color_is_on(1);
}

static bool
is_env(const char *name, const char *want)
{
	const char *text = getenv(name);

	return text && (want ? !strcmp(text, want) : *text != 0);
}

static struct report_how
how_to(void)
{
	bool is_on_github = is_env("GITHUB_ACTIONS", "true");
	bool is_github = format && !strcmp(format, "github");
	struct report_how how = {
	    .format = format	? format
		    : isatty(1) ? "text"
				: "tap",
	    .has_color = wants_color(),
	    .clears = clear && isatty(1) && !is_env("TERM", "dumb"),
	    .is_strict = strict,
	    .is_unordered = unordered,
	    .none_is_a_pass = !strcmp(no_tests, "pass"),
	    .is_on_github = is_on_github,
	    .width = ticker_width(1),
	    .err = &err_out,
	    .columns = ticker_columns(2),
	    .slow_ns = slow_ns,
	    .keep = keep,
	};

	if ((is_on_github || is_github) && is_env("GITHUB_STEP_SUMMARY", NULL))
		how.github_summary = getenv("GITHUB_STEP_SUMMARY");
	return how;
}

/* Of plans, or of tests: no report of a run. */
static bool
is_list(void)
{
	return format && (!strcmp(format, "plan") || !strcmp(format, "failed"));
}

static struct report *
start(void)
{
	struct report_how how = how_to();
	struct report *rep = report_new(&how, &out_std);

	/* A variable or clnrm.conf that asks is about runs, not lists. */
	if (is_list() && !cli_was_given(opts, cli_find(opts, "report")))
		return rep;
	for (size_t i = 0; i < also.n; i++) {
		struct err e = {0};
		int status;

		if (report_also(rep, also.item[i], &status, &e) == 0)
			continue;
		report_del(rep);
		die(status, "%s", e.text);
	}
	return rep;
}

/* What the reading stage itself has to say is reported like the rest. */
static void
take_own(struct report *rep, struct out *own)
{
	AUTO_BUF text = own->pending;
	char *line = text.s, *end;

	own->pending = (struct buf)BUF_INIT;
	while ((end = strchr(line, '\n'))) {
		struct record r = {0};
		struct err e;

		if (record_read(line, (size_t)(end - line), &r, &e) == 0)
			report_take_own(rep, &r);
		line = end + 1;
	}
}

static void
flush(struct report *rep)
{
	if (out_pending(&out_std))
		report_hush(rep);
	out_flush(&err_out);
	out_flush(&out_std);
}

/* Wait for more of the stream, and tell meanwhile how far it is. */
static void
wait_for_more(struct report *rep, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int ms;

	do {
		ms = report_tick(rep);
		out_flush(&err_out);
	} while (poll(&p, 1, ms) == 0);
}

static void
read_all(struct report *rep, struct stage *st)
{
	struct record r;
	struct err e = {0};
	int got = 1;

	while (got > 0) {
		while (stage_pull(st, &r)) {
			take_own(rep, st->out);
			report_take(rep, &r);
			if (keep)
				keep_take(keep, &r);
		}
		take_own(rep, st->out);
		flush(rep);
		if (st->in.is_eof)
			break;
		wait_for_more(rep, st->in.fd);
		got = ndjson_fill(&st->in, &e);
		if (!got)
			got = 1; /* the last line may have no LF */
	}
	if (got < 0)
		stage_diagnose(st, st->in.name, "error", "E101", &e);
	stage_check_cut(st);
	take_own(rep, st->out);
}

static int
print_code(void)
{
	AUTO_BUF text = BUF_INIT;

	if (explain(&text, code) < 0)
		die(EXIT_INPUT, "no code '%s'; --explain all lists them", code);
	out_add(&out_std, text.s, text.len);
	return EXIT_YES;
}

/* A run that cannot be kept is judged all the same. */
static void
tell_lost(const struct err *e)
{
	warn("warning: this run is not kept: %s", e->text);
}

static void
start_keep(void)
{
	struct err e = {0};

	if (!save || !keeps || is_list())
		return;
	keep = keep_start((size_t)keeps, KEEP_STREAM, &e);
	if (!keep)
		tell_lost(&e);
}

static void
finish_keep(struct report *rep)
{
	struct err e = {0};

	if (!keep || keep_finish(keep, &e) == 0)
		return;
	report_hush(rep);
	out_flush(&err_out);
	tell_lost(&e);
}

/* Read the stream to its end, and say how it went. */
static int
report_all(int fd)
{
	struct report *rep;
	struct out own = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st;
	int status;

	stop_catch(false);
	start_keep();
	rep = start();
	stage_filter(&st, "report", &own, fd, loose);
	read_all(rep, &st);
	finish_keep(rep);
	status = report_finish(rep, st.status);
	report_del(rep);
	keep_del(keep);
	out_flush(&err_out);
	out_free(&err_out);
	ndjson_free(&st.in);
	out_free(&own);
	return status;
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	static char word[] = "last";
	char *newest[] = {word, NULL};

	if (code)
		return cli_finish(print_code());
	if (last && *path)
		die(EXIT_INPUT, "--last takes no operand");
	return cli_finish(report_all(stage_input(&tool, last ? newest : path)));
}
