#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/bench.h"

enum { TIMES = 3 };

/* Counts differ by where the kernel puts things; so much is no change. */
static const double EXACT_FLOOR = 0.005;

struct counter {
	struct proc *p;
	int number[2];
	bool is_valgrind;
	char dir[32]; /* where its logs are */
};

/* "==12== Collected : 123456" of each process. */
static int64_t
sum_logs(const char *dir)
{
	DIR *d = opendir(dir);
	int64_t sum = 0;
	struct dirent *it;

	while (d && (it = readdir(d))) {
		AUTO_BUF path = BUF_INIT, text = BUF_INIT;
		const char *at;

		if (*it->d_name == '.')
			continue;
		buf_addf(&path, "%s/%s", dir, it->d_name);
		if (file_read(path.s, &text, NULL) == 0 &&
		    (at = strstr(text.s, "Collected : ")))
			sum += strtoll(at + 12, NULL, 10);
		unlink(path.s);
	}
	if (d)
		closedir(d);
	return sum;
}

/* The same command below valgrind. */
static const char **
wrapped(struct arena *a, const char *dir, const char *const *argv)
{
	const char *const before[] = {"valgrind", "--tool=callgrind",
	    "--callgrind-out-file=/dev/null", "--trace-children=yes",
	    arena_fmt(a, "--log-file=%s/%%p", dir), "--"};
	size_t n = 0;
	const char **all;

	while (argv[n])
		n++;
	all = arena_alloc(a, (COUNT(before) + n + 1) * sizeof *all);
	memcpy(all, before, sizeof before);
	memcpy(all + COUNT(before), argv, n * sizeof *all);
	return all;
}

static int
add(struct counter *c, struct arena *a, const char *const *argv[2],
    const struct bench_plan *plan, struct err *e)
{
	struct err none = {0};

	c->is_valgrind = proc_count(c->p, &none) < 0;
	snprintf(c->dir, sizeof c->dir, "/tmp/clnrm-bench-XXXXXX");
	if (c->is_valgrind && !mkdtemp(c->dir))
		return err_set(e, "cannot make %s:", c->dir);
	for (int i = 0; i < 2; i++) {
		struct proc_command command = {
		    .argv = argv[i], .timeout_ns = plan->timeout_ns};

		if (c->is_valgrind)
			command.argv = wrapped(a, c->dir, argv[i]);
		c->number[i] = proc_add(c->p, &command, e);
		if (c->number[i] >= 0)
			continue;
		if (c->is_valgrind)
			err_hint(e, "%s; Debian's package valgrind counts them",
			    none.text);
		return -1;
	}
	return 0;
}

static int
count_once(struct counter *c, int side, double *to,
    const struct bench_plan *plan, struct err *e)
{
	unsigned char number = (unsigned char)c->number[side];
	struct proc_run run;

	if (proc_run(c->p, &number, 1, &run, e) < 0)
		return -1;
	if (run.error || run.timed_out ||
	    (run.status && !plan->ignores_failure))
		return err_set(e, "the %s command fails", side ? "new" : "old");
	*to = (double)(c->is_valgrind ? sum_logs(c->dir) : run.instructions);
	if (*to <= 0)
		return err_set(e, "no instructions were counted");
	return 0;
}

/* Beyond what each side differs from itself. */
static void
judge(struct bench_compare *c, double of[2][TIMES])
{
	double spread;

	for (int i = 0; i < 2; i++)
		stats_sort(of[i], TIMES);
	c->wall = (struct bench_change){.old_ns = of[0][0],
	    .new_ns = of[1][0],
	    .change = of[1][0] / of[0][0] - 1,
	    .p = 1};
	c->wall.ci.low = of[1][0] / of[0][TIMES - 1] - 1;
	c->wall.ci.high = of[1][TIMES - 1] / of[0][0] - 1;
	spread = fmax(of[0][TIMES - 1] / of[0][0], of[1][TIMES - 1] / of[1][0]);
	c->floor = fmax(EXACT_FLOOR, spread - 1);
	c->wall.word = c->wall.change > c->floor  ? BENCH_REGRESSED
		     : c->wall.change < -c->floor ? BENCH_IMPROVED
						  : BENCH_NO_CHANGE;
	c->word = c->wall.word;
}

int
bench_exact(struct bench_compare *c, struct proc *p, const char *const *argv[2],
    const struct bench_plan *plan, struct err *e)
{
	struct counter counter = {.p = p};
	double of[2][TIMES];
	AUTO_ARENA a = {0};
	int rc = add(&counter, &a, argv, plan, e);

	c->mode = "exact";
	c->is_exact = true;
	c->by = "instructions";
	for (int i = 0; i < 2 * TIMES && !rc; i++)
		rc = count_once(&counter, i % 2, &of[i % 2][i / 2], plan, e);
	if (!rc) {
		c->pairs = TIMES;
		c->looks = 1;
		judge(c, of);
	}
	if (counter.is_valgrind)
		rmdir(counter.dir);
	return rc;
}
