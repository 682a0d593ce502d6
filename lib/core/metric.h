/*
 * What a stage measures of itself, summed up over its life: counters, shares
 * and distributions, told as `metric` records before its `end`.
 *
 * NULL is a stage of which nobody wants it: then nothing is done.
 *
 * src: clnrm-records(7); OpenTelemetry metrics data model, cumulative points
 */
#ifndef CORE_METRIC_H
#define CORE_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/json.h"

struct metrics;

struct metrics *metrics_new(void);

/* One more of `name`, among those with the attribute key = value; key NULL:
 * there are no kinds of it. Names and keys are borrowed, values copied. */
void metric_count(struct metrics *m, const char *name, const char *unit,
    const char *key, const char *value);

/* A share of hits, between 0 and 1: one more try. */
void metric_try(struct metrics *m, const char *name, const char *key,
    const char *value, bool is_hit);

/* One more value of a distribution of milliseconds. */
void metric_sample(struct metrics *m, const char *name, double ms);

/* Take what a record of the stage's own says; s[n] is its JSON. */
void metric_see(struct metrics *m, const char *s, size_t n);

/*
 * Write the next one's members but `type` and `stage`.
 *
 * in:  *at, 0 at first
 * out: false when there is none left
 */
bool metric_print(const struct metrics *m, size_t *at, struct json *j);

void metrics_del(struct metrics *m);

#endif
