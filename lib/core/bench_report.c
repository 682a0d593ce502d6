#include "core/bench_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/bench.h"
#include "core/bench_plot.h"
#include "data/stats.h"

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

static bool
is_type(const struct value *v, const char *type)
{
	return !strcmp(text(v, "type"), type);
}

static bool
is_ok(const struct value *v)
{
	return is_type(v, "bench_result") && !strcmp(text(v, "status"), "ok");
}

/* What a page or a table must not take as its own. */
static void
add_safe(struct buf *to, const char *s)
{
	for (; *s; s++) {
		const char *as = *s == '<' ? "&lt;"
			       : *s == '>' ? "&gt;"
			       : *s == '&' ? "&amp;"
			       : *s == '"' ? "&quot;"
			       : *s == '|' ? "&#124;"
					   : NULL;

		if (as)
			buf_adds(to, as);
		else
			buf_addc(to, *s);
	}
}

/* ---- cells, the same in both forms */

typedef void cell_fn(struct buf *to, const struct value *v);

static void
cell_id(struct buf *to, const struct value *v)
{
	add_safe(to, text(v, "id"));
}

static void
add_ns(struct buf *to, const struct value *v, const char *key)
{
	if (value_get(v, key))
		bench_print_ns(to, number(v, key));
	else
		buf_adds(to, "none");
}

#define TIME_CELL(name, key)                                    \
	static void name(struct buf *to, const struct value *v) \
	{                                                       \
		add_ns(to, v, key);                             \
	}

TIME_CELL(cell_p50, "p50_ns")
TIME_CELL(cell_p95, "p95_ns")
TIME_CELL(cell_p99, "p99_ns")
TIME_CELL(cell_mad, "mad_ns")
TIME_CELL(cell_min, "min_ns")

static void
cell_memory(struct buf *to, const struct value *v)
{
	if (value_get(v, "peak_rss_kb"))
		buf_addf(to, "%.1f MB", number(v, "peak_rss_kb") / 1024);
	else
		buf_adds(to, "unknown");
}

static void
cell_count(struct buf *to, const struct value *v)
{
	buf_addf(to, "%.0f", number(v, "iterations"));
}

static void
cell_noise(struct buf *to, const struct value *v)
{
	buf_addf(to, "%.1f %%", number(v, "noise.score") * 100);
}

static void
add_amount(struct buf *to, const struct value *v, const char *key)
{
	if (!value_get(v, key))
		buf_adds(to, "none");
	else if (strstr(text(v, "metric"), "_ns"))
		bench_print_ns(to, number(v, key));
	else
		buf_addf(to, "%.0f kB", number(v, key));
}

static void
cell_metric(struct buf *to, const struct value *v)
{
	add_safe(to, text(v, "metric"));
}

static void
cell_actual(struct buf *to, const struct value *v)
{
	add_amount(to, v, "actual");
}

static void
cell_limit(struct buf *to, const struct value *v)
{
	add_amount(to, v, "limit");
}

static void
cell_overage(struct buf *to, const struct value *v)
{
	add_amount(
	    to, v, value_get(v, "overage_kb") ? "overage_kb" : "overage_ns");
}

static void
cell_status(struct buf *to, const struct value *v)
{
	bool fails = value_bool_or(value_get(v, "fails"), false);

	buf_addf(to, "%s%s",
	    *text(v, "status") ? text(v, "status") : "no limit",
	    fails ? ", FAILS" : "");
	if (strcmp(text(v, "level"), "none") != 0)
		buf_addf(to, ", %s", text(v, "level"));
}

static void
cell_word(struct buf *to, const struct value *v)
{
	add_safe(to, *text(v, "verdict") ? text(v, "verdict") : "not compared");
}

static void
cell_change(struct buf *to, const struct value *v)
{
	const struct value *by = value_get(v, text(v, "by"));

	by = by ? by : v;
	if (!value_get(by, "change")) {
		buf_adds(to, "none");
		return;
	}
	buf_addf(to, "%+.1f %% (%.1f to %.1f)", number(by, "change") * 100,
	    number(by, "change_ci95.0") * 100,
	    number(by, "change_ci95.1") * 100);
}

static void
cell_mode(struct buf *to, const struct value *v)
{
	buf_addf(to, "%s, %.0f", text(v, "mode"), number(v, "pairs"));
}

static void
cell_exponent(struct buf *to, const struct value *v)
{
	buf_addf(to, "%.2f", number(v, "exponent"));
}

static void
cell_r2(struct buf *to, const struct value *v)
{
	buf_addf(to, "%.3f", number(v, "r2"));
}

static void
cell_linear(struct buf *to, const struct value *v)
{
	buf_adds(
	    to, value_bool_or(value_get(v, "linear"), false) ? "yes" : "no");
}

static const struct column {
	const char *name;
	cell_fn *fn;
} results[] = {{"benchmark", cell_id}, {"p50", cell_p50}, {"MAD", cell_mad},
    {"min", cell_min}, {"p95", cell_p95}, {"p99", cell_p99},
    {"memory", cell_memory}, {"runs", cell_count}, {"noise", cell_noise}, {0}},
  verdicts[] = {{"benchmark", cell_id}, {"metric", cell_metric},
      {"actual", cell_actual}, {"budget", cell_limit},
      {"overage", cell_overage}, {"status", cell_status},
      {"change", cell_change}, {"verdict", cell_word}, {0}},
  compares[] = {{"benchmark", cell_id}, {"change", cell_change},
      {"verdict", cell_word}, {"mode, pairs", cell_mode}, {"noise", cell_noise},
      {0}},
  scalings[] = {{"family", cell_id}, {"exponent", cell_exponent},
      {"r2", cell_r2}, {"linear", cell_linear}, {0}};

static const struct table {
	const char *title, *type;
	const struct column *column;
} tables[] = {
    {"Budgets", "bench_verdict", verdicts},
    {"Results", "bench_result", results},
    {"Comparisons", "bench_compare", compares},
    {"Scaling", "bench_scaling", scalings},
};

static bool
is_in(const struct table *t, const struct value *v)
{
	return is_type(v, t->type) &&
	       (is_ok(v) || strcmp(t->type, "bench_result") != 0);
}

static size_t
rows(const struct bench_report *r, const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += is_in(t, r->record[i]);
	return n;
}

/* ---- words that stand above the tables */

static void
add_machine(const struct bench_report *r, struct buf *to)
{
	for (size_t i = 0; i < r->n; i++) {
		AUTO_BUF line = BUF_INIT;

		if (!is_type(r->record[i], "bench_env"))
			continue;
		bench_print(&line, r->record[i]);
		add_safe(to, line.s);
		return;
	}
	buf_adds(to, "The stream names no machine.\n");
}

static void
add_summary(const struct bench_report *r, struct buf *to)
{
	size_t ok = 0, errors = 0, judged = 0, failed = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct value *v = r->record[i];

		ok += is_ok(v);
		errors += is_type(v, "bench_result") && !is_ok(v);
		judged += is_type(v, "bench_verdict");
		failed += is_type(v, "bench_verdict") &&
			  value_bool_or(value_get(v, "fails"), false);
	}
	buf_addf(
	    to, "%zu benchmarks measured, %zu failed to run; ", ok, errors);
	if (judged)
		buf_addf(
		    to, "%zu budgets judged, %zu not kept.\n", judged, failed);
	else
		buf_adds(to, "no budget was judged.\n");
}

/* ---- Markdown */

static void
markdown_table(
    const struct bench_report *r, const struct table *t, struct buf *to)
{
	buf_addf(to, "\n## %s\n\n|", t->title);
	for (const struct column *c = t->column; c->name; c++)
		buf_addf(to, " %s |", c->name);
	buf_adds(to, "\n|");
	for (const struct column *c = t->column; c->name; c++)
		buf_adds(to, " --- |");
	for (size_t i = 0; i < r->n; i++) {
		if (!is_in(t, r->record[i]))
			continue;
		buf_adds(to, "\n|");
		for (const struct column *c = t->column; c->name; c++) {
			buf_addc(to, ' ');
			c->fn(to, r->record[i]);
			buf_adds(to, " |");
		}
	}
	buf_addc(to, '\n');
}

void
bench_report_markdown(const struct bench_report *r, struct buf *to)
{
	buf_adds(to, "# Benchmarks\n\n");
	add_summary(r, to);
	buf_addc(to, '\n');
	add_machine(r, to);
	for (size_t i = 0; i < COUNT(tables); i++)
		if (rows(r, &tables[i]))
			markdown_table(r, &tables[i], to);
}

/* ---- the page */

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:95rem;"
    "padding:0 1rem;color:#1a1a1a;background:#fff}"
    "h1{font-size:1.6rem}h2{margin-top:2.2rem;font-size:1.2rem}"
    "div{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #ddd;"
    "white-space:nowrap;font-variant-numeric:tabular-nums}"
    "th:first-child,td:first-child{text-align:left}th{color:#555}"
    ".bad{background:#fde8e8}.warn{background:#fff6db}"
    "svg{display:block}.area{fill:#9ec5e8;stroke:#2b6ca3}"
    ".line{fill:none;stroke:#2b6ca3;stroke-width:1.5}.dot{fill:#2b6ca3}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e8}"
    "th{color:#aaa}th,td{border-color:#3a3a3a}.bad{background:#4a1f1f}"
    ".warn{background:#453a15}.area{fill:#24506f;stroke:#7db8e8}"
    ".line{stroke:#7db8e8}.dot{fill:#7db8e8}}"
    "@media print{@page{size:landscape;margin:10mm}body{font-size:8.5px;"
    "margin:0;padding:0;max-width:none;color:#000;background:#fff}"
    "div{overflow:visible}th,td{padding:.15rem .4rem}tr{break-inside:avoid}}";

/* The numbers of a list; free() them. */
static double *
numbers(const struct value *v, const char *key, size_t *n)
{
	const struct value *list = value_get(v, key);
	double *x;

	*n = list && list->kind == VALUE_LIST ? value_count(list) : 0;
	x = mem_new(*n + 1, sizeof *x);
	for (size_t i = 0; i < *n; i++)
		x[i] = list->list.item[i]->kind == VALUE_FLOAT
			 ? list->list.item[i]->f
			 : (double)value_int_or(list->list.item[i], 0);
	return x;
}

static void
add_density(struct buf *to, const struct bench_report *r, const struct value *v)
{
	size_t n;
	double *x = numbers(v, "observed_ns", &n);

	(void)r;
	stats_sort(x, n);
	bench_plot_density(to, x, n);
	free(x);
}

/* Medians of earlier runs and this one. */
static void
add_history(struct buf *to, const struct bench_report *r, const struct value *v)
{
	double y[64];
	size_t n = 0;

	for (size_t i = 0; i < r->pasts && n + 1 < COUNT(y); i++)
		if (is_ok(r->past[i]) &&
		    !strcmp(text(r->past[i], "id"), text(v, "id")))
			y[n++] = number(r->past[i], "median_ns");
	y[n++] = number(v, "median_ns");
	if (n > 1)
		bench_plot_history(to, y, n);
	else
		buf_adds(to, "first run");
}

static void
add_scaling(struct buf *to, const struct bench_report *r, const struct value *v)
{
	size_t n, m;
	double *x = numbers(v, "sizes", &n), *y = numbers(v, "median_ns", &m);
	bool is_whole = n > 1 && n == m;

	(void)r;
	for (size_t i = 0; i < n && is_whole; i++)
		is_whole = x[i] > 0 && y[i] > 0 && (!i || x[i] > x[i - 1]);
	if (is_whole)
		bench_plot_scaling(to, x, y, n, number(v, "exponent"));
	else
		buf_adds(to, "no curve");
	free(x);
	free(y);
}

static const struct plot {
	const char *type, *name;
	void (*fn)(struct buf *to, const struct bench_report *r,
	    const struct value *v);
} plots[] = {
    {"bench_result", "density", add_density},
    {"bench_result", "history", add_history},
    {"bench_scaling", "fit", add_scaling},
};

static const char *
class_of(const struct value *v)
{
	if (value_bool_or(value_get(v, "fails"), false) ||
	    !strcmp(text(v, "verdict"), "regressed"))
		return "bad";
	if (!strcmp(text(v, "status"), "yellow") ||
	    !strcmp(text(v, "verdict"), "suspect"))
		return "warn";
	return "";
}

static void
html_row(const struct bench_report *r, const struct table *t,
    const struct value *v, struct buf *to)
{
	buf_addf(to, "\n<tr class=\"%s\">", class_of(v));
	for (const struct column *c = t->column; c->name; c++) {
		buf_adds(to, "<td>");
		c->fn(to, v);
	}
	for (size_t i = 0; i < COUNT(plots); i++)
		if (!strcmp(plots[i].type, t->type)) {
			buf_adds(to, "<td>");
			plots[i].fn(to, r, v);
		}
}

static void
html_table(const struct bench_report *r, const struct table *t, struct buf *to)
{
	buf_addf(to, "<h2>%s</h2><div><table><tr>", t->title);
	for (const struct column *c = t->column; c->name; c++)
		buf_addf(to, "<th>%s", c->name);
	for (size_t i = 0; i < COUNT(plots); i++)
		if (!strcmp(plots[i].type, t->type))
			buf_addf(to, "<th>%s", plots[i].name);
	for (size_t i = 0; i < r->n; i++)
		if (is_in(t, r->record[i]))
			html_row(r, t, r->record[i], to);
	buf_adds(to, "</table></div>\n");
}

void
bench_report_html(const struct bench_report *r, struct buf *to)
{
	buf_addf(to,
	    "<!doctype html><html lang=en><meta charset=utf-8>"
	    "<meta name=viewport content=\"width=device-width\">"
	    "<title>Benchmarks</title><style>%s</style>\n"
	    "<h1>Benchmarks</h1><p>",
	    style);
	add_summary(r, to);
	buf_adds(to, "<p>");
	add_machine(r, to);
	for (size_t i = 0; i < COUNT(tables); i++)
		if (rows(r, &tables[i]))
			html_table(r, &tables[i], to);
	buf_adds(to, "</html>\n");
}

/* ---- for programs */

void
bench_report_bencher(const struct bench_report *r, struct buf *to)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct value *v = r->record[i];

		if (is_ok(v))
			buf_addf(to,
			    "test %s ... bench: %.0f ns/iter (+/- %.0f)\n",
			    text(v, "id"), number(v, "median_ns"),
			    number(v, "sd_ns"));
	}
}

void
bench_report_prometheus(const struct bench_report *r, struct buf *to)
{
	static const char *const quantiles[] = {"50", "95", "99"};

	buf_adds(to, "# TYPE clnrm_bench_seconds gauge\n");
	for (size_t i = 0; i < r->n; i++)
		for (size_t q = 0; q < 3 && is_ok(r->record[i]); q++) {
			AUTO_BUF id = BUF_INIT;
			char key[8];

			snprintf(key, sizeof key, "p%s_ns", quantiles[q]);
			json_quote(&id, text(r->record[i], "id"),
			    strlen(text(r->record[i], "id")));
			buf_addf(to,
			    "clnrm_bench_seconds{id=%s,quantile=\"0.%s\"} "
			    "%.9f\n",
			    id.s, quantiles[q],
			    number(r->record[i], key) / 1e9);
		}
}

static const struct {
	const char *name;
	void (*fn)(const struct bench_report *r, struct buf *to);
} forms[] = {
    {"md", bench_report_markdown},
    {"markdown", bench_report_markdown},
    {"html", bench_report_html},
    {"bencher", bench_report_bencher},
    {"prometheus", bench_report_prometheus},
};

bool
bench_report_print(
    const struct bench_report *r, const char *form, struct buf *to)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (!strcmp(forms[i].name, form)) {
			forms[i].fn(r, to);
			return true;
		}
	return false;
}

static void
add_record(
    const struct value ***list, size_t *n, size_t *cap, const struct value *v)
{
	*list = mem_more(*list, *n, cap, sizeof **list);
	(*list)[(*n)++] = v;
}

void
bench_report_add(struct bench_report *r, const struct value *record)
{
	add_record(&r->record, &r->n, &r->cap, record);
}

int
bench_report_read_past(
    struct bench_report *r, const char *path, struct arena *a, struct err *e)
{
	struct bench_set set = {0};
	int got = bench_set_read(&set, path, e);

	for (size_t i = 0; !got && i < set.result.n; i++) {
		AUTO_JSON j = JSON_INIT;

		json_value(&j, NULL, set.result.entry[i].value);
		add_record(&r->past, &r->pasts, &r->pasts_cap,
		    json_parse(a, j.text.s, j.text.len, NULL));
	}
	bench_set_free(&set);
	return got;
}

void
bench_report_free(struct bench_report *r)
{
	free(r->record);
	free(r->past);
}
