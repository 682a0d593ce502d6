/* The spans around an expected one: above it, beside it, before it. */
#include <string.h>

#include "core/verdict_int.h"

enum { MAX_CHAIN = 5 }; /* names of a chain that are shown */

static const char *
family(struct arena *a, const struct seen *s)
{
	return arena_fmt(a, "%s:%s", s->trace, s->parent);
}

static void
count_one(struct wish *w, const struct seen *s)
{
	AUTO_ARENA a = {0};
	const char *k = family(&a, s);
	uintptr_t n = (uintptr_t)map_get(&w->family, k, strlen(k));

	map_set(&w->family, k, strlen(k), (void *)(n + 1));
}

/* What has the same parent, though that one did not come. */
static void
count_families(struct wish *w)
{
	const struct verdict_file *f = w->j->file;

	for (size_t i = 0; i < f->n; i++)
		if (w->sibling.is[i] && *f->seen[i].parent)
			count_one(w, &f->seen[i]);
}

/*
 * Each span is walked over once: a way up ends where another one has been. On
 * a circle every span is above every other, so a second round tells it all.
 */
static void
find_below(struct wish *w)
{
	const struct verdict_file *f = w->j->file;
	size_t *mark = arena_alloc(&w->j->a, (f->n + 1) * sizeof *mark);
	size_t *way = arena_alloc(&w->j->a, (f->n + 1) * sizeof *way);

	w->below = arena_alloc(&w->j->a, f->n + 1);
	for (size_t i = 0; i < f->n; i++) {
		size_t n = 0, k = i;

		for (; k != SIZE_MAX && !mark[k]; k = f->seen[k].up) {
			mark[k] = i + 1;
			way[n++] = k;
		}
		for (int round = 0; round < 2; round++)
			for (size_t at = n; at; at--) {
				size_t up = f->seen[way[at - 1]].up;

				w->below[way[at - 1]] |=
				    up != SIZE_MAX &&
				    (w->ancestor.is[up] || w->below[up]);
			}
	}
}

static struct picked
pick(struct wish *w, const char *key, bool needed, bool with_ours)
{
	const struct value *v = value_get(w->want, key);

	if (!v || v->kind != VALUE_STR)
		return (struct picked){0};
	return verdict_pick(w->j, v, needed, with_ours);
}

void
verdict_kin(struct wish *w, bool needed)
{
	w->parent = pick(w, "parent", needed, true);
	w->ancestor = pick(w, "ancestor", needed, true);
	w->sibling = pick(w, "sibling", needed, false);
	w->follows = pick(w, "follows", needed, false);
	if (w->ancestor.is)
		find_below(w);
	if (w->sibling.is)
		count_families(w);
}

void
verdict_kin_free(struct wish *w)
{
	map_free(&w->family);
}

static size_t
index_of(const struct asked *q)
{
	return (size_t)(q->s - q->w->j->file->seen);
}

static void
say_no_parent(struct asked *q)
{
	if (*q->s->parent)
		buf_addf(
		    q->actual, "parent %s, which did not come", q->s->parent);
	else
		buf_adds(q->actual, "no parent");
}

bool
verdict_has_parent(struct asked *q)
{
	const struct verdict_file *f = q->w->j->file;
	size_t up = q->s->up;

	if (up != SIZE_MAX && q->w->parent.is[up])
		return true;
	if (!q->expected)
		return false;
	buf_addf(q->expected, "parent \"%s\"", q->w->parent.pattern);
	if (up != SIZE_MAX)
		buf_addf(q->actual, "parent \"%s\"", f->seen[up].name);
	else
		say_no_parent(q);
	return false;
}

bool
verdict_has_ancestor(struct asked *q)
{
	const struct verdict_file *f = q->w->j->file;
	size_t up = q->s->up;

	if (q->w->below[index_of(q)])
		return true;
	if (!q->expected)
		return false;
	buf_addf(q->expected, "ancestor \"%s\"", q->w->ancestor.pattern);
	if (up == SIZE_MAX)
		say_no_parent(q);
	for (int i = 0; up != SIZE_MAX && i < MAX_CHAIN; i++) {
		buf_addf(q->actual, "%s\"%s\"", i ? ", below " : "it below ",
		    f->seen[up].name);
		up = f->seen[up].up;
	}
	return false;
}

bool
verdict_has_sibling(struct asked *q)
{
	AUTO_ARENA a = {0};
	const char *k = family(&a, q->s);
	uintptr_t n = (uintptr_t)map_get(&q->w->family, k, strlen(k));

	if (*q->s->parent && n > q->w->sibling.is[index_of(q)])
		return true;
	if (!q->expected)
		return false;
	buf_addf(q->expected, "sibling \"%s\"", q->w->sibling.pattern);
	if (*q->s->parent)
		buf_adds(q->actual, "none of this name under its parent");
	else
		say_no_parent(q);
	return false;
}

bool
verdict_has_follows(struct asked *q)
{
	const struct verdict_file *f = q->w->j->file;
	const struct picked *p = &q->w->follows;

	for (size_t i = 0; i < f->n; i++)
		if (p->is[i] && verdict_is_before(f, i, index_of(q)))
			return true;
	if (!q->expected)
		return false;
	buf_addf(q->expected, "it after a \"%s\"", p->pattern);
	buf_adds(q->actual, "none that is over before it begins");
	return false;
}
