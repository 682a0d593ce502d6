#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "core/bench.h"

void
bench_print_ns(struct buf *b, double ns)
{
	static const struct {
		double from, by;
		const char *unit;
	} units[] = {
	    {1e9, 1e9, "s"}, {1e6, 1e6, "ms"}, {1e3, 1e3, "us"}, {0, 1, "ns"}};
	size_t i = 0;
	double v;

	while (fabs(ns) < units[i].from)
		i++;
	v = ns / units[i].by;
	buf_addf(b, "%.*f %s",
	    units[i].by == 1 || v >= 100 ? 0
	    : v >= 10			 ? 1
					 : 2,
	    v, units[i].unit);
}

static const char *
text(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), "");
}

static double
number(const struct value *v, const char *path)
{
	return value_num_or(value_find(v, path), 0);
}

/* "name 1.23 ms" with blanks up to a width. */
static void
add_time(
    struct buf *b, const char *name, const struct value *v, const char *key)
{
	AUTO_BUF t = BUF_INIT;

	bench_print_ns(&t, number(v, key));
	buf_addf(b, "  %s %8s", name, t.s);
}

static void
add_notes(struct buf *b, const struct value *v)
{
	long low = (long)(number(v, "outliers.low_severe") +
			  number(v, "outliers.low_mild"));
	long high = (long)(number(v, "outliers.high_severe") +
			   number(v, "outliers.high_mild"));
	long n = (long)number(v, "iterations");
	double score = number(v, "noise.score");

	if ((low + high) * 20 > n)
		buf_addf(b, "    %ld of %ld are outliers, %ld of them high\n",
		    low + high, n, high);
	if (score >= 0.05)
		buf_addf(b,
		    "    the machine is restless (%.0f %%: jitter %.0f, steal "
		    "%.0f, load %.1f a processor)\n",
		    score * 100, number(v, "noise.jitter") * 100,
		    number(v, "noise.steal") * 100, number(v, "noise.load"));
	if (value_bool_or(value_get(v, "quick"), false))
		buf_adds(b, "    quick: no gate takes it\n");
}

static void
print_result(struct buf *b, const struct value *v)
{
	AUTO_BUF spread = BUF_INIT;

	buf_addf(b, "%-28s", text(v, "id"));
	if (strcmp(text(v, "status"), "ok") != 0) {
		buf_addf(b, "  failed: %s\n", text(v, "message"));
		return;
	}
	add_time(b, "median", v, "median_ns");
	bench_print_ns(&spread, number(v, "mad_ns"));
	buf_addf(b, " +- %-8s", spread.s);
	add_time(b, "min", v, "min_ns");
	add_time(b, "p95", v, "p95_ns");
	if (value_get(v, "cpu_median_ns"))
		add_time(b, "cpu", v, "cpu_median_ns");
	if (value_get(v, "peak_rss_kb"))
		buf_addf(b, "  %.1f MB", number(v, "peak_rss_kb") / 1024);
	buf_addf(b, "  n %.0f\n", number(v, "iterations"));
	add_notes(b, v);
}

static void
add_change(struct buf *b, const struct value *v, const char *key)
{
	const struct value *c = value_get(v, key);
	double change = number(c, "change") * 100;

	if (!c)
		return;
	buf_addf(b, "    %-12s %.1f %% %s (%.1f to %.1f %%), p %.2g: %s\n", key,
	    fabs(change), change < 0 ? "less" : "more",
	    number(c, "change_ci95.0") * 100, number(c, "change_ci95.1") * 100,
	    number(c, "p"), text(c, "verdict"));
}

static void
print_compare(struct buf *b, const struct value *v)
{
	buf_addf(b, "%s: %s", text(v, "id"), text(v, "verdict"));
	if (!strcmp(text(v, "mode"), "pairs"))
		buf_addf(b, " after %.0f pairs", number(v, "pairs"));
	buf_addf(b, ", by %s\n", text(v, "by"));
	add_change(b, v, "wall");
	add_change(b, v, "cpu");
	add_change(b, v, "instructions");
}

static void
add_amount(struct buf *b, const struct value *v, double amount)
{
	if (strstr(text(v, "metric"), "_ns"))
		bench_print_ns(b, amount);
	else
		buf_addf(b, "%.0f kB", amount);
}

static void
add_budget(struct buf *b, const struct value *v)
{
	double limit = number(v, "limit"), actual = number(v, "actual");

	if (!value_get(v, "limit"))
		return;
	buf_adds(b, ", budget ");
	add_amount(b, v, limit);
	if (actual > limit) {
		buf_adds(b, ", ");
		add_amount(b, v, actual - limit);
		buf_addf(b, " over (+%.1f %%)", (actual / limit - 1) * 100);
	} else {
		buf_addf(b, ", %.0f %% used", actual / limit * 100);
	}
}

static void
print_verdict(struct buf *b, const struct value *v)
{
	bool fails = value_bool_or(value_get(v, "fails"), false);
	const char *status = text(v, "status"), *level = text(v, "level");

	buf_addf(b, "%-5s %s %s", fails ? "FAIL" : "pass", text(v, "id"),
	    text(v, "metric"));
	if (value_get(v, "actual")) {
		buf_addc(b, ' ');
		add_amount(b, v, number(v, "actual"));
	}
	add_budget(b, v);
	if (*status)
		buf_addf(b, ", %s", status);
	if (value_get(v, "change"))
		buf_addf(b, ", %+.1f %% (%s)", number(v, "change") * 100,
		    text(v, "verdict"));
	if (strcmp(level, "none") != 0)
		buf_addf(b, ", %s", level);
	if (*text(v, "note"))
		buf_addf(b, ": %s", text(v, "note"));
	buf_addc(b, '\n');
}

static void
print_scaling(struct buf *b, const struct value *v)
{
	buf_addf(b, "%-28s  grows with size to the power %.2f (r2 %.3f): %s\n",
	    text(v, "id"), number(v, "exponent"), number(v, "r2"),
	    value_bool_or(value_get(v, "linear"), false) ? "linear"
							 : "more than linear");
}

static void
print_bench(struct buf *b, const struct value *v)
{
	buf_addf(b, "%-40s %s", text(v, "id"), text(v, "metric"));
	if (value_find(v, "limits.target")) {
		buf_adds(b, "  at most ");
		add_amount(b, v, number(v, "limits.target"));
	}
	buf_addc(b, '\n');
}

static void
print_env(struct buf *b, const struct value *v)
{
	buf_addf(b,
	    "%s, %.0f processors, %.1f GB, %s %s, clock %.0f ns a "
	    "reading [%s]\n",
	    text(v, "cpu"), number(v, "processors"),
	    number(v, "memory_kb") / (1 << 20), text(v, "os"),
	    text(v, "kernel"), number(v, "clock_cost_ns"), text(v, "hash"));
}

static void
print_diagnostic(struct buf *b, const struct value *v)
{
	buf_addf(b, "%s: %s\n", text(v, "severity"), text(v, "message"));
	if (*text(v, "hint"))
		buf_addf(b, "    %s\n", text(v, "hint"));
}

void
bench_print(struct buf *b, const struct value *record)
{
	static const struct {
		const char *type;
		void (*fn)(struct buf *b, const struct value *v);
	} types[] = {
	    {"bench", print_bench},
	    {"bench_env", print_env},
	    {"bench_result", print_result},
	    {"bench_compare", print_compare},
	    {"bench_verdict", print_verdict},
	    {"bench_scaling", print_scaling},
	    {"diagnostic", print_diagnostic},
	};

	for (size_t i = 0; i < COUNT(types); i++)
		if (!strcmp(types[i].type, text(record, "type")))
			types[i].fn(b, record);
}
