#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	ROW = 20,
	WIDTH = 960,
	BARS_AT = 320, /* behind the names */
	BARS_WIDE = 540,
	CHAR = 8, /* wide, about, and a little more */
	INDENT = 10,
	MAX_INDENT = 12, /* steps */
};

static int
compare(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;
	int names;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->end_ns != y->end_ns)
		return x->end_ns > y->end_ns ? -1 : 1;
	names = strcmp(x->name ? x->name : "", y->name ? y->name : "");
	return names ? names : strcmp(x->id ? x->id : "", y->id ? y->id : "");
}

/* The index of the parent, or n; a bar is not its own. */
static size_t
parent_of(const struct bar bar[], size_t n, size_t i)
{
	const char *id = bar[i].parent;

	for (size_t k = 0; id && *id && k < n; k++)
		if (k != i && bar[k].id && !strcmp(bar[k].id, id))
			return k;
	return n;
}

struct walk {
	struct bar *bar, *to;
	size_t n, done;
	size_t *up, *stack;
	bool *is_seen;
};

/* A root, what is below it, and no recursion: depth is as hostile as input. */
static void
walk(struct walk *t, size_t root)
{
	size_t top = 0;

	t->stack[top++] = root;
	t->is_seen[root] = true;
	while (top) {
		size_t i = t->stack[--top];

		t->to[t->done++] = t->bar[i];
		for (size_t k = t->n; k--;) {
			if (t->up[k] != i || t->is_seen[k])
				continue;
			t->is_seen[k] = true;
			t->bar[k].depth = t->bar[i].depth + 1;
			t->stack[top++] = k;
		}
	}
}

void
report_bars_sort(struct bar bar[], size_t n)
{
	struct walk t = {.bar = bar, .n = n};

	if (!n)
		return;
	qsort(bar, n, sizeof *bar, compare);
	t.to = mem_new(n, sizeof *t.to);
	t.up = mem_new(n, sizeof *t.up);
	t.stack = mem_new(n, sizeof *t.stack);
	t.is_seen = mem_new(n, sizeof *t.is_seen);
	for (size_t i = 0; i < n; i++)
		t.up[i] = parent_of(bar, n, i);
	for (size_t i = 0; i < n; i++)
		if (t.up[i] == n)
			walk(&t, i);
	for (size_t i = 0; i < n; i++) /* circles have no root */
		if (!t.is_seen[i])
			walk(&t, i);
	memcpy(bar, t.to, n * sizeof *bar);
	free(t.to);
	free(t.up);
	free(t.stack);
	free(t.is_seen);
}

/* What of a name has room before the bars. */
static void
put_name(struct buf *b, const char *name, unsigned from)
{
	size_t n = 0, len = strlen(name);

	for (unsigned i = 0; i < (BARS_AT - from) / CHAR - 3 && n < len; i++) {
		uint32_t c;
		size_t step = utf8_next(name + n, len - n, &c);

		n += step ? step : 1;
	}
	report_escape(b, name, n);
	if (n < len)
		buf_adds(b, "...");
}

static void
put_title(struct buf *b, const struct bar *s, double ms)
{
	buf_adds(b, "<title>");
	report_escapes(b, s->name ? s->name : "?");
	buf_addf(b, ", %.3f ms", ms);
	if (s->kind) {
		buf_adds(b, ", ");
		report_escapes(b, s->kind);
	}
	if (s->is_error)
		buf_adds(b, ", status ERROR");
	if (s->words) {
		buf_adds(b, "\n");
		report_escapes(b, s->words);
	}
	buf_adds(b, "</title>");
}

static void
put_bar(
    struct buf *b, const struct bar *s, size_t row, int64_t from, int64_t all)
{
	unsigned depth = s->depth < MAX_INDENT ? s->depth : MAX_INDENT;
	size_t y = row * ROW;
	int64_t long_ns = s->end_ns > s->start_ns ? s->end_ns - s->start_ns : 0;
	double at = (double)(s->start_ns - from) / (double)all;
	double wide = (double)long_ns / (double)all;

	buf_addf(b, "<g class=\"%s\">",
	    s->is_error	 ? "bad"
	    : s->is_ours ? "ours"
			 : "span");
	put_title(b, s, (double)long_ns / 1e6);
	buf_addf(b, "<text x=\"%u\" y=\"%zu\">", depth * INDENT, y + 14);
	put_name(b, s->name ? s->name : "?", depth * INDENT);
	buf_addf(b,
	    "</text><rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" "
	    "rx=\"2\"/><text class=\"end\" x=\"%d\" y=\"%zu\">%s%.2f ms</text>"
	    "</g>\n",
	    BARS_AT + at * BARS_WIDE, y + 4,
	    wide * BARS_WIDE > 2 ? wide * BARS_WIDE : 2.0, ROW - 8, WIDTH,
	    y + 14, s->is_error ? "ERROR " : "", (double)long_ns / 1e6);
}

void
report_svg(struct buf *b, const struct result *v)
{
	int64_t from = INT64_MAX, to = INT64_MIN;

	for (size_t i = 0; i < v->bars; i++) {
		const struct bar *s = &v->bar[i];

		from = s->start_ns < from ? s->start_ns : from;
		to = s->end_ns > to ? s->end_ns : to;
		to = s->start_ns > to ? s->start_ns : to;
	}
	buf_addf(b,
	    "<svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"%zu spans "
	    "in %.2f ms; the table below has the same as text\">\n",
	    WIDTH, v->bars * ROW + 4, v->bars, (double)(to - from) / 1e6);
	for (size_t i = 0; i < v->bars; i++)
		put_bar(b, &v->bar[i], i, from, to > from ? to - from : 1);
	buf_adds(b, "</svg>\n");
}
