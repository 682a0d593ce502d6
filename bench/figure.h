/*
 * Times of two that took turns, as a figure: their medians, and the median of
 * the ratios within a turn, with where their middle half lies.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/stats.h"

/* The value below which `part` of x[n] lies, in whatever order they are. */
static inline double
figure_quantile(const double x[], int n, double part)
{
	double *sorted = mem_new((size_t)n, sizeof *sorted), got;

	memcpy(sorted, x, (size_t)n * sizeof *sorted);
	stats_sort(sorted, (size_t)n);
	got = stats_quantile(sorted, (size_t)n, part);
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
