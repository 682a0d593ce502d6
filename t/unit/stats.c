#include "data/stats.h"

#include <math.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/rng.h"
#include "tap.h"

/* One stored set; t/corpus/stats/make.py asked scipy for the answers. */
struct set {
	const char *name;
	double *x, *y; /* x ascending in `sorted` */
	double *sorted;
	size_t n, m;
	const struct value *want;
};

static double
number(const struct value *v)
{
	return v->kind == VALUE_INT ? (double)v->i : v->f;
}

static double *
numbers(const struct value *list, struct arena *a)
{
	double *x = arena_alloc(a, (value_count(list) + 1) * sizeof *x);

	for (size_t i = 0; i < value_count(list); i++)
		x[i] = number(list->list.item[i]);
	return x;
}

static bool
is_near(const struct set *s, const char *what, double got, double want,
    double relative)
{
	bool ok = fabs(got - want) <= relative * fabs(want) + 1e-12;

	if (!ok)
		printf("# %s: %s: got %.12g, want %.12g\n", s->name, what, got,
		    want);
	return tap_check(ok, __FILE__, __LINE__, what);
}

static void
is_answer(const struct set *s, const char *key, double got, double relative)
{
	is_near(s, key, got, number(value_find(s->want, key)), relative);
}

/* Call fn with each stored set. */
static void
each_set(void (*fn)(const struct set *s))
{
	AUTO_BUF text = BUF_INIT;
	size_t sets = 0;

	is_int(file_read("t/corpus/stats/sets.ndjson", &text, NULL), 0);
	for (char *line = text.s, *lf; (lf = strchr(line, '\n'));
	     line = lf + 1) {
		AUTO_ARENA a = {0};
		struct value *v =
		    json_parse(&a, line, (size_t)(lf - line), NULL);
		struct value *x = value_get(v, "x"), *y = value_get(v, "y");
		struct set s = {value_str_or(value_get(v, "name"), ""),
		    numbers(x, &a), y ? numbers(y, &a) : NULL, numbers(x, &a),
		    value_count(x), value_count(y), value_get(v, "want")};

		stats_sort(s.sorted, s.n);
		fn(&s);
		sets++;
	}
	is_true(sets >= 20);
}

static void
locate(const struct set *s)
{
	const double *x = s->sorted;
	double mean, sd;

	is_answer(s, "mean", stats_mean(x, s->n), 1e-12);
	is_answer(s, "sd", stats_sd(x, s->n), 1e-9);
	is_answer(s, "median", stats_quantile(x, s->n, 0.5), 1e-12);
	is_answer(s, "p95", stats_quantile(x, s->n, 0.95), 1e-12);
	is_answer(s, "p99", stats_quantile(x, s->n, 0.99), 1e-12);
	is_answer(s, "mad", stats_mad(x, s->n), 1e-9);
	stats_trimmed(x, s->n, 0.1, &mean, &sd);
	is_answer(s, "trimmed_mean", mean, 1e-12);
	is_answer(s, "trimmed_sd", sd, 1e-9);
}

static void
location_and_spread_are_those_of_scipy(void)
{
	each_set(locate);
}

static void
count_outliers(const struct set *s)
{
	struct stats_outliers o = stats_outliers(s->sorted, s->n);

	is_answer(s, "outliers.0", (double)o.low_severe, 0);
	is_answer(s, "outliers.1", (double)o.low_mild, 0);
	is_answer(s, "outliers.2", (double)o.high_mild, 0);
	is_answer(s, "outliers.3", (double)o.high_severe, 0);
}

static void
outliers_are_counted_as_by_scipy(void)
{
	each_set(count_outliers);
}

static void
test_ranks(const struct set *s)
{
	double *d = mem_new(s->n, sizeof *d);

	for (size_t i = 0; i < s->n && i < s->m; i++)
		d[i] = s->y[i] - s->x[i];
	if (value_get(s->want, "signed_rank"))
		is_answer(s, "signed_rank", stats_signed_rank(d, s->n), 1e-9);
	if (value_get(s->want, "rank_sum"))
		is_answer(s, "rank_sum", stats_rank_sum(s->x, s->n, s->y, s->m),
		    1e-9);
	free(d);
}

static void
rank_tests_give_the_p_of_scipy(void)
{
	each_set(test_ranks);
}

static void
fit(const struct set *s)
{
	struct stats_fit f;

	if (!value_get(s->want, "fit"))
		return;
	f = stats_scaling(s->x, s->y, s->n);
	is_answer(s, "fit.0", f.exponent, 1e-9);
	is_answer(s, "fit.1", f.factor, 1e-9);
	is_answer(s, "fit.2", f.r2, 1e-9);
}

static void
scaling_fits_are_those_of_scipy(void)
{
	each_set(fit);
}

static void
smooth(const struct set *s)
{
	double to[5];
	char key[16];

	if (!value_get(s->want, "density"))
		return;
	stats_density(
	    s->sorted, s->n, s->sorted[0], s->sorted[s->n - 1], to, 5);
	for (int i = 0; i < 5; i++) {
		snprintf(key, sizeof key, "density.%d", i);
		is_answer(s, key, to[i], 1e-9);
	}
}

static void
densities_are_those_of_scipy(void)
{
	each_set(smooth);
}

/* Two bootstraps differ by chance: a tenth of their width is allowed. */
static void
resample(const struct set *s)
{
	struct stats_interval mean, median;

	if (!value_get(s->want, "ci_mean"))
		return;
	stats_bootstrap(s->sorted, s->n, 42, &mean, &median);
	for (int i = 0; i < 4; i++) {
		const struct stats_interval *got = i < 2 ? &mean : &median;
		const char *keys[] = {
		    "ci_mean.0", "ci_mean.1", "ci_median.0", "ci_median.1"};
		double low = number(value_find(s->want, keys[i & 2]));
		double high = number(value_find(s->want, keys[(i & 2) + 1]));
		double want = i & 1 ? high : low;
		double is = i & 1 ? got->high : got->low;

		if (!tap_check(fabs(is - want) <= (high - low) / 10 + 1e-9,
			__FILE__, __LINE__, keys[i]))
			printf("# %s: got %g, want %g\n", s->name, is, want);
	}
}

static void
bootstrap_intervals_are_near_those_of_scipy(void)
{
	each_set(resample);
}

static void
equal_seeds_give_equal_intervals(void)
{
	double x[40];
	struct stats_interval a, b, c;

	for (int i = 0; i < 40; i++)
		x[i] = i * i;
	stats_bootstrap(x, 40, 1, &a, NULL);
	stats_bootstrap(x, 40, 1, &b, NULL);
	stats_bootstrap(x, 40, 2, &c, NULL);
	is_true(a.low == b.low && a.high == b.high);
	is_true(a.low != c.low || a.high != c.high);
}

static void
intervals_of_many_values_go_on_where_those_of_few_end(void)
{
	static double x[1001];
	struct stats_interval few_mean, few, many_mean, many;

	for (int i = 0; i < 1001; i++)
		x[i] = 1000 + i;
	stats_bootstrap(x, 1000, 1, &few_mean, &few);
	stats_bootstrap(x, 1001, 1, &many_mean, &many);
	is_true(fabs(few.low - many.low) < 5 && fabs(few.high - many.high) < 5);
	is_true(fabs(few_mean.low - many_mean.low) < 3);
	is_true(fabs(few_mean.high - many_mean.high) < 3);
}

static void
a_ratio_has_its_interval_around_it(void)
{
	struct stats_interval ratio;
	double a[30], b[30];
	struct rng r;

	rng_seed(&r, 3);
	for (int i = 0; i < 30; i++) {
		a[i] = rng_between(&r, 99, 101);
		b[i] = rng_between(&r, 108, 112);
	}
	stats_sort(a, 30);
	stats_sort(b, 30);
	ratio = stats_bootstrap_ratio(a, 30, b, 30, 42);
	is_true(ratio.low > 1.07 && ratio.low < 1.1);
	is_true(ratio.high > 1.1 && ratio.high < 1.13);
}

static void
nothing_proves_nothing(void)
{
	static const double zero[] = {0, 0, 0};

	is_true(stats_signed_rank(zero, 3) == 1);
	is_true(stats_signed_rank(zero, 0) == 1);
	is_true(stats_rank_sum(zero, 0, zero, 3) == 1);
	is_true(stats_rank_sum(zero, 3, zero, 3) == 1);
}

/* What a true difference of none yields: p below q in a part q of cases. */
static void
false_alarms_of_the_rank_tests_are_as_many_as_they_say(void)
{
	int paired = 0, apart = 0;
	struct rng r;

	rng_seed(&r, 9);
	for (int i = 0; i < 2000; i++) {
		double a[15], b[15], d[15];

		for (int k = 0; k < 15; k++) {
			a[k] = rng_float(&r);
			b[k] = rng_float(&r);
			d[k] = a[k] - b[k];
		}
		paired += stats_signed_rank(d, 15) < 0.05;
		apart += stats_rank_sum(a, 15, b, 15) < 0.05;
	}
	is_true(paired > 60 && paired <= 130);
	is_true(apart > 60 && apart <= 130);
}

static void
a_share_has_an_interval_that_stays_between_none_and_all(void)
{
	double low, high;

	stats_share(3, 10, &low, &high);
	is_true(low > 0.1077 && low < 0.1079);
	is_true(high > 0.6031 && high < 0.6033);
	stats_share(0, 10, &low, &high);
	is_true(low == 0 && high > 0.2774 && high < 0.2776);
	stats_share(10, 10, &low, &high);
	is_true(low > 0.7224 && low < 0.7226 && high == 1);
}

TAP_MAIN(TEST(a_share_has_an_interval_that_stays_between_none_and_all),
    TEST(location_and_spread_are_those_of_scipy),
    TEST(outliers_are_counted_as_by_scipy),
    TEST(rank_tests_give_the_p_of_scipy), TEST(scaling_fits_are_those_of_scipy),
    TEST(densities_are_those_of_scipy),
    TEST(bootstrap_intervals_are_near_those_of_scipy),
    TEST(equal_seeds_give_equal_intervals),
    TEST(intervals_of_many_values_go_on_where_those_of_few_end),
    TEST(a_ratio_has_its_interval_around_it), TEST(nothing_proves_nothing),
    TEST(false_alarms_of_the_rank_tests_are_as_many_as_they_say))
