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
#include "bench/verb.h"
#include "core/bench.h"
#include "core/setting.h"
#include "core/workload.h"
#include "sys/stop.h"

static const char *id, *output = "null", *input, *prepare, *trim, *mutate;
static const char *save, *suites, *cpu;
static long samples = 100, most_pairs = 50, seed;
static int64_t warm_up_ns = -1, measure_ns = -1, timeout_ns = 600000000000;
static int64_t size;
static int quick, raw, ignore_failure, same_output, shell, exact, self_test;
static int dump_config, hooks;

static struct out people = {.fd = 2, .pending = BUF_INIT};
static struct ticker ticker = {.to = &people};

struct bench_tool bench = {.view = BENCH_VIEW_INIT, .people = &people};

static const struct cli_opt opts[] = {
    {0, "allow-quick", NULL, "gate: take quick results, too", CLI_FLAG,
	&bench.allow_quick},
    {0, "baseline", "NAME", "compare with what was saved under this name",
	CLI_TEXT, &bench.baseline},
    {0, "budget", "FILE", "limits (.clnrm/perf-baseline.toml)", CLI_TEXT,
	&bench.budget},
    {0, "cpu", "N", "run on this processor", CLI_TEXT, &cpu},
    {0, "dump-config", NULL, "print the settings and run nothing", CLI_FLAG,
	&dump_config},
    {0, "exact", NULL, "pair: compare counted instructions", CLI_FLAG, &exact},
    {0, "format", "text|ndjson|md|markdown|html|bencher|prometheus",
	"how it is printed (text on a terminal, else ndjson)", CLI_WORD,
	&bench.format},
    {0, "history", "FILE", "report: results of an earlier run; repeatable",
	CLI_LIST, &bench.history},
    {0, "headroom", "FACTOR", "budget: limits are so many times p95 (2)",
	CLI_TEXT, &bench.headroom},
    {0, "hooks", NULL, "gen: phases with one before and one after each",
	CLI_FLAG, &hooks},
    {0, "id", "ID", "the name of what is measured", CLI_TEXT, &id},
    {'i', "ignore-failure", NULL, "take runs that exit with another status",
	CLI_FLAG, &ignore_failure},
    {0, "input", "FILE", "standard input of the command", CLI_TEXT, &input},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG,
	&bench.loose},
    {0, "measure", "TIME", "measure for so long (10s)", CLI_TIME, &measure_ns},
    {0, "mutate", "PERCENT", "gen trace: so many of the spans differ", CLI_TEXT,
	&mutate},
    {'o', "output-file", "FILE", "budget, gen: write it here", CLI_TEXT,
	&bench.out_file},
    {0, "on-alert", "COMMAND", "gate: run it when something fails", CLI_TEXT,
	&bench.on_alert},
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
    {0, "seed", "N", "gen: other bytes (42)", CLI_INT, &seed},
    {0, "self-test", NULL, "pair: the command against itself", CLI_FLAG,
	&self_test},
    {0, "shell", NULL, "commands are lines for sh", CLI_FLAG, &shell},
    {0, "size", "N", "gen: bytes, spans, files, ... of it", CLI_SIZE, &size},
    {0, "strict", NULL, "gate: a proven regression fails, however small",
	CLI_FLAG, &bench.strict},
    {0, "suites", "DIR", "the programs of list and run", CLI_TEXT, &suites},
    {0, "timeout", "TIME", "for each benchmark, then it is over (10m)",
	CLI_TIME, &timeout_ns},
    {0, "trim", "PART", "also mean and deviation without so much at each end",
	CLI_TEXT, &trim},
    {0, "warm-up", "TIME", "run for so long before it counts (3s)", CLI_TIME,
	&warm_up_ns},
    {0},
};

const struct cli bench_cli = {
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
	"gen env\n",
    .opts = opts,
};

_Noreturn void
bench_fail(int status, const struct err *e)
{
	bench_view_show(&bench.view);
	warn("%s", e->text);
	if (*e->hint)
		warn("%s", e->hint);
	exit(status);
}

double
bench_fraction(const char *name, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (*end || end == text || !(v >= least && v <= most))
		die(EXIT_INPUT, "--%s %s: not a number from %g to %g", name,
		    text, least, most);
	return v;
}

void
bench_make_plan(bool is_pair)
{
	int64_t usual = is_pair ? 300000000 : 3000000000;

	bench.plan = (struct bench_plan){
	    .samples = quick && samples == 100 ? 10 : samples,
	    .warm_up_ns = warm_up_ns >= 0 ? warm_up_ns
			: quick		  ? 300000000
					  : usual,
	    .measure_ns = measure_ns >= 0 ? measure_ns
			: quick		  ? 1000000000
					  : 10000000000,
	    .timeout_ns = timeout_ns,
	    .cpu = cpu ? (int)bench_fraction("cpu", cpu, 0, 100000) : -1,
	    .is_quick = quick,
	    .is_raw = raw,
	    .ignores_failure = ignore_failure,
	    .wants_same_output = same_output,
	    .trims = trim != NULL,
	    .ticker = &ticker};
	if (trim)
		bench.plan.trim = bench_fraction("trim", trim, 0, 0.49);
	if (bench.plan.samples < 1)
		die(EXIT_INPUT, "--samples 0 measures nothing");
}

/* No record waits for the next one, which may be minutes away. */
static void
show(void *arg, const char *line, size_t n)
{
	(void)line;
	(void)n;
	bench_view_show(arg);
}

void
bench_watch(void)
{
	bench.view.ticker = &ticker;
	ticker.columns = ticker_columns(2);
	bench.st.hear = show;
	bench.st.hear_arg = &bench.view;
	bench_view_show(&bench.view);
}

void
bench_begin(char *argv[])
{
	bench.view.is_text =
	    bench.format ? !strcmp(bench.format, "text") : isatty(1);
	stop_catch(true);
	stage_source(&bench.st, "bench", &bench.view.held, argv);
	bench_watch();
}

static void
save_results(void)
{
	struct err e = {0};

	if (save && bench_baseline_write(save, bench.view.results.s,
			bench.view.results.len, &e) < 0)
		bench_fail(EXIT_RUN, &e);
}

int
bench_end(void)
{
	if (stop_signal())
		stage_status(&bench.st, 128 + stop_signal());
	else
		save_results();
	return stage_end(&bench.st);
}

/* ---- commands */

static struct bench_ask
ask(void)
{
	return (struct bench_ask){.input = input,
	    .output = output,
	    .prepare = prepare,
	    .timeout_ns = timeout_ns,
	    .wants_same_output = same_output};
}

static struct proc
open_proc(void)
{
	struct err e = {0};
	struct proc p;

	if (proc_open(&p, bench.plan.cpu, &e) < 0)
		bench_fail(EXIT_RUN, &e);
	return p;
}

static int
add(struct proc *p, const char *const *argv)
{
	struct bench_ask how = ask();
	struct err e = {0};
	int number = bench_add(p, &how, argv, NULL, &e);

	if (number < 0)
		bench_fail(EXIT_RUN, &e);
	return number;
}

static int
add_prepare(struct proc *p)
{
	struct bench_ask how = ask();
	struct err e = {0};
	int number = prepare ? bench_add_prepare(p, &how, &e) : -1;

	if (prepare && number < 0)
		bench_fail(EXIT_RUN, &e);
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

static void
look_back(struct proc *p, int number, struct arena *a, const char *name)
{
	struct bench_compare c = {
	    .id = name, .old_name = bench.baseline, .new_name = "now"};
	struct bench_ask how = ask();
	struct bench_set set = {0};
	struct err e = {0};

	if (bench_baseline_read(&set, bench.baseline, &e) < 0)
		bench_fail(EXIT_INPUT, &e);
	if (!map_get(&set.result, name, strlen(name))) {
		err_set(&e, "baseline %s has no result of %s", bench.baseline,
		    name);
		bench_fail(EXIT_RUN, &e);
	}
	bench.plan.warm_up_ns = 0; /* the new one is warm */
	if (bench_look_back(&c, p, number, &how, &set, most_pairs, &bench.plan,
		bench_view_last(&bench.view, a), &e) < 0)
		take_failure(&bench.st, &e);
	else
		bench_compare_put(&c, &bench.st);
	bench_set_free(&set);
}

static int
verb_cmd(char **word, char *argv[])
{
	struct proc p;
	AUTO_ARENA a = {0};
	const char *const *command = (const char *const *)word;
	struct bench_series s = {.id = id ? id : bench_name(&a, command)};
	int number;

	if (!*word)
		cli_misuse(&bench_cli);
	bench_make_plan(false);
	p = open_proc();
	if (shell)
		command = bench_shell_words(&a, command);
	number = add(&p, command);
	bench_begin(argv);
	bench_env_put(&bench.st);
	s.argv = command;
	bench_program_hash(command[0], s.program);
	bench_command(&s, &p, number, add_prepare(&p), &bench.plan);
	if (s.error)
		stage_status(&bench.st, EXIT_RUN);
	if (!stop_signal())
		bench_series_put(&s, &bench.plan, &bench.st);
	if (bench.baseline && !s.error && !stop_signal())
		look_back(&p, number, &a, s.id);
	if (save && !s.error)
		bench_program_keep(command[0]);
	bench_series_free(&s);
	proc_close(&p);
	return bench_end();
}

static const char *const *
pair_words(struct arena *a, const char *text)
{
	const char *const line[] = {text, NULL};
	struct err e = {0};
	const char **words =
	    shell ? bench_shell_words(a, line) : bench_words(a, text, &e);

	if (!words)
		bench_fail(EXIT_INPUT, &e);
	return words;
}

static int
verb_pair(char **word, char *argv[])
{
	struct proc p;
	AUTO_ARENA a = {0};
	const char *old = word[0], *new = self_test ? word[0] : word[1];
	struct bench_compare c = {
	    .id = id ? id : "pair", .old_name = old, .new_name = new};
	const char *const *both[2];
	struct err e = {0};
	int number[2], rc;

	if (!old || !new || word[self_test ? 1 : 2])
		cli_misuse(&bench_cli);
	bench_make_plan(true);
	p = open_proc();
	both[0] = pair_words(&a, old);
	both[1] = pair_words(&a, new);
	bench_begin(argv);
	bench_env_put(&bench.st);
	if (exact) {
		rc = bench_exact(&c, &p, both, &bench.plan, &e);
	} else {
		number[0] = add(&p, both[0]);
		number[1] = add(&p, both[1]);
		rc = bench_pairs(&c, &p, number, most_pairs, &bench.plan, &e);
	}
	if (rc < 0) {
		take_failure(&bench.st, &e);
	} else {
		bench_compare_put(&c, &bench.st);
		if (c.word == BENCH_REGRESSED ||
		    (self_test && c.word == BENCH_IMPROVED))
			stage_status(&bench.st, EXIT_NO);
		if (c.word == BENCH_TOO_FEW)
			stage_status(&bench.st, EXIT_RUN);
	}
	proc_close(&p);
	return bench_end();
}

static int
verb_env(char **word, char *argv[])
{
	if (*word)
		cli_misuse(&bench_cli);
	bench_begin(argv);
	bench_env_put(&bench.st);
	return bench_end();
}

/* ---- suites */

static int
walk_suites(char **word, char *argv[], bool runs)
{
	struct bench_set before = {0};
	const char *const *prefixes = (const char *const *)word;
	char path[PATH_MAX];
	const char *dir = suites ? suites : bench_suite_dir(path);
	struct err e = {0};
	long n;

	bench_make_plan(false);
	if (runs)
		bench_read_baseline(&before);
	bench_begin(argv);
	if (runs)
		bench_env_put(&bench.st);
	n = runs ? bench_suite_run(dir, prefixes, &bench.plan, &bench.st, &e)
		 : bench_suite_list(dir, prefixes, &bench.plan, &bench.st, &e);
	if (n < 0 && !stop_signal())
		bench_fail(EXIT_RUN, &e);
	if (n == 0)
		stage_status(&bench.st, EXIT_NONE);
	bench_compare_baseline(&before);
	return bench_end();
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

/* ---- workloads */

static void
list_kinds(void)
{
	const char *name, *unit;

	for (size_t i = 0; (name = workload_kind(i, &unit)); i++)
		buf_addf(&out_std.pending, "%s\t%s\n", name, unit);
}

static int
write_kind(const char *kind, const struct workload *w, struct err *e)
{
	AUTO_BUF text = BUF_INIT;

	if (workload_is_tree(kind) && bench.out_file)
		return workload_write(kind, w, bench.out_file, e) < 0 ? -1 : 0;
	if (workload_text(kind, w, &text, e) < 0)
		return -1;
	if (bench.out_file)
		return file_replace(bench.out_file, text.s, text.len, 0644, e);
	out_add(&out_std, text.s, text.len);
	return 0;
}

static int
verb_gen(char **word, char *argv[])
{
	struct workload w = {.size = size,
	    .seed = (uint64_t)seed,
	    .mutate = mutate ? bench_fraction("mutate", mutate, 0, 100) : 0,
	    .has_hooks = hooks};
	struct err e = {0};

	(void)argv;
	if (*word && word[1])
		cli_misuse(&bench_cli);
	if (!*word)
		list_kinds();
	else if (write_kind(*word, &w, &e) < 0)
		bench_fail(EXIT_INPUT, &e);
	return EXIT_YES;
}

static const struct {
	const char *name;
	int (*fn)(char **word, char *argv[]);
} verbs[] = {
    {"cmd", verb_cmd},
    {"pair", verb_pair},
    {"run", verb_run},
    {"list", verb_list},
    {"stats", bench_verb_stats},
    {"spans", bench_verb_spans},
    {"compare", bench_verb_compare},
    {"gate", bench_verb_gate},
    {"budget", bench_verb_budget},
    {"report", bench_verb_report},
    {"gen", verb_gen},
    {"env", verb_env},
};

static void
print_config(void)
{
	bench_make_plan(false);
	printf("samples = %ld\nwarm-up = %.3fs\nmeasure = %.3fs\n"
	       "timeout = %.3fs\nquick = %s\ncpu = %s\nsuites = %s\n"
	       "baseline = %s\nsave-baseline = %s\n",
	    bench.plan.samples, (double)bench.plan.warm_up_ns / 1e9,
	    (double)bench.plan.measure_ns / 1e9,
	    (double)bench.plan.timeout_ns / 1e9,
	    bench.plan.is_quick ? "true" : "false", cpu ? cpu : "any",
	    suites ? suites : "beside the program",
	    bench.baseline ? bench.baseline : "-", save ? save : "-");
}

int
main(int argc, char *argv[])
{
	char **word = setting_start(&bench_cli, argc, argv);
	const char *names[COUNT(verbs)], *near;

	if (!*word)
		cli_misuse(&bench_cli);
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
