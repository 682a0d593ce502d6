#include <stdlib.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/diff_int.h"

/* What a span of `now` was compared by. */
struct seen {
	uint32_t mate, up;
};

/* What was found of it. */
struct told {
	uint64_t said; /* of its changes, to be told once */
	uint32_t count[DIFF_OPS];
	bool is_displaced;
};

struct diff_live {
	struct seen *seen;
	struct told *told; /* of the same */
	size_t n, cap, told_cap;
	bool *is_listed; /* of now */
	struct diff_list again, order;
	bool *is_ordered; /* of base */
};

static void
list_again(struct diff_live *l, uint32_t c)
{
	if (l->is_listed[c])
		return;
	l->is_listed[c] = true;
	diff_list_add(&l->again, c);
}

static void
list_order(struct diff_live *l, uint32_t b)
{
	if (l->is_ordered[b])
		return;
	l->is_ordered[b] = true;
	diff_list_add(&l->order, b);
}

/* Its children are compared with whose parent it belongs to. */
static void
list_mates(const struct diff *d, struct diff_live *l, uint32_t b)
{
	uint32_t n;
	const uint32_t *kid = diff_kids(d, BASE, b, &n);

	for (uint32_t i = 0; i < n; i++)
		if (d->node[BASE][kid[i]].mate != SPAN_NONE)
			list_again(l, d->node[BASE][kid[i]].mate);
	list_order(l, b);
	if (b < d->base->n)
		list_order(l, diff_up(d, BASE, b));
}

static void
list_touched(const struct diff *d, struct diff_live *l, uint32_t c)
{
	uint32_t n, old = l->seen[c].mate, mate = d->node[NOW][c].mate;
	const uint32_t *kid = diff_kids(d, NOW, c, &n);

	list_again(l, c);
	if (old == mate) {
		list_order(l, diff_up(d, BASE, mate));
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		list_again(l, kid[i]);
	if (old != SPAN_NONE)
		list_mates(d, l, old);
	if (mate != SPAN_NONE)
		list_mates(d, l, mate);
}

/* Whose mate or parent is another than it was; how many have one. */
static size_t
find_touched(const struct diff *d, struct diff_live *l)
{
	size_t paired = 0;

	for (uint32_t i = 0; i < d->now->n; i++) {
		uint32_t mate = d->node[NOW][i].mate;
		const struct seen *was = &l->seen[i];

		paired += mate != SPAN_NONE;
		if (was->mate != mate ||
		    (mate != SPAN_NONE && was->up != d->node[NOW][i].up))
			list_touched(d, l, i);
	}
	return paired;
}

static void
order_again(struct diff *d, struct diff_live *l)
{
	for (size_t i = 0; i < l->order.n; i++) {
		uint32_t n, b = l->order.at[i], c = d->node[BASE][b].mate;
		const uint32_t *kid;

		if (c == SPAN_NONE)
			continue;
		diff_order(d, b, c);
		kid = diff_kids(d, NOW, c, &n);
		for (uint32_t k = 0; k < n; k++)
			if (l->told[kid[k]].is_displaced !=
			    d->node[NOW][kid[k]].is_displaced)
				list_again(l, kid[k]);
	}
}

static uint64_t
hash_changes(const struct diff *d)
{
	uint64_t h = 0;

	for (size_t i = 0; i < d->changes; i++) {
		const struct diff_change *c = &d->change[i];

		h = mix_pair(h, c->op);
		h = mix_pair(h, mix_text(c->key.s, c->key.n));
		h = mix_pair(h, mix_text(c->before.s, c->before.n));
		h = mix_pair(h, mix_text(c->after.s, c->after.n));
	}
	return h;
}

/* What may be told: where it is may still be another's place. */
static void
drop_places(struct diff *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->changes; i++)
		if (d->change[i].op == DIFF_CHANGED ||
		    d->change[i].op == DIFF_RENAMED)
			d->change[n++] = d->change[i];
	d->changes = n;
}

static void
compare_again(struct diff *d, uint32_t c, diff_tell_fn *fn, void *arg)
{
	const struct diff_node *node = &d->node[NOW][c];
	struct told *was = &d->live->told[c];
	size_t before[DIFF_OPS];
	uint64_t said;

	for (int op = 0; op < DIFF_OPS; op++)
		before[op] = d->count[op] -= was->count[op];
	d->changes = 0;
	if (node->mate != SPAN_NONE)
		diff_pair(d, node->mate, c);
	for (int op = 0; op < DIFF_OPS; op++)
		was->count[op] = (uint32_t)(d->count[op] - before[op]);
	d->live->seen[c] = (struct seen){node->mate, node->up};
	was->is_displaced = node->is_displaced;
	drop_places(d);
	said = hash_changes(d);
	if (fn && d->changes && said != was->said)
		fn(arg, d, node->mate, c, d->change, d->changes);
	if (d->changes)
		was->said = said;
}

static struct diff_live *
live_of(struct diff *d)
{
	struct diff_live *l = d->live;

	if (!l) {
		l = d->live = mem_new(1, sizeof *l);
		l->is_ordered = mem_new(d->base->n + 1, sizeof *l->is_ordered);
	}
	while (l->n < d->now->n) {
		l->seen = mem_more(l->seen, l->n, &l->cap, sizeof *l->seen);
		l->told =
		    mem_more(l->told, l->n, &l->told_cap, sizeof *l->told);
		l->seen[l->n++].mate = SPAN_NONE;
	}
	return l;
}

static void
compare_touched(struct diff *d, diff_tell_fn *fn, void *arg)
{
	struct diff_live *l = live_of(d);
	size_t paired;

	l->is_listed = mem_new(d->now->n + 1, sizeof *l->is_listed);
	l->again.n = l->order.n = 0;
	paired = find_touched(d, l);
	order_again(d, l);
	for (size_t i = 0; i < l->again.n; i++)
		compare_again(d, l->again.at[i], fn, arg);
	for (size_t i = 0; i < l->order.n; i++)
		l->is_ordered[l->order.at[i]] = false;
	free(l->is_listed);
	d->count[DIFF_ADDED] = d->now->n - paired;
	d->count[DIFF_REMOVED] = d->base->n - paired;
	d->changes = 0;
	arena_free(&d->arena);
}

void
diff_update(struct diff *d, diff_tell_fn *fn, void *arg)
{
	size_t n;
	const uint32_t *list = spans_hang(d->now, &n);

	diff_hash_grown(d, d->live ? d->live->n : 0, list, n);
	diff_match(d, list, n);
	compare_touched(d, fn, arg);
}

void
diff_finish(struct diff *d)
{
	spans_settle(d->now);
	diff_compare(d);
}

void
diff_live_free(struct diff_live *l)
{
	if (!l)
		return;
	free(l->seen);
	free(l->told);
	free(l->again.at);
	free(l->order.at);
	free(l->is_ordered);
	free(l);
}
