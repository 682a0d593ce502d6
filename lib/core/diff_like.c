#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/diff_int.h"

static uint64_t
hash_text(struct pull_text t)
{
	return mix_text(t.s, t.n);
}

static uint64_t
contents(const struct span *s)
{
	uint64_t h = mix_pair(hash_text(s->kind), s->attrs.hash), list = 0;

	h = mix_pair(h, hash_text(s->code));
	h = mix_pair(h, hash_text(s->message));
	h = mix_pair(h, hash_text(s->resource->service));
	for (uint32_t i = 0; i < s->events; i++)
		list = mix_pair(list, s->event[i].hash);
	for (uint32_t i = 0; i < s->links; i++)
		list += mix_pair(s->link[i].hash, 1);
	return mix_pair(h, list);
}

/* The least of many hashes is the same in sets that have much in common. */
static void
sketch(struct diff_node *n, const uint32_t from[4])
{
	for (int k = 0; k < 4; k++)
		if (from[k] < n->sketch[k])
			n->sketch[k] = from[k];
}

static void
hash_contents(struct diff_node *n, const struct span *s)
{
	int64_t took = span_took(s);

	n->what = contents(s);
	n->own = mix_pair(n->what, hash_text(s->name));
	n->took = took < 0 ? -1 : log2f(1 + (float)took);
	n->mate = SPAN_NONE;
}

/* Its contents and its children are known; of the last one, above the roots,
 * only those. */
static void
hash_node(const struct spans *t, struct diff_node *all, uint32_t at)
{
	struct diff_node *n = &all[at];
	uint64_t below = 0;
	uint32_t kids, own[4];
	const uint32_t *kid = diff_kids(t, at, &kids);

	n->size = at < t->n;
	memset(n->sketch, 0xff, sizeof n->sketch);
	for (uint32_t i = 0; i < kids; i++) {
		const struct diff_node *k = &all[kid[i]];

		below += mix_pair(k->tree, 7);
		n->size += k->size;
		sketch(n, k->sketch);
	}
	n->tree = mix_pair(n->own, below);
	n->rest = mix_pair(n->what, below);
	for (unsigned k = 0; k < 4; k++)
		own[k] = (uint32_t)mix_pair(n->own, k + 1);
	if (at < t->n)
		sketch(n, own);
}

/* The one above the roots stays the last. */
static void
grow(struct diff *d, int side, size_t from)
{
	struct spans *t = diff_side(d, side);
	struct diff_node *node = d->node[side], above = {.mate = SPAN_NONE};

	if (node)
		above = node[from];
	if (!node || t->n + 1 > d->nodes_cap) {
		d->nodes_cap = node ? (t->n + 1) * 2 : t->n + 1;
		node = mem_resize(node, d->nodes_cap * sizeof *node);
		d->node[side] = node;
	}
	memset(node + from, 0, (t->n + 1 - from) * sizeof *node);
	for (size_t i = from; i < t->n; i++)
		hash_contents(&node[i], &t->span[i]);
	node[t->n] = above;
	if (above.mate != SPAN_NONE)
		d->node[!side][above.mate].mate = (uint32_t)t->n;
}

static void
hash_all(struct diff *d, int side)
{
	struct spans *t = diff_side(d, side);

	grow(d, side, 0);
	for (size_t i = t->n; i--;)
		hash_node(t, d->node[side], t->walk[i]);
	hash_node(t, d->node[side], (uint32_t)t->n);
}

void
diff_hash(struct diff *d)
{
	hash_all(d, BASE);
	hash_all(d, NOW);
}

void
diff_hash_grown(struct diff *d, size_t from, const uint32_t list[], size_t n)
{
	if (!d->node[BASE])
		hash_all(d, BASE);
	grow(d, NOW, from);
	for (size_t i = 0; i < n; i++)
		hash_node(d->now, d->node[NOW], list[i]);
}

/* The share of attributes that are equal. */
static double
attrs_alike(const struct span_attrs *a, const struct span_attrs *b)
{
	uint32_t i = 0, k = 0, same = 0, all = 0;

	if (a->hash == b->hash)
		return 1;
	while (i < a->n || k < b->n) {
		const struct span_attr *x = i < a->n ? &a->item[i] : NULL;
		const struct span_attr *y = k < b->n ? &b->item[k] : NULL;
		int sign = !x		    ? 1
			 : !y		    ? -1
			 : x->key == y->key ? 0
					    : strcmp(x->key->s, y->key->s);
		const struct span_key *key = sign <= 0 ? x->key : y->key;

		all += !key->is_ignored;
		same += !sign && !key->is_ignored && x->hash == y->hash;
		i += sign <= 0;
		k += sign >= 0;
	}
	return all ? (double)same / all : 1;
}

static double
names_alike(struct pull_text a, struct pull_text b)
{
	size_t least = a.n < b.n ? a.n : b.n, most = a.n + b.n - least, n = 0;
	size_t tail = 0;

	while (n < least && a.s[n] == b.s[n])
		n++;
	while (n + tail < least && a.s[a.n - 1 - tail] == b.s[b.n - 1 - tail])
		tail++;
	return most ? (double)(n + tail) / (double)most : 1;
}

/* What is below: -1 when nothing is, on both sides. */
static double
below_alike(const struct diff_node *a, const struct diff_node *b)
{
	double same = 0;

	if (a->size == 1 && b->size == 1)
		return -1;
	for (int k = 0; k < 4; k++)
		same += a->sketch[k] == b->sketch[k] ? .25 : 0;
	if (a->size == 1 || b->size == 1)
		return 0;
	return .5 * same + .5 * (a->size < b->size ? (double)a->size / b->size
						   : (double)b->size / a->size);
}

static double
took_alike(const struct diff_node *a, const struct diff_node *b)
{
	if (a->took < 0 || b->took < 0)
		return .5;
	return 1 / (1 + 4 * fabs((double)a->took - (double)b->took));
}

static double
places_alike(const struct diff_node *a, const struct diff_node *b)
{
	return 1 / (1 + fabs((double)a->place - (double)b->place) / 4);
}

double
diff_likeness(const struct diff *d, uint32_t b, uint32_t c)
{
	const struct span *x = &d->base->span[b], *y = &d->now->span[c];
	const struct diff_node *m = &d->node[BASE][b], *n = &d->node[NOW][c];
	double attrs = attrs_alike(&x->attrs, &y->attrs);
	double below = below_alike(m, n);
	double weight = x->attrs.n + y->attrs.n ? 3 : .5;
	double sum = weight * attrs;

	sum += 2 * names_alike(x->name, y->name) + took_alike(m, n);
	sum += .5 * diff_is_text(x->kind, y->kind);
	sum += .5 * diff_is_text(x->resource->service, y->resource->service);
	sum += places_alike(m, n);
	weight += 5;
	if (below >= 0) {
		weight += 2;
		sum += 2 * below;
	}
	return sum / weight;
}

static float
misfit(const struct diff *d, uint32_t b, uint32_t c)
{
	const struct diff_node *m = &d->node[BASE][b], *n = &d->node[NOW][c];
	double below = below_alike(m, n);

	return (float)(3 - took_alike(m, n) - (below < 0 ? 1 : below) -
		       places_alike(m, n));
}

enum { CELLS = 1 << 22 };

static void
in_order(uint32_t nb, uint32_t nc, const uint32_t c[], uint32_t mate[])
{
	for (uint32_t i = 0; i < nb; i++)
		mate[i] = i < nc ? c[i] : SPAN_NONE;
}

/*
 * cost[i][k]: the first i of the few, with k of the many left out until then.
 * The rows need be no wider than the many are more.
 */
void
diff_align(const struct diff *d, const uint32_t b[], uint32_t nb,
    const uint32_t c[], uint32_t nc, uint32_t mate[])
{
	bool is_swapped = nb > nc;
	uint32_t few = is_swapped ? nc : nb, more = is_swapped ? nb : nc;
	size_t wide = more - few + 1;
	float *cost;

	if (wide == 1 || (few + 1) * wide > CELLS || !few) {
		in_order(nb, nc, c, mate);
		return;
	}
	cost = mem_new((few + 1) * wide, sizeof *cost);
	for (size_t i = 1; i <= few; i++)
		for (size_t k = 0; k < wide; k++) {
			size_t x = i - 1, y = i - 1 + k;
			float *at = &cost[i * wide + k];

			*at = at[-(ptrdiff_t)wide] +
			      (is_swapped ? misfit(d, b[y], c[x])
					  : misfit(d, b[x], c[y]));
			if (k && at[-1] <= *at)
				*at = at[-1];
		}
	for (uint32_t i = 0; i < nb; i++)
		mate[i] = SPAN_NONE;
	for (size_t i = few, k = wide - 1; i; i--) {
		while (k && cost[i * wide + k] == cost[i * wide + k - 1])
			k--;
		if (is_swapped)
			mate[i - 1 + k] = c[i - 1];
		else
			mate[i - 1] = c[i - 1 + k];
	}
	free(cost);
}
