#include "sys/machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

long
machine_processors(void)
{
	cpu_set_t set;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (!sched_getaffinity(0, sizeof set, &set))
		n = CPU_COUNT(&set);
	return n < 1 ? 1 : n;
}

/* The number behind `name` in a file; -1: there is none. */
static int64_t
number_in(const char *path, const char *name)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};
	const char *at;
	char *end;
	long long n;

	if (file_read(path, &text, &e) < 0)
		return -1;
	at = strstr(text.s, name);
	if (!at)
		return -1;
	at += strlen(name);
	n = strtoll(at, &end, 10);
	return end == at ? -1 : n;
}

/* What is left of a limit, where the two files are: v2, then v1. */
static int64_t
left_of_group(void)
{
	static const char *const files[][2] = {
	    {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
	    {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
		"/sys/fs/cgroup/memory/memory.usage_in_bytes"}};

	for (int i = 0; i < 2; i++) {
		int64_t most = number_in(files[i][0], "");
		int64_t used = number_in(files[i][1], "");

		if (most >= 0 && used >= 0)
			return most > used ? most - used : 0;
	}
	return INT64_MAX;
}

int64_t
machine_memory(void)
{
	int64_t all = number_in("/proc/meminfo", "MemAvailable:");
	int64_t own = left_of_group();

	all = all < 0
		? (int64_t)sysconf(_SC_PAGESIZE) * sysconf(_SC_AVPHYS_PAGES)
		: all * 1024;
	return own < all ? own : all;
}
