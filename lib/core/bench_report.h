/*
 * Results, comparisons and verdicts as a report: for people, and for the tools
 * that they keep their numbers in. All of it comes from records.
 */
#ifndef CORE_BENCH_REPORT_H
#define CORE_BENCH_REPORT_H

#include "base/buf.h"
#include "data/value.h"

struct bench_report {
	const struct value **record; /* record[n], in their order */
	size_t n, cap;
	const struct value **past; /* past[pasts]: results of earlier runs */
	size_t pasts, pasts_cap;
};

/* Markdown: the machine, verdicts, results, comparisons, scalings. */
void bench_report_markdown(const struct bench_report *r, struct buf *to);

/* The same as one page that needs nothing beside it, with density plots and
 * the history of each benchmark. */
void bench_report_html(const struct bench_report *r, struct buf *to);

/* "test ID ... bench: N ns/iter (+/- M)", as Rust's tools read it. */
void bench_report_bencher(const struct bench_report *r, struct buf *to);

/* Metrics in the text form of Prometheus. */
void bench_report_prometheus(const struct bench_report *r, struct buf *to);

#endif
