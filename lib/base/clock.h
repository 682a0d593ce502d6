/*
 * The only reader of time. Tests freeze it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t clock_mono_ns(void);

/* Nanoseconds since the Unix epoch. */
int64_t clock_wall_ns(void);

/* From now on both clocks answer `ns`; negative thaws them. */
void clock_freeze(int64_t ns);

#endif
