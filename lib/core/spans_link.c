#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mix.h"
#include "core/spans_int.h"

static bool
is_same(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* Open addressing; index + 1, 0 is free. */
struct table {
	uint32_t *slot;
	size_t mask;
};

static uint32_t *
find(const struct table *h, const struct span *span, struct pull_text trace,
    struct pull_text id)
{
	size_t at = mix_pair(mix_text(trace.s, trace.n), mix_text(id.s, id.n));

	for (;; at++) {
		uint32_t *slot = &h->slot[at & h->mask];

		if (!*slot || (is_same(span[*slot - 1].id, id) &&
				  is_same(span[*slot - 1].trace, trace)))
			return slot;
	}
}

/* An exporter that tries again brings the same span twice. */
static bool
is_again(const struct span *a, const struct span *b)
{
	return is_same(a->name, b->name) && is_same(a->parent, b->parent) &&
	       a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
	       a->attrs.hash == b->attrs.hash && a->events == b->events;
}

static void
take_in(struct spans *t, struct table *h)
{
	uint32_t *now = mem_new(t->n + 1, sizeof *now);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct span *s = &t->span[i];
		uint32_t *slot;

		if (s->up != SPAN_NONE)
			s->up = now[s->up];
		now[i] = (uint32_t)n;
		if (s->id.n) {
			slot = find(h, t->span, s->trace, s->id);
			if (*slot && is_again(&t->span[*slot - 1], s)) {
				t->repeated++;
				continue;
			}
			t->clashes += *slot > 0;
			if (!*slot)
				*slot = (uint32_t)n + 1;
		}
		t->span[n++] = *s;
	}
	t->n = n;
	free(now);
}

static void
find_parents(struct spans *t, const struct table *h)
{
	for (size_t i = 0; i < t->n; i++) {
		struct span *s = &t->span[i];
		uint32_t slot;

		if (!s->parent.n)
			continue;
		slot = *find(h, t->span, s->trace, s->parent);
		if (slot && slot - 1 != i) {
			s->up = slot - 1;
			continue;
		}
		s->state = slot ? SPAN_CIRCLE : SPAN_ORPHAN;
		t->circles += slot > 0;
		t->orphans += !slot;
	}
}

/* Follow the parents of each span once: who comes back to where it was in the
 * same walk is on a circle, which is cut there. */
static void
cut_circles(struct spans *t)
{
	uint32_t *seen = mem_new(t->n + 1, sizeof *seen);

	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = i;

		while (at != SPAN_NONE && !seen[at]) {
			seen[at] = i + 1;
			at = t->span[at].up;
		}
		if (at == SPAN_NONE || seen[at] != i + 1)
			continue;
		t->span[at].up = SPAN_NONE;
		t->span[at].state = SPAN_CIRCLE;
		t->circles++;
	}
	free(seen);
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

static void
place_kids(struct spans *t)
{
	uint32_t at = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->span[i].up == SPAN_NONE)
			t->roots++;
		else
			t->span[t->span[i].up].kids++;
	at = t->roots;
	for (size_t i = 0; i < t->n; i++) {
		t->span[i].kid = at;
		at += t->span[i].kids;
		t->span[i].kids = 0;
	}
	t->roots = 0;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->span[i].up == SPAN_NONE) {
			t->order[t->roots++] = i;
		} else {
			struct span *up = &t->span[t->span[i].up];

			t->order[up->kid + up->kids++] = i;
		}
}

static void
sort_kids(struct spans *t)
{
	qsort_r(t->order, t->roots, sizeof *t->order, by_start, t->span);
	for (size_t i = 0; i < t->n; i++)
		if (t->span[i].kids > 1)
			qsort_r(t->order + t->span[i].kid, t->span[i].kids,
			    sizeof *t->order, by_start, t->span);
}

/* A chain of any depth needs no stack but this one. */
static void
walk(struct spans *t)
{
	uint32_t *stack = mem_new(t->n + 1, sizeof *stack);
	size_t n = 0, done = 0;

	for (uint32_t i = t->roots; i--;)
		stack[n++] = t->order[i];
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
	for (size_t i = 0; i < t->n; i++)
		if (!t->span[i].resource)
			t->span[i].resource = none;
}

void
spans_link(struct spans *t)
{
	struct table h = {.mask = 15};

	while (h.mask < t->n * 2)
		h.mask = h.mask * 2 + 1;
	h.slot = mem_new(h.mask + 1, sizeof *h.slot);
	take_in(t, &h);
	find_parents(t, &h);
	free(h.slot);
	cut_circles(t);
	t->order = mem_new(t->n + 1, sizeof *t->order);
	t->walk = mem_new(t->n + 1, sizeof *t->walk);
	place_kids(t);
	sort_kids(t);
	walk(t);
	give_resources(t);
}

void
spans_counted(const struct spans *t, struct spans *to)
{
	uint32_t *now = mem_new(t->n + 1, sizeof *now);
	uint32_t n = 0;

	*to =
	    (struct spans){.name = t->name, .keys = t->keys, .text = BUF_INIT};
	to->span = mem_new(t->n + 1, sizeof *to->span);
	to->order = mem_new(t->n + 1, sizeof *to->order);
	to->walk = mem_new(t->n + 1, sizeof *to->walk);
	for (size_t i = 0; i < t->n; i++)
		now[i] = t->span[i].is_stranger ? SPAN_NONE : n++;
	for (size_t i = 0; i < t->n; i++) {
		struct span s = t->span[i];

		s.up = s.up == SPAN_NONE ? SPAN_NONE : now[s.up];
		s.kids = 0;
		if (!s.is_stranger)
			to->span[to->n++] = s;
	}
	place_kids(to);
	sort_kids(to);
	walk(to);
	free(now);
}
