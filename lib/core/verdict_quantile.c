/* How long spans of one kind take, over all runs that are given. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/verdict_int.h"

/* As many as it takes for one to be expected beyond it; and a median of fewer
 * than six has no interval that holds in 95 of 100 cases. */
static const struct quantile {
	const char *name;
	unsigned percent, least;
} quantiles[] = {
    {"p50", 50, 6}, {"p90", 90, 10}, {"p95", 95, 20}, {"p99", 99, 100}};

struct durations {
	uint64_t *ns; /* ns[n], ascending */
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct durations
measure(struct wish *w)
{
	const struct verdict_file *f = w->j->file;
	struct durations d = {
	    arena_alloc(&w->j->a, (f->n + 1) * sizeof *d.ns), 0};

	for (size_t i = 0; i < f->n; i++) {
		const struct seen *s = &f->seen[i];

		if (w->name.is[i] && s->start_ns && s->end_ns >= s->start_ns &&
		    verdict_is_like(w, s))
			d.ns[d.n++] = s->end_ns - s->start_ns;
	}
	qsort(d.ns, d.n, sizeof *d.ns, compare);
	return d;
}

static const char *
say_bounds(struct arena *a, double min, double max)
{
	const char *low = min >= 0 ? arena_fmt(a, "at least %g ms", min) : "";
	const char *high = max >= 0 ? arena_fmt(a, "at most %g ms", max) : "";

	return arena_fmt(a, "%s%s%s", low, *low && *high ? ", " : "", high);
}

static void
say_too_few(struct wish *w, struct check *c, const struct quantile *q, size_t n)
{
	struct arena *a = &w->j->a;

	c->outcome = UNDECIDED;
	c->actual = arena_fmt(a, "%zu duration%s", n, n == 1 ? "" : "s");
	c->message = arena_fmt(a,
	    "cannot be decided: %s of \"%s\" takes %u durations, and there "
	    "%s %zu",
	    q->name, w->name.pattern, q->least, n == 1 ? "is" : "are", n);
	c->hint = "fix: run it more often; the runs of one saved stream are "
		  "taken together (clnrm verify SAVED --against TEST)";
}

/* src: Hyndman and Fan (1996), definition 1: one of those that were seen */
static void
check_quantile(struct wish *w, const struct durations *d,
    const struct quantile *q, const struct value *want)
{
	struct arena *a = &w->j->a;
	struct check c = {.code = "E205", .outcome = HOLDS, .is_open = true};
	double min = value_num_or(value_get(want, "min_ms"), -1);
	double max = value_num_or(value_get(want, "max_ms"), -1);
	double ms;

	c.rule = arena_fmt(a, "expect.span[%zu].duration_%s", w->at, q->name);
	c.expected = say_bounds(a, min, max);
	if (!w->name.n) {
		c.message = arena_fmt(a, "%s of \"%s\": the span never ran",
		    q->name, w->name.pattern);
		verdict_missing(w->j, &c, &w->name);
	} else if (d->n < q->least) {
		say_too_few(w, &c, q, d->n);
	} else {
		ms = (double)d->ns[(d->n * q->percent + 99) / 100 - 1] / 1e6;
		if (ms < min || (max >= 0 && ms > max))
			c.outcome = FAILS;
		c.actual = arena_fmt(a, "%g ms", ms);
		c.message = arena_fmt(a,
		    "%s of %zu durations of \"%s\": expected %s, found %s",
		    q->name, d->n, w->name.pattern, c.expected, c.actual);
	}
	verdict_check(w->j, &c);
}

void
verdict_quantiles(struct judging *j, const struct value *want, size_t at)
{
	const struct value *asked = value_get(want, "duration_quantiles");
	struct durations d;
	struct wish w;

	if (!value_count(asked))
		return;
	j->file->is_pooling = true;
	w = verdict_wish(j, want, at, false);
	d = measure(&w);
	for (size_t i = 0; i < COUNT(quantiles); i++) {
		const struct value *q = value_get(asked, quantiles[i].name);

		if (q)
			check_quantile(&w, &d, &quantiles[i], q);
	}
	verdict_wish_free(&w);
	j->file->is_pooling = false;
}
