/*
 * E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986), the
 * greedy form; the rows that it needs to find its way back are kept.
 */
#include "data/patch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
	CONTEXT = 3,
	EFFORT = 1000, /* lines that differ; the rows grow with its square */
};

struct lines {
	struct line {
		const char *s;
		size_t len; /* with its end */
	} * line;
	size_t n, cap;
};

struct diff {
	struct lines a, b;
	bool *gone, *new; /* of a and of b, a flag a line */
};

static void
split(struct lines *to, const char *s, size_t n)
{
	for (const char *end = s + n; s < end;) {
		const char *lf = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((lf ? lf + 1 : end) - s);

		to->line =
		    mem_more(to->line, to->n, &to->cap, sizeof *to->line);
		to->line[to->n].s = s;
		to->line[to->n++].len = len;
		s += len;
	}
}

static bool
is_same(const struct diff *d, size_t i, size_t j)
{
	return d->a.line[i].len == d->b.line[j].len &&
	       !memcmp(d->a.line[i].s, d->b.line[j].s, d->a.line[i].len);
}

/* Where row[k] may have come from: by a new line, or by one that is gone. */
static bool
is_down(const int32_t *row, int k, int steps)
{
	return k == -steps || (k != steps && row[k - 1] < row[k + 1]);
}

/* Mark the steps from the end of both texts back to their beginning. */
static void
walk_back(struct diff *d, int32_t *const rows[], int steps, size_t from,
    int32_t x, int32_t y)
{
	for (; steps; steps--) {
		const int32_t *row = rows[steps - 1] + steps - 1;
		int k = x - y;
		bool down = is_down(row, k, steps);

		k += down ? 1 : -1;
		x = row[k];
		y = x - k;
		if (down)
			d->new[from + (size_t)y] = true;
		else
			d->gone[from + (size_t)x] = true;
	}
}

/* One more step on each diagonal; is the end of both texts reached? */
static bool
advance(const struct diff *d, const int32_t *last, int32_t *row, int steps,
    size_t from, int32_t an, int32_t bn)
{
	for (int k = -steps; k <= steps; k += 2) {
		int32_t x = !steps		    ? 0
			  : is_down(last, k, steps) ? last[k + 1]
						    : last[k - 1] + 1;
		int32_t y = x - k;

		while (x < an && y < bn && x >= 0 && y >= 0 &&
		       is_same(d, from + (size_t)x, from + (size_t)y)) {
			x++;
			y++;
		}
		row[k] = x;
		if (x == an && y == bn)
			return true;
	}
	return false;
}

/* The lines from..from+an of a and from..from+bn of b have to be compared. */
static void
compare(struct diff *d, size_t from, size_t an, size_t bn)
{
	int32_t *rows[EFFORT] = {0};
	bool is_found = false;
	int steps;

	for (steps = 0; steps < EFFORT && !is_found; steps++) {
		/* Two more than it fills: a step past the edge loses */
		rows[steps] = mem_new(2 * (size_t)steps + 5, sizeof **rows);
		rows[steps] += 2;
		is_found = advance(d,
		    steps ? rows[steps - 1] + steps - 1 : NULL,
		    rows[steps] + steps, steps, from, (int32_t)an, (int32_t)bn);
	}
	if (is_found) {
		walk_back(d, rows, steps - 1, from, (int32_t)an, (int32_t)bn);
	} else {
		memset(d->gone + from, true, an);
		memset(d->new + from, true, bn);
	}
	while (steps--)
		free(rows[steps] - 2);
}

static void
mark(struct diff *d)
{
	size_t from = 0, an = d->a.n, bn = d->b.n;

	while (from < an && from < bn && is_same(d, from, from))
		from++;
	while (an > from && bn > from && is_same(d, an - 1, bn - 1)) {
		an--;
		bn--;
	}
	compare(d, from, an - from, bn - from);
}

static void
print_line(struct buf *to, char sign, const struct line *l)
{
	buf_addc(to, sign);
	buf_add(to, l->s, l->len);
	if (l->s[l->len - 1] != '\n')
		buf_adds(to, "\n\\ No newline at end of file\n");
}

/* The lines of a hunk: i..iend of a, j..jend of b. */
static void
print_lines(struct buf *to, const struct diff *d, size_t i, size_t iend,
    size_t j, size_t jend)
{
	while (i < iend || j < jend)
		if (i < iend && d->gone[i]) {
			print_line(to, '-', &d->a.line[i++]);
		} else if (j < jend && d->new[j]) {
			print_line(to, '+', &d->b.line[j++]);
		} else {
			print_line(to, ' ', &d->a.line[i++]);
			j++;
		}
}

static void
print_range(struct buf *to, char sign, size_t from, size_t n)
{
	buf_addf(to, "%c%zu", sign, n ? from + 1 : from);
	if (n != 1)
		buf_addf(to, ",%zu", n);
}

/* Past the changes at *i and *j, and those that follow within twice CONTEXT */
static void
past_hunk(const struct diff *d, size_t *i, size_t *j)
{
	size_t x = *i, y = *j, same = 0;

	while (same <= 2 * CONTEXT && (x < d->a.n || y < d->b.n)) {
		bool is_gone = x < d->a.n && d->gone[x];
		bool is_new = y < d->b.n && d->new[y];

		x += is_gone || !is_new;
		y += is_new || !is_gone;
		same = is_gone || is_new ? 0 : same + 1;
		if (!same) {
			*i = x;
			*j = y;
		}
	}
}

static void
print_hunks(struct buf *to, const struct diff *d)
{
	size_t i = 0, j = 0;

	while (i < d->a.n || j < d->b.n) {
		size_t context = i < CONTEXT ? i : CONTEXT;
		size_t from = i - context, other = j - context, more;

		if (!(i < d->a.n && d->gone[i]) && !(j < d->b.n && d->new[j])) {
			i++;
			j++;
			continue;
		}
		past_hunk(d, &i, &j);
		more = d->a.n - i < CONTEXT ? d->a.n - i : CONTEXT;
		i += more;
		j += more;
		buf_adds(to, "@@ ");
		print_range(to, '-', from, i - from);
		buf_addc(to, ' ');
		print_range(to, '+', other, j - other);
		buf_adds(to, " @@\n");
		print_lines(to, d, from, i, other, j);
	}
}

void
patch_print(struct buf *to, const char *path, const char *a, size_t an,
    const char *b, size_t bn)
{
	struct diff d = {0};

	if (an == bn && !memcmp(a, b, an))
		return;
	split(&d.a, a, an);
	split(&d.b, b, bn);
	d.gone = mem_new(d.a.n + 1, 1);
	d.new = mem_new(d.b.n + 1, 1);
	mark(&d);
	buf_addf(to, "--- %s\n+++ %s\n", path, path);
	print_hunks(to, &d);
	free(d.a.line);
	free(d.b.line);
	free(d.gone);
	free(d.new);
}
