/*
 * clnrm-bench: measure, compare, and hold to limits.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/bench.h"
#include "core/bench_report.h"
#include "core/setting.h"
#include "sys/stop.h"

static const char *format, *id, *output = "null", *input, *prepare, *trim;
static const char *save, *baseline, *budget, *on_alert, *suites, *out_file;
static const char *headroom_text, *cpu;
static long samples = 100, most_pairs = 50;
static int64_t warm_up_ns = -1, measure_ns = -1, timeout_ns = 600000000000;
static int quick, raw, ignore_failure, same_output, shell, exact, self_test;
static struct cli_list history;
static int loose, strict, allow_quick, dump_config;

static const struct cli_opt opts[] = {
    {0, "allow-quick", NULL, "gate: take quick results, too", CLI_FLAG,
	&allow_quick},
    {0, "baseline", "NAME", "compare with what was saved under this name",
	CLI_TEXT, &baseline},
    {0, "budget", "FILE", "limits (.clnrm/perf-baseline.toml)", CLI_TEXT,
	&budget},
    {0, "cpu", "N", "run on this processor", CLI_TEXT, &cpu},
    {0, "dump-config", NULL, "print the settings and run nothing", CLI_FLAG,
	&dump_config},
    {0, "exact", NULL, "pair: compare counted instructions", CLI_FLAG, &exact},
    {0, "format", "text|ndjson|markdown|html|bencher|prometheus",
	"how it is printed (text on a terminal, else ndjson)", CLI_WORD,
	&format},
    {0, "history", "FILE", "report: results of an earlier run; repeatable",
	CLI_LIST, &history},
    {0, "headroom", "FACTOR", "budget: limits are so many times p95 (2)",
	CLI_TEXT, &headroom_text},
    {0, "id", "ID", "the name of what is measured", CLI_TEXT, &id},
    {'i', "ignore-failure", NULL, "take runs that exit with another status",
	CLI_FLAG, &ignore_failure},
    {0, "input", "FILE", "standard input of the command", CLI_TEXT, &input},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "measure", "TIME", "measure for so long (10s)", CLI_TIME, &measure_ns},
    {'o', "output-file", "FILE", "budget: write it here", CLI_TEXT, &out_file},
    {0, "on-alert", "COMMAND", "gate: run it when something fails", CLI_TEXT,
	&on_alert},
    {0, "output", "null|pipe|inherit", "where the command's output goes",
	CLI_WORD, &output},
    {0, "pairs", "N", "pair: at most so many (50)", CLI_INT, &most_pairs},
    {0, "prepare", "COMMAND", "run by the shell before each run, not timed",
	CLI_TEXT, &prepare},
    {0, "quick", NULL, "10 samples, 0.3 s, 1 s; no gate takes it", CLI_FLAG,
	&quick},
    {0, "raw", NULL, "write every sample, too", CLI_FLAG, &raw},
    {0, "same-output", NULL, "fail where the output differs between runs",
	CLI_FLAG, &same_output},
    {0, "samples", "N", "so many (100)", CLI_INT, &samples},
    {0, "save-baseline", "NAME", "keep the results under this name", CLI_TEXT,
	&save},
    {0, "self-test", NULL, "pair: the command against itself", CLI_FLAG,
	&self_test},
    {0, "shell", NULL, "commands are lines for sh", CLI_FLAG, &shell},
    {0, "strict", NULL, "gate: a proven regression fails, however small",
	CLI_FLAG, &strict},
    {0, "suites", "DIR", "the programs of list and run", CLI_TEXT, &suites},
    {0, "timeout", "TIME", "for each benchmark, then it is over (10m)",
	CLI_TIME, &timeout_ns},
    {0, "trim", "PART", "also mean and deviation without so much at each end",
	CLI_TEXT, &trim},
    {0, "warm-up", "TIME", "run for so long before it counts (3s)", CLI_TIME,
	&warm_up_ns},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-bench",
    .does = "measure, compare, and hold to limits",
    .operands = "VERB [OPERAND ...]",
    .examples =
	"  clnrm-bench cmd -- ls -l\n"
	"  clnrm-bench pair './old x' './new x'\n"
	"  clnrm-bench cmd --id ls --save-baseline main -- ls\n"
	"  clnrm-bench cmd --id ls --baseline main -- ls | clnrm-bench gate\n"
	"  clnrm-bench spans before.ndjson again.ndjson\n"
	"  clnrm-bench list\n"
	"\nverbs: cmd pair run list stats spans compare gate budget report "
	"env\n",
    .opts = opts,
};

static struct stage st;
static struct bench_view view = BENCH_VIEW_INIT;
static struct bench_plan plan;

static _Noreturn void
fail(int status, const struct err *e)
{
	bench_view_show(&view);
	out_flush(&out_std);
	warn("%s", e->text);
	if (*e->hint)
		warn("%s", e->hint);
	exit(status);
}

static double
fraction(const char *name, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (*end || end == text || !(v >= least && v <= most))
		die(EXIT_INPUT, "--%s %s: not a number from %g to %g", name,
		    text, least, most);
	return v;
}

static void
make_plan(bool is_pair)
{
	int64_t usual = is_pair ? 300000000 : 3000000000;

	plan = (struct bench_plan){
	    .samples = quick && samples == 100 ? 10 : samples,
	    .warm_up_ns = warm_up_ns >= 0 ? warm_up_ns
			: quick		  ? 300000000
					  : usual,
	    .measure_ns = measure_ns >= 0 ? measure_ns
			: quick		  ? 1000000000
					  : 10000000000,
	    .timeout_ns = timeout_ns,
	    .is_quick = quick,
	    .is_raw = raw,
	    .ignores_failure = ignore_failure,
	    .wants_same_output = same_output,
	    .trims = trim != NULL};
	if (trim)
		plan.trim = fraction("trim", trim, 0, 0.49);
	if (plan.samples < 1)
		die(EXIT_INPUT, "--samples 0 measures nothing");
}

static void
begin(char *argv[])
{
	view.is_text = format ? !strcmp(format, "text") : isatty(1);
	stop_catch(true);
	stage_source(&st, "bench", &view.held, argv);
}

static void
save_results(void)
{
	struct err e = {0};

	if (save && bench_baseline_write(
			save, view.results.s, view.results.len, &e) < 0)
		fail(EXIT_RUN, &e);
}

static int
end(void)
{
	bench_view_show(&view);
	if (stop_signal())
		stage_status(&st, 128 + stop_signal());
	else
		save_results();
	stage_end(&st);
	bench_view_show(&view);
	return st.status;
}

/* ---- commands */

static struct proc
open_proc(void)
{
	struct err e = {0};
	struct proc p;
	int number = cpu ? (int)fraction("cpu", cpu, 0, 100000) : -1;

	if (proc_open(&p, number, &e) < 0)
		fail(EXIT_RUN, &e);
	return p;
}

static int
add(struct proc *p, const char *const *argv, const char *program)
{
	struct proc_command c = {.argv = argv,
	    .program = program,
	    .input = input,
	    .timeout_ns = timeout_ns,
	    .output = !strcmp(output, "pipe")	 ? PROC_PIPE
		    : !strcmp(output, "inherit") ? PROC_INHERIT
						 : PROC_NULL};
	struct err e = {0};
	int number;

	if (same_output)
		c.output = PROC_PIPE;
	number = proc_add(p, &c, &e);
	if (number < 0)
		fail(EXIT_RUN, &e);
	return number;
}

static int
add_prepare(struct proc *p)
{
	const char *argv[] = {"/bin/sh", "-c", prepare, NULL};
	struct proc_command c = {.argv = argv, .timeout_ns = timeout_ns};
	struct err e = {0};
	int number;

	if (!prepare)
		return -1;
	number = proc_add(p, &c, &e);
	if (number < 0)
		fail(EXIT_RUN, &e);
	return number;
}

static void
take_failure(struct stage *stage, const struct err *e)
{
	if (!stop_signal()) {
		stage_diagnose(stage, NULL, "error", "E430", e);
		stage_status(stage, EXIT_RUN);
	}
}

/* The old program beside the new one, where it is still there. */
static void
look_back(struct proc *p, int number, struct arena *a, const char *name)
{
	struct bench_compare c = {
	    .id = name, .old_name = baseline, .new_name = "now"};
	AUTO_BUF path = BUF_INIT, program = BUF_INIT;
	struct bench_set set = {0};
	struct err e = {0};
	const struct value *old;

	if (bench_baseline_path(baseline, &path, &e) < 0 ||
	    bench_set_read(&set, path.s, &e) < 0)
		fail(EXIT_INPUT, &e);
	old = map_get(&set.result, name, strlen(name));
	if (!old) {
		err_set(&e, "%s has no result of %s", path.s, name);
		fail(EXIT_RUN, &e);
	}
	if (value_count(value_get(old, "argv")) &&
	    bench_program_kept(old, &program) == 0) {
		int both[] = {
		    add(p, bench_stored_words(a, old), program.s), number};

		if (bench_pairs(&c, p, both, most_pairs, &plan, &e) < 0)
			take_failure(&st, &e);
		else
			bench_compare_put(&c, &st);
	} else {
		bench_compare_results(&c, old, bench_view_last(&view, a), true);
		bench_compare_put(&c, &st);
	}
	bench_set_free(&set);
}

static int
verb_cmd(char **word, char *argv[])
{
	struct proc p = open_proc();
	AUTO_ARENA a = {0};
	const char *const *command = (const char *const *)word;
	struct bench_series s = {.id = id ? id : bench_name(&a, command)};
	int number;

	if (!*word)
		cli_misuse(&tool);
	make_plan(false);
	if (shell)
		command = bench_shell_words(&a, command);
	number = add(&p, command, NULL);
	begin(argv);
	bench_env_put(&st);
	bench_view_show(&view);
	s.argv = command;
	bench_program_hash(command[0], s.program);
	bench_command(&s, &p, number, add_prepare(&p), &plan);
	if (s.error)
		stage_status(&st, EXIT_RUN);
	if (!stop_signal())
		bench_series_put(&s, &plan, &st);
	bench_view_show(&view);
	if (baseline && !s.error && !stop_signal()) {
		plan.warm_up_ns = 0; /* the new one is warm */
		look_back(&p, number, &a, s.id);
	}
	if (save && !s.error)
		bench_program_keep(command[0]);
	bench_series_free(&s);
	proc_close(&p);
	return end();
}

static const char *const *
pair_words(struct arena *a, const char *text)
{
	const char *const line[] = {text, NULL};
	struct err e = {0};
	const char **words =
	    shell ? bench_shell_words(a, line) : bench_words(a, text, &e);

	if (!words)
		fail(EXIT_INPUT, &e);
	return words;
}

static int
verb_pair(char **word, char *argv[])
{
	struct proc p = open_proc();
	AUTO_ARENA a = {0};
	const char *old = word[0], *new = self_test ? word[0] : word[1];
	struct bench_compare c = {
	    .id = id ? id : "pair", .old_name = old, .new_name = new};
	const char *const *both[2];
	struct err e = {0};
	int number[2], rc;

	if (!old || !new || word[self_test ? 1 : 2])
		cli_misuse(&tool);
	make_plan(true);
	both[0] = pair_words(&a, old);
	both[1] = pair_words(&a, new);
	begin(argv);
	bench_env_put(&st);
	bench_view_show(&view);
	if (exact) {
		rc = bench_exact(&c, &p, both, &plan, &e);
	} else {
		number[0] = add(&p, both[0], NULL);
		number[1] = add(&p, both[1], NULL);
		rc = bench_pairs(&c, &p, number, most_pairs, &plan, &e);
	}
	if (rc < 0) {
		take_failure(&st, &e);
	} else {
		bench_compare_put(&c, &st);
		if (c.word == BENCH_REGRESSED ||
		    (self_test && c.word == BENCH_IMPROVED))
			stage_status(&st, EXIT_NO);
		if (c.word == BENCH_TOO_FEW)
			stage_status(&st, EXIT_RUN);
	}
	proc_close(&p);
	return end();
}

static int
verb_env(char **word, char *argv[])
{
	if (*word)
		cli_misuse(&tool);
	begin(argv);
	bench_env_put(&st);
	return end();
}

/* ---- suites */

static int
walk_suites(char **word, char *argv[], bool runs)
{
	const char *const *prefixes = (const char *const *)word;
	char path[PATH_MAX];
	const char *dir = suites ? suites : bench_suite_dir(path);
	struct err e = {0};
	long n;

	make_plan(false);
	begin(argv);
	if (runs)
		bench_env_put(&st);
	n = runs ? bench_suite_run(dir, prefixes, &plan, &st, &e)
		 : bench_suite_list(dir, prefixes, &st, &e);
	if (n < 0 && !stop_signal())
		fail(EXIT_RUN, &e);
	if (n == 0)
		stage_status(&st, EXIT_NONE);
	return end();
}

static int
verb_list(char **word, char *argv[])
{
	return walk_suites(word, argv, false);
}

static int
verb_run(char **word, char *argv[])
{
	return walk_suites(word, argv, true);
}

/* ---- filters */

static void
begin_filter(char **operand)
{
	int fd = stage_input(&tool, operand);

	view.is_text = format ? !strcmp(format, "text") : isatty(1);
	stop_catch(false);
	stage_filter(&st, "bench", &view.held, fd, loose);
}

static const char *
type_of(const struct value *v)
{
	return value_str_or(value_get(v, "type"), "");
}

static int
verb_stats(char **word, char *argv[])
{
	struct bench_samples all = {0};
	AUTO_BUF ends = BUF_INIT;
	struct record r;

	(void)argv;
	make_plan(false);
	plan.warm_up_ns = plan.measure_ns = 0;
	begin_filter(word);
	while (bench_view_next(&view, &st, &r)) {
		AUTO_ARENA a = {0};
		struct value *v = record_value(&r, &a);
		struct err e = {.line = (unsigned)r.number};

		if (!strcmp(type_of(v), "sample")) {
			if (bench_samples_take(&all, v, &e) < 0) {
				stage_diagnose(&st, NULL, "error", "E431", &e);
				stage_status(&st, EXIT_INPUT);
			}
		} else if (r.type == RECORD_END) {
			buf_add(&ends, r.line, r.len);
			buf_addc(&ends, '\n');
		} else {
			record_pass(&r, st.out);
		}
	}
	bench_samples_put(&all, &plan, &st);
	if (!all.by_id.n)
		stage_status(&st, EXIT_NONE);
	bench_samples_free(&all);
	out_add(st.out, ends.s, ends.len);
	return end();
}

static int
verb_spans(char **word, char *argv[])
{
	struct bench_samples all = {0};
	struct err e = {0};

	if (!*word)
		cli_misuse(&tool);
	make_plan(false);
	plan.warm_up_ns = plan.measure_ns = 0;
	begin(argv);
	bench_env_put(&st);
	for (; *word; word++)
		if (bench_spans(&all, *word, &e) < 0)
			fail(EXIT_INPUT, &e);
	bench_samples_put(&all, &plan, &st);
	bench_samples_free(&all);
	return end();
}

static int
verb_compare(char **word, char *argv[])
{
	struct bench_set old = {0}, new = {0};
	struct err e = {0};
	size_t n, slower;

	if (!word[0] || !word[1] || word[2])
		cli_misuse(&tool);
	if (bench_set_read(&old, word[0], &e) < 0 ||
	    bench_set_read(&new, word[1], &e) < 0)
		fail(EXIT_INPUT, &e);
	begin(argv);
	n = bench_compare_sets(&old, &new, word[0], word[1], &slower, &st);
	if (slower)
		stage_status(&st, EXIT_NO);
	if (!n)
		stage_status(&st, EXIT_NONE);
	if (old.env && new.env && strcmp(old.env, new.env) != 0)
		warn("the two are of different machines");
	bench_set_free(&old);
	bench_set_free(&new);
	return end();
}

/* What comes in is passed on and remembered; ends wait for what we owe. */
static void
take_all(struct bench_set *now, struct bench_budget *limits, struct buf *ends,
    bool passes)
{
	struct record r;

	while (bench_view_next(&view, &st, &r)) {
		struct value *v = record_value(&r, &now->kept);

		bench_set_take(now, v);
		if (limits && !strcmp(type_of(v), "bench"))
			bench_budget_take(limits, v);
		if (r.type == RECORD_END) {
			buf_add(ends, r.line, r.len);
			buf_addc(ends, '\n');
		} else if (passes && !view.is_text) {
			record_pass(&r, st.out);
		}
	}
}

static void
read_limits(struct bench_budget *limits)
{
	static const char usual[] = ".clnrm/perf-baseline.toml";
	struct err e = {0};

	bench_budget_begin(limits);
	if ((budget || !access(usual, F_OK)) &&
	    bench_budget_read(limits, budget ? budget : usual, &e) < 0)
		fail(EXIT_INPUT, &e);
}

static void
read_baseline(struct bench_set *set)
{
	AUTO_BUF path = BUF_INIT;
	struct err e = {0};

	if (baseline && (bench_baseline_path(baseline, &path, &e) < 0 ||
			    bench_set_read(set, path.s, &e) < 0))
		fail(EXIT_INPUT, &e);
}

/* Silence is not a pass. */
static void
conclude(const struct bench_gate *g)
{
	struct err e = {0};

	if (g->failed)
		stage_status(&st, EXIT_NO);
	if (g->missing)
		stage_status(&st, EXIT_RUN);
	if (!g->judged) {
		err_set(&e, "nothing was judged: no result has a limit or a "
			    "baseline");
		err_hint(&e,
		    "clnrm-bench budget writes limits, --save-baseline "
		    "a baseline");
		stage_diagnose(&st, NULL, "error", "E432", &e);
		stage_status(&st, EXIT_NONE);
	}
	if (!on_alert || !g->alert.len)
		return;
	out_flush(&out_std);
	if (bench_gate_alert(g, on_alert, &e) < 0)
		warn("--on-alert: %s", e.text);
}

static int
verb_gate(char **word, char *argv[])
{
	struct bench_set now = {0}, before = {0};
	struct bench_budget limits;
	struct bench_gate g = {.budget = &limits,
	    .now = &now,
	    .baseline = baseline ? &before : NULL,
	    .baseline_name = baseline,
	    .prefixes = (const char *const *)word,
	    .is_strict = strict,
	    .allows_quick = allow_quick,
	    .alert = BUF_INIT};
	char *none[] = {NULL};
	AUTO_BUF ends = BUF_INIT;

	(void)argv;
	read_limits(&limits);
	read_baseline(&before);
	begin_filter(none);
	take_all(&now, &limits, &ends, true);
	bench_gate(&g, &st);
	conclude(&g);
	out_add(st.out, ends.s, ends.len);
	buf_free(&g.alert);
	bench_set_free(&now);
	bench_set_free(&before);
	bench_budget_free(&limits);
	return end();
}

static int
verb_budget(char **word, char *argv[])
{
	struct bench_set now = {0};
	AUTO_BUF ends = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	(void)argv;
	begin_filter(word);
	take_all(&now, NULL, &ends, false);
	bench_budget_print(&text, &now,
	    headroom_text ? fraction("headroom", headroom_text, 1, 1000) : 2);
	if (!now.result.n)
		stage_status(&st, EXIT_NONE);
	else if (!out_file)
		out_add(&out_std, text.s, text.len);
	else if (file_replace(out_file, text.s, text.len, 0644, &e) < 0)
		fail(EXIT_RUN, &e);
	bench_set_free(&now);
	stage_end(&st);
	return st.status;
}

static int
verb_report(char **word, char *argv[])
{
	struct bench_report r = {0};
	AUTO_BUF to = BUF_INIT;
	AUTO_ARENA a = {0};
	struct record record;
	struct err e = {0};

	(void)argv;
	begin_filter(word);
	view.is_text = true;
	while (bench_view_next(&view, &st, &record))
		bench_report_add(&r, record_value(&record, &a));
	for (size_t i = 0; i < history.n; i++)
		if (bench_report_read_past(&r, history.item[i], &a, &e) < 0)
			fail(EXIT_INPUT, &e);
	if (!r.n)
		stage_status(&st, EXIT_NONE);
	if (!bench_report_print(&r, format ? format : "markdown", &to))
		die(EXIT_INPUT, "report --format takes markdown, html, bencher "
				"or prometheus");
	out_add(&out_std, to.s, to.len);
	bench_report_free(&r);
	return end();
}

static const struct {
	const char *name;
	int (*fn)(char **word, char *argv[]);
} verbs[] = {
    {"cmd", verb_cmd},
    {"pair", verb_pair},
    {"run", verb_run},
    {"list", verb_list},
    {"stats", verb_stats},
    {"spans", verb_spans},
    {"compare", verb_compare},
    {"gate", verb_gate},
    {"budget", verb_budget},
    {"report", verb_report},
    {"env", verb_env},
};

static void
print_config(void)
{
	make_plan(false);
	printf("samples = %ld\nwarm-up = %.3fs\nmeasure = %.3fs\n"
	       "timeout = %.3fs\nquick = %s\ncpu = %s\nsuites = %s\n"
	       "baseline = %s\nsave-baseline = %s\n",
	    plan.samples, (double)plan.warm_up_ns / 1e9,
	    (double)plan.measure_ns / 1e9, (double)plan.timeout_ns / 1e9,
	    plan.is_quick ? "true" : "false", cpu ? cpu : "any",
	    suites ? suites : "beside the program", baseline ? baseline : "-",
	    save ? save : "-");
}

int
main(int argc, char *argv[])
{
	char **word = setting_start(&tool, argc, argv);
	const char *names[COUNT(verbs)], *near;

	if (!*word)
		cli_misuse(&tool);
	for (size_t i = 0; i < COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, *word) != 0)
			continue;
		if (dump_config) {
			print_config();
			return cli_finish(EXIT_YES);
		}
		return cli_finish(verbs[i].fn(word + 1, argv));
	}
	near = cli_nearest(*word, names, COUNT(names));
	die(EXIT_INPUT, "unknown verb '%s'%s%s%s", *word,
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
