/*
 * Benchmarks: what was observed, how it compares, and what it must keep.
 *
 * Observations become `bench_result` records; comparisons, gates and reports
 * work on those records, as trees.
 *
 * src: clnrm-records(7); spec/benchmarks.md, sections 2, 3, 6
 */
#ifndef CORE_BENCH_H
#define CORE_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/ticker.h"
#include "core/stage.h"
#include "data/stats.h"
#include "sys/proc.h"

enum { BENCH_SCHEMA = 1, BENCH_SEED = 42 };

/* How long, how often. */
struct bench_plan {
	int64_t warm_up_ns, measure_ns, timeout_ns;
	long samples;
	int cpu; /* where programs run; -1: anywhere */
	bool is_quick, is_raw, ignores_failure, wants_same_output;
	bool trims;
	double trim; /* the part cut at each end */
	struct ticker *ticker;
};

/* ---- the machine */

/* How restless it is: parts, so 0.02 is 2 %. */
struct bench_noise {
	double score;  /* jitter + steal + a hundredth for each waiting one */
	double steal;  /* of the processors' time, by other machines */
	double load;   /* runnable processes a processor, over a minute */
	double jitter; /* of equal pieces of work */
};

enum { BENCH_PIECES = 60 };

struct bench_probe {
	uint64_t steal, total;
	double took[2 * BENCH_PIECES];
};

void bench_noise_begin(struct bench_probe *p);
struct bench_noise bench_noise_end(struct bench_probe *p);
void bench_noise_put(struct json *j, const struct bench_noise *n);

/* Write `bench_env`; `hash` of what must be equal for results to compare. */
void bench_env_put(struct stage *st);
const char *bench_env_hash(void);

/* The revision of the git work tree around us, or NULL; now as RFC 3339. */
const char *bench_revision(void);
void bench_now(char text[32]);

/* ---- observations */

struct bench_series {
	const char *id;
	double *wall, *cpu; /* [n], ns an iteration, in order of time */
	size_t n, wall_cap, cpu_cap;
	bool has_cpu;
	long samples;
	int64_t batch;	  /* iterations in one observation */
	int64_t size;	  /* of the workload; 0: none */
	const char *unit; /* "bytes", "elements" */
	int64_t setup_ns, peak_kb, instructions; /* -1: not known */
	const char *checksum;
	char *error; /* owned; NULL: it went well */
	struct bench_noise noise;
	const char *const *argv; /* NULL: no command */
	char program[65];	 /* its SHA-256; empty: not known */
};

void bench_series_add(struct bench_series *s, double wall, double cpu);
void bench_series_fail(struct bench_series *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void bench_series_free(struct bench_series *s);

/* Write its `bench_result`, and with is_raw a `sample` before it. */
void bench_series_put(
    struct bench_series *s, const struct bench_plan *plan, struct stage *st);

/* Gathers `sample` records into one series an id. */
struct bench_samples {
	struct map by_id; /* to struct bench_series */
	struct arena kept;
};

/*
 * Take a `sample`.
 *
 * err: -1 and *e: no id, no time
 */
int bench_samples_take(
    struct bench_samples *s, const struct value *record, struct err *e);

/* Write the result of each id, and of families over sizes the scaling. */
void bench_samples_put(
    struct bench_samples *s, const struct bench_plan *plan, struct stage *st);
void bench_samples_free(struct bench_samples *s);

/* ---- commands */

/*
 * Split a command into words as a shell does, with quotes and backslashes, but
 * without a shell: what asks for one (| ; & < > $ ` * ?) stands for itself.
 *
 * err: NULL and *e: an open quote, or no word at all
 */
const char **bench_words(struct arena *a, const char *text, struct err *e);

/* `sh -c LINE`, of all the words. */
const char **bench_shell_words(struct arena *a, const char *const *word);

/* The name of what has none: its words. */
const char *bench_name(struct arena *a, const char *const *word);

/* The words of a result's command; none: it was no command. */
const char **bench_stored_words(struct arena *a, const struct value *result);

/* How commands are run. */
struct bench_ask {
	const char *input;   /* a file; NULL: none */
	const char *output;  /* "null", "pipe", "inherit" */
	const char *prepare; /* a line for sh before each run; NULL: none */
	int64_t timeout_ns;
	bool wants_same_output;
};

/*
 * Tell the helper of a command, or of what prepares it.
 *
 * in:  program, a file to run in its place; or NULL
 * out: its number, or -1 and *e
 */
int bench_add(struct proc *p, const struct bench_ask *how,
    const char *const *argv, const char *program, struct err *e);
int bench_add_prepare(
    struct proc *p, const struct bench_ask *how, struct err *e);

/* What is wrong with one running, in words; or NULL. */
const char *bench_trouble(
    const struct proc_run *r, bool ignores_failure, char text[128]);

/* Measure a command; what goes wrong is in s->error. */
void bench_command(struct bench_series *s, struct proc *p, int command,
    int prepare, const struct bench_plan *plan);

/* ---- comparisons */

enum bench_word {
	BENCH_NO_CHANGE,
	BENCH_IMPROVED,
	BENCH_REGRESSED,
	BENCH_INCONCLUSIVE,
	BENCH_TOO_FEW,
	BENCH_SUSPECT, /* against numbers of another time, and no more */
};

const char *bench_word(enum bench_word w);

/* One measure of the two. */
struct bench_change {
	double old_ns, new_ns; /* medians */
	double change;	       /* of the median ratio: 0.05 is 5 % slower */
	struct stats_interval ci;
	double p;
	enum bench_word word;
};

struct bench_compare {
	const char *id, *old_name, *new_name;
	const char *mode; /* "pairs", "files", "exact" */
	const char *by;	  /* what decided: "cpu", "wall", "instructions" */
	size_t pairs, looks;
	size_t turns; /* of both in a pair */
	bool has_cpu, is_exact;
	struct bench_change wall, cpu;
	double floor; /* changes below it are none */
	struct bench_noise noise;
	enum bench_word word;
};

/*
 * Run two commands in pairs, each in random order, and look from time to time
 * whether the answer is clear. A pair is as many turns of both as fit, if all
 * pairs shall take the time of measuring.
 *
 * in:  number[2], of the old and the new command
 * err: -1 and *e: one of them fails
 */
int bench_pairs(struct bench_compare *c, struct proc *p, const int number[2],
    long most, const struct bench_plan *plan, struct err *e);

/* By counted instructions, each three times. */
int bench_exact(struct bench_compare *c, struct proc *p,
    const char *const *argv[2], const struct bench_plan *plan, struct err *e);

/* Two results, of one time or not: then the word is BENCH_SUSPECT at most. */
void bench_compare_results(struct bench_compare *c, const struct value *old,
    const struct value *new, bool is_other_time);

void bench_compare_put(const struct bench_compare *c, struct stage *st);

/* Below so large a change there is none: 10, 5 or 3 % by the time it takes. */
double bench_floor(double median_ns);

/* ---- what is stored */

/* Results by id, and their `bench_env`. */
struct bench_set {
	struct map result;  /* to struct value */
	struct map compare; /* the same, of `bench_compare` */
	struct arena kept;
	const char *env; /* the hash; NULL: none */
};

/*
 * Add what a file of records holds; others are passed over.
 *
 * err: -1 and *e
 */
int bench_set_read(struct bench_set *s, const char *path, struct err *e);

/* The same of text[len]. */
int bench_set_parse(struct bench_set *s, const char *name, const char *text,
    size_t len, struct err *e);
void bench_set_take(struct bench_set *s, const struct value *record);
void bench_set_free(struct bench_set *s);

/* Compare the results that both have; how many, and how many are slower? */
size_t bench_compare_sets(const struct bench_set *old,
    const struct bench_set *new, const char *old_name, const char *new_name,
    size_t *slower, struct stage *st);

/* Where the baseline of that name is; -1 and *e when the name is no name. */
int bench_baseline_path(const char *name, struct buf *path, struct err *e);

/* bench_set_read() of the baseline of that name. */
int bench_baseline_read(struct bench_set *s, const char *name, struct err *e);

/* Save records, lines that begin with a bench_env, as that baseline. */
int bench_baseline_write(
    const char *name, const char *s, size_t n, struct err *e);

/* The digest of the program that a command's first word names, or "". */
void bench_program_hash(const char *word, char sha[65]);

/* Keep a copy of it, when it is one that runs anywhere. */
void bench_program_keep(const char *word);

/* Where a kept program is, by a stored result; -1: it is not there any more. */
int bench_program_kept(const struct value *result, struct buf *path);

/*
 * The result c->id of a baseline beside the command `number` of now: its
 * program is run again where it was kept, else the two results are compared.
 *
 * in:  set has that result
 * err: -1 and *e: one of them fails
 */
int bench_look_back(struct bench_compare *c, struct proc *p, int number,
    const struct bench_ask *how, const struct bench_set *set, long most,
    const struct bench_plan *plan, const struct value *now, struct err *e);

/* ---- limits and levels */

struct bench_levels {
	double warning, ci, critical, blocker, yellow, red, tolerance;
};

struct bench_limit {
	const char *id, *metric; /* "p95_ns" */
	/* In the metric's unit; 0: none. Without `acceptable` it is `red` above
	 * the target, or the level of that name where that is negative. */
	double target, acceptable, unacceptable, red;
};

struct bench_budget {
	struct bench_levels levels;
	struct bench_limit *limit;
	size_t n, cap;
	struct arena kept;
};

/* No limit yet, and the levels as they are without a file. */
void bench_budget_begin(struct bench_budget *b);

/*
 * Read a perf-baseline.toml.
 *
 * err: -1 and *e: unknown keys, no unit, an alias that names nothing, …
 */
int bench_budget_read(struct bench_budget *b, const char *path, struct err *e);

/*
 * The limits of a `bench` record; those of a file go before them.
 *
 * mem: copied
 */
void bench_budget_take(struct bench_budget *b, const struct value *record);

/* Write a file of limits: so many times the p95 that was measured. */
void bench_budget_print(
    struct buf *to, const struct bench_set *s, double headroom);
void bench_budget_free(struct bench_budget *b);

struct bench_gate {
	const struct bench_budget *budget;
	const struct bench_set *now, *baseline; /* baseline NULL: none */
	const char *baseline_name;
	const char *const *prefixes; /* ended by NULL; none at all: every id */
	bool is_strict, allows_quick;
	size_t judged, failed, missing; /* out */
	struct buf alert;		/* out: verdicts that fail, as lines */
};

/* Write a `bench_verdict` for whatever has a limit or something before it. */
void bench_gate(struct bench_gate *g, struct stage *st);

/*
 * Run a shell line with the verdicts that fail on its standard input.
 *
 * err: -1 and *e: it could not be told, or fails
 */
int bench_gate_alert(
    const struct bench_gate *g, const char *line, struct err *e);

/* A number of a result, such as "p95_ns" or "p95"; false: it has none. */
bool bench_number(const struct value *result, const char *metric, double *to);

/* ---- suites: programs that list benchmarks and print samples */

/* Where make leaves them: beside the programs. Fills path, or borrows. */
const char *bench_suite_dir(char path[PATH_MAX]);

/*
 * Write the `bench` records of all programs in a directory whose ids begin with
 * a prefix (none: all).
 *
 * out: how many, or -1 and *e
 */
long bench_suite_list(const char *dir, const char *const *prefixes,
    const struct bench_plan *plan, struct stage *st, struct err *e);

/* Run them, and write a result for each; what hangs is killed. */
long bench_suite_run(const char *dir, const char *const *prefixes,
    const struct bench_plan *plan, struct stage *st, struct err *e);

/* ---- spans */

/*
 * Add a series for each path of names ("spans/a/b") in a trace: the durations
 * of its spans.
 *
 * err: -1 and *e: it cannot be read, or holds no span
 */
int bench_spans(struct bench_samples *to, const char *path, struct err *e);

/* ---- for people */

/* 1.23 ms */
void bench_print_ns(struct buf *b, double ns);

/* A record as a line or a few; nothing for types that say nothing here. */
void bench_print(struct buf *b, const struct value *record);

/* What a stage writes, held back to be shown as it is or in words. */
struct bench_view {
	struct out held;       /* to be written to */
	struct out *to;	       /* where it is shown */
	struct buf results;    /* each bench_env and bench_result shown */
	struct ticker *ticker; /* wiped before it shows; or NULL */
	bool is_text;
};

#define BENCH_VIEW_INIT                                                   \
	{                                                                 \
		.held = {.fd = -1, .pending = BUF_INIT, .is_held = true}, \
		.to = &out_std, .results = BUF_INIT                       \
	}

/* Tell how far it is, between what is measured. */
void bench_tick(const struct bench_plan *plan, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Hand on what was written since the last time, and let nothing wait. */
void bench_view_show(struct bench_view *v);

/* The result that was shown last. */
const struct value *bench_view_last(
    const struct bench_view *v, struct arena *a);

/* stage_next(), for what is shown by a view. */
bool bench_view_next(struct bench_view *v, struct stage *st, struct record *r);

/*
 * Read a stream to its end: the samples, or its results and with `limits` its
 * budgets. What is not ours is passed on (of results all, with `limits`, to
 * who takes records); `end` records wait in *ends for what we owe.
 */
void bench_view_samples(struct bench_view *v, struct stage *st,
    struct bench_samples *to, struct buf *ends);
void bench_view_gather(struct bench_view *v, struct stage *st,
    struct bench_set *to, struct bench_budget *limits, struct buf *ends);

#endif
