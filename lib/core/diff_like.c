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
sketch(struct diff_sum *x, const uint32_t from[4])
{
	for (int k = 0; k < 4; k++)
		if (from[k] < x->sketch[k])
			x->sketch[k] = from[k];
}

static void
hash_contents(struct diff_sum *x, const struct span *s)
{
	int64_t took = span_took(s);

	x->what = contents(s);
	x->own = mix_pair(x->what, hash_text(s->name));
	x->took = took < 0 ? -1 : log2f(1 + (float)took);
	x->said = mix_pair(x->own, (uint64_t)took);
	x->said = mix_pair(x->said, s->resource->attrs.hash) | 1;
	if (s->runs_n)
		x->said = 0;
}

/* Where it stands, and its children. */
static const uint32_t *
hang(const struct spans *t, struct diff_node *all, uint32_t at)
{
	struct diff_node *n = &all[at];
	const uint32_t *kid;

	n->kid = at == t->n ? t->root : t->span[at].kid;
	n->kids = at == t->n ? t->roots : t->span[at].kids;
	kid = t->order + n->kid;
	for (uint32_t i = 0; i < n->kids; i++)
		all[kid[i]].up = at == t->n ? SPAN_NONE : at;
	return kid;
}

/* Its contents and its children are known; of the last one, above the roots,
 * only those. */
static void
hash_node(struct diff *d, int side, uint32_t at)
{
	struct spans *t = diff_side(d, side);
	const uint32_t *kid = hang(t, d->node[side], at);
	struct diff_sum *all = d->sum[side], *x = &all[at];
	uint64_t below = 0;
	uint32_t own[4];

	x->size = at < t->n;
	memset(x->sketch, 0xff, sizeof x->sketch);
	for (uint32_t i = 0; i < d->node[side][at].kids; i++) {
		const struct diff_sum *k = &all[kid[i]];

		below += mix_pair(k->tree, 7);
		x->size += k->size;
		sketch(x, k->sketch);
	}
	x->tree = mix_pair(x->own, below);
	x->rest = mix_pair(x->what, below);
	for (unsigned k = 0; k < 4; k++)
		own[k] = (uint32_t)mix_pair(x->own, k + 1);
	if (at < t->n)
		sketch(x, own);
}

static void
make_room(struct diff *d, int side, size_t n)
{
	bool is_new = !d->node[side];

	if (!is_new && n <= d->nodes_cap)
		return;
	d->nodes_cap = is_new && !diff_side(d, side)->links ? n : n * 2;
	d->node[side] =
	    mem_resize(d->node[side], d->nodes_cap * sizeof *d->node[side]);
	d->sum[side] =
	    mem_resize(d->sum[side], d->nodes_cap * sizeof *d->sum[side]);
}

/* The one above the roots stays the last. */
static void
grow(struct diff *d, int side, size_t from)
{
	struct spans *t = diff_side(d, side);
	uint32_t above = d->node[side] ? d->node[side][from].mate : SPAN_NONE;
	size_t more = t->n + 1 - from;

	make_room(d, side, t->n + 1);
	memset(d->node[side] + from, 0, more * sizeof *d->node[side]);
	memset(d->sum[side] + from, 0, more * sizeof *d->sum[side]);
	for (size_t i = from; i < t->n; i++) {
		d->node[side][i].mate = SPAN_NONE;
		hash_contents(&d->sum[side][i], &t->span[i]);
	}
	d->node[side][t->n].mate = above;
	if (above != SPAN_NONE)
		d->node[!side][above].mate = (uint32_t)t->n;
}

static void
hash_all(struct diff *d, int side)
{
	struct spans *t = diff_side(d, side);

	grow(d, side, 0);
	for (size_t i = t->n; i--;)
		hash_node(d, side, t->walk[i]);
	hash_node(d, side, (uint32_t)t->n);
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
		hash_node(d, NOW, list[i]);
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
below_alike(const struct diff_sum *a, const struct diff_sum *b)
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
took_alike(const struct diff_sum *a, const struct diff_sum *b)
{
	if (a->took < 0 || b->took < 0)
		return .5;
	return 1 / (1 + 4 * fabs((double)a->took - (double)b->took));
}

static double
places_alike(const struct diff *d, uint32_t b, uint32_t c)
{
	double place = d->node[BASE][b].place;

	return 1 / (1 + fabs(place - (double)d->node[NOW][c].place) / 4);
}

double
diff_likeness(const struct diff *d, uint32_t b, uint32_t c)
{
	const struct span *x = &d->base->span[b], *y = &d->now->span[c];
	const struct diff_sum *m = &d->sum[BASE][b], *n = &d->sum[NOW][c];
	double attrs = attrs_alike(&x->attrs, &y->attrs);
	double below = below_alike(m, n);
	double weight = x->attrs.n + y->attrs.n ? 3 : .5;
	double sum = weight * attrs;

	sum += 2 * names_alike(x->name, y->name) + took_alike(m, n);
	sum += .5 * diff_is_text(x->kind, y->kind);
	sum += .5 * diff_is_text(x->resource->service, y->resource->service);
	sum += places_alike(d, b, c);
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
	const struct diff_sum *m = &d->sum[BASE][b], *n = &d->sum[NOW][c];
	double below = below_alike(m, n);

	return (float)(3 - took_alike(m, n) - (below < 0 ? 1 : below) -
		       places_alike(d, b, c));
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
