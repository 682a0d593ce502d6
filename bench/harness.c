/*
 * harness TURNS PROGRAM: what our way to run and time a program adds to each
 * run, over a bare loop of posix_spawn and wait4.
 *
 * Both take turns of a few runs each; a record of the medians is printed.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "data/stats.h"
#include "sys/proc.h"

extern char **environ;

enum { RUNS = 50, LIMIT_NS = 30000 };

static struct proc helper;

static double
ours(char *const argv[])
{
	static unsigned char number[RUNS];
	static struct proc_run run[RUNS];
	int64_t from = clock_mono_ns();
	struct err e = {0};

	(void)argv;
	if (proc_run(&helper, number, RUNS, run, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	for (size_t i = 0; i < RUNS; i++)
		if (run[i].status != 0 || run[i].error)
			die(EXIT_RUN, "it does not run");
	return (double)(clock_mono_ns() - from) / RUNS;
}

static double
bare(char *const argv[])
{
	int64_t from = clock_mono_ns();

	for (size_t i = 0; i < RUNS; i++) {
		struct rusage usage;
		int status;
		pid_t pid;

		if (posix_spawn(&pid, *argv, NULL, NULL, argv, environ) != 0 ||
		    wait4(pid, &status, 0, &usage) != pid || status != 0)
			die(EXIT_RUN, "it does not run");
	}
	return (double)(clock_mono_ns() - from) / RUNS;
}

static double
median(double x[], size_t n)
{
	stats_sort(x, n);
	return x[n / 2];
}

int
main(int argc, char *argv[])
{
	size_t n = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct proc_command c = {
	    .argv = (const char *const *)argv + 2, .timeout_ns = 600000000000};
	struct err e = {0};
	double *a, *b, *more;

	if (!n)
		die(EXIT_INPUT, "usage: harness TURNS PROGRAM");
	if (proc_open(&helper, -1, &e) < 0 || proc_add(&helper, &c, &e) != 0)
		die(EXIT_RUN, "%s", e.text);
	a = mem_new(n, sizeof *a);
	b = mem_new(n, sizeof *b);
	more = mem_new(n, sizeof *more);
	for (size_t i = 0; i < n; i++) {
		a[i] = ours(argv + 2);
		b[i] = bare(argv + 2);
		more[i] = a[i] - b[i];
	}
	proc_close(&helper);
	printf("{\"type\":\"sample\",\"name\":\"harness.cost\",\"a_ns\":%.0f,"
	       "\"b_ns\":%.0f,\"cost_ns\":%.0f,\"limit_ns\":%d,\"holds\":%s}\n",
	    median(a, n), median(b, n), median(more, n), LIMIT_NS,
	    median(more, n) <= LIMIT_NS ? "true" : "false");
	return 0;
}
