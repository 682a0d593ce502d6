/*
 * Workloads as text, for who can do nothing without them.
 */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include "base/die.h"
#include "core/workload.h"

/* A workload in place of what was there; of traces `mutate` percent differ. */
static inline void
text_make(struct buf *to, const char *kind, int64_t size, double mutate)
{
	struct workload w = {.size = size, .mutate = mutate};
	struct err e = {0};

	buf_reset(to);
	if (workload_text(kind, &w, to, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

#endif
