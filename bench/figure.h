/*
 * Samples of times become a figure: medians, and the median of the ratios of
 * what was measured in the same turn, with where their middle half lies.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int
figure_ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The value below which `part` of x[n] lies. */
static inline double
figure_quantile(const double x[], int n, double part)
{
	double *sorted = mem_new((size_t)n, sizeof *sorted), got;

	memcpy(sorted, x, (size_t)n * sizeof *sorted);
	qsort(sorted, (size_t)n, sizeof *sorted, figure_ascending);
	got = sorted[(size_t)(part * (n - 1) + 0.5)];
	free(sorted);
	return got;
}

/* Print a[n] against b[n] as an object, in ns. */
static inline void
figure_tell(const char *name, const double a[], const double b[], int n)
{
	double *ratio = mem_new((size_t)n, sizeof *ratio);

	for (int i = 0; i < n; i++)
		ratio[i] = a[i] / b[i];
	printf("{\"name\":\"%s\",\"runs\":%d,\"a_ns\":%.0f,\"b_ns\":%.0f,"
	       "\"ratio\":%.3f,\"low\":%.3f,\"high\":%.3f}\n",
	    name, n, figure_quantile(a, n, 0.5), figure_quantile(b, n, 0.5),
	    figure_quantile(ratio, n, 0.5), figure_quantile(ratio, n, 0.25),
	    figure_quantile(ratio, n, 0.75));
	free(ratio);
}

#endif
