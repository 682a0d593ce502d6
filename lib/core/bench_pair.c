#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/bench.h"
#include "data/rng.h"

/*
 * The chance of a false alarm over all looks, of the measure that decides and
 * of the other. It is shared out among the looks, so that the sum, 0.025, holds
 * however they depend on each other: as much for an early one as ten pairs of
 * one sign fall below, and the rest for the last, where small changes are
 * found.
 */
static const double ALARMS = 0.02, OTHER_ALARMS = 0.005, EARLY = 0.1;

static const size_t looks[] = {10, 15, 20, 30, 40, 50, 75, 100, 150, 200};

/*
 * A pair of commands that are soon over is several turns of both: the median of
 * the ratios of a few is disturbed far less than one.
 */
enum { LEAST_PAIRS = 8, LEAST_NS = 1000, MOST_TURNS = 25 };

const char *
bench_word(enum bench_word w)
{
	static const char *const words[] = {"no_change", "improved",
	    "regressed", "inconclusive", "too_few", "suspect"};

	return words[w];
}

double
bench_floor(double median_ns)
{
	return median_ns < 1e4 ? 0.1 : median_ns < 1e5 ? 0.05 : 0.03;
}

static double
median_of(const double x[], size_t n)
{
	double *sorted = mem_new(n, sizeof *sorted), m;

	memcpy(sorted, x, n * sizeof *x);
	stats_sort(sorted, n);
	m = stats_quantile(sorted, n, 0.5);
	free(sorted);
	return m;
}

static enum bench_word
decide(const struct bench_change *c, double alpha, double floor)
{
	if (c->p < alpha && c->change > floor)
		return BENCH_REGRESSED;
	if (c->p < alpha && c->change < -floor)
		return BENCH_IMPROVED;
	if (c->ci.low > -floor && c->ci.high < floor)
		return BENCH_NO_CHANGE;
	return BENCH_INCONCLUSIVE;
}

/* What each pair took. */
struct measure {
	double *old, *new, *ratio;
};

struct pairs {
	struct measure wall, cpu;
	size_t n, most;
	size_t turns; /* in a pair */
};

static void
judge(struct bench_change *c, const struct measure *m, size_t n, double alpha,
    double floor)
{
	double *ratio, *logs;

	*c = (struct bench_change){.p = 1, .word = BENCH_TOO_FEW};
	if (!n)
		return;
	ratio = mem_new(2 * n, sizeof *ratio);
	logs = ratio + n;
	for (size_t i = 0; i < n; i++) {
		ratio[i] = m->ratio[i];
		logs[i] = log(ratio[i]);
	}
	c->old_ns = median_of(m->old, n);
	c->new_ns = median_of(m->new, n);
	c->p = stats_signed_rank(logs, n);
	stats_sort(ratio, n);
	c->change = stats_quantile(ratio, n, 0.5) - 1;
	stats_bootstrap(ratio, n, BENCH_SEED, NULL, &c->ci);
	c->ci.low -= 1;
	c->ci.high -= 1;
	if (n >= LEAST_PAIRS)
		c->word = decide(c, alpha, floor);
	free(ratio);
}

static bool
is_clear(enum bench_word w)
{
	return w == BENCH_REGRESSED || w == BENCH_IMPROVED ||
	       w == BENCH_NO_CHANGE;
}

static bool
is_change(enum bench_word w)
{
	return w == BENCH_REGRESSED || w == BENCH_IMPROVED;
}

/* What takes processor time is decided by it: others disturb it less. */
static bool
is_busy(const struct pairs *p)
{
	double most = 0;

	for (size_t i = 0; i < p->n; i++)
		most = fmax(most, p->cpu.old[i] / p->wall.old[i]);
	return most > 0.5;
}

static size_t
looks_up_to(size_t most)
{
	size_t n = 0;

	while (n < COUNT(looks) && looks[n] < most)
		n++;
	return n + 1; /* the last one is at the end */
}

/* The part of the alarms that this look has. */
static double
share(const struct pairs *p)
{
	double n = (double)looks_up_to(p->most), early = fmin(EARLY, 1 / n);

	return p->n < p->most ? early : 1 - (n - 1) * early;
}

static void
look(struct bench_compare *c, const struct pairs *p)
{
	bool is_cpu = is_busy(p);
	const struct bench_change *first = is_cpu ? &c->cpu : &c->wall;
	const struct bench_change *second = is_cpu ? &c->wall : &c->cpu;
	double part = share(p);

	c->pairs = p->n;
	c->floor = p->n ? bench_floor(median_of(p->wall.old, p->n)) : 0;
	judge(&c->wall, &p->wall, p->n, (is_cpu ? OTHER_ALARMS : ALARMS) * part,
	    c->floor);
	judge(&c->cpu, &p->cpu, p->n, (is_cpu ? ALARMS : OTHER_ALARMS) * part,
	    c->floor);
	c->word = first->word;
	if (!is_change(first->word) && is_change(second->word)) {
		c->word = second->word;
		first = second;
	}
	c->by = first == &c->cpu ? "cpu" : "wall";
}

static int
check(const struct proc_run *r, const char *name, const struct bench_plan *plan,
    struct err *e)
{
	char why[128];

	if (!bench_trouble(r, plan->ignores_failure, why))
		return 0;
	err_set(e, "%s: %s", name, why);
	return r->error || r->timed_out
		 ? -1
		 : err_hint(e, "-i measures it nevertheless");
}

/* The two of a turn, each as often the first as the other. */
static void
draw_order(
    unsigned char order[], size_t turns, const int number[2], struct rng *rng)
{
	for (size_t i = 0; i < turns; i++) {
		unsigned first = rng_u32(rng) >> 31;

		order[2 * i] = (unsigned char)number[first];
		order[2 * i + 1] = (unsigned char)number[!first];
	}
}

static double
cpu_of(const struct proc_run *r)
{
	return (double)(r->user_ns + r->system_ns);
}

static double
wall_of(const struct proc_run *r)
{
	return (double)r->wall_ns;
}

/* The kernel counts processor time by microseconds: less is none. */
static void
add_pair(const struct measure *to, size_t at, const struct proc_run *run[][2],
    size_t turns, double (*of)(const struct proc_run *r))
{
	double old[MOST_TURNS], new[MOST_TURNS], ratio[MOST_TURNS];

	for (size_t i = 0; i < turns; i++) {
		old[i] = of(run[i][0]);
		new[i] = of(run[i][1]);
		ratio[i] = fmax(new[i], LEAST_NS) / fmax(old[i], LEAST_NS);
	}
	to->old[at] = median_of(old, turns);
	to->new[at] = median_of(new, turns);
	to->ratio[at] = median_of(ratio, turns);
}

static int
run_pair(struct bench_compare *c, struct proc *p, const int number[2],
    struct rng *rng, struct pairs *to, const struct bench_plan *plan,
    struct err *e)
{
	unsigned char order[2 * MOST_TURNS];
	struct proc_run run[2 * MOST_TURNS];
	const struct proc_run *both[MOST_TURNS][2];

	draw_order(order, to->turns, number, rng);
	if (proc_run(p, order, 2 * to->turns, run, e) < 0)
		return -1;
	for (size_t i = 0; i < 2 * to->turns; i++) {
		bool is_new = order[i] == number[1];

		if (check(&run[i], is_new ? c->new_name : c->old_name, plan,
			e) < 0)
			return -1;
		both[i / 2][is_new] = &run[i];
	}
	add_pair(&to->wall, to->n, both, to->turns, wall_of);
	add_pair(&to->cpu, to->n, both, to->turns, cpu_of);
	return 0;
}

static bool
is_time_to_look(size_t n, size_t most)
{
	for (size_t i = 0; i < COUNT(looks); i++)
		if (looks[i] == n)
			return true;
	return n == most;
}

/*
 * As many turns as fit into a pair, if all pairs are to fit into the time. By
 * processor time where there is some: the more others work, the more turns are
 * needed, and not the less.
 */
static size_t
turns_wanted(const struct pairs *p, const struct bench_plan *plan, double ns)
{
	double fit = (double)plan->measure_ns / (double)p->most / fmax(ns, 1);
	size_t turns = fit < 1		? 1
		     : fit > MOST_TURNS ? MOST_TURNS
					: (size_t)fit;

	return (turns - 1) | 1; /* odd: one is in the middle */
}

/* Also finds out how many turns a pair has. */
static int
warm_up(struct bench_compare *c, struct proc *p, const int number[2],
    struct rng *rng, struct pairs *to, const struct bench_plan *plan,
    struct err *e)
{
	int64_t until = clock_mono_ns() + plan->warm_up_ns;
	double wall = INFINITY, cpu = INFINITY;

	do {
		if (run_pair(c, p, number, rng, to, plan, e) < 0)
			return -1;
		wall = fmin(wall, to->wall.old[0] + to->wall.new[0]);
		cpu = fmin(cpu, to->cpu.old[0] + to->cpu.new[0]);
	} while (clock_mono_ns() < until);
	c->turns = to->turns =
	    turns_wanted(to, plan, cpu > wall / 5 ? cpu : wall);
	return 0;
}

static int
run_pairs(struct bench_compare *c, struct proc *p, const int number[2],
    struct pairs *to, const struct bench_plan *plan, struct err *e)
{
	int64_t end =
	    plan->timeout_ns ? clock_mono_ns() + plan->timeout_ns : INT64_MAX;
	int64_t from;
	struct rng rng;

	rng_seed(&rng, BENCH_SEED);
	if (warm_up(c, p, number, &rng, to, plan, e) < 0)
		return -1;
	from = clock_mono_ns();
	while (to->n < to->most && clock_mono_ns() < end) {
		bench_tick(plan, "%s: %zu of at most %zu pairs, %.0f s", c->id,
		    to->n, to->most, (double)(clock_mono_ns() - from) / 1e9);
		if (run_pair(c, p, number, &rng, to, plan, e) < 0)
			return -1;
		if (!is_time_to_look(++to->n, to->most))
			continue;
		look(c, to);
		c->looks++;
		if (is_clear(c->word))
			return 0;
	}
	look(c, to);
	return 0;
}

int
bench_pairs(struct bench_compare *c, struct proc *p, const int number[2],
    long most, const struct bench_plan *plan, struct err *e)
{
	size_t n = most > 0 ? (size_t)most : 1;
	double *room = mem_new(6 * n, sizeof *room);
	struct pairs to = {.wall = {room, room + n, room + 2 * n},
	    .cpu = {room + 3 * n, room + 4 * n, room + 5 * n},
	    .most = n,
	    .turns = 1};
	struct bench_probe probe;
	int rc;

	c->mode = "pairs";
	c->has_cpu = true;
	bench_noise_begin(&probe);
	rc = run_pairs(c, p, number, &to, plan, e);
	c->noise = bench_noise_end(&probe);
	free(room);
	return rc;
}

/* ---- results of files */

/* An array of a result; NULL when it has none. */
static double *
listed(const struct value *result, const char *key, size_t *n)
{
	const struct value *list = value_get(result, key);
	double *x;

	*n = list && list->kind == VALUE_LIST ? value_count(list) : 0;
	if (!*n)
		return NULL;
	x = mem_new(*n, sizeof *x);
	for (size_t i = 0; i < *n; i++)
		x[i] = (double)value_int_or(list->list.item[i], 0);
	stats_sort(x, *n);
	return x;
}

static double
noise_of(const struct value *result)
{
	const struct value *noise = value_get(result, "noise");
	double score = 0;

	return bench_number(noise, "score", &score) ? score : 0;
}

/* Both were measured at their own time: noise widens what counts. */
static void
judge_apart(struct bench_change *c, const double old[], size_t n,
    const double new[], size_t m, double floor)
{
	*c = (struct bench_change){.p = 1, .word = BENCH_TOO_FEW};
	if (!n || !m || old[0] <= 0 || new[0] <= 0)
		return;
	c->old_ns = stats_quantile(old, n, 0.5);
	c->new_ns = stats_quantile(new, m, 0.5);
	c->change = c->new_ns / c->old_ns - 1;
	c->ci = stats_bootstrap_ratio(old, n, new, m, BENCH_SEED);
	c->ci.low -= 1;
	c->ci.high -= 1;
	c->p = stats_rank_sum(old, n, new, m);
	if (n >= LEAST_PAIRS && m >= LEAST_PAIRS)
		c->word = decide(c, 0.05, floor);
}

static bool
compare_key(struct bench_change *c, const struct value *old,
    const struct value *new, const char *key, double floor)
{
	size_t n, m;
	double *a = listed(old, key, &n), *b = listed(new, key, &m);
	bool is_there = a && b;

	judge_apart(c, a, n, b, m, floor);
	free(a);
	free(b);
	return is_there;
}

void
bench_compare_results(struct bench_compare *c, const struct value *old,
    const struct value *new, bool is_other_time)
{
	double median = 0;

	c->mode = "files";
	c->noise.score = fmax(noise_of(old), noise_of(new));
	if (!bench_number(old, "median_ns", &median))
		return;
	c->floor = bench_floor(median) + c->noise.score;
	compare_key(&c->wall, old, new, "observed_ns", c->floor);
	c->has_cpu =
	    compare_key(&c->cpu, old, new, "observed_cpu_ns", c->floor);
	c->word = c->wall.word;
	c->by = "wall";
	if (c->has_cpu && c->cpu.old_ns > c->wall.old_ns / 2) {
		c->word = c->cpu.word;
		c->by = "cpu";
	}
	if (is_other_time && is_change(c->word))
		c->word = BENCH_SUSPECT;
}

/* ---- the record */

static double
part(double v)
{
	return round(v * 1e5) / 1e5;
}

static void
put_change(struct json *j, const char *key, const struct bench_change *c,
    bool is_count)
{
	json_open(j, key, '{');
	json_int(j, is_count ? "old" : "old_ns", llround(c->old_ns));
	json_int(j, is_count ? "new" : "new_ns", llround(c->new_ns));
	json_float(j, "change", part(c->change));
	json_open(j, "change_ci95", '[');
	json_float(j, NULL, part(c->ci.low));
	json_float(j, NULL, part(c->ci.high));
	json_close(j, ']');
	json_float(j, "p", c->p);
	json_str(j, "verdict", bench_word(c->word));
	json_close(j, '}');
}

void
bench_compare_put(const struct bench_compare *c, struct stage *st)
{
	AUTO_JSON j = stage_record(st, "bench_compare");

	json_str(&j, "id", c->id);
	json_str(&j, "old", c->old_name);
	json_str(&j, "new", c->new_name);
	json_str(&j, "mode", c->mode);
	json_int(&j, "pairs", (int64_t)c->pairs);
	if (c->turns)
		json_int(&j, "turns", (int64_t)c->turns);
	json_int(&j, "looks", (int64_t)c->looks);
	json_float(&j, "floor", part(c->floor));
	put_change(
	    &j, c->is_exact ? "instructions" : "wall", &c->wall, c->is_exact);
	if (c->has_cpu)
		put_change(&j, "cpu", &c->cpu, false);
	if (!c->is_exact)
		bench_noise_put(&j, &c->noise);
	json_str(&j, "by", c->by);
	json_str(&j, "verdict", bench_word(c->word));
	stage_put(st, &j);
}

size_t
bench_compare_sets(const struct bench_set *old, const struct bench_set *new,
    const char *old_name, const char *new_name, size_t *slower,
    struct stage *st)
{
	size_t n = 0;

	*slower = 0;
	for (size_t i = 0; i < new->result.n; i++) {
		const struct map_entry *it = &new->result.entry[i];
		const struct value *was =
		    map_get(&old->result, it->key, it->len);
		struct bench_compare c = {
		    .id = it->key, .old_name = old_name, .new_name = new_name};

		if (!was)
			continue;
		bench_compare_results(&c, was, it->value, true);
		bench_compare_put(&c, st);
		*slower += c.word == BENCH_SUSPECT && c.wall.change > 0;
		n++;
	}
	return n;
}
