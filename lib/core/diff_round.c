#include <stdlib.h>

#include "base/mem.h"
#include "core/diff_int.h"

enum { ROUNDS = 8 };

static void
part(struct diff_matcher *m, uint32_t b)
{
	m->c[m->b[b].mate].mate = SPAN_NONE;
	m->b[b].mate = SPAN_NONE;
}

/* ---- by their places: only where the other trace has grown */

/* Whose own mate is another has nothing of what its children were told. */
static void
part_below(struct diff_matcher *m, uint32_t b)
{
	struct diff_list stack = {0};

	diff_list_add(&stack, b);
	while (stack.n) {
		uint32_t n, up = stack.at[--stack.n];
		const uint32_t *kid = diff_kids(m->d, BASE, up, &n);

		for (uint32_t i = 0; i < n; i++)
			if (m->b[kid[i]].mate != SPAN_NONE) {
				part(m, kid[i]);
				diff_list_add(&stack, kid[i]);
			}
	}
	free(stack.at);
}

/* Children whose mate is the same as before are queued no more; where those
 * have grown they are matched in their turn. */
static void
match_again(struct diff_matcher *m, uint32_t b)
{
	uint32_t n;
	const uint32_t *kid = diff_kids(m->d, BASE, b, &n);
	size_t queued = m->queued, from = queued;

	for (uint32_t i = 0; i < n; i++) {
		m->was[kid[i]] = m->b[kid[i]].mate;
		if (m->b[kid[i]].mate != SPAN_NONE)
			part(m, kid[i]);
	}
	diff_match_kids(m, b, m->b[b].mate);
	for (uint32_t i = 0; i < n; i++)
		if (m->was[kid[i]] != SPAN_NONE &&
		    m->was[kid[i]] != m->b[kid[i]].mate)
			part_below(m, kid[i]);
	for (size_t i = from; i < m->queued; i++) {
		uint32_t at = m->queue[i], mate = m->b[at].mate;

		if (m->was[at] != mate)
			m->queue[queued++] = at;
		else if (m->is_grown[mate])
			diff_list_add(&m->todo, at);
	}
	m->queued = queued;
}

static void
match_grown(struct diff_matcher *m, const uint32_t list[], size_t n)
{
	m->is_grown = mem_new(m->d->now->n + 1, sizeof *m->is_grown);
	for (size_t i = 0; i < n; i++)
		m->is_grown[list[i]] = true;
	m->todo.n = 0;
	diff_list_add(&m->todo, (uint32_t)m->d->base->n);
	for (size_t i = 0; i < m->todo.n; i++)
		match_again(m, m->todo.at[i]);
	free(m->is_grown);
	m->is_grown = NULL;
}

/* ---- what is left then */

/* Those without a mate, in reading order, by way of what is above them. */
static void
list_rest(const struct diff *d, int side, struct diff_list *to)
{
	const struct diff_node *node = d->node[side];
	uint32_t all = (uint32_t)diff_side(d, side)->n;
	bool *is_above = mem_new(all + 1, sizeof *is_above);
	struct diff_list stack = {0};

	to->n = 0;
	for (uint32_t i = 0; i < all; i++)
		for (uint32_t at = i;
		     node[i].mate == SPAN_NONE && !is_above[at];
		     at = at == all ? at : diff_up(d, side, at))
			is_above[at] = true;
	if (is_above[all])
		diff_list_add(&stack, all);
	while (stack.n) {
		uint32_t n, at = stack.at[--stack.n];
		const uint32_t *kid = diff_kids(d, side, at, &n);

		if (at < all && node[at].mate == SPAN_NONE)
			diff_list_add(to, at);
		while (n--)
			if (is_above[kid[n]])
				diff_list_add(&stack, kid[n]);
	}
	free(stack.at);
	free(is_above);
}

static void
drop_paired(const struct diff_node *node, struct diff_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (node[list->at[i]].mate == SPAN_NONE)
			list->at[n++] = list->at[i];
	list->n = n;
}

/* Into m->todo: who has children without a mate, as his mate has. */
static void
find_open(struct diff_matcher *m)
{
	const struct diff *d = m->d;

	m->search++;
	m->todo.n = 0;
	drop_paired(m->b, &m->rest[BASE]);
	drop_paired(m->c, &m->rest[NOW]);
	for (size_t i = 0; i < m->rest[BASE].n; i++)
		m->seen[diff_up(d, BASE, m->rest[BASE].at[i])] = m->search;
	for (size_t i = 0; i < m->rest[NOW].n; i++) {
		uint32_t b = m->c[diff_up(d, NOW, m->rest[NOW].at[i])].mate;

		if (b == SPAN_NONE || m->seen[b] != m->search)
			continue;
		m->seen[b] = 0;
		diff_list_add(&m->todo, b);
	}
}

static void
each_open(struct diff_matcher *m,
    void (*fn)(struct diff_matcher *, uint32_t, uint32_t))
{
	find_open(m);
	for (size_t i = 0; i < m->todo.n; i++)
		fn(m, m->todo.at[i], m->b[m->todo.at[i]].mate);
	diff_match_down(m);
}

static struct diff_matcher *
matcher_of(struct diff *d)
{
	struct diff_matcher *m = d->matcher;
	size_t n = d->base->n + 1;

	if (!m) {
		m = d->matcher = mem_new(1, sizeof *m);
		m->d = d;
		m->queue = mem_new(n, sizeof *m->queue);
		m->was = mem_new(n, sizeof *m->was);
		m->seen = mem_new(n, sizeof *m->seen);
	}
	m->b = d->node[BASE];
	m->c = d->node[NOW];
	m->x = d->sum[BASE];
	m->y = d->sum[NOW];
	return m;
}

void
diff_match(struct diff *d, const uint32_t list[], size_t n)
{
	struct diff_matcher *m = matcher_of(d);

	while (m->queued > m->sure)
		part(m, m->queue[--m->queued]);
	m->queued = m->done = 0;
	m->is_loose = false;
	if (m->b[d->base->n].mate == SPAN_NONE)
		diff_match_pair(m, (uint32_t)d->base->n, (uint32_t)d->now->n);
	else
		match_grown(m, list, n);
	diff_match_down(m);
	m->sure = m->queued;
	list_rest(d, BASE, &m->rest[BASE]);
	list_rest(d, NOW, &m->rest[NOW]);
	m->is_new = true;
	for (int i = 0; m->is_new && i < ROUNDS; i++) {
		m->is_new = false;
		each_open(m, diff_match_renamed);
		diff_match_moved(m);
		m->is_loose = true;
		each_open(m, diff_match_rest);
	}
}

void
diff_matcher_free(struct diff_matcher *m)
{
	if (!m)
		return;
	free(m->queue);
	free(m->left.item);
	free(m->right.item);
	free(m->from);
	free(m->to);
	free(m->mate);
	free(m->guess);
	free(m->rest[BASE].at);
	free(m->rest[NOW].at);
	free(m->todo.at);
	free(m->was);
	free(m->seen);
	free(m);
}
