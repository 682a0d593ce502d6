#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/diff_int.h"

enum { PAIRS = 1 << 16 }; /* of which the likeness is looked at, at once */

typedef uint64_t key_fn(
    const struct spans *t, const struct diff_sum *x, uint32_t i);

static uint64_t
tree_key(const struct spans *t, const struct diff_sum *x, uint32_t i)
{
	(void)t;
	return x[i].tree;
}

static uint64_t
own_key(const struct spans *t, const struct diff_sum *x, uint32_t i)
{
	(void)t;
	return x[i].own;
}

static uint64_t
rest_key(const struct spans *t, const struct diff_sum *x, uint32_t i)
{
	(void)t;
	return x[i].rest;
}

static uint64_t
name_key(const struct spans *t, const struct diff_sum *x, uint32_t i)
{
	const struct pull_text name = t->span[i].name;

	(void)x;
	return mix_text(name.s, name.n);
}

void
diff_match_pair(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	m->b[b].mate = c;
	m->c[c].mate = b;
	m->queue[m->queued++] = b;
	m->is_new = true;
}

static int
by_key(const void *left, const void *right)
{
	const struct diff_item *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

enum { BUCKETS = 256, FEW = 32 };

static void
sort_few(struct diff_item *item, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct diff_item one = item[i];
		size_t at = i;

		for (; at && item[at - 1].key > one.key; at--)
			item[at] = item[at - 1];
		item[at] = one;
	}
}

/* Into buckets by the first byte of their keys, in order; keys are hashes, so
 * that most buckets are small. What is equal is in order of rank before. */
static void
sort_many(struct diff_item *item, size_t n, struct diff_item *to)
{
	size_t end[BUCKETS] = {0}, from = 0;

	for (size_t i = 0; i < n; i++)
		end[item[i].key >> 56]++;
	for (size_t i = 0, at = 0; i < BUCKETS; i++) {
		size_t many = end[i];

		end[i] = at;
		at += many;
	}
	for (size_t i = 0; i < n; i++)
		to[end[item[i].key >> 56]++] = item[i];
	for (size_t i = 0; i < BUCKETS; from = end[i++])
		if (end[i] - from <= FEW)
			sort_few(to + from, end[i] - from);
		else
			qsort(to + from, end[i] - from, sizeof *to, by_key);
	memcpy(item, to, n * sizeof *to);
}

/* By key, then by rank, of which they are in order. */
static void
sort_items(struct diff_items *in)
{
	struct diff_item *room;

	if (in->n <= FEW) {
		sort_few(in->item, in->n);
		return;
	}
	room = mem_resize(NULL, in->n * sizeof *room);
	sort_many(in->item, in->n, room);
	free(room);
}

static void
put(struct diff_items *to, uint64_t key, uint32_t at)
{
	to->item = mem_more(to->item, to->n, &to->cap, sizeof *to->item);
	to->item[to->n] = (struct diff_item){key, at, (uint32_t)to->n};
	to->n++;
}

/* Children without a mate. */
static void
gather(const struct diff *d, int side, uint32_t up, key_fn *key,
    struct diff_items *to)
{
	uint32_t n;
	const uint32_t *kid = diff_kids(d, side, up, &n);

	to->n = 0;
	for (uint32_t i = 0; i < n; i++)
		if (d->node[side][kid[i]].mate == SPAN_NONE)
			put(to, key(diff_side(d, side), d->sum[side], kid[i]),
			    kid[i]);
}

static bool
gather_both(struct diff_matcher *m, uint32_t b, uint32_t c, key_fn *key)
{
	gather(m->d, BASE, b, key, &m->left);
	if (!m->left.n)
		return false;
	gather(m->d, NOW, c, key, &m->right);
	return m->right.n > 0;
}

static uint32_t *
copy(uint32_t **to, size_t *cap, const struct diff_item *item, size_t n)
{
	if (n > *cap) {
		*cap = n * 2;
		*to = mem_resize(*to, *cap * sizeof **to);
	}
	for (size_t i = 0; i < n; i++)
		(*to)[i] = item[i].at;
	return *to;
}

enum { NEAR = 2, FAR = 8 };

static int64_t
apart(const struct diff_matcher *m, uint32_t b, uint32_t c)
{
	return (int64_t)m->c[c].place - (int64_t)m->b[b].place;
}

/* One that went far shifts all equal ones that it passed: those that stayed
 * are found by their place. */
static void
match_near(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	for (size_t i = 0, k = 0; i < nb; i++) {
		while (k < nc && apart(m, b[i].at, c[k].at) < -NEAR)
			k++;
		if (k < nc && apart(m, b[i].at, c[k].at) <= NEAR)
			diff_match_pair(m, b[i].at, c[k++].at);
	}
}

static size_t
drop_paired(const struct diff_node *node, uint32_t list[], size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (node[list[i]].mate == SPAN_NONE)
			list[k++] = list[i];
	return k;
}

/* All equal but for details. */
static void
match_run(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	uint32_t *from = copy(&m->from, &m->from_cap, b, nb);
	uint32_t *to = copy(&m->to, &m->to_cap, c, nc);
	uint32_t *mate = copy(&m->mate, &m->mate_cap, b, nb);
	bool is_far = false;

	diff_align(m->d, from, (uint32_t)nb, to, (uint32_t)nc, mate);
	for (size_t i = 0; i < nb; i++)
		is_far = is_far || (mate[i] != SPAN_NONE &&
				       llabs(apart(m, from[i], mate[i])) > FAR);
	if (is_far) {
		match_near(m, b, nb, c, nc);
		nb = drop_paired(m->b, from, nb);
		nc = drop_paired(m->c, to, nc);
		diff_align(m->d, from, (uint32_t)nb, to, (uint32_t)nc, mate);
	}
	for (size_t i = 0; i < nb; i++)
		if (mate[i] != SPAN_NONE)
			diff_match_pair(m, from[i], mate[i]);
}

static int
by_score(const void *left, const void *right)
{
	const struct diff_guess *a = left, *b = right;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return a->c < b->c ? -1 : a->c > b->c;
}

static void
guess(struct diff_matcher *m, uint32_t b, uint32_t c, double score)
{
	m->guess =
	    mem_more(m->guess, m->guesses, &m->guesses_cap, sizeof *m->guess);
	m->guess[m->guesses++] = (struct diff_guess){score, b, c};
}

/* The best first; each span once. */
static void
settle(struct diff_matcher *m)
{
	if (m->guesses)
		qsort(m->guess, m->guesses, sizeof *m->guess, by_score);
	for (size_t i = 0; i < m->guesses; i++) {
		const struct diff_guess *g = &m->guess[i];

		if (m->b[g->b].mate == SPAN_NONE &&
		    m->c[g->c].mate == SPAN_NONE)
			diff_match_pair(m, g->b, g->c);
	}
	m->guesses = 0;
}

/* Of one name, with contents that differ: those that are much alike. */
static void
match_alike(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	if (nb * nc > PAIRS) {
		match_run(m, b, nb, c, nc);
		return;
	}
	for (size_t i = 0; i < nb; i++)
		for (size_t k = 0; k < nc; k++) {
			double score = diff_likeness(m->d, b[i].at, c[k].at);

			if (score >= .7)
				guess(m, b[i].at, c[k].at, score);
		}
	settle(m);
}

/* Equal things in great number that say nothing have no home to be found by. */
static bool
is_telling(const struct diff_matcher *m, uint32_t b)
{
	return m->x[b].size > 1 || m->d->base->span[b].attrs.hash;
}

static void
match_telling(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	if (is_telling(m, b->at))
		match_run(m, b, nb, c, nc);
}

static void
match_only(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	if (nb == 1 && nc == 1)
		diff_match_pair(m, b->at, c->at);
}

/* As many on both sides: nothing of them came or went. */
static void
match_even(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	if (nb == nc)
		match_run(m, b, nb, c, nc);
}

typedef void run_fn(struct diff_matcher *m, const struct diff_item *b,
    size_t nb, const struct diff_item *c, size_t nc);

static size_t
run_end(const struct diff_items *in, size_t i)
{
	size_t end = i;

	while (end < in->n && in->item[end].key == in->item[i].key)
		end++;
	return end;
}

/* Call fn for each key that both sides have. */
static void
each_run(struct diff_matcher *m, run_fn *fn)
{
	struct diff_items *l = &m->left, *r = &m->right;
	size_t i = 0, k = 0;

	if (!l->n || !r->n)
		return;
	sort_items(l);
	sort_items(r);
	while (i < l->n && k < r->n) {
		uint64_t x = l->item[i].key, y = r->item[k].key;
		size_t i_end = run_end(l, i), k_end = run_end(r, k);

		if (x == y)
			fn(m, l->item + i, i_end - i, r->item + k, k_end - k);
		if (x <= y)
			i = i_end;
		if (y <= x)
			k = k_end;
	}
}

/* The next child whose mate has the same parent; n: none. */
static uint32_t
next_anchor(const struct diff_matcher *m, const uint32_t *kid, uint32_t n,
    uint32_t i, uint32_t c)
{
	for (; i < n; i++) {
		uint32_t mate = m->b[kid[i]].mate;

		if (mate != SPAN_NONE && diff_up(m->d, NOW, mate) == c)
			break;
	}
	return i;
}

/*
 * Who has a mate tells where his neighbours are to be looked for; unless the
 * next one says that he alone went.
 */
static void
set_places(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	uint32_t n, at = 0, next;
	const uint32_t *kid = diff_kids(m->d, NOW, c, &n);

	for (uint32_t i = 0; i < n; i++)
		m->c[kid[i]].place = i;
	kid = diff_kids(m->d, BASE, b, &n);
	next = next_anchor(m, kid, n, 0, c);
	for (uint32_t i = 0; i < n; i++, at++) {
		uint32_t here = m->c[next < n ? m->b[kid[next]].mate : 0].place;

		if (i == next) {
			next = next_anchor(m, kid, n, i + 1, c);
			if (next == n ||
			    llabs((int64_t)m->c[m->b[kid[next]].mate].place -
				  here - (next - i)) <= FAR)
				at = here;
		}
		m->b[kid[i]].place = at;
	}
}

/* Mostly nothing changed: all are equal and in order. */
static bool
match_all(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	uint32_t nb, nc;
	const uint32_t *left = diff_kids(m->d, BASE, b, &nb);
	const uint32_t *right = diff_kids(m->d, NOW, c, &nc);

	if (nb != nc)
		return false;
	for (uint32_t i = 0; i < nb; i++) {
		if (m->x[left[i]].tree != m->y[right[i]].tree ||
		    m->b[left[i]].mate != SPAN_NONE ||
		    m->c[right[i]].mate != SPAN_NONE)
			return false;
	}
	for (uint32_t i = 0; i < nb; i++)
		diff_match_pair(m, left[i], right[i]);
	return true;
}

void
diff_match_kids(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	static const struct {
		key_fn *key;
		run_fn *fn;
	} step[] = {
	    {tree_key, match_only},
	    {own_key, match_only},
	    {tree_key, match_even},
	    {own_key, match_even},
	    {tree_key, match_run},
	    {own_key, match_run},
	    {name_key, match_alike},
	};

	if (match_all(m, b, c))
		return;
	for (size_t i = 0; i < COUNT(step); i++) {
		if (!gather_both(m, b, c, step[i].key))
			return;
		if (i == 2)
			set_places(m, b, c);
		each_run(m, step[i].fn);
	}
}

void
diff_match_renamed(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	if (!gather_both(m, b, c, rest_key))
		return;
	set_places(m, b, c);
	each_run(m, match_telling);
}

void
diff_match_rest(struct diff_matcher *m, uint32_t b, uint32_t c)
{
	const struct span *x = m->d->base->span, *y = m->d->now->span;

	if (!gather_both(m, b, c, tree_key) || m->left.n * m->right.n > PAIRS)
		return;
	set_places(m, b, c);
	for (size_t i = 0; i < m->left.n; i++)
		for (size_t k = 0; k < m->right.n; k++) {
			uint32_t p = m->left.item[i].at;
			uint32_t q = m->right.item[k].at;
			double score = diff_likeness(m->d, p, q);
			bool is_named = diff_is_text(x[p].name, y[q].name);

			if (score >= (is_named ? .4 : .6))
				guess(m, p, q, score);
		}
	settle(m);
}

void
diff_match_down(struct diff_matcher *m)
{
	while (m->done < m->queued) {
		uint32_t b = m->queue[m->done++];

		diff_match_kids(m, b, m->b[b].mate);
		if (!m->is_loose)
			continue;
		diff_match_renamed(m, b, m->b[b].mate);
		diff_match_rest(m, b, m->b[b].mate);
	}
}

/* Of a list, those without a mate. */
static void
gather_rest(const struct diff *d, int side, const struct diff_list *rest,
    struct diff_items *to)
{
	to->n = 0;
	for (size_t i = 0; i < rest->n; i++)
		if (d->node[side][rest->at[i]].mate == SPAN_NONE)
			put(to, d->sum[side][rest->at[i]].tree, rest->at[i]);
}

/* Guessed, and not yet paired: the largest are to go first. */
static void
guess_moved(struct diff_matcher *m, const struct diff_item *b, size_t nb,
    const struct diff_item *c, size_t nc)
{
	uint32_t *from, *to, *mate;

	if ((nb > 1 || nc > 1) && !is_telling(m, b->at))
		return;
	from = copy(&m->from, &m->from_cap, b, nb);
	to = copy(&m->to, &m->to_cap, c, nc);
	mate = copy(&m->mate, &m->mate_cap, b, nb);
	for (size_t i = 0; i < nb; i++)
		m->b[from[i]].place = 0; /* elsewhere, it says nothing */
	for (size_t i = 0; i < nc; i++)
		m->c[to[i]].place = 0;
	diff_align(m->d, from, (uint32_t)nb, to, (uint32_t)nc, mate);
	for (size_t i = 0; i < nb; i++)
		if (mate[i] != SPAN_NONE)
			guess(m, from[i], mate[i], m->x[from[i]].size);
}

void
diff_match_moved(struct diff_matcher *m)
{
	struct diff_guess *g;
	size_t n;

	gather_rest(m->d, BASE, &m->rest[BASE], &m->left);
	gather_rest(m->d, NOW, &m->rest[NOW], &m->right);
	each_run(m, guess_moved);
	/* what lies below is matched on the way, by guesses of its own */
	g = m->guess;
	n = m->guesses;
	m->guess = NULL;
	m->guesses = m->guesses_cap = 0;
	if (n)
		qsort(g, n, sizeof *g, by_score);
	for (size_t i = 0; i < n; i++)
		if (m->b[g[i].b].mate == SPAN_NONE &&
		    m->c[g[i].c].mate == SPAN_NONE) {
			diff_match_pair(m, g[i].b, g[i].c);
			diff_match_down(m);
		}
	free(g);
}
