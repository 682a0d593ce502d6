#include <stdlib.h>

#include "base/color.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/diff_int.h"
#include "core/diff_write.h"

enum {
	INDENT = 40, /* levels; deeper ones are numbered */
	VALUE = 200, /* bytes of a value that are shown */
};

static void
indent(struct buf *b, uint32_t depth)
{
	for (uint32_t i = 0; i < depth && i < INDENT; i++)
		buf_adds(b, "  ");
	if (depth > INDENT)
		buf_addf(b, "[%u] ", depth);
}

static void
print_value(struct buf *b, const struct diff_change *c, struct pull_text v)
{
	if (!v.s) {
		buf_adds(b, "none");
	} else if (c->part && !strcmp(c->part, "duration_ns")) {
		span_took_print(b, strtod(v.s, NULL));
	} else {
		utf8_print(b, v.s, v.n > VALUE ? VALUE : v.n);
		if (v.n > VALUE)
			buf_addf(b, "... (%zu bytes)", v.n);
	}
}

void
diff_print_change(struct buf *b, const struct diff_change *c)
{
	AUTO_BUF field = BUF_INIT;

	diff_field(c, &field);
	switch (c->op) {
	case DIFF_REORDERED:
		buf_adds(b, "reordered");
		return;
	case DIFF_RENAMED:
		buf_adds(b, "renamed from ");
		print_value(b, c, c->before);
		return;
	case DIFF_MOVED:
		buf_adds(b, "moved from ");
		print_value(b, c, c->before);
		return;
	default:
		utf8_print(b, field.s, field.len);
		buf_adds(b, ": ");
		print_value(b, c, c->before);
		buf_adds(b, " -> ");
		print_value(b, c, c->after);
	}
}

char
diff_mark(const struct diff *d, const struct diff_entry *e)
{
	char m = ' ';

	if (e->base == SPAN_NONE)
		return '+';
	if (e->now == SPAN_NONE)
		return '-';
	for (uint32_t i = 0; i < e->changes; i++) {
		enum diff_op op = d->change[e->change + i].op;

		if (op == DIFF_MOVED || op == DIFF_REORDERED)
			return '>';
		m = '~';
	}
	return m;
}

static const char *
color_of(char m)
{
	return m == '+' ? COLOR_GREEN
	     : m == '-' ? COLOR_RED
	     : m == '~' ? COLOR_YELLOW
			: COLOR_BLUE;
}

static void
print_entry(const struct diff *d, const struct diff_entry *e,
    const struct diff_view *view, struct buf *b)
{
	struct pull_text name = diff_span(d, e)->name;
	AUTO_BUF line = BUF_INIT;
	char m = diff_mark(d, e);

	buf_addc(&line, m);
	buf_addc(&line, ' ');
	indent(&line, e->depth);
	utf8_print(&line, name.s, name.n);
	for (uint32_t i = 0; i < e->changes && m != '+' && m != '-'; i++) {
		buf_adds(&line, i ? "; " : "  ");
		diff_print_change(&line, &d->change[e->change + i]);
	}
	if (view->max_depth >= 0 && e->depth + 1 >= view->max_depth && e->below)
		buf_addf(&line, "  (%u changes below)", e->below);
	color_add(b, view->has_color && m != ' ', color_of(m), line.s);
	buf_addc(b, '\n');
}

void
diff_print_so_far(void *arg, const struct diff *d, uint32_t base, uint32_t now,
    const struct diff_change change[], size_t n)
{
	AUTO_BUF path = BUF_INIT, line = BUF_INIT;

	(void)base;
	diff_path_of(d->now, now, &path);
	buf_adds(&line, "so far: ");
	utf8_print(&line, path.s, path.len);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&line, i ? "; " : "  ");
		diff_print_change(&line, &change[i]);
	}
	buf_addc(&line, '\n');
	out_add(arg, line.s, line.len);
}

bool
diff_is_shown(const struct diff_entry *e, const struct diff_view *view)
{
	bool is_alone = e->base == SPAN_NONE || e->now == SPAN_NONE;

	if (view->max_depth >= 0 && e->depth >= view->max_depth)
		return false;
	return !view->only_changes || e->changes || e->below || is_alone;
}

void
diff_print(const struct diff *d, const struct diff_view *view, struct out *to)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < d->entries; i++) {
		const struct diff_entry *e = &d->entry[i];

		if (!diff_is_shown(e, view))
			continue;
		buf_reset(&b);
		print_entry(d, e, view, &b);
		out_add(to, b.s, b.len);
	}
}

void
diff_summary(const struct diff *d, struct buf *b)
{
	const char *comma = "";

	for (int op = 0; op < DIFF_OPS; op++) {
		if (!d->count[op])
			continue;
		buf_addf(b, "%s%zu %s", comma, d->count[op], diff_op_name(op));
		comma = ", ";
	}
	if (*comma)
		buf_addf(
		    b, "; %zu spans before, %zu now", d->base->n, d->now->n);
	else
		buf_addf(b, "same: %zu spans", d->now->n);
}

void
diff_print_summary(const struct diff *d, struct out *to)
{
	AUTO_BUF b = BUF_INIT;

	diff_summary(d, &b);
	buf_addc(&b, '\n');
	out_add(to, b.s, b.len);
}

struct tally {
	size_t count[DIFF_OPS];
};

/* Spans that are below an added one count, too. */
static void
count_entry(const struct diff *d, const struct diff_entry *e, struct tally *t)
{
	if (e->base == SPAN_NONE)
		t->count[DIFF_ADDED]++;
	else if (e->now == SPAN_NONE)
		t->count[DIFF_REMOVED]++;
	else
		for (uint32_t i = 0; i < e->changes; i++)
			t->count[d->change[e->change + i].op]++;
}

void
diff_print_stat(const struct diff *d, struct out *to)
{
	AUTO_ARENA a = {0};
	AUTO_MAP map = {0};
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < d->entries; i++) {
		const struct diff_entry *e = &d->entry[i];
		struct pull_text name = diff_span(d, e)->name;
		struct tally *t;

		if (!e->changes && e->base != SPAN_NONE && e->now != SPAN_NONE)
			continue;
		t = map_get(&map, name.s, name.n);
		if (!t) {
			t = arena_alloc(&a, sizeof *t);
			map_set(&map, name.s, name.n, t);
		}
		count_entry(d, e, t);
	}
	for (size_t i = 0; i < map.n; i++) {
		const struct tally *t = map.entry[i].value;

		buf_addf(&b, "%+5zd %5zd ~%-4zu >%-4zu ",
		    (ssize_t)t->count[DIFF_ADDED],
		    -(ssize_t)t->count[DIFF_REMOVED],
		    t->count[DIFF_CHANGED] + t->count[DIFF_RENAMED],
		    t->count[DIFF_MOVED] + t->count[DIFF_REORDERED]);
		utf8_print(&b, map.entry[i].key, map.entry[i].len);
		buf_addc(&b, '\n');
	}
	out_add(to, b.s, b.len);
}
