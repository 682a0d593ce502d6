#include "core/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/diff_int.h"

const char *
diff_op_name(enum diff_op op)
{
	static const char *const name[DIFF_OPS] = {
	    [DIFF_ADDED] = "added",
	    [DIFF_REMOVED] = "removed",
	    [DIFF_CHANGED] = "changed",
	    [DIFF_RENAMED] = "renamed",
	    [DIFF_MOVED] = "moved",
	    [DIFF_REORDERED] = "reordered",
	};

	return name[op];
}

int
diff_ignore(struct diff *d, const char *what, struct err *e)
{
	if (!strcmp(what, "duration"))
		d->no_durations = true;
	else if (!strcmp(what, "order"))
		d->no_order = true;
	else
		return span_keys_ignore(d->base->keys, what, strlen(what), e);
	return 0;
}

const struct span *
diff_span(const struct diff *d, const struct diff_entry *e)
{
	return e->now == SPAN_NONE ? &d->base->span[e->base]
				   : &d->now->span[e->now];
}

/* ---- order among children */

struct place {
	uint32_t at, rank; /* of the other side */
	uint64_t start_ns;
};

static int
by_start(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static int
by_rank(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

/* Two that changed places are no more than these two, whatever is between:
 * those that are not where they were. The count of them. */
static size_t
find_changed_places(struct diff *d, const struct place *p, size_t n)
{
	struct place *q = mem_new(n, sizeof *q);
	size_t found = 0;

	memcpy(q, p, n * sizeof *q);
	qsort(q, n, sizeof *q, by_rank);
	for (size_t i = 0; i < n; i++) {
		d->node[NOW][p[i].at].is_displaced = p[i].rank != q[i].rank;
		found += p[i].rank != q[i].rank;
	}
	free(q);
	return found;
}

/*
 * The longest run of ranks that grow is in order; the rest is displaced, if
 * that is less than `most`.
 * last[k]: where the best run of length k + 1 ends; back: the one before.
 */
static void
find_displaced(struct diff *d, const struct place *p, size_t n, size_t most)
{
	uint32_t *last = mem_new(n, sizeof *last);
	uint32_t *back = mem_new(n, sizeof *back);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		size_t low = 0, high = len;

		while (low < high) {
			size_t half = (low + high) / 2;

			if (p[last[half]].rank <= p[i].rank)
				low = half + 1;
			else
				high = half;
		}
		back[i] = low ? last[low - 1] : SPAN_NONE;
		last[low] = (uint32_t)i;
		if (low == len)
			len++;
	}
	for (size_t i = 0; n - len < most && i < n; i++)
		d->node[NOW][p[i].at].is_displaced = true;
	for (uint32_t i = last[len - 1]; n - len < most && i != SPAN_NONE;
	     i = back[i])
		d->node[NOW][p[i].at].is_displaced = false;
	free(last);
	free(back);
}

/* Times that are equal, or not given, say nothing about the order. */
void
diff_order(struct diff *d, uint32_t b, uint32_t c)
{
	uint32_t n, rank = 0;
	const uint32_t *kid = diff_kids(d, NOW, c, &n);
	struct place *p;
	size_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		d->node[NOW][kid[i]].is_displaced = false;
	kid = diff_kids(d, BASE, b, &n);
	if (d->no_order || n < 2)
		return;
	p = mem_new(n, sizeof *p);
	for (uint32_t i = 0; i < n; i++) {
		const struct span *s = &d->base->span[kid[i]];
		uint32_t mate = d->node[BASE][kid[i]].mate;

		rank += !i || s->start_ns != d->base->span[kid[i - 1]].start_ns;
		if (mate != SPAN_NONE && diff_up(d, NOW, mate) == c &&
		    s->start_ns && d->now->span[mate].start_ns)
			p[k++] = (struct place){
			    mate, rank, d->now->span[mate].start_ns};
	}
	qsort(p, k, sizeof *p, by_start);
	for (size_t i = 1; i < k; i++)
		if (p[i].rank < p[i - 1].rank) {
			find_displaced(d, p, k, find_changed_places(d, p, k));
			break;
		}
	free(p);
}

/* ---- the two trees laid over each other */

struct todo {
	uint32_t base, now, up, depth;
	bool is_below_one; /* what is above it is on one side only, too */
};

struct stack {
	struct todo *item;
	size_t n, cap;
};

static void
push(struct stack *s, uint32_t base, uint32_t now, const struct todo *above)
{
	bool is_below_one = now == SPAN_NONE  ? above->now == SPAN_NONE
			  : base == SPAN_NONE ? above->base == SPAN_NONE
					      : false;

	s->item = mem_more(s->item, s->n, &s->cap, sizeof *s->item);
	s->item[s->n++] =
	    (struct todo){base, now, above->up, above->depth, is_below_one};
}

static void
push_gone(struct diff *d, struct stack *s, const uint32_t *kid, uint32_t *n,
    uint32_t down_to, const struct todo *above)
{
	while (*n > down_to) {
		uint32_t b = kid[--*n];

		if (d->node[BASE][b].mate == SPAN_NONE)
			push(s, b, SPAN_NONE, above);
	}
}

/* Where a child stood that still has this parent; else SPAN_NONE. */
static uint32_t
old_place(
    const struct diff *d, uint32_t base, uint32_t mate, const uint32_t place[])
{
	if (mate == SPAN_NONE || base == SPAN_NONE ||
	    diff_up(d, BASE, mate) != base)
		return SPAN_NONE;
	return place[mate];
}

/* Last first, since it is a stack; who has gone stands where he stood. */
static void
push_kids(struct diff *d, struct stack *s, const struct todo *t, uint32_t entry,
    uint32_t place[])
{
	struct todo above = {t->base, t->now, entry,
	    entry == SPAN_NONE ? 0 : t->depth + 1, false};
	uint32_t n = 0, m = 0;
	const uint32_t *gone = NULL, *kid = NULL;

	if (t->base != SPAN_NONE)
		gone = diff_kids(d, BASE, t->base, &n);
	if (t->now != SPAN_NONE)
		kid = diff_kids(d, NOW, t->now, &m);
	for (uint32_t i = 0; i < n; i++)
		place[gone[i]] = i;
	while (m) {
		uint32_t c = kid[--m], mate = d->node[NOW][c].mate;
		uint32_t at = old_place(d, t->base, mate, place);

		if (at != SPAN_NONE && at < n)
			push_gone(d, s, gone, &n, at + 1, &above);
		push(s, mate, c, &above);
	}
	push_gone(d, s, gone, &n, 0, &above);
}

static void
tell_alone(struct diff *d, const struct todo *t, enum diff_op op)
{
	if (t->is_below_one)
		d->count[op]++;
	else
		diff_add(d, op, NULL);
}

static void
tell(struct diff *d, const struct todo *t)
{
	if (t->base == SPAN_NONE)
		tell_alone(d, t, DIFF_ADDED);
	else if (t->now == SPAN_NONE)
		tell_alone(d, t, DIFF_REMOVED);
	else
		diff_pair(d, t->base, t->now);
}

/* Too deep to be seen: counted, and not kept. Its children are handed to the
 * last that is seen. */
static uint32_t
count(struct diff *d, const struct todo *t)
{
	size_t from = d->changes;

	tell(d, t);
	d->hidden += d->changes - from;
	d->entry[t->up].below += (uint32_t)(d->changes - from);
	d->changes = from;
	return t->up;
}

static uint32_t
enter(struct diff *d, const struct todo *t)
{
	struct diff_entry *e;
	size_t from = d->changes;

	if (d->max_depth && t->depth >= d->max_depth)
		return count(d, t);
	d->entry =
	    mem_more(d->entry, d->entries, &d->entries_cap, sizeof *d->entry);
	e = &d->entry[d->entries];
	*e = (struct diff_entry){
	    t->base, t->now, t->up, t->depth, (uint32_t)from, 0, 0};
	tell(d, t);
	e->changes = (uint32_t)(d->changes - from);
	return (uint32_t)d->entries++;
}

void
diff_compare(struct diff *d)
{
	uint32_t *place = mem_new(d->base->n + 1, sizeof *place);
	struct todo t = {
	    (uint32_t)d->base->n, (uint32_t)d->now->n, SPAN_NONE, 0, false};
	struct stack s = {0};

	memset(d->count, 0, sizeof d->count);
	for (size_t i = 0; i <= d->base->n; i++)
		if (d->node[BASE][i].mate != SPAN_NONE)
			diff_order(d, (uint32_t)i, d->node[BASE][i].mate);
	push_kids(d, &s, &t, SPAN_NONE, place);
	while (s.n) {
		t = s.item[--s.n];
		push_kids(d, &s, &t, enter(d, &t), place);
	}
	for (size_t i = d->entries; i--;)
		if (d->entry[i].up != SPAN_NONE)
			d->entry[d->entry[i].up].below +=
			    d->entry[i].below + d->entry[i].changes;
	free(s.item);
	free(place);
}

void
diff_run(struct diff *d)
{
	diff_hash(d);
	diff_match(d, NULL, 0);
	diff_compare(d);
}

/* ---- names of places */

enum { LEVELS = 128 }; /* of a path; what is between is left out */

static void
join(struct buf *b, const struct pull_text name[], size_t n, size_t left_out)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, '/');
		if (left_out && i == LEVELS / 2)
			buf_addf(b, "(%zu levels)/", left_out);
		buf_add(b, name[i].s, name[i].n);
	}
}

/* The names of the first and the last levels, from the end up. */
static void
note(struct pull_text name[], uint32_t depth, uint32_t level,
    struct pull_text text)
{
	if (depth < LEVELS)
		name[level] = text;
	else if (level < LEVELS / 2)
		name[level] = text;
	else if (depth - level < LEVELS / 2)
		name[LEVELS - 1 - (depth - level)] = text;
}

void
diff_path(const struct diff *d, size_t entry, struct buf *b)
{
	uint32_t depth = d->entry[entry].depth;
	size_t n = depth < LEVELS ? depth + 1 : LEVELS;
	struct pull_text name[LEVELS];

	for (uint32_t at = (uint32_t)entry; at != SPAN_NONE;
	     at = d->entry[at].up)
		note(name, depth, d->entry[at].depth,
		    diff_span(d, &d->entry[at])->name);
	join(b, name, n, depth + 1 - n);
}

void
diff_path_of(const struct spans *t, uint32_t span, struct buf *b)
{
	uint32_t depth = 0;
	struct pull_text name[LEVELS];
	size_t n;

	for (uint32_t i = t->span[span].up; i != SPAN_NONE; i = t->span[i].up)
		depth++;
	n = depth < LEVELS ? depth + 1 : LEVELS;
	for (uint32_t level = depth; span != SPAN_NONE;
	     span = t->span[span].up, level--)
		note(name, depth, level, t->span[span].name);
	join(b, name, n, depth + 1 - n);
}

void
diff_field(const struct diff_change *c, struct buf *b)
{
	if (!c->part)
		return;
	buf_adds(b, c->part);
	if (c->key.s) {
		buf_addc(b, '.');
		buf_add(b, c->key.s, c->key.n);
	}
}

void
diff_free(struct diff *d)
{
	free(d->node[BASE]);
	free(d->node[NOW]);
	free(d->sum[BASE]);
	free(d->sum[NOW]);
	free(d->entry);
	free(d->change);
	arena_free(&d->arena);
	diff_matcher_free(d->matcher);
	diff_live_free(d->live);
}
