#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/bench.h"

enum { SHOWN = 100, SURE_OF_P99 = 1000 };

void
bench_series_add(struct bench_series *s, double wall, double cpu)
{
	s->wall = mem_more(s->wall, s->n, &s->wall_cap, sizeof *s->wall);
	s->cpu = mem_more(s->cpu, s->n, &s->cpu_cap, sizeof *s->cpu);
	s->wall[s->n] = wall;
	s->cpu[s->n++] = cpu;
}

void
bench_series_fail(struct bench_series *s, const char *fmt, ...)
{
	AUTO_BUF text = BUF_INIT;
	char line[1024];
	va_list args;

	if (s->error)
		return; /* the first is the cause of the rest */
	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	buf_adds(&text, line);
	s->error = buf_steal(&text);
}

void
bench_series_free(struct bench_series *s)
{
	free(s->wall);
	free(s->cpu);
	free(s->error);
	*s = (struct bench_series){0};
}

static void
put_ns(struct json *j, const char *key, double v)
{
	json_int(j, key, llround(v));
}

static void
put_interval(struct json *j, const char *key, struct stats_interval i)
{
	json_open(j, key, '[');
	json_int(j, NULL, llround(i.low));
	json_int(j, NULL, llround(i.high));
	json_close(j, ']');
}

/* So many of the observations in order of time, or all. */
static void
put_list(
    struct json *j, const char *key, const double x[], size_t n, size_t most)
{
	size_t shown = n < most ? n : most;

	json_open(j, key, '[');
	for (size_t i = 0; i < shown; i++)
		json_int(j, NULL, llround(x[i * n / shown]));
	json_close(j, ']');
}

static void
put_raw(const struct bench_series *s, struct stage *st)
{
	AUTO_JSON j = stage_record(st, "sample");

	json_str(&j, "id", s->id);
	put_list(&j, "ns", s->wall, s->n, s->n);
	if (s->has_cpu)
		put_list(&j, "cpu_ns", s->cpu, s->n, s->n);
	json_int(&j, "batch", s->batch);
	if (s->peak_kb > 0)
		json_int(&j, "peak_rss_kb", s->peak_kb);
	stage_put(st, &j);
}

static void
put_outliers(struct json *j, const double x[], size_t n)
{
	struct stats_outliers o = stats_outliers(x, n);

	json_open(j, "outliers", '{');
	json_int(j, "low_severe", (int64_t)o.low_severe);
	json_int(j, "low_mild", (int64_t)o.low_mild);
	json_int(j, "high_mild", (int64_t)o.high_mild);
	json_int(j, "high_severe", (int64_t)o.high_severe);
	json_close(j, '}');
}

static void
put_trimmed(struct json *j, const double x[], size_t n, double cut)
{
	double mean, sd;

	stats_trimmed(x, n, cut, &mean, &sd);
	put_ns(j, "trimmed_mean_ns", mean);
	put_ns(j, "trimmed_sd_ns", sd);
}

/* What is told of all the times together; x[n] ascending. */
static void
put_times(struct json *j, const struct bench_series *s, const double x[],
    const struct bench_plan *plan)
{
	struct stats_interval mean, median;
	size_t n = s->n;

	stats_bootstrap(x, n, BENCH_SEED, &mean, &median);
	put_ns(j, "mean_ns", stats_mean(x, n));
	put_ns(j, "median_ns", stats_quantile(x, n, 0.5));
	put_ns(j, "sd_ns", stats_sd(x, n));
	put_ns(j, "mad_ns", stats_mad(x, n));
	put_ns(j, "min_ns", x[0]);
	put_ns(j, "max_ns", x[n - 1]);
	put_ns(j, "p50_ns", stats_quantile(x, n, 0.5));
	put_ns(j, "p95_ns", stats_quantile(x, n, 0.95));
	put_ns(j, "p99_ns", stats_quantile(x, n, 0.99));
	json_bool(j, "p99_weak", n < SURE_OF_P99);
	json_str(j, "percentiles_of", s->batch > 1 ? "batch_mean" : "single");
	put_interval(j, "ci95_mean_ns", mean);
	put_interval(j, "ci95_median_ns", median);
	put_outliers(j, x, n);
	if (plan->trims)
		put_trimmed(j, x, n, plan->trim);
	put_list(j, "observed_ns", s->wall, n, SHOWN);
}

static void
put_throughput(struct json *j, const struct bench_series *s, double median)
{
	if (!s->size || median <= 0)
		return;
	json_open(j, "throughput", '{');
	json_float(j, "per_s", round((double)s->size * 1e9 / median));
	json_str(j, "unit", s->unit ? s->unit : "bytes");
	json_close(j, '}');
}

static void
put_processor_time(struct json *j, const struct bench_series *s)
{
	double *x = mem_new(s->n, sizeof *x);

	memcpy(x, s->cpu, s->n * sizeof *x);
	stats_sort(x, s->n);
	put_ns(j, "cpu_median_ns", stats_quantile(x, s->n, 0.5));
	put_ns(j, "cpu_mad_ns", stats_mad(x, s->n));
	put_list(j, "observed_cpu_ns", s->cpu, s->n, SHOWN);
	free(x);
}

static void
put_measured(
    struct json *j, const struct bench_series *s, const struct bench_plan *plan)
{
	double *x = mem_new(s->n, sizeof *x);

	memcpy(x, s->wall, s->n * sizeof *x);
	stats_sort(x, s->n);
	put_times(j, s, x, plan);
	put_throughput(j, s, stats_quantile(x, s->n, 0.5));
	if (s->has_cpu)
		put_processor_time(j, s);
	free(x);
}

static void
put_origin(struct json *j, const struct bench_series *s)
{
	char now[32];

	if (s->setup_ns >= 0)
		json_int(j, "setup_ns", s->setup_ns);
	if (s->peak_kb > 0)
		json_int(j, "peak_rss_kb", s->peak_kb);
	if (s->checksum)
		json_str(j, "checksum", s->checksum);
	if (s->argv) {
		json_open(j, "argv", '[');
		for (const char *const *word = s->argv; *word; word++)
			json_str(j, NULL, *word);
		json_close(j, ']');
	}
	if (*s->program)
		json_str(j, "program", s->program);
	bench_noise_put(j, &s->noise);
	bench_now(now);
	json_str(j, "env", bench_env_hash());
	json_str(j, "rev", bench_revision());
	json_str(j, "ts", now);
}

void
bench_series_put(
    struct bench_series *s, const struct bench_plan *plan, struct stage *st)
{
	if (!s->n)
		bench_series_fail(s, "nothing was measured");
	if (plan->is_raw && !s->error)
		put_raw(s, st);
	AUTO_JSON j = stage_record(st, "bench_result");
	json_int(&j, "schema", BENCH_SCHEMA);
	json_str(&j, "id", s->id);
	json_str(&j, "status", s->error ? "error" : "ok");
	if (s->error) {
		json_str(&j, "message", s->error);
	} else {
		json_int(&j, "samples", s->samples ? s->samples : (long)s->n);
		json_int(&j, "iterations", (int64_t)s->n * s->batch);
		json_float(&j, "warm_up_s", (double)plan->warm_up_ns / 1e9);
		json_float(&j, "measure_s", (double)plan->measure_ns / 1e9);
		json_bool(&j, "quick", plan->is_quick);
		put_measured(&j, s, plan);
	}
	put_origin(&j, s);
	stage_put(st, &j);
}
