/*
 * Something to work on, the same each time: templates, test files, traces,
 * trees of files. Equal kind, size and seed give equal bytes, everywhere.
 *
 * src: spec/benchmarks.md, section 4
 */
#ifndef CORE_WORKLOAD_H
#define CORE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { WORKLOAD_SEED = 42 };

struct workload {
	int64_t size;	/* of what there is; 0: as is usual of the kind */
	uint64_t seed;	/* 0: WORKLOAD_SEED */
	double mutate;	/* traces: so many of a hundred spans differ */
	bool has_hooks; /* phases: one before and one after each */
};

/*
 * Append a text of a kind to *to.
 *
 * err: -1 and *e: no such kind, with the nearest; or it is one of many files
 */
int workload_text(
    const char *kind, const struct workload *w, struct buf *to, struct err *e);

/* Is it a kind of many files, which workload_write() makes? */
bool workload_is_tree(const char *kind);

/*
 * Write the files of a kind into a directory, which is made where it is
 * missing.
 *
 * out: how many, or -1 and *e
 */
long workload_write(
    const char *kind, const struct workload *w, const char *dir, struct err *e);

/* The kind at that place, with its unit of size; NULL after the last. */
const char *workload_kind(size_t i, const char **unit);

#endif
