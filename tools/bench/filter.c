/*
 * The verbs of clnrm-bench that work on what was measured.
 */
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/verb.h"
#include "core/bench_report.h"
#include "sys/stop.h"

static void
begin_filter(char **operand)
{
	int fd = stage_input(&bench_cli, operand);

	bench.view.is_text =
	    bench.format ? !strcmp(bench.format, "text") : isatty(1);
	stop_catch(false);
	stage_filter(&bench.st, "bench", &bench.view.held, fd, bench.loose);
	bench_watch();
}

/* Standard output is a document: what is wrong goes to people. */
static void
begin_document(char **operand)
{
	begin_filter(operand);
	bench.view.is_text = true;
	bench.view.to = bench.people;
}

void
bench_read_baseline(struct bench_set *before)
{
	struct err e = {0};

	if (bench.baseline &&
	    bench_baseline_read(before, bench.baseline, &e) < 0)
		bench_fail(EXIT_INPUT, &e);
}

static void
warn_of_machines(const struct bench_set *old, const struct bench_set *new)
{
	if (old->env && new->env && strcmp(old->env, new->env) != 0)
		warn("the two are of different machines");
}

void
bench_compare_baseline(struct bench_set *before)
{
	struct bench_set now = {0};
	struct err e = {0};
	size_t slower;

	if (bench.baseline && !stop_signal()) {
		if (bench_set_parse(&now, "now", bench.view.results.s,
			bench.view.results.len, &e) < 0)
			bench_fail(EXIT_RUN, &e);
		bench_compare_sets(
		    before, &now, bench.baseline, "now", &slower, &bench.st);
		warn_of_machines(before, &now);
	}
	bench_set_free(&now);
	bench_set_free(before);
}

int
bench_verb_stats(char **word, char *argv[])
{
	struct bench_samples all = {0};
	struct bench_set before = {0};
	AUTO_BUF ends = BUF_INIT;

	(void)argv;
	bench_make_plan(false);
	bench.plan.warm_up_ns = bench.plan.measure_ns = 0;
	bench_read_baseline(&before);
	begin_filter(word);
	bench_view_samples(&bench.view, &bench.st, &all, &ends);
	bench_samples_put(&all, &bench.plan, &bench.st);
	if (!all.by_id.n)
		stage_status(&bench.st, EXIT_NONE);
	bench_samples_free(&all);
	bench_compare_baseline(&before);
	out_add(bench.st.out, ends.s, ends.len);
	return bench_end();
}

int
bench_verb_spans(char **word, char *argv[])
{
	struct bench_samples all = {0};
	struct bench_set before = {0};
	struct err e = {0};

	if (!*word)
		cli_misuse(&bench_cli);
	bench_make_plan(false);
	bench.plan.warm_up_ns = bench.plan.measure_ns = 0;
	bench_read_baseline(&before);
	bench_begin(argv);
	bench_env_put(&bench.st);
	for (; *word; word++)
		if (bench_spans(&all, *word, &e) < 0)
			bench_fail(EXIT_INPUT, &e);
	bench_samples_put(&all, &bench.plan, &bench.st);
	bench_samples_free(&all);
	bench_compare_baseline(&before);
	return bench_end();
}

int
bench_verb_compare(char **word, char *argv[])
{
	struct bench_set old = {0}, new = {0};
	struct err e = {0};
	size_t n, slower;

	if (!word[0] || !word[1] || word[2])
		cli_misuse(&bench_cli);
	if (bench_set_read(&old, word[0], &e) < 0 ||
	    bench_set_read(&new, word[1], &e) < 0)
		bench_fail(EXIT_INPUT, &e);
	bench_begin(argv);
	n = bench_compare_sets(
	    &old, &new, word[0], word[1], &slower, &bench.st);
	if (slower)
		stage_status(&bench.st, EXIT_NO);
	if (!n)
		stage_status(&bench.st, EXIT_NONE);
	warn_of_machines(&old, &new);
	bench_set_free(&old);
	bench_set_free(&new);
	return bench_end();
}

static void
read_limits(struct bench_budget *limits)
{
	static const char usual[] = ".clnrm/perf-baseline.toml";
	struct err e = {0};

	bench_budget_begin(limits);
	if ((bench.budget || !access(usual, F_OK)) &&
	    bench_budget_read(limits, bench.budget ? bench.budget : usual, &e) <
		0)
		bench_fail(EXIT_INPUT, &e);
}

/* Silence is not a pass. */
static void
conclude(const struct bench_gate *g)
{
	struct err e = {0};

	if (g->failed)
		stage_status(&bench.st, EXIT_NO);
	if (g->missing)
		stage_status(&bench.st, EXIT_RUN);
	if (!g->judged) {
		err_set(&e, "nothing was judged: no result has a limit or a "
			    "baseline");
		err_hint(&e,
		    "clnrm-bench budget writes limits, --save-baseline "
		    "a baseline");
		stage_diagnose(&bench.st, NULL, "error", "E432", &e);
		stage_status(&bench.st, EXIT_NONE);
	}
	if (!bench.on_alert || !g->alert.len)
		return;
	if (bench_gate_alert(g, bench.on_alert, &e) < 0)
		warn("--on-alert: %s", e.text);
}

int
bench_verb_gate(char **word, char *argv[])
{
	struct bench_set now = {0}, before = {0};
	struct bench_budget limits;
	struct bench_gate g = {.budget = &limits,
	    .now = &now,
	    .baseline = bench.baseline ? &before : NULL,
	    .baseline_name = bench.baseline,
	    .prefixes = (const char *const *)word,
	    .is_strict = bench.strict,
	    .allows_quick = bench.allow_quick,
	    .alert = BUF_INIT};
	char *none[] = {NULL};
	AUTO_BUF ends = BUF_INIT;

	(void)argv;
	read_limits(&limits);
	bench_read_baseline(&before);
	begin_filter(none);
	bench_view_gather(&bench.view, &bench.st, &now, &limits, &ends);
	bench_gate(&g, &bench.st);
	conclude(&g);
	out_add(bench.st.out, ends.s, ends.len);
	buf_free(&g.alert);
	bench_set_free(&now);
	bench_set_free(&before);
	bench_budget_free(&limits);
	return bench_end();
}

int
bench_verb_budget(char **word, char *argv[])
{
	struct bench_set now = {0};
	AUTO_BUF ends = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	(void)argv;
	begin_document(word);
	bench_view_gather(&bench.view, &bench.st, &now, NULL, &ends);
	bench_budget_print(&text, &now,
	    bench.headroom ? bench_fraction("headroom", bench.headroom, 1, 1000)
			   : 2);
	if (!now.result.n)
		stage_status(&bench.st, EXIT_NONE);
	else if (!bench.out_file)
		out_add(&out_std, text.s, text.len);
	else if (file_replace(bench.out_file, text.s, text.len, 0644, &e) < 0)
		bench_fail(EXIT_RUN, &e);
	bench_set_free(&now);
	return stage_end(&bench.st);
}

int
bench_verb_report(char **word, char *argv[])
{
	struct bench_report r = {0};
	AUTO_BUF to = BUF_INIT;
	AUTO_ARENA a = {0};
	struct record record;
	struct err e = {0};

	(void)argv;
	begin_document(word);
	while (bench_view_next(&bench.view, &bench.st, &record))
		bench_report_add(&r, record_value(&record, &a));
	for (size_t i = 0; i < bench.history.n; i++)
		if (bench_report_read_past(&r, bench.history.item[i], &a, &e) <
		    0)
			bench_fail(EXIT_INPUT, &e);
	if (!r.n)
		stage_status(&bench.st, EXIT_NONE);
	if (!bench_report_print(
		&r, bench.format ? bench.format : "markdown", &to))
		die(EXIT_INPUT, "report --format takes md, html, bencher "
				"or prometheus");
	out_add(&out_std, to.s, to.len);
	bench_report_free(&r);
	return bench_end();
}
