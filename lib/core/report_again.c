#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "core/report_int.h"
#include "data/stats.h"

/*
 * A test that runs several times. Its entries stay until the end of the run:
 * what is told at last is made of several.
 */
struct again {
	struct entry *entry; /* of the running to be told */
	struct result *told; /* the last red one, else the last */
	uint64_t runs, red;
	bool is_shown;
};

void
report_again_begin(struct report *r, const struct value *tree)
{
	const char *how = value_str_or(value_get(tree, "how"), "");
	int64_t times = value_int_or(value_get(tree, "times"), 0);

	r->again.is_on = true;
	r->again.is_repeat = !strcmp(how, "repeat");
	r->again.times = times > 0 ? (uint64_t)times : 0;
}

/* A failure says what it was by its verdict: it may yet be overturned. */
bool
report_again_forgives(const struct report *r, int64_t status, const char *stage)
{
	return r->again.is_on && status == EXIT_NO && !strcmp(stage, "verify");
}

static struct again *
again_of(struct report *r, const struct entry *e, const struct result *v)
{
	AUTO_BUF k = BUF_INIT;
	struct again *g;

	buf_addf(&k, "%s\n%s\n%s", e->source ? e->source : "",
	    e->variant ? e->variant : "", v->scenario ? v->scenario : "");
	g = map_get(&r->again.test, k.s, k.len);
	if (!g) {
		g = mem_new(1, sizeof *g);
		map_set(&r->again.test, k.s, k.len, g);
	}
	return g;
}

/* "3 of 10 runs failed: 30 % (11 to 60 %); the last of them: ..." */
static const char *
shares(const struct again *g)
{
	double low, high;

	stats_share(g->red, g->runs, &low, &high);
	return arena_fmt(&g->entry->a,
	    "%" PRIu64 " of %" PRIu64
	    " runs failed: %.0f %% (%.0f to %.0f %%); %s",
	    g->red, g->runs, 100.0 * (double)g->red / (double)g->runs,
	    100 * low, 100 * high,
	    g->told->message ? g->told->message : g->told->verdict);
}

static void
join(const struct report *r, struct again *g)
{
	struct result *v = g->told;
	bool is_mixed = g->red && g->red < g->runs;

	if (r->again.is_repeat && g->red)
		v->message = shares(g);
	else if (is_mixed)
		v->message = arena_fmt(&g->entry->a,
		    "failed %" PRIu64 " time%s, then passed: %s", g->red,
		    g->red == 1 ? "" : "s",
		    v->message ? v->message : v->verdict);
	if (is_mixed)
		v->verdict = "flaky";
	g->is_shown = true;
}

static bool
is_decided(const struct report *r, const struct again *g, bool is_red)
{
	if (r->again.is_repeat)
		return g->runs >= r->again.times;
	return !is_red || g->runs > r->again.times;
}

struct result *
report_again_take(struct report *r, struct entry **e, struct result *v)
{
	struct again *g = again_of(r, *e, v);
	bool is_red = report_is_red(v);

	if (g->is_shown) {
		v->is_done = false; /* what is told was told */
		return NULL;
	}
	g->runs++;
	g->red += is_red;
	if (is_red || !g->red) {
		if (g->told)
			g->told->is_done = false;
		if (g->red > 1)
			v->before = g->told;
		g->entry = *e;
		g->told = v;
	} else {
		v->is_done = false;
	}
	if (!is_decided(r, g, is_red))
		return NULL;
	join(r, g);
	*e = g->entry;
	return g->told;
}

struct result *
report_again_left(struct report *r, size_t *at, struct entry **e)
{
	for (; *at < r->again.test.n; ++*at) {
		struct again *g = r->again.test.entry[*at].value;

		if (g->is_shown || !g->told)
			continue;
		join(r, g);
		*e = g->entry;
		return g->told;
	}
	return NULL;
}

void
report_again_hold(struct report *r, struct entry *e)
{
	r->again.entry =
	    mem_more(r->again.entry, r->again.n, &r->again.cap, sizeof e);
	r->again.entry[r->again.n++] = e;
}

void
report_again_free(struct report *r)
{
	for (size_t i = 0; i < r->again.test.n; i++)
		free(r->again.test.entry[i].value);
	map_free(&r->again.test);
	for (size_t i = 0; i < r->again.n; i++)
		report_entry_free(r->again.entry[i]);
	free(r->again.entry);
	r->again = (struct report_again){0};
}
