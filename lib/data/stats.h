/*
 * Medians, spreads, intervals and comparisons of samples.
 *
 * Where a header says "ascending", stats_sort() came before. All numbers are
 * finite. Equal input and an equal seed give equal answers.
 */
#ifndef DATA_STATS_H
#define DATA_STATS_H

#include <stddef.h>
#include <stdint.h>

enum {
	STATS_RESAMPLES = 10000,
	STATS_EXACT = 50, /* pairs up to which a rank test counts all cases */
};

void stats_sort(double x[], size_t n);

/*
 * Linear between order statistics, at the place (n - 1) q.
 *
 * in:  x[n] ascending, n > 0; 0 <= q <= 1
 * src: type 7 of R. J. Hyndman and Y. Fan, "Sample Quantiles" (1996)
 */
double stats_quantile(const double x[], size_t n, double q);

double stats_mean(const double x[], size_t n);

/* Of the sample (n - 1); 0 when n < 2. */
double stats_sd(const double x[], size_t n);

/* The median distance from the median, not scaled; x[n] ascending. */
double stats_mad(const double x[], size_t n);

/* Mean and deviation without the `cut` lowest and highest part of x[n]. */
void stats_trimmed(
    const double x[], size_t n, double cut, double *mean, double *sd);

/*
 * What share of all there may be, where n of `all` were seen: its 95 %
 * interval.
 *
 * in:  n <= all, all > 0
 * src: E. B. Wilson, "Probable Inference" (1927)
 */
void stats_share(uint64_t n, uint64_t all, double *low, double *high);

/* How many lie beyond 1.5 (mild) and 3 (severe) spans of the quartiles. */
struct stats_outliers {
	size_t low_severe, low_mild, high_mild, high_severe;
};

/* src: J. W. Tukey, "Exploratory Data Analysis" (1977); x[n] ascending */
struct stats_outliers stats_outliers(const double x[], size_t n);

struct stats_interval {
	double low, high;
};

/*
 * 95 % intervals of mean and median by the percentiles of 10,000 resamples.
 * Above 1,000 values mean and rank of a resample are drawn from the normal
 * laws that they then follow.
 *
 * in: x[n] ascending, n > 0; either answer may be NULL
 */
void stats_bootstrap(const double x[], size_t n, uint64_t seed,
    struct stats_interval *mean, struct stats_interval *median);

/* The same for median(b) / median(a), both ascending and above 0. */
struct stats_interval stats_bootstrap_ratio(
    const double a[], size_t n, const double b[], size_t m, uint64_t seed);

/*
 * Wilcoxon's signed-rank test: how likely are differences d[n] at least so
 * lopsided when neither side is the larger? Zeros are left out. Up to 50
 * differences all signs are counted, ties or not; beyond that the normal law
 * with corrections for ties and continuity answers.
 *
 * out: two-sided; 1 when nothing is left
 */
double stats_signed_rank(const double d[], size_t n);

/*
 * The rank test of two independent samples (Mann and Whitney): all orders are
 * counted where there are no ties and few values (n m <= 400), else the normal
 * law answers, with corrections for ties and continuity.
 *
 * out: two-sided; 1 when a sample is empty
 */
double stats_rank_sum(const double a[], size_t n, const double b[], size_t m);

struct stats_fit {
	double exponent, factor; /* y = factor * x ^ exponent */
	double r2;		 /* of the logarithms */
};

/* Least squares on logarithms; x[n] and y[n] above 0, n > 1, x not all equal.
 */
struct stats_fit stats_scaling(const double x[], const double y[], size_t n);

/*
 * A smooth density of x[n] at k points evenly from low to high.
 *
 * src: Gaussian kernels, the width by B. W. Silverman (1986), as scipy's
 */
void stats_density(
    const double x[], size_t n, double low, double high, double to[], size_t k);

#endif
