#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/bench.h"
#include "data/hash.h"

/* ---- how restless the machine is */

enum { PIECES = BENCH_PIECES, PIECE_STEPS = 50000 };

static void
read_times(struct bench_probe *p)
{
	static const int IDLE_AND_BUSY = 8, STEAL = 7;
	FILE *f = fopen("/proc/stat", "re");
	unsigned long long v[8] = {0};

	*p = (struct bench_probe){0};
	if (!f)
		return;
	if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0],
		&v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 8)
		p->steal = v[STEAL];
	for (int i = 0; i < IDLE_AND_BUSY; i++)
		p->total += v[i];
	fclose(f);
}

/* Equal pieces of work, before and behind what is measured. */
static void
work(double took[PIECES])
{
	volatile uint64_t sink = 1;

	for (int i = 0; i < PIECES; i++) {
		int64_t start = clock_mono_ns();

		for (int k = 0; k < PIECE_STEPS; k++)
			sink = sink * 6364136223846793005U + 1;
		took[i] = (double)(clock_mono_ns() - start);
	}
}

/* Half the distance from the 10th to the 90th of a hundred, to the median. */
static double
jitter_of(double took[], size_t n)
{
	stats_sort(took, n);
	return (stats_quantile(took, n, 0.9) - stats_quantile(took, n, 0.1)) /
	       2 / stats_quantile(took, n, 0.5);
}

void
bench_noise_begin(struct bench_probe *p)
{
	read_times(p);
	work(p->took);
}

struct bench_noise
bench_noise_end(struct bench_probe *p)
{
	struct bench_noise n = {0};
	struct bench_probe now;
	double load[1];

	read_times(&now);
	if (now.total > p->total)
		n.steal = (double)(now.steal - p->steal) /
			  (double)(now.total - p->total);
	if (getloadavg(load, 1) == 1)
		n.load = load[0] / (double)get_nprocs();
	work(p->took + PIECES);
	n.jitter = jitter_of(p->took, COUNT(p->took));
	n.score = n.jitter + n.steal + (n.load > 1 ? (n.load - 1) / 100 : 0);
	return n;
}

/* Four digits are more than it is worth. */
static double
rounded(double part)
{
	return (double)(int64_t)(part * 1e4 + 0.5) / 1e4;
}

void
bench_noise_put(struct json *j, const struct bench_noise *n)
{
	json_open(j, "noise", '{');
	json_float(j, "score", rounded(n->score));
	json_float(j, "steal", rounded(n->steal));
	json_float(j, "load", rounded(n->load));
	json_float(j, "jitter", rounded(n->jitter));
	json_close(j, '}');
}

/* ---- what it is */

struct machine {
	char cpu[128], governor[64], os[128];
	struct utsname name;
	int processors;
	int64_t memory_kb;
	char hash[17];
};

/* The first line of a file, without what stands before the colon. */
static void
first_line(const char *path, const char *begins, char *to, size_t size)
{
	FILE *f = fopen(path, "re");
	char line[512];

	*to = 0;
	while (f && fgets(line, sizeof line, f)) {
		char *value = line + strlen(begins);

		if (strncmp(line, begins, strlen(begins)) != 0)
			continue;
		value += strspn(value, "\t :=\"");
		value[strcspn(value, "\"\n")] = 0;
		snprintf(to, size, "%s", value);
		break;
	}
	if (f)
		fclose(f);
}

static const struct machine *
machine(void)
{
	static struct machine m;
	struct sysinfo info;
	AUTO_BUF text = BUF_INIT;
	char hex[HASH_HEX];

	if (*m.hash)
		return &m;
	first_line("/proc/cpuinfo", "model name", m.cpu, sizeof m.cpu);
	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "",
	    m.governor, sizeof m.governor);
	first_line("/etc/os-release", "PRETTY_NAME", m.os, sizeof m.os);
	uname(&m.name);
	m.processors = get_nprocs();
	if (!sysinfo(&info))
		m.memory_kb =
		    (int64_t)((uint64_t)info.totalram * info.mem_unit >> 10);
	/* By the GiB: kernels keep a little more or less for themselves. */
	buf_addf(&text, "%s\n%s\n%s\n%s\n%d\n%lld", m.cpu, m.governor,
	    m.name.machine, m.name.release, m.processors,
	    (long long)(m.memory_kb >> 20));
	hash_hex(text.s, text.len, hex);
	snprintf(m.hash, sizeof m.hash, "%.16s", hex);
	return &m;
}

const char *
bench_env_hash(void)
{
	return machine()->hash;
}

/* What a reading of the clock costs. */
static int64_t
clock_cost_ns(void)
{
	enum { READINGS = 10000 };
	int64_t start = clock_mono_ns();

	for (int i = 1; i < READINGS; i++)
		clock_mono_ns();
	return (clock_mono_ns() - start) / READINGS;
}

void
bench_env_put(struct stage *st)
{
	const struct machine *m = machine();
	struct timespec step = {0};
	char now[32];
	AUTO_JSON j = stage_record(st, "bench_env");

	clock_getres(CLOCK_MONOTONIC, &step);
	bench_now(now);
	json_str(&j, "hash", m->hash);
	json_str(&j, "cpu", m->cpu);
	json_int(&j, "processors", m->processors);
	json_str(&j, "governor", *m->governor ? m->governor : NULL);
	json_int(&j, "memory_kb", m->memory_kb);
	json_str(&j, "machine", m->name.machine);
	json_str(&j, "kernel", m->name.release);
	json_str(&j, "os", m->os);
	json_str(&j, "version", VERSION);
	json_str(&j, "compiler", __VERSION__);
	json_int(&j, "clock_step_ns", step.tv_nsec);
	json_int(&j, "clock_cost_ns", clock_cost_ns());
	json_str(&j, "rev", bench_revision());
	json_str(&j, "ts", now);
	stage_put(st, &j);
}

void
bench_now(char text[32])
{
	time_t now = (time_t)(clock_wall_ns() / 1000000000);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- git, as far as HEAD says it */

/* .git of a linked work tree is a file that names a directory. */
static bool
find_git(char dir[4096])
{
	char at[3072], line[3072];

	if (!getcwd(at, sizeof at))
		return false;
	for (;;) {
		char *slash = strrchr(at, '/');

		snprintf(dir, 4096, "%s/.git", at);
		first_line(dir, "gitdir", line, sizeof line);
		if (*line)
			snprintf(dir, 4096, "%s", line);
		if (*line || !access(dir, F_OK))
			return true;
		if (!slash)
			return false;
		*slash = 0;
	}
}

static bool
is_revision(const char *s)
{
	return strlen(s) >= 40 && strspn(s, "0123456789abcdef") >= 40;
}

/* A branch is a file, in the directory or in the one that it shares. */
static void
read_ref(const char *dir, const char *ref, char *to, size_t size)
{
	char path[8200], common[1024], line[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/commondir", dir);
	first_line(path, "", common, sizeof common);
	snprintf(
	    path, sizeof path, "%s/%s/%s", dir, *common ? common : ".", ref);
	first_line(path, "", to, size);
	if (*to)
		return;
	snprintf(path, sizeof path, "%s/%s/packed-refs", dir,
	    *common ? common : ".");
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (is_revision(line) && !strcmp(line + 41, ref))
			snprintf(to, size, "%.40s", line);
	}
	if (f)
		fclose(f);
}

const char *
bench_revision(void)
{
	static char rev[512];
	char dir[4096], path[4200], ref[512];

	if (*rev)
		return rev;
	if (!find_git(dir))
		return NULL;
	snprintf(path, sizeof path, "%s/HEAD", dir);
	first_line(path, "", rev, sizeof rev);
	if (!strncmp(rev, "ref: ", 5)) {
		snprintf(ref, sizeof ref, "%s", rev + 5);
		read_ref(dir, ref, rev, sizeof rev);
	}
	if (!is_revision(rev))
		*rev = 0;
	return *rev ? rev : NULL;
}
