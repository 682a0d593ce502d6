/*
 * Inside of core/workload: what its kinds are made of.
 */
#ifndef CORE_WORKLOAD_INT_H
#define CORE_WORKLOAD_INT_H

#include "core/workload.h"
#include "data/rng.h"

typedef void workload_text_fn(
    struct buf *to, const struct workload *w, struct rng *r);

/* ---- workload_test.c: templates and test files */

workload_text_fn workload_template_simple, workload_template_medium,
    workload_template_complex, workload_template_vars, workload_toml,
    workload_toml_simple, workload_toml_medium, workload_toml_large,
    workload_scenario;

/* The template number i of many. */
void workload_template(struct buf *to, int64_t i);

/* ---- workload_trace.c */

workload_text_fn workload_trace;

#endif
