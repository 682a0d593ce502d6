#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/mem.h"
#include "core/spans_int.h"

static bool
is_same(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* ---- ids */

/* A slot has the span of an id, or, marked so, who waits for one to come. */
static const uint32_t WAITS = UINT32_C(1) << 31;

static uint32_t
known(const struct slot *at)
{
	return at->number & WAITS ? 0 : at->number;
}

static uint32_t
waiting(const struct slot *at)
{
	return at->number & WAITS ? at->number & ~WAITS : 0;
}

static bool
is_of(const struct spans *t, const struct slot *at, struct pull_text trace,
    struct pull_text id)
{
	const struct span *s = &t->span[(at->number & ~WAITS) - 1];

	return is_same(known(at) ? s->id : s->parent, id) &&
	       is_same(s->trace, trace);
}

/* The slot of an id, or the free one for it. */
static struct slot *
find(const struct spans *t, struct pull_text trace, struct pull_text id)
{
	const struct slots *by_id = &t->links->by_id;
	struct slot *at = slots_first(by_id,
	    key_hash_pair(key_hash(trace.s, trace.n), key_hash(id.s, id.n)));

	while (at->number && !is_of(t, at, trace, id))
		at = slots_next(by_id, at);
	return at;
}

static void
put(struct spans *t, struct slot *at, uint32_t number)
{
	if (at->number)
		at->number = number;
	else
		slots_put(&t->links->by_id, at, number);
}

static void
widen(struct spans *t)
{
	struct spans_links *l = t->links;
	uint32_t **list[] = {&l->next, &l->mark, &l->wait, &l->changed};
	size_t n = t->n + 1;

	if (n <= l->cap)
		return;
	if (l->cap)
		n *= 2;
	for (size_t i = 0; i < COUNT(list); i++) {
		*list[i] = mem_resize(*list[i], n * sizeof **list[i]);
		memset(*list[i] + l->cap, 0, (n - l->cap) * sizeof **list[i]);
	}
	l->cap = n;
}

/* An exporter that tries again brings the same span twice. */
static bool
is_again(const struct span *a, const struct span *b)
{
	return is_same(a->name, b->name) && is_same(a->parent, b->parent) &&
	       a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
	       a->attrs.hash == b->attrs.hash && a->events == b->events;
}

/* Those that were roots and found a parent. */
struct moved {
	uint32_t *at;
	size_t n, cap;
};

/* Its id becomes known: who waited for it has a parent. */
static void
be_known(struct spans *t, uint32_t i, struct slot *slot, struct moved *to)
{
	uint32_t next;

	for (uint32_t w = waiting(slot); w; w = next) {
		struct span *s = &t->span[w - 1];

		next = t->links->next[w - 1];
		s->up = i;
		s->state = SPAN_GOOD;
		t->orphans--;
		if (w - 1 < t->links->done) {
			to->at =
			    mem_more(to->at, to->n, &to->cap, sizeof *to->at);
			to->at[to->n++] = w - 1;
		}
	}
	put(t, slot, i + 1);
}

static void
find_parent(struct spans *t, uint32_t i)
{
	struct span *s = &t->span[i];
	struct slot *slot = find(t, s->trace, s->parent);
	uint32_t parent = known(slot);

	if (parent && parent - 1 != i) {
		s->up = parent - 1;
	} else if (parent) {
		s->state = SPAN_CIRCLE;
		t->circles++;
	} else {
		s->state = SPAN_ORPHAN;
		t->orphans++;
		t->links->next[i] = waiting(slot);
		put(t, slot, (i + 1) | WAITS);
	}
}

/* Is it to be kept? */
static bool
take(struct spans *t, uint32_t i, struct moved *to)
{
	struct span *s = &t->span[i];
	struct slot *slot;

	slots_make_room(&t->links->by_id, 2);
	if (s->id.n) {
		slot = find(t, s->trace, s->id);
		if (known(slot) && is_again(&t->span[known(slot) - 1], s)) {
			t->repeated++;
			return false;
		}
		t->clashes += known(slot) > 0;
		if (!known(slot))
			be_known(t, i, slot, to);
	}
	if (s->parent.n)
		find_parent(t, i);
	return true;
}

static void
take_in(struct spans *t, struct moved *to)
{
	size_t from = t->links->done, n = from;
	uint32_t *now = mem_new(t->n - from + 1, sizeof *now);

	for (size_t i = from; i < t->n; i++) {
		struct span *s = &t->span[i];

		if (s->up != SPAN_NONE && s->up >= from)
			s->up = now[s->up - from];
		now[i - from] = (uint32_t)n;
		t->span[n] = *s;
		n += take(t, (uint32_t)n, to);
	}
	t->n = n;
	free(now);
}

/* ---- what changes */

/* The one that came last leaves its circle, whatever came with it. */
static void
cut_circle(struct spans *t, uint32_t at)
{
	uint32_t last = at;

	for (uint32_t i = t->span[at].up; i != at; i = t->span[i].up)
		if (i > last)
			last = i;
	t->span[last].up = SPAN_NONE;
	t->span[last].state = SPAN_CIRCLE;
	t->circles++;
}

/*
 * All above the new ones, each once. Who comes back to where he was in the
 * same walk is on a circle.
 */
static void
mark_changed(struct spans *t)
{
	struct spans_links *l = t->links;

	l->changes = 0;
	for (uint32_t i = (uint32_t)l->done; i < t->n; i++) {
		uint32_t at = i;

		while (at != SPAN_NONE && !l->mark[at]) {
			l->mark[at] = i + 1;
			l->changed[l->changes++] = at;
			at = t->span[at].up;
		}
		if (at != SPAN_NONE && l->mark[at] == i + 1)
			cut_circle(t, at);
	}
	for (size_t i = 0; i < l->changes; i++)
		l->mark[l->changed[i]] = 0;
}

/* Children first, and who stands above the roots last. */
static void
sort_changed(struct spans *t)
{
	struct spans_links *l = t->links;
	uint32_t *all = l->mark; /* not in use here */
	size_t done = 0;

	memcpy(all, l->changed, l->changes * sizeof *all);
	for (size_t i = 0; i < l->changes; i++)
		if (t->span[all[i]].up != SPAN_NONE)
			l->wait[t->span[all[i]].up]++;
	for (size_t i = 0; i < l->changes; i++)
		for (uint32_t at = all[i]; at != SPAN_NONE && !l->wait[at];
		     at = t->span[at].up) {
			l->changed[done++] = at;
			l->wait[at] = UINT32_MAX;
			if (t->span[at].up != SPAN_NONE)
				l->wait[t->span[at].up]--;
		}
	for (size_t i = 0; i < l->changes; i++)
		l->wait[all[i]] = 0;
	memset(all, 0, l->changes * sizeof *all);
	l->changed[l->changes++] = (uint32_t)t->n;
}

/* ---- children */

struct kin {
	uint32_t *at, *n, *room;
};

/* Of t->n: the roots. */
static struct kin
kin_of(struct spans *t, uint32_t up)
{
	struct span *s = t->span;

	if (up == t->n)
		return (struct kin){&t->root, &t->roots, &t->root_room};
	return (struct kin){&s[up].kid, &s[up].kids, &s[up].room};
}

static uint32_t
parent_of(const struct spans *t, uint32_t i)
{
	return t->span[i].up == SPAN_NONE ? (uint32_t)t->n : t->span[i].up;
}

static int
by_start(const void *left, const void *right, void *arg)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct span *s = arg;

	if (s[a].start_ns != s[b].start_ns)
		return s[a].start_ns < s[b].start_ns ? -1 : 1;
	return a < b ? -1 : 1;
}

/* Where children are put: a list that is full moves to the end. */
static void
give_room(struct spans *t, struct spans_links *l, uint32_t up, uint32_t more)
{
	struct kin k = kin_of(t, up);
	size_t room = *k.n ? (size_t)(*k.n + more) * 2 : more;

	if (*k.n + more <= *k.room)
		return;
	if (l->placed + room > l->order_cap) {
		l->order_cap = (l->placed + room) * 2;
		t->order =
		    mem_resize(t->order, l->order_cap * sizeof *t->order);
	}
	if (*k.n)
		memcpy(t->order + l->placed, t->order + *k.at,
		    *k.n * sizeof *t->order);
	*k.at = (uint32_t)l->placed;
	*k.room = (uint32_t)room;
	l->placed += room;
}

/* The first `old` are sorted. */
static void
sort_kids(struct spans *t, uint32_t up, uint32_t old)
{
	struct kin k = kin_of(t, up);
	uint32_t *list = t->order + *k.at, n = *k.n - old, m = *k.n;
	uint32_t *fresh;

	if (n > 1)
		qsort_r(list + old, n, sizeof *list, by_start, t->span);
	if (!old || by_start(&list[old - 1], &list[old], t->span) < 0)
		return;
	fresh = mem_new(n, sizeof *fresh);
	memcpy(fresh, list + old, n * sizeof *fresh);
	while (n)
		if (old && by_start(&list[old - 1], &fresh[n - 1], t->span) > 0)
			list[--m] = list[--old];
		else
			list[--m] = fresh[--n];
	free(fresh);
}

/* Put list[n] below their parents, whose children are all sorted then. */
static void
place(struct spans *t, struct spans_links *l, const uint32_t list[], size_t n)
{
	uint32_t *more = mem_new(t->n + 1, sizeof *more);
	struct old {
		uint32_t up, kids;
	} *old = mem_new(n + 1, sizeof *old);
	size_t olds = 0;

	if (!t->order) {
		l->order_cap = n + 1;
		t->order = mem_new(l->order_cap, sizeof *t->order);
	}
	for (size_t i = 0; i < n; i++)
		more[parent_of(t, list[i])]++;
	give_room(t, l, (uint32_t)t->n, more[t->n]);
	for (size_t i = 0; i < n; i++) {
		uint32_t up = parent_of(t, list[i]);
		struct kin k = kin_of(t, up);

		if (more[up]) {
			give_room(t, l, up, more[up]);
			old[olds++] = (struct old){up, *k.n};
			more[up] = 0;
		}
		t->order[*k.at + (*k.n)++] = list[i];
	}
	for (size_t i = 0; i < olds; i++)
		sort_kids(t, old[i].up, old[i].kids);
	free(more);
	free(old);
}

/* Those that found a parent are no roots any more. */
static void
drop_roots(struct spans *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->roots; i++) {
		uint32_t at = t->order[t->root + i];

		if (t->span[at].up == SPAN_NONE)
			t->order[t->root + n++] = at;
	}
	t->roots = n;
}

static void
hang(struct spans *t, const struct moved *moved)
{
	size_t from = t->links->done, n = 0;
	uint32_t *list = mem_new(t->n - from + moved->n + 1, sizeof *list);

	if (moved->n) {
		drop_roots(t);
		memcpy(list, moved->at, moved->n * sizeof *list);
		n = moved->n;
	}
	for (size_t i = from; i < t->n; i++)
		list[n++] = (uint32_t)i;
	place(t, t->links, list, n);
	free(list);
}

/* A chain of any depth needs no stack but this one. */
static void
walk(struct spans *t)
{
	uint32_t *stack = mem_new(t->n + 1, sizeof *stack);
	size_t n = 0, done = 0;

	for (uint32_t i = t->roots; i--;)
		stack[n++] = t->order[t->root + i];
	while (n) {
		struct span *s = &t->span[stack[--n]];

		t->walk[done++] = stack[n];
		s->depth = s->up == SPAN_NONE ? 0 : t->span[s->up].depth + 1;
		for (uint32_t i = s->kids; i--;)
			stack[n++] = t->order[s->kid + i];
	}
	free(stack);
}

/* One resource for all spans that have none, so that there always is one. */
static void
give_resources(struct spans *t)
{
	struct span_resource *none = arena_alloc(&t->arena, sizeof *none);

	none->service = span_text("");
	for (size_t i = t->links->done; i < t->n; i++)
		if (!t->span[i].resource)
			t->span[i].resource = none;
}

const uint32_t *
spans_hang(struct spans *t, size_t *n)
{
	struct moved moved = {0};

	if (!t->links)
		t->links = mem_new(1, sizeof *t->links);
	widen(t);
	slots_make_room(&t->links->by_id, t->n - t->links->done);
	take_in(t, &moved);
	mark_changed(t);
	hang(t, &moved);
	sort_changed(t);
	give_resources(t);
	t->links->done = t->n;
	free(moved.at);
	*n = t->links->changes;
	return t->links->changed;
}

void
spans_links_free(struct spans *t)
{
	struct spans_links *l = t->links;

	if (!l)
		return;
	slots_free(&l->by_id);
	free(l->next);
	free(l->mark);
	free(l->wait);
	free(l->changed);
	free(l->last);
	free(l);
	t->links = NULL;
}

void
spans_settle(struct spans *t)
{
	spans_links_free(t);
	t->walk = mem_new(t->n + 1, sizeof *t->walk);
	walk(t);
}

void
spans_tree(struct spans *t)
{
	size_t changed;

	spans_hang(t, &changed);
	spans_settle(t);
}

void
spans_counted(const struct spans *t, struct spans *to)
{
	uint32_t *now = mem_new(t->n + 1, sizeof *now);
	struct spans_links links = {0};
	uint32_t n = 0;

	*to =
	    (struct spans){.name = t->name, .keys = t->keys, .text = BUF_INIT};
	to->span = mem_new(t->n + 1, sizeof *to->span);
	for (size_t i = 0; i < t->n; i++)
		now[i] = t->span[i].is_stranger ? SPAN_NONE : n++;
	for (size_t i = 0; i < t->n; i++) {
		struct span s = t->span[i];

		s.up = s.up == SPAN_NONE ? SPAN_NONE : now[s.up];
		s.kids = s.room = 0;
		if (!s.is_stranger)
			to->span[to->n++] = s;
	}
	for (uint32_t i = 0; i < to->n; i++)
		now[i] = i;
	place(to, &links, now, to->n);
	spans_settle(to);
	free(now);
}
