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

void
draw_dot(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	static const char head[] = "digraph trace {\n  rankdir=LR;\n"
				   "  node [shape=box];\n";

	out_add(to, head, sizeof head - 1);
	each(t, f, to, dot_span);
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

void
draw_mermaid(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	out_add(to, "graph LR\n", 9);
	each(t, f, to, mermaid_span);
}

void
draw_json(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_open(&j, "nodes", '[');
	for (uint32_t i = 0; i < t->n; i++) {
		const struct span *s = &t->span[i];

		if (!draw_is_wanted(f, s))
			continue;
		json_open(&j, NULL, '{');
		json_int(&j, "id", i);
		json_strn(&j, "name", s->name.s, s->name.n);
		json_strn(&j, "kind", s->kind.s, s->kind.n);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_open(&j, "edges", '[');
	for (uint32_t i = 0; i < t->n; i++) {
		if (!draw_is_wanted(f, &t->span[i]) || !has_edge(t, f, i))
			continue;
		json_open(&j, NULL, '{');
		json_int(&j, "source", t->span[i].up);
		json_int(&j, "target", i);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	buf_addc(&j.text, '\n');
	out_add(to, j.text.s, j.text.len);
}
