/*
 * clnrm-prove: find the tests that stay green without the code under test.
 */
#include <string.h>
#include <unistd.h>

#include "base/color.h"
#include "base/die.h"
#include "core/finding.h"
#include "core/proof.h"
#include "core/setting.h"
#include "sys/stop.h"

static int judges, loose;
static const char *only, *format;

static const struct cli_opt opts[] = {
    {0, "only", "step|service", "replace these alone", CLI_WORD, &only},
    {0, "judge", NULL, "tell which tests proved something, behind clnrm-verify",
	CLI_FLAG, &judges},
    {0, "format", "text|ndjson",
	"how --judge prints (text on a terminal, else ndjson)", CLI_WORD,
	&format},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-prove",
    .does = "find the tests that stay green without the code under test",
    .operands = "[FILE | -]",
    .examples =
	"  clnrm-lint tests | clnrm-prove | clnrm-exec - | "
	"clnrm-verify | clnrm-prove --judge\n"
	"  clnrm-lint tests | clnrm-prove --only step | jq .scenarios\n",
    .opts = opts,
};

static struct stage st;
static struct proof proof;
static bool is_text;

static unsigned
parts(void)
{
	if (!only)
		return PROOF_STEPS | PROOF_SERVICES;
	return !strcmp(only, "service") ? PROOF_SERVICES : PROOF_STEPS;
}

static void
stub(const struct record *r)
{
	if (r->type == RECORD_PLAN)
		proof_stub(&st, r, parts());
	else
		record_pass(r, st.out);
}

/* What is wrong with a test file; W309 has its line in the list. */
static void
print_finding(const struct value *tree)
{
	static struct finding_source source = FINDING_SOURCE_INIT;
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct finding f = finding_of(&a, tree);

	if (strcmp(f.severity, "error") != 0)
		return;
	finding_print(&b, &f, &source, color_is_on(1));
	out_add(&out_std, b.s, b.len);
}

/* That a test fails is what is hoped for here, and no trouble. */
static void
take_end(const struct value *tree)
{
	const char *stage = value_str_or(value_get(tree, "stage"), "");
	int status = (int)value_int_or(value_get(tree, "status"), 0);
	bool is_run = !strcmp(stage, "exec") || !strcmp(stage, "verify");

	if (status == EXIT_NO || status == EXIT_INPUT)
		status = is_run ? EXIT_YES : EXIT_INPUT;
	stage_status(&st, status);
}

static void
put_results(void)
{
	AUTO_BUF b = BUF_INIT;
	static const char *const words[] = {
	    "proves", "PROVES NOTHING", "not tried"};
	size_t count[3] = {0}, tests = 0, errors = 0;

	for (size_t i = 0; i < proof.n; i++) {
		const struct proof_result *r = &proof.result[i];

		if (r->is_skipped)
			continue;
		tests++;
		count[r->outcome]++;
		errors += r->outcome == PROOF_UNKNOWN && r->has_verdict;
		buf_addf(&b, "%-14s  %s%s%s%s (%s): %s\n", words[r->outcome],
		    r->name, r->variant ? " [" : "",
		    r->variant ? r->variant : "", r->variant ? "]" : "",
		    r->source, r->message);
	}
	buf_addf(&b, "\n%zu test%s: %zu prove%s something, %zu nothing", tests,
	    tests == 1 ? "" : "s", count[PROOF_YES],
	    count[PROOF_YES] == 1 ? "s" : "", count[PROOF_NO]);
	if (count[PROOF_UNKNOWN])
		buf_addf(&b, ", %zu not tried", count[PROOF_UNKNOWN]);
	buf_addc(&b, '\n');
	if (is_text)
		out_add(&out_std, b.s, b.len);
	else
		proof_put(&proof, &st);
	if (errors)
		stage_status(&st, EXIT_RUN);
	if (count[PROOF_NO])
		stage_status(&st, EXIT_NO);
	if (!tests)
		stage_status(&st, EXIT_NONE);
}

static void
judge(const struct record *r, struct buf *ends)
{
	AUTO_ARENA a = {0};

	proof_take(&proof, r);
	if (r->type == RECORD_END) {
		take_end(record_value(r, &a));
		/* It waits for what we owe for the tests before it. */
		buf_add(ends, r->line, r->len);
		buf_addc(ends, '\n');
	} else if (!is_text) {
		record_pass(r, st.out);
	} else if (r->type == RECORD_DIAGNOSTIC) {
		print_finding(record_value(r, &a));
	}
}

/* What this stage itself has to say, in words. */
static void
print_own(struct out *held)
{
	char *line = held->pending.s + held->done, *lf;

	for (; (lf = strchr(line, '\n')); line = lf + 1) {
		AUTO_ARENA a = {0};
		struct err e = {0};
		const struct value *v =
		    json_parse(&a, line, (size_t)(lf - line), &e);

		if (!strcmp(
			value_str_or(value_get(v, "type"), ""), "diagnostic"))
			print_finding(v);
	}
}

static void
judge_text(int fd)
{
	struct out held = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	AUTO_BUF ends = BUF_INIT;
	struct err e = {0};
	struct record r;

	is_text = true;
	stage_filter(&st, "prove", &held, fd, loose);
	do {
		while (stage_pull(&st, &r))
			judge(&r, &ends);
		out_flush(&out_std);
	} while (!st.in.is_eof && ndjson_fill(&st.in, &e) >= 0);
	stage_check_cut(&st);
	print_own(&held);
	put_results();
	stage_end(&st);
	out_free(&held);
}

static void
filter(int fd)
{
	AUTO_BUF ends = BUF_INIT;
	struct record r;

	stage_filter(&st, "prove", &out_std, fd, loose);
	while (stage_next(&st, &r) > 0)
		if (judges)
			judge(&r, &ends);
		else
			stub(&r);
	if (judges)
		put_results();
	out_add(&out_std, ends.s, ends.len);
	stage_end(&st);
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	int fd = stage_input(&tool, path);

	stop_catch(false);
	if (judges && (format ? !strcmp(format, "text") : isatty(1)))
		judge_text(fd);
	else
		filter(fd);
	proof_free(&proof);
	return cli_finish(st.status);
}
