/*
 * What the parts of core/bundle share: the texts that are written for people.
 */
#ifndef CORE_BUNDLE_INT_H
#define CORE_BUNDLE_INT_H

#include "core/bundle.h"
#include "core/plan.h"

/* Append where it ran, from its `scenario.end`. */
void bundle_environment(
    struct bundle *u, const struct value *end, struct buf *b);

/* Append the script that runs it again. */
void bundle_repeat(const struct bundle *u, const char *run, struct buf *b);

#endif
