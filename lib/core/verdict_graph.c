#include <stdlib.h>
#include <string.h>

#include "core/verdict_int.h"

/* An edge of the plan: [parent, child]. */
struct edge {
	struct picked up, down;
	size_t at; /* the child of an edge that is there, or SIZE_MAX */
};

static bool
has_any(const struct verdict_file *f, const struct picked *p)
{
	for (size_t i = 0; i < f->n; i++)
		if (p->is[i])
			return true;
	return false;
}

/* The parent may be our own span: the code took it up from TRACEPARENT. */
static struct edge
edge_of(struct judging *j, const struct value *pair, bool needed)
{
	const struct verdict_file *f = j->file;
	struct edge e = {verdict_pick(j, value_find(pair, "0"), needed, true),
	    verdict_pick(j, value_find(pair, "1"), needed, false), SIZE_MAX};

	for (size_t i = 0; i < f->n && e.at == SIZE_MAX; i++)
		if (e.down.is[i] && f->seen[i].up != SIZE_MAX &&
		    e.up.is[f->seen[i].up])
			e.at = i;
	return e;
}

static void
name_edge(struct judging *j, struct check *c, const struct edge *e)
{
	const struct seen *s = &j->file->seen[e->at];

	c->span = arena_alloc(&j->a, 2 * sizeof *c->span);
	c->span[0] = j->file->seen[s->up].id;
	c->span[1] = s->id;
	c->spans = 2;
}

static void
check_include(struct judging *j, const struct value *pair, size_t at)
{
	struct edge e = edge_of(j, pair, true);
	const struct picked *gone = !has_any(j->file, &e.up) ? &e.up
				  : !e.down.n		     ? &e.down
							     : NULL;
	struct check c = {.code = "E205", .outcome = HOLDS};
	const char *text =
	    arena_fmt(&j->a, "\"%s\" -> \"%s\"", e.up.pattern, e.down.pattern);

	c.rule = arena_fmt(&j->a, "expect.graph.must_include[%zu]", at);
	c.expected = arena_fmt(&j->a, "the edge %s", text);
	if (e.at != SIZE_MAX) {
		c.message = arena_fmt(&j->a, "edge %s is there", text);
		name_edge(j, &c, &e);
	} else if (gone) {
		c.message =
		    arena_fmt(&j->a, "required edge %s: span \"%s\" never ran",
			text, gone->pattern);
		verdict_missing(j, &c, gone);
	} else {
		c.outcome = FAILS;
		c.is_open = true;
		c.message =
		    arena_fmt(&j->a, "required edge %s not found", text);
		c.actual = arena_fmt(&j->a,
		    "%zu spans \"%s\", none below a span \"%s\"", e.down.n,
		    e.down.pattern, e.up.pattern);
	}
	verdict_check(j, &c);
}

static void
check_cross(struct judging *j, const struct value *pair, size_t at)
{
	struct edge e = edge_of(j, pair, false);
	struct check c = {.code = "E205", .outcome = HOLDS};
	const char *text =
	    arena_fmt(&j->a, "\"%s\" -> \"%s\"", e.up.pattern, e.down.pattern);

	c.rule = arena_fmt(&j->a, "expect.graph.must_not_cross[%zu]", at);
	c.expected = arena_fmt(&j->a, "no edge %s", text);
	c.is_open = e.at == SIZE_MAX;
	c.message = arena_fmt(&j->a, "no edge %s", text);
	if (e.at != SIZE_MAX) {
		c.outcome = FAILS;
		c.message = arena_fmt(&j->a, "forbidden edge %s found", text);
		c.actual = arena_fmt(&j->a, "the edge %s", text);
		name_edge(j, &c, &e);
	}
	verdict_check(j, &c);
}

/* A span that is its own ancestor, or SIZE_MAX. */
static size_t
circle(struct judging *j)
{
	const struct verdict_file *f = j->file;
	size_t *mark = arena_alloc(&j->a, (f->n + 1) * sizeof *mark);

	for (size_t i = 0; i < f->n; i++)
		for (size_t k = i; k != SIZE_MAX && !mark[k];
		     k = f->seen[k].up) {
			size_t up = f->seen[k].up;

			mark[k] = i + 1;
			if (up != SIZE_MAX && mark[up] == i + 1)
				return up;
		}
	return SIZE_MAX;
}

static void
check_acyclic(struct judging *j)
{
	const struct verdict_file *f = j->file;
	size_t first = circle(j), i = first;
	struct check c = {.rule = "expect.graph.acyclic",
	    .code = "E205",
	    .outcome = HOLDS,
	    .expected = "no circle",
	    .is_open = true,
	    .message = "no span is above itself"};
	AUTO_BUF b = BUF_INIT;

	if (first != SIZE_MAX) {
		do {
			buf_addf(&b, "%s -> ", f->seen[i].name);
			i = f->seen[i].up;
		} while (i != first && b.len < 400);
		buf_adds(&b, f->seen[first].name);
		c.outcome = FAILS;
		c.is_open = false;
		c.message =
		    arena_fmt(&j->a, "circle in the graph of spans: %s", b.s);
		c.actual = arena_str(&j->a, b.s);
	}
	verdict_check(j, &c);
}

void
verdict_graph(struct judging *j, const struct value *want)
{
	const struct value *in = value_get(want, "must_include");
	const struct value *not = value_get(want, "must_not_cross");

	for (size_t i = 0; i < value_count(in); i++) {
		check_include(j, in->list.item[i], i);
		arena_free(&j->a);
	}
	for (size_t i = 0; i < value_count(not ); i++) {
		check_cross(j, not ->list.item[i], i);
		arena_free(&j->a);
	}
	if (value_bool_or(value_get(want, "acyclic"), false))
		check_acyclic(j);
}
