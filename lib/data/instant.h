/*
 * A point in time, as text and as a number.
 *
 * src: RFC 3339
 */
#ifndef DATA_INSTANT_H
#define DATA_INSTANT_H

#include <stdint.h>

#include "base/err.h"

/*
 * Read a time with its offset, "2025-01-01T00:00:00.5+01:00".
 *
 * out: nanoseconds since the Unix epoch; finer digits are dropped
 * err: -1 and *e when it is none, or lies outside the years 1678 to 2262
 */
int instant_parse(const char *text, int64_t *ns, struct err *e);

#endif
