#include <string.h>

#include "base/utf8.h"
#include "core/draw.h"
#include "data/json.h"

/* src: the DOT language: in quotes, only quotes and backslashes count */
static void
dot_text(struct buf *b, struct pull_text t)
{
	AUTO_BUF plain = BUF_INIT;

	utf8_print(&plain, t.s, t.n);
	for (size_t i = 0; i < plain.len; i++) {
		if (strchr("\"\\", plain.s[i]))
			buf_addc(b, '\\');
		buf_addc(b, plain.s[i]);
	}
}

/* src: Mermaid's entity codes: what its grammar or HTML would read */
static void
mermaid_text(struct buf *b, struct pull_text t)
{
	AUTO_BUF plain = BUF_INIT;

	utf8_print(&plain, t.s, t.n);
	for (size_t i = 0; i < plain.len; i++)
		if (strchr("\"#&<>[]{}()|;`\\", plain.s[i]))
			buf_addf(b, "#%d;", plain.s[i]);
		else
			buf_addc(b, plain.s[i]);
}

/* A parent that is left out takes its edge along. */
static bool
has_edge(const struct spans *t, const struct draw_filter *f, uint32_t i)
{
	uint32_t up = t->span[i].up;

	return up != SPAN_NONE && draw_is_wanted(f, &t->span[up]);
}

static void
each(const struct spans *t, const struct draw_filter *f, struct out *to,
    void (*fn)(struct buf *b, const struct spans *t, uint32_t i, bool edge))
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t at = t->walk[i];

		if (!draw_is_wanted(f, &t->span[at]))
			continue;
		buf_reset(&b);
		fn(&b, t, at, has_edge(t, f, at));
		out_add(to, b.s, b.len);
	}
}

static void
dot_span(struct buf *b, const struct spans *t, uint32_t i, bool edge)
{
	const struct span *s = &t->span[i];

	buf_addf(b, "  n%u [label=\"", i);
	dot_text(b, s->name);
	buf_addc(b, '"');
	if (*s->code.s == 'E')
		buf_adds(b, ", color=red");
	if (s->state != SPAN_GOOD)
		buf_adds(b, ", style=dashed");
	buf_adds(b, "];\n");
	if (edge)
		buf_addf(b, "  n%u -> n%u;\n", s->up, i);
}

/* The node that a gap begins or ends at: one that is there, or its ghost. */
static uint32_t
end_of(const struct spans *t, const struct draw_filter *f, uint32_t at,
    uint32_t ghost, bool *is_ghost)
{
	*is_ghost = at == SPAN_NONE || !draw_is_wanted(f, &t->span[at]);
	return *is_ghost ? (uint32_t)t->n + ghost : at;
}

struct edge {
	uint32_t from, to;
	struct pull_text from_name, to_name;
	bool is_from_ghost, is_to_ghost;
};

static struct edge
edge_of(const struct spans *t, const struct draw_filter *f, uint32_t i)
{
	const struct gap *g = &f->gaps->gap[i];
	struct edge e = {.from_name = {g->up, strlen(g->up)},
	    .to_name = {g->down, strlen(g->down)}};

	e.from = end_of(t, f, g->up_at, 2 * i, &e.is_from_ghost);
	e.to = end_of(t, f, g->down_at, 2 * i + 1, &e.is_to_ghost);
	return e;
}

static uint32_t
gaps_of(const struct draw_filter *f)
{
	return f->gaps ? (uint32_t)f->gaps->n : 0;
}

static void
dot_ghost(struct buf *b, uint32_t i, struct pull_text name)
{
	buf_addf(b, "  n%u [label=\"", i);
	dot_text(b, name);
	buf_adds(b, "\", color=red, fontcolor=red, style=dashed];\n");
}

static void
dot_gap(struct buf *b, const struct edge *e)
{
	if (e->is_from_ghost)
		dot_ghost(b, e->from, e->from_name);
	if (e->is_to_ghost)
		dot_ghost(b, e->to, e->to_name);
	buf_addf(
	    b, "  n%u -> n%u [color=red, style=dashed];\n", e->from, e->to);
}

static void
each_gap(const struct spans *t, const struct draw_filter *f, struct out *to,
    void (*fn)(struct buf *b, const struct edge *e))
{
	AUTO_BUF b = BUF_INIT;

	for (uint32_t i = 0; i < gaps_of(f); i++) {
		struct edge e = edge_of(t, f, i);

		fn(&b, &e);
	}
	out_add(to, b.s, b.len);
}

void
draw_dot(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	static const char head[] = "digraph trace {\n  rankdir=LR;\n"
				   "  node [shape=box];\n";

	out_add(to, head, sizeof head - 1);
	each(t, f, to, dot_span);
	each_gap(t, f, to, dot_gap);
	out_add(to, "}\n", 2);
}

static void
mermaid_span(struct buf *b, const struct spans *t, uint32_t i, bool edge)
{
	buf_addf(b, "  n%u[\"", i);
	mermaid_text(b, t->span[i].name);
	buf_adds(b, "\"]\n");
	if (edge)
		buf_addf(b, "  n%u --> n%u\n", t->span[i].up, i);
}

static void
mermaid_ghost(struct buf *b, uint32_t i, struct pull_text name)
{
	buf_addf(b, "  n%u[\"", i);
	mermaid_text(b, name);
	buf_addf(b, "\"]\n  style n%u stroke:red,stroke-dasharray:4\n", i);
}

static void
mermaid_gap(struct buf *b, const struct edge *e)
{
	if (e->is_from_ghost)
		mermaid_ghost(b, e->from, e->from_name);
	if (e->is_to_ghost)
		mermaid_ghost(b, e->to, e->to_name);
	buf_addf(b, "  n%u -. missing .-> n%u\n", e->from, e->to);
}

void
draw_mermaid(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	out_add(to, "graph LR\n", 9);
	each(t, f, to, mermaid_span);
	each_gap(t, f, to, mermaid_gap);
}

static void
put_node(struct json *j, uint32_t i, struct pull_text name,
    struct pull_text kind, bool is_ghost)
{
	json_open(j, NULL, '{');
	json_int(j, "id", i);
	json_strn(j, "name", name.s, name.n);
	if (is_ghost)
		json_bool(j, "missing", true);
	else
		json_strn(j, "kind", kind.s, kind.n);
	json_close(j, '}');
}

static void
put_edge(struct json *j, uint32_t from, uint32_t to, bool is_gap)
{
	json_open(j, NULL, '{');
	json_int(j, "source", from);
	json_int(j, "target", to);
	if (is_gap)
		json_bool(j, "missing", true);
	json_close(j, '}');
}

static void
put_nodes(struct json *j, const struct spans *t, const struct draw_filter *f)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (draw_is_wanted(f, &t->span[i]))
			put_node(j, i, t->span[i].name, t->span[i].kind, false);
	for (uint32_t i = 0; i < gaps_of(f); i++) {
		struct edge e = edge_of(t, f, i);

		if (e.is_from_ghost)
			put_node(j, e.from, e.from_name, e.from_name, true);
		if (e.is_to_ghost)
			put_node(j, e.to, e.to_name, e.to_name, true);
	}
}

static void
put_edges(struct json *j, const struct spans *t, const struct draw_filter *f)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (draw_is_wanted(f, &t->span[i]) && has_edge(t, f, i))
			put_edge(j, t->span[i].up, i, false);
	for (uint32_t i = 0; i < gaps_of(f); i++) {
		struct edge e = edge_of(t, f, i);

		put_edge(j, e.from, e.to, true);
	}
}

void
draw_json(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_open(&j, "nodes", '[');
	put_nodes(&j, t, f);
	json_close(&j, ']');
	json_open(&j, "edges", '[');
	put_edges(&j, t, f);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_addc(&j.text, '\n');
	out_add(to, j.text.s, j.text.len);
}
