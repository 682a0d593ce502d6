#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/stats.h"

enum { COUNTED = 400 }; /* n * m up to which all orders are counted */

/* A value whose rank is wanted; ranks are doubled, so that ties have whole
 * ones. */
struct ranked {
	double size;
	int side; /* of the sign, or of the sample */
	size_t twice;
};

static int
by_rank(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->size;
	double y = ((const struct ranked *)b)->size;

	return (x > y) - (x < y);
}

/* Rank item[n]; returns the sum of t^3 - t over the ties of t values. */
static double
rank(struct ranked item[], size_t n)
{
	double ties = 0;

	qsort(item, n, sizeof *item, by_rank);
	for (size_t i = 0, j; i < n; i = j) {
		double t;

		for (j = i; j < n && item[j].size == item[i].size; j++)
			;
		t = (double)(j - i);
		ties += t * t * t - t;
		for (size_t k = i; k < j; k++)
			item[k].twice = i + j + 1;
	}
	return ties;
}

/* Both sides of the normal law beyond z. */
static double
beyond(double away, double variance)
{
	return variance > 0 ? fmin(1, erfc(away / sqrt(2 * variance))) : 1;
}

/* The part of the 2^n signs whose doubled sum is `low` at most, twice. */
static double
count_signs(const struct ranked item[], size_t n, size_t low)
{
	size_t most = n * (n + 1);
	double *ways = mem_new(most + 1, sizeof *ways), below = 0;

	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t s = most + 1; s-- > 0;) {
			size_t r = item[i].twice;

			ways[s] = (ways[s] + (s >= r ? ways[s - r] : 0)) / 2;
		}
	for (size_t s = 0; s <= low; s++)
		below += ways[s];
	free(ways);
	return fmin(1, 2 * below);
}

double
stats_signed_rank(const double d[], size_t n)
{
	struct ranked *item = mem_new(n, sizeof *item);
	size_t k = 0, plus = 0, low;
	double ties, p = 1, m;

	for (size_t i = 0; i < n; i++)
		if (d[i] != 0)
			item[k++] = (struct ranked){fabs(d[i]), d[i] > 0, 0};
	ties = rank(item, k);
	for (size_t i = 0; i < k; i++)
		plus += item[i].side ? item[i].twice : 0;
	low = k * (k + 1) - plus < plus ? k * (k + 1) - plus : plus;
	m = (double)k;
	if (k && k <= STATS_EXACT)
		p = count_signs(item, k, low);
	else if (k)
		p = beyond(fmax(m * (m + 1) / 4 - (double)low / 2 - 0.5, 0),
		    m * (m + 1) * (2 * m + 1) / 24 - ties / 48);
	free(item);
	return p;
}

/* The part of all orders of n and m whose count is `low` at most, twice. */
static double
count_orders(size_t n, size_t m, size_t low)
{
	size_t most = n * m;
	double *ways = mem_new((n + 1) * (most + 1), sizeof *ways);
	double all = 0, below = 0;

	/* ways[k] of k first ones chosen among the places so far, by the sum
	 * of how many seconds stand before each. */
	ways[0] = 1;
	for (size_t place = 0; place < n + m; place++)
		for (size_t k = n; k-- > 0;)
			for (size_t u = most + 1; u-- > 0;) {
				size_t add = place - k;

				if (place < k || add > m || u + add > most)
					continue;
				ways[(k + 1) * (most + 1) + u + add] +=
				    ways[k * (most + 1) + u];
			}
	for (size_t u = 0; u <= most; u++) {
		all += ways[n * (most + 1) + u];
		below += u <= low ? ways[n * (most + 1) + u] : 0;
	}
	free(ways);
	return fmin(1, 2 * below / all);
}

double
stats_rank_sum(const double a[], size_t n, const double b[], size_t m)
{
	struct ranked *item = mem_new(n + m, sizeof *item);
	double x = (double)n, y = (double)m, ties, u, p = 1;
	size_t sum = 0;

	for (size_t i = 0; i < n + m; i++)
		item[i] = (struct ranked){i < n ? a[i] : b[i - n], i < n, 0};
	ties = rank(item, n + m);
	for (size_t i = 0; i < n + m; i++)
		sum += item[i].side ? item[i].twice : 0;
	free(item);
	if (!n || !m)
		return 1;
	u = (double)sum / 2 - x * (x + 1) / 2;
	u = fmin(u, x * y - u);
	if (ties == 0 && n * m <= COUNTED)
		p = count_orders(n, m, (size_t)u);
	else
		p = beyond(fmax(x * y / 2 - u - 0.5, 0),
		    x * y / 12 *
			((x + y + 1) - ties / ((x + y) * (x + y - 1))));
	return p;
}
