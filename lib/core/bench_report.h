/*
 * Results, comparisons and verdicts as a report: for people, and for the tools
 * that they keep their numbers in. All of it comes from records.
 */
#ifndef CORE_BENCH_REPORT_H
#define CORE_BENCH_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/value.h"

struct bench_report {
	const struct value **record; /* record[n], in their order */
	size_t n, cap;
	const struct value **past; /* past[pasts]: results of earlier runs */
	size_t pasts, pasts_cap;
};

/* Add a record of the run that is reported. Borrows it. */
void bench_report_add(struct bench_report *r, const struct value *record);

/*
 * Add the results of an earlier run, a file of records, to the past.
 *
 * err: -1 and *e: it cannot be read
 * mem: they live in a
 */
int bench_report_read_past(
    struct bench_report *r, const char *path, struct arena *a, struct err *e);
void bench_report_free(struct bench_report *r);

/* Print it as "markdown", "html", "bencher" or "prometheus"; false: as none. */
bool bench_report_print(
    const struct bench_report *r, const char *form, struct buf *to);

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
