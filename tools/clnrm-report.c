/*
 * clnrm-report: say how the tests went.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/color.h"
#include "base/die.h"
#include "core/explain.h"
#include "core/report.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/stop.h"

static const char *format, *code, *color = "auto", *no_tests = "fail";
static int strict, loose;

static const struct cli_opt opts[] = {
    {0, "format", "text|tap|plan|junit|github|json|ndjson|html",
	"how to print (text on a terminal, else tap); plan: what would run",
	CLI_WORD, &format},
    {0, "color", "auto|always|never", "colour the text", CLI_WORD, &color},
    {0, "explain", "CODE|all", "tell what the code of a finding means",
	CLI_TEXT, &code},
    {0, "no-tests", "pass|fail", "what an empty selection is (fail)", CLI_WORD,
	&no_tests},
    {0, "strict", NULL, "count warnings as findings", CLI_FLAG, &strict},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-report",
    .does = "say how the tests went",
    .operands = "[FILE | -]",
    .examples = "  clnrm-exec - <plans.ndjson | clnrm-verify | clnrm-report\n"
		"  clnrm-report --format tap saved.ndjson\n",
    .opts = opts,
};

static bool
wants_color(void)
{
	return strcmp(color, "auto") ? !strcmp(color, "always")
				     : color_is_on(1);
}

static enum report_format
pick_format(void)
{
	if (!format)
		return isatty(1) ? REPORT_TEXT : REPORT_TAP;
	if (!strcmp(format, "text"))
		return REPORT_TEXT;
	if (!strcmp(format, "tap"))
		return REPORT_TAP;
	if (!strcmp(format, "plan"))
		return REPORT_PLAN;
	die(EXIT_INPUT,
	    "--format %s is not supported yet; text, tap and plan are", format);
}

static struct report_how
how_to(void)
{
	struct winsize w = {0};
	struct report_how how = {
	    .format = pick_format(),
	    .has_color = wants_color(),
	    .is_strict = strict,
	    .none_is_a_pass = !strcmp(no_tests, "pass"),
	};

	if (isatty(1))
		how.width =
		    ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
	return how;
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
			report_take(rep, &r);
		line = end + 1;
	}
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
		}
		take_own(rep, st->out);
		out_flush(&out_std);
		if (st->in.is_eof)
			break;
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

/* Read the stream to its end, and say how it went. */
static int
report_all(int fd)
{
	struct report_how how = how_to();
	struct report *rep = report_new(&how, &out_std);
	struct out own = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st;
	int status;

	stop_catch(false);
	stage_filter(&st, "report", &own, fd, loose);
	read_all(rep, &st);
	status = report_finish(rep, st.status);
	report_del(rep);
	ndjson_free(&st.in);
	out_free(&own);
	return status;
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);

	if (code)
		return cli_finish(print_code());
	return cli_finish(report_all(stage_input(&tool, path)));
}
