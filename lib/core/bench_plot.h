/*
 * Numbers as small pictures: SVG that stands in a page.
 */
#ifndef CORE_BENCH_PLOT_H
#define CORE_BENCH_PLOT_H

#include <stddef.h>

#include "base/buf.h"

/*
 * How often which value was seen, from the lowest to above the 95th of a
 * hundred: one wild value would press all others together.
 *
 * in: x[n] ascending
 */
void bench_plot_density(struct buf *to, const double x[], size_t n);

/* y[n] one after the other, above 0; n > 1. */
void bench_plot_history(struct buf *to, const double y[], size_t n);

/*
 * y[n] over x[n], both by their logarithms, with the line of
 * factor * x ^ exponent.
 *
 * in: x[n] ascending, all above 0, n > 1
 */
void bench_plot_scaling(struct buf *to, const double x[], const double y[],
    size_t n, double exponent);

#endif
