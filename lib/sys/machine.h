/*
 * What there is to run on.
 */
#ifndef SYS_MACHINE_H
#define SYS_MACHINE_H

#include <stdint.h>

/* Processors that we may run on; at least 1. */
long machine_processors(void);

/*
 * Bytes that can be had without swapping: of the machine, or of our cgroup
 * where that allows less.
 *
 * src: proc(5), MemAvailable; cgroups(7), memory.max
 */
int64_t machine_memory(void);

#endif
