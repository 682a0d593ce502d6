/*
 * clnrm-verify: hold what a test did to what it was expected to do.
 */
#include "base/die.h"
#include "core/evidence.h"
#include "core/setting.h"
#include "core/verdict.h"
#include "sys/stop.h"

static const char *root;
static int cache, fail_fast, loose, metrics;
static struct cli_list traces;

static const struct cli_opt opts[] = {
    {0, "traces", "FILE",
	"hold the plans that come against a saved run or trace; repeatable",
	CLI_LIST, &traces},
    {0, "cache", NULL, "mark what passed, for clnrm-exec --cache", CLI_FLAG,
	&cache},
    {0, "fail-fast", NULL, "end at the first test that does not pass", CLI_FLAG,
	&fail_fast},
    {0, "root", "DIR", "with --cache: the project's root", CLI_TEXT, &root},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "metrics", NULL, "tell what was measured as `metric` records", CLI_FLAG,
	&metrics},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-verify",
    .does = "hold what a test did to what it was expected to do",
    .operands = "[FILE | RUN | -]",
    .examples =
	"  clnrm-lint tests | clnrm-exec - | clnrm-verify | "
	"clnrm-report\n"
	"  clnrm-verify saved.ndjson | jq 'select(.ok == false)'\n"
	"  clnrm-lint a.clnrm.toml | clnrm-verify --traces spans.json | "
	"clnrm-report\n",
    .opts = opts,
};

static struct stage st;

static void
on_record(void *arg, const struct record *r)
{
	verdict_given(arg, r);
}

static void
on_lost(void *arg, const struct err *e)
{
	(void)arg;
	stage_diagnose(&st, NULL, "warning", "W416", e);
}

static void
read_traces(struct verdict *v, const char *path)
{
	struct evidence_user user = {on_record, on_lost, v};
	size_t before = v->given;
	struct err e = {0};

	if (evidence_read(path, &user, &e) < 0) {
		stage_diagnose(&st, path, "error", "E101", &e);
		stage_status(&st, EXIT_INPUT);
	} else if (v->given == before) {
		err_set(
		    &e, "%s: neither a span nor a run of these tests", path);
		err_hint(&e, "records, OTLP/JSON, spans an object a line, or "
			     "what a console exporter prints are read");
		stage_diagnose(&st, path, "error", "E104", &e);
		stage_status(&st, EXIT_INPUT);
	}
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	int fd = stage_input(&tool, path);
	AUTO_VERDICT v = {.stage = &st, .marks = cache, .root = root};
	AUTO_BUF ends = BUF_INIT;
	struct record r;

	stop_catch(false);
	stage_filter(&st, "verify", &out_std, fd, loose);
	if (metrics)
		stage_measure(&st);
	while (!v.is_stopped && stage_next(&st, &r) > 0) {
		if (!traces.n || r.type != RECORD_END) {
			verdict_take(&v, &r);
			v.is_stopped = fail_fast && v.is_red;
			continue;
		}
		/* An end waits for what we owe for the plans before it. */
		buf_add(&ends, r.line, r.len);
		buf_addc(&ends, '\n');
	}
	for (size_t i = 0; i < traces.n; i++)
		read_traces(&v, traces.item[i]);
	verdict_finish(&v);
	out_add(&out_std, ends.s, ends.len);
	return cli_finish(stage_end(&st));
}
