#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	NS_OF_MS = 1000000,
	LONGEST_NS = 1000000000, /* that report_tick() lets wait */
	MANY = 10000,		 /* more do not run at once */
};

void
report_progress_start(struct report *r, const char *id, const char *name)
{
	struct progress *p = &r->progress;
	struct runner *to;

	if (p->n >= MANY)
		return;
	p->runner = mem_more(p->runner, p->n, &p->cap, sizeof *p->runner);
	to = &p->runner[p->n++];
	*to = (struct runner){.id = mem_str(id),
	    .name = mem_str(name ? name : "?"),
	    .since_ns = clock_mono_ns()};
	to->tell_ns = to->since_ns + r->how.slow_ns;
}

void
report_progress_end(struct report *r, const char *id)
{
	struct progress *p = &r->progress;

	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->runner[i].id, id) != 0)
			continue;
		free(p->runner[i].id);
		free(p->runner[i].name);
		memmove(&p->runner[i], &p->runner[i + 1],
		    (p->n - i - 1) * sizeof *p->runner);
		p->n--;
		return;
	}
}

void
report_progress_free(struct report *r)
{
	struct progress *p = &r->progress;

	while (p->n)
		report_progress_end(r, p->runner[0].id);
	free(p->runner);
}

void
report_hush(struct report *r)
{
	ticker_wipe(&r->progress.ticker);
}

/* Once when it is slow, and again each time it has run twice as long. */
static void
tell_slow(struct report *r, struct runner *it, int64_t now)
{
	int64_t ran = now - it->since_ns;
	AUTO_BUF b = BUF_INIT;

	report_hush(r);
	buf_adds(&b, "SLOW  ");
	utf8_print(&b, it->name, strlen(it->name));
	buf_addf(&b, "  runs for %.0f s\n", (double)ran / 1e9);
	out_add(r->how.err, b.s, b.len);
	it->tell_ns = it->since_ns + 2 * ran;
}

static void
draw(struct report *r, int64_t now)
{
	struct progress *p = &r->progress;
	const struct runner *oldest = &p->runner[0];
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%" PRIu64 " of %" PRIu64 " done", p->done,
	    p->planned > p->done ? p->planned : p->done);
	if (p->n) {
		buf_addf(&b, ", %zu running: ", p->n);
		utf8_print(&b, oldest->name, strlen(oldest->name));
		buf_addf(&b, " %.0f s", (double)(now - oldest->since_ns) / 1e9);
	}
	ticker_draw(&p->ticker, b.s, b.len);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || b < a ? b : a;
}

int
report_tick(struct report *r)
{
	struct progress *p = &r->progress;
	int64_t now = clock_mono_ns(), wait = -1;
	bool is_slow = r->how.err && r->how.slow_ns > 0;

	for (size_t i = 0; is_slow && i < p->n; i++) {
		if (p->runner[i].tell_ns <= now)
			tell_slow(r, &p->runner[i], now);
		wait = sooner(wait, p->runner[i].tell_ns - now);
	}
	if (p->ticker.columns && p->n) {
		if (ticker_is_due(&p->ticker))
			draw(r, now);
		wait = sooner(wait, TICKER_NS);
	} else {
		report_hush(r);
	}
	if (wait < 0)
		return -1;
	return wait < LONGEST_NS ? (int)(wait / NS_OF_MS) + 1
				 : LONGEST_NS / NS_OF_MS;
}
