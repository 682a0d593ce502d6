#include "base/clock.h"

#include <time.h>

static int64_t frozen = -1;

static int64_t
read_ns(clockid_t id)
{
	struct timespec t;

	if (frozen >= 0)
		return frozen;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

void
clock_freeze(int64_t ns)
{
	frozen = ns;
}
