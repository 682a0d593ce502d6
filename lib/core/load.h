/*
 * How many scenarios may run at once. With a fixed number of jobs that many;
 * else as many as keep the processors busy, and as there is memory for.
 *
 * A scenario's need is what its file limits it to; else a guess by the kind of
 * its services; else what it was seen to use the last time. It decides who runs
 * together, and is nobody's limit.
 */
#ifndef CORE_LOAD_H
#define CORE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/map.h"
#include "core/test.h"

struct need {
	int64_t bytes;
	int64_t millicores; /* thousandths of a processor */
};

struct load {
	bool is_auto;
	size_t least, most; /* scenarios at once */
	struct need free;   /* what can be given away */
	struct need held;   /* by those that run */
	size_t running;
	double busy;	 /* processors that one keeps busy, on average */
	struct map seen; /* scenario to its struct need */
};

/*
 * in:  jobs, 0: as many as the machine bears
 * mem: load_close() it
 */
void load_open(struct load *l, size_t jobs);
void load_close(struct load *l);

/* What a scenario of a test, the one at `index`, will need. */
struct need load_need(const struct load *l, const struct test *t, size_t index);

/* May it begin beside those that run? One always may. */
bool load_admits(const struct load *l, const struct need *n);

/* It begins; it has ended. */
void load_add(struct load *l, const struct need *n);
void load_sub(struct load *l, const struct need *n);

/* What a scenario was seen to use, in so many nanoseconds. */
void load_learn(struct load *l, const struct test *t, size_t index,
    const struct rusage *usage, int64_t duration_ns);

#endif
