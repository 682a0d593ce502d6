#include "data/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/rng.h"

enum { RESAMPLED = 1000 }; /* beyond it the limit laws are as good */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
stats_sort(double x[], size_t n)
{
	if (n)
		qsort(x, n, sizeof *x, by_size);
}

double
stats_quantile(const double x[], size_t n, double q)
{
	double at = (double)(n - 1) * q;
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return x[n - 1];
	return x[i] + (x[i + 1] - x[i]) * (at - (double)i);
}

double
stats_mean(const double x[], size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : 0;
}

double
stats_sd(const double x[], size_t n)
{
	double mean = stats_mean(x, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
}

double
stats_mad(const double x[], size_t n)
{
	double *away = mem_new(n, sizeof *away);
	double median = stats_quantile(x, n, 0.5), mad;

	for (size_t i = 0; i < n; i++)
		away[i] = fabs(x[i] - median);
	stats_sort(away, n);
	mad = stats_quantile(away, n, 0.5);
	free(away);
	return mad;
}

void
stats_trimmed(const double x[], size_t n, double cut, double *mean, double *sd)
{
	size_t off = (size_t)(cut * (double)n);

	*mean = stats_mean(x + off, n - 2 * off);
	*sd = stats_sd(x + off, n - 2 * off);
}

struct stats_outliers
stats_outliers(const double x[], size_t n)
{
	double q1 = stats_quantile(x, n, 0.25), q3 = stats_quantile(x, n, 0.75);
	double span = q3 - q1;
	struct stats_outliers o = {0};

	for (size_t i = 0; i < n; i++) {
		o.low_severe += x[i] < q1 - 3 * span;
		o.low_mild += x[i] < q1 - 1.5 * span && x[i] >= q1 - 3 * span;
		o.high_mild += x[i] > q3 + 1.5 * span && x[i] <= q3 + 3 * span;
		o.high_severe += x[i] > q3 + 3 * span;
	}
	return o;
}

/* ---- bootstrap */

static double
draw_normal(struct rng *r)
{
	double u = 1 - rng_float(r), v = rng_float(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Draw n of x[n] with return; the mean and the median of them. */
static void
resample(struct rng *r, const double x[], size_t n, uint16_t often[],
    double *mean, double *median)
{
	size_t seen = 0, i = 0, low = (n - 1) / 2, high = n / 2;
	double sum = 0, middle;

	memset(often, 0, n * sizeof *often);
	for (size_t k = 0; k < n; k++) {
		size_t at = rng_below32(r, (uint32_t)n);

		often[at]++;
		sum += x[at];
	}
	while ((seen += often[i]) <= low)
		i++;
	middle = x[i];
	while (seen <= high)
		seen += often[++i];
	*mean = sum / (double)n;
	*median = (middle + x[i]) / 2;
}

/* The same for many: both follow normal laws, the median by its rank. */
static void
redraw(struct rng *r, const double x[], size_t n, double centre, double error,
    double *mean, double *median)
{
	double rank = 0.5 + draw_normal(r) * 0.5 / sqrt((double)n + 2);

	*mean = centre + draw_normal(r) * error;
	*median = stats_quantile(x, n, fmin(fmax(rank, 0), 1));
}

struct draws {
	double mean[STATS_RESAMPLES], median[STATS_RESAMPLES];
};

static void
draw_all(struct draws *d, struct rng *r, const double x[], size_t n)
{
	uint16_t often[RESAMPLED];
	double centre = stats_mean(x, n);
	double error = stats_sd(x, n) / sqrt((double)n);

	for (size_t i = 0; i < STATS_RESAMPLES; i++)
		if (n <= RESAMPLED)
			resample(r, x, n, often, &d->mean[i], &d->median[i]);
		else
			redraw(
			    r, x, n, centre, error, &d->mean[i], &d->median[i]);
}

static struct stats_interval
middle_95(double x[STATS_RESAMPLES])
{
	stats_sort(x, STATS_RESAMPLES);
	return (struct stats_interval){
	    stats_quantile(x, STATS_RESAMPLES, 0.025),
	    stats_quantile(x, STATS_RESAMPLES, 0.975)};
}

void
stats_bootstrap(const double x[], size_t n, uint64_t seed,
    struct stats_interval *mean, struct stats_interval *median)
{
	struct draws *d = mem_new(1, sizeof *d);
	struct rng r;

	rng_seed(&r, seed);
	draw_all(d, &r, x, n);
	if (mean)
		*mean = middle_95(d->mean);
	if (median)
		*median = middle_95(d->median);
	free(d);
}

struct stats_interval
stats_bootstrap_ratio(
    const double a[], size_t n, const double b[], size_t m, uint64_t seed)
{
	struct draws *d = mem_new(2, sizeof *d);
	struct stats_interval ratio;
	struct rng r;

	rng_seed(&r, seed);
	draw_all(&d[0], &r, a, n);
	draw_all(&d[1], &r, b, m);
	for (size_t i = 0; i < STATS_RESAMPLES; i++)
		d[1].median[i] /= d[0].median[i];
	ratio = middle_95(d[1].median);
	free(d);
	return ratio;
}

/* ---- shapes */

struct stats_fit
stats_scaling(const double x[], const double y[], size_t n)
{
	double mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
	struct stats_fit f;

	for (size_t i = 0; i < n; i++) {
		mx += log(x[i]) / (double)n;
		my += log(y[i]) / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		double dx = log(x[i]) - mx, dy = log(y[i]) - my;

		xx += dx * dx;
		xy += dx * dy;
		yy += dy * dy;
	}
	f.exponent = xy / xx;
	f.factor = exp(my - f.exponent * mx);
	f.r2 = yy > 0 ? xy * xy / (xx * yy) : 1;
	return f;
}

void
stats_density(
    const double x[], size_t n, double low, double high, double to[], size_t k)
{
	double width = stats_sd(x, n) * pow((double)n * 0.75, -0.2);
	double step = k > 1 ? (high - low) / (double)(k - 1) : 0;

	for (size_t i = 0; i < k; i++) {
		double at = low + step * (double)i, sum = 0;

		for (size_t j = 0; j < n && width > 0; j++) {
			double z = (at - x[j]) / width;

			sum += exp(-z * z / 2);
		}
		to[i] =
		    width > 0 ? sum / ((double)n * width * sqrt(2 * M_PI)) : 0;
	}
}

void
stats_share(uint64_t n, uint64_t all, double *low, double *high)
{
	const double z = 1.959964;
	double p = (double)n / (double)all, zz = z * z / (double)all;
	double mid = (p + zz / 2) / (1 + zz);
	double half = z / (1 + zz) *
		      sqrt(p * (1 - p) / (double)all + zz / 4 / (double)all);

	*low = n ? mid - half : 0;
	*high = n < all ? mid + half : 1;
}
