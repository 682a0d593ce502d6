#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/diff_int.h"

enum { WIDE = 5, RUNS_MAX = 1000 };

static int
by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double
median(double x[], uint32_t n)
{
	qsort(x, n, sizeof *x, by_size);
	return (x[n / 2] + x[(n - 1) / 2]) / 2;
}

bool
diff_band(const struct span *s, double band[3])
{
	uint32_t n = s->runs_n < RUNS_MAX ? s->runs_n : RUNS_MAX;
	double x[RUNS_MAX], away;

	if (n < DIFF_RUNS)
		return false;
	for (uint32_t i = 0; i < n; i++)
		x[i] = (double)s->runs[i];
	band[1] = median(x, n);
	band[0] = x[0];
	band[2] = x[n - 1];
	for (uint32_t i = 0; i < n; i++)
		x[i] = fabs(x[i] - band[1]);
	away = WIDE * median(x, n);
	band[0] = fmax(0, fmin(band[0], band[1] - away));
	band[2] = fmax(band[2], band[1] + away);
	return true;
}

static void
put_run(struct spans *t, struct span *s, int64_t took)
{
	uint64_t *runs;

	if (took < 0 || s->runs_n >= RUNS_MAX)
		return;
	runs = arena_alloc(&t->arena, (s->runs_n + 1) * sizeof *runs);
	if (s->runs_n)
		memcpy(runs, s->runs, s->runs_n * sizeof *runs);
	runs[s->runs_n++] = (uint64_t)took;
	s->runs = runs;
}

static bool
takes_in(const struct span *old, const struct span *s)
{
	double band[3], took = (double)span_took(s);

	if (!diff_band(old, band))
		return false;
	if (!s->runs_n)
		return took >= band[0] && took <= band[2];
	for (uint32_t i = 0; i < s->runs_n; i++)
		if ((double)s->runs[i] < band[0] ||
		    (double)s->runs[i] > band[2])
			return false;
	return true;
}

static void
take(struct spans *t, struct span *s, const struct span *other)
{
	if (other->runs_n) {
		if (!takes_in(other, s))
			return;
		s->runs_n = 0;
		for (uint32_t i = 0; i < other->runs_n; i++)
			put_run(t, s, (int64_t)other->runs[i]);
	} else if (span_took(other) >= 0) {
		if (!s->runs_n)
			put_run(t, s, span_took(s));
		put_run(t, s, span_took(other));
	}
}

void
diff_take_runs(struct spans *to, struct spans *other)
{
	struct diff d = {.base = to, .now = other};

	diff_hash(&d);
	diff_match(&d, NULL, 0);
	for (size_t i = 0; i < to->n; i++) {
		uint32_t mate = d.node[BASE][i].mate;

		if (mate != SPAN_NONE)
			take(to, &to->span[i], &other->span[mate]);
	}
	diff_free(&d);
}
