#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/bench.h"

enum {
	LEAST_SAMPLES = 10,
	MOST_RUNS = 100000,
	BLOCK_NS = 250000000, /* then we look whether it is enough */
	BLOCK = 1000,
};

/* ---- words */

/* One word, up to what ends it; NULL: a quote stays open. */
static const char *
one_word(const char *s, struct buf *to)
{
	char quote = 0;

	for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"')
			quote = quote ? 0 : *s;
		else if (*s == '\\' && quote != '\'' && s[1])
			buf_addc(to, *++s);
		else
			buf_addc(to, *s);
	}
	return quote ? NULL : s;
}

const char **
bench_words(struct arena *a, const char *text, struct err *e)
{
	const char **word = NULL;
	size_t n = 0, cap = 0;

	for (const char *s = text; *(s += strspn(s, " \t\n"));) {
		AUTO_BUF b = BUF_INIT;

		s = one_word(s, &b);
		if (!s) {
			err_set(e, "an open quote in: %s", text);
			return NULL;
		}
		word = arena_more(a, word, n, &cap, sizeof *word);
		word[n++] = arena_dup(a, b.s, b.len);
	}
	if (!n) {
		err_set(e, "an empty command");
		return NULL;
	}
	word = arena_more(a, word, n, &cap, sizeof *word);
	word[n] = NULL;
	return word;
}

/* ---- measuring */

const char *
bench_trouble(const struct proc_run *r, bool ignores_failure, char text[128])
{
	if (r->error == EFBIG)
		snprintf(text, 128, "printed more than %d MiB and was killed",
		    PROC_KEPT >> 20);
	else if (r->error)
		snprintf(text, 128, "cannot start: %s", strerror(r->error));
	else if (r->timed_out)
		snprintf(text, 128, "timed out and was killed");
	else if (ignores_failure)
		return NULL;
	else if (WIFSIGNALED(r->status))
		snprintf(text, 128, "killed by signal %d (%s)",
		    WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
	else if (WEXITSTATUS(r->status))
		snprintf(text, 128, "exit status %d", WEXITSTATUS(r->status));
	else
		return NULL;
	return text;
}

struct meter {
	struct bench_series *s;
	struct proc *p;
	const struct bench_plan *plan;
	int command, prepare; /* prepare -1: none */
	int64_t deadline_ns;
	double setup_ns;
	size_t runs;
	uint64_t sum;
	bool has_sum, is_sum_same;
};

static int
check_sum(struct meter *m, const struct proc_run *r)
{
	if (m->has_sum && r->sum != m->sum)
		m->is_sum_same = false;
	m->sum = r->sum;
	m->has_sum = true;
	if (m->is_sum_same || !m->plan->wants_same_output)
		return 0;
	bench_series_fail(m->s, "the output differs from run to run");
	return -1;
}

static int
take_run(struct meter *m, const struct proc_run *r, bool counts)
{
	char text[128];

	if (bench_trouble(r, m->plan->ignores_failure, text)) {
		bench_series_fail(m->s, "%s", text);
		return -1;
	}
	if (check_sum(m, r) < 0)
		return -1;
	if (r->peak_kb > m->s->peak_kb)
		m->s->peak_kb = r->peak_kb;
	if (counts)
		bench_series_add(m->s, (double)r->wall_ns,
		    (double)(r->user_ns + r->system_ns));
	return 0;
}

/* So many times in a row; returns the time of all, or -1. */
static int64_t
run_block(struct meter *m, size_t times, bool counts)
{
	size_t each = m->prepare < 0 ? 1 : 2, n = times * each;
	unsigned char *number = mem_new(n, 1);
	struct proc_run *run = mem_new(n, sizeof *run);
	int64_t took = 0;
	char text[128];
	struct err e = {0};

	for (size_t i = 0; i < n; i++)
		number[i] = (unsigned char)(each == 1 || i % 2 ? m->command
							       : m->prepare);
	if (proc_run(m->p, number, n, run, &e) < 0) {
		bench_series_fail(m->s, "%s", e.text);
		took = -1;
	}
	for (size_t i = 0; i < n && took >= 0; i++) {
		if (number[i] == m->command && (each == 1 || i % 2)) {
			took += run[i].wall_ns;
			if (take_run(m, &run[i], counts) < 0)
				took = -1;
			m->runs++;
			continue;
		}
		m->setup_ns += (double)run[i].wall_ns;
		if (bench_trouble(&run[i], false, text)) {
			bench_series_fail(m->s, "--prepare: %s", text);
			took = -1;
		}
	}
	free(number);
	free(run);
	return took;
}

/* Twice as many each time, until it was long enough; the time of one. */
static double
warm_up(struct meter *m)
{
	int64_t until = clock_mono_ns() + m->plan->warm_up_ns, took;
	size_t n = 1;

	for (;; n *= 2) {
		if (n > BLOCK)
			n = BLOCK;
		bench_tick(m->plan, "%s: warming up", m->s->id);
		took = run_block(m, n, false);
		if (took < 0)
			return -1;
		if (clock_mono_ns() >= until ||
		    clock_mono_ns() > m->deadline_ns)
			return (double)took / (double)n;
	}
}

static size_t
runs_wanted(struct bench_series *s, double one, const struct bench_plan *plan)
{
	double fit = one > 0 ? (double)plan->measure_ns / one : MOST_RUNS;
	size_t samples = (size_t)plan->samples, each;

	if (fit < (double)samples)
		samples = fit > LEAST_SAMPLES ? (size_t)fit : LEAST_SAMPLES;
	if (samples > (size_t)plan->samples)
		samples = (size_t)plan->samples;
	each = (size_t)(fit / (double)samples);
	if (each > MOST_RUNS / samples)
		each = MOST_RUNS / samples;
	s->samples = (long)samples;
	return samples * (each ? each : 1);
}

static void
measure(struct meter *m)
{
	double one = warm_up(m);
	int64_t from = clock_mono_ns();
	size_t wanted, block;

	if (one < 0)
		return;
	wanted = runs_wanted(m->s, one, m->plan);
	block = one > 0 ? (size_t)(BLOCK_NS / one) : BLOCK;
	block = block < 1 ? 1 : block > BLOCK ? BLOCK : block;
	while (m->s->n < wanted) {
		size_t left = wanted - m->s->n;

		bench_tick(m->plan, "%s: %zu of %zu runs, %.0f s", m->s->id,
		    m->s->n, wanted, (double)(clock_mono_ns() - from) / 1e9);
		if (run_block(m, left < block ? left : block, true) < 0)
			return;
		if (clock_mono_ns() > m->deadline_ns && m->s->n < wanted) {
			if (m->s->n < LEAST_SAMPLES)
				bench_series_fail(m->s,
				    "the time was over after %zu runs",
				    m->s->n);
			m->s->samples = (long)m->s->n;
			return;
		}
	}
}

void
bench_command(struct bench_series *s, struct proc *p, int command, int prepare,
    const struct bench_plan *plan)
{
	static char sum[17]; /* one command at a time is on its way */
	struct bench_probe probe;
	struct meter m = {s, p, plan, command, prepare,
	    plan->timeout_ns ? clock_mono_ns() + plan->timeout_ns : INT64_MAX,
	    0, 0, 0, false, true};

	s->batch = 1;
	s->has_cpu = true;
	s->setup_ns = -1;
	bench_noise_begin(&probe);
	measure(&m);
	s->noise = bench_noise_end(&probe);
	if (prepare >= 0 && m.runs)
		s->setup_ns = (int64_t)(m.setup_ns / (double)m.runs);
	if (m.has_sum && m.is_sum_same && m.sum) {
		snprintf(sum, sizeof sum, "%016llx", (unsigned long long)m.sum);
		s->checksum = sum;
	}
}

const char **
bench_shell_words(struct arena *a, const char *const *word)
{
	const char **argv = arena_alloc(a, 4 * sizeof *argv);
	AUTO_BUF line = BUF_INIT;

	for (; *word; word++) {
		buf_adds(&line, *word);
		if (word[1])
			buf_addc(&line, ' ');
	}
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = arena_dup(a, line.s, line.len);
	return argv;
}

const char *
bench_name(struct arena *a, const char *const *word)
{
	AUTO_BUF b = BUF_INIT;

	for (; *word; word++) {
		if (b.len)
			buf_addc(&b, ' ');
		buf_adds(&b, *word);
	}
	return arena_dup(a, b.s, b.len < 60 ? b.len : 60);
}

const char **
bench_stored_words(struct arena *a, const struct value *result)
{
	const struct value *list = value_get(result, "argv");
	size_t n = value_count(list);
	const char **argv = arena_alloc(a, (n + 1) * sizeof *argv);

	for (size_t i = 0; i < n; i++)
		argv[i] = value_str_or(list->list.item[i], "");
	return argv;
}

int
bench_add(struct proc *p, const struct bench_ask *how, const char *const *argv,
    const char *program, struct err *e)
{
	bool reads = how->wants_same_output || !strcmp(how->output, "pipe");
	struct proc_command c = {.argv = argv,
	    .program = program,
	    .input = how->input,
	    .timeout_ns = how->timeout_ns,
	    .output = reads			      ? PROC_PIPE
		    : !strcmp(how->output, "inherit") ? PROC_INHERIT
						      : PROC_NULL};

	return proc_add(p, &c, e);
}

int
bench_add_prepare(struct proc *p, const struct bench_ask *how, struct err *e)
{
	const char *argv[] = {"/bin/sh", "-c", how->prepare, NULL};
	struct proc_command c = {.argv = argv, .timeout_ns = how->timeout_ns};

	return proc_add(p, &c, e);
}
