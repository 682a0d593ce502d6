/*
 * What every program of a suite is made of: a table of benchmarks, and main().
 *
 *	PROGRAM list
 *	PROGRAM run ID SAMPLES WARM_UP_NS MEASURE_NS
 *
 * An operation returns a sum of its outcome. It has to be the same each time,
 * and not 0: then it failed, and the sample says so in place of a time.
 *
 * src: spec/benchmarks.md, section 2; clnrm-records(7), bench and sample
 */
#ifndef BENCH_KIT_H
#define BENCH_KIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "data/json.h"
#include "profile.h"

enum { KIT_BATCH_NS = 20000, KIT_MOST = 20000, KIT_LEAST = 10 };

struct kit_bench {
	const char *id;
	void (*setup)(int64_t size); /* not timed; NULL: nothing to do */
	uint64_t (*op)(void);
	int64_t size;	  /* given to setup */
	const char *unit; /* "bytes", "elements"; NULL: size is no amount */
	/* ns; 0: none. With target alone yellow goes 20 % further. */
	double target, acceptable, unacceptable;
	const char *metric;   /* NULL: "p95_ns"; then limits are of that */
	void (*before)(void); /* each iteration, not timed; NULL: nothing */
};

/* The largest peak of the programs that an operation started; 0: none. And
 * the one that is still there. */
static long kit_others_kb;
static pid_t kit_other;

static inline void
kit_list(const struct kit_bench *b)
{
	AUTO_JSON j = JSON_INIT;
	AUTO_BUF suite = BUF_INIT;

	buf_add(&suite, b->id, strcspn(b->id, "/"));
	json_open(&j, NULL, '{');
	json_str(&j, "type", "bench");
	json_str(&j, "id", b->id);
	json_str(&j, "suite", suite.s);
	if (b->unit)
		json_int(&j, "size", b->size);
	json_str(&j, "metric", b->metric ? b->metric : "p95_ns");
	json_open(&j, "limits", '{');
	if (b->target > 0)
		json_float(&j, "target", b->target);
	if (b->acceptable > 0)
		json_float(&j, "acceptable", b->acceptable);
	if (b->unacceptable > 0)
		json_float(&j, "unacceptable", b->unacceptable);
	json_close(&j, '}');
	json_close(&j, '}');
	puts(j.text.s);
}

/* So many iterations, in ns; every sum is checked. */
static inline double
kit_time(const struct kit_bench *b, long many, uint64_t *want)
{
	int64_t from = clock_mono_ns(), took = 0;
	uint64_t wrong = 0;

	for (long i = 0; i < many; i++) {
		uint64_t sum;

		if (b->before) {
			took += clock_mono_ns() - from;
			b->before();
			from = clock_mono_ns();
		}
		sum = b->op();
		*want = *want ? *want : sum;
		wrong |= sum ^ *want;
		wrong |= !sum;
	}
	took += clock_mono_ns() - from;
	if (!wrong)
		return (double)took;
	printf("{\"type\":\"sample\",\"id\":\"%s\",\"error\":\"the operation "
	       "failed, or its outcome differs\"}\n",
	    b->id);
	exit(EXIT_YES);
}

struct kit_times {
	double *ns; /* [n], of an iteration */
	size_t n, cap;
	long batch;
	int64_t setup_ns;
	uint64_t sum;
};

/* Of a program alone: what getrusage() tells begins with its parent's. */
static inline long
kit_peak_of_kb(long pid)
{
	char path[64], line[256];
	FILE *f;
	long kb = 0;

	snprintf(path, sizeof path, "/proc/%ld/status", pid);
	f = fopen(path, "re");

	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "VmHWM:", 6))
			kb = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

static inline long
kit_peak_kb(void)
{
	return kit_peak_of_kb(getpid());
}

static inline void
kit_put(const struct kit_bench *b, const struct kit_times *t, long samples)
{
	AUTO_JSON j = JSON_INIT;
	char sum[17];

	if (kit_other)
		kit_others_kb = kit_peak_of_kb(kit_other);
	snprintf(sum, sizeof sum, "%016llx", (unsigned long long)t->sum);
	json_open(&j, NULL, '{');
	json_str(&j, "type", "sample");
	json_str(&j, "id", b->id);
	json_open(&j, "ns", '[');
	for (size_t i = 0; i < t->n; i++)
		json_float(&j, NULL, t->ns[i]);
	json_close(&j, ']');
	json_int(&j, "batch", t->batch);
	json_int(&j, "samples", samples);
	if (b->unit) {
		json_int(&j, "size", b->size);
		json_str(&j, "unit", b->unit);
	}
	json_int(&j, "setup_ns", t->setup_ns);
	json_int(
	    &j, "peak_rss_kb", kit_others_kb ? kit_others_kb : kit_peak_kb());
	json_str(&j, "checksum", sum);
	json_close(&j, '}');
	puts(j.text.s);
}

/* Warm up by doubling; the time of one iteration. */
static inline double
kit_warm_up(const struct kit_bench *b, int64_t ns, uint64_t *sum)
{
	int64_t until = clock_mono_ns() + ns;
	double took;
	long many = 1;

	for (;; many *= 2) {
		took = kit_time(b, many, sum);
		if (clock_mono_ns() >= until)
			return took / (double)many;
	}
}

static inline int
kit_run(const struct kit_bench *b, long samples, int64_t warm_up_ns,
    int64_t measure_ns)
{
	struct kit_times t = {.batch = 1};
	int64_t from = clock_mono_ns(), until;
	double one;

	if (b->setup)
		b->setup(b->size);
	t.setup_ns = clock_mono_ns() - from;
	one = kit_warm_up(b, warm_up_ns, &t.sum);
	if (one < KIT_BATCH_NS && !b->before)
		t.batch = (long)(KIT_BATCH_NS / (one > 1 ? one : 1)) + 1;
	profile_begin();
	until = clock_mono_ns() + measure_ns;
	while (
	    (clock_mono_ns() < until && (t.n < KIT_MOST || profile_is_on())) ||
	    t.n < KIT_LEAST) {
		t.ns = mem_more(t.ns, t.n, &t.cap, sizeof *t.ns);
		t.ns[t.n++] = kit_time(b, t.batch, &t.sum) / (double)t.batch;
	}
	profile_end();
	kit_put(b, &t, (size_t)samples < t.n ? samples : (long)t.n);
	free(t.ns);
	return EXIT_YES;
}

static inline int
kit_main(int argc, char *argv[], const struct kit_bench bench[], size_t n)
{
	bool lists = argc == 2 && !strcmp(argv[1], "list");

	die_name(argv[0]);
	for (size_t i = 0; i < n && lists; i++)
		kit_list(&bench[i]);
	if (lists)
		return EXIT_YES;
	if (argc != 6 || strcmp(argv[1], "run") != 0)
		die(EXIT_INPUT, "usage: list | run ID SAMPLES WARM_UP_NS "
				"MEASURE_NS");
	for (size_t i = 0; i < n; i++)
		if (!strcmp(bench[i].id, argv[2]))
			return kit_run(&bench[i], strtol(argv[3], NULL, 10),
			    strtoll(argv[4], NULL, 10),
			    strtoll(argv[5], NULL, 10));
	die(EXIT_INPUT, "no benchmark %s", argv[2]);
}

#define US(n) ((n)*1e3)
#define MS(n) ((n)*1e6)

#endif
