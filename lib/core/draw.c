#include "core/draw.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"

enum {
	INDENT = 40, /* levels; deeper ones are numbered */
	NAME = 40,   /* characters of a name in a table */
};

/* A value as it is compared: a text without its quotes. */
static bool
is_value(struct pull_text v, const char *want)
{
	size_t n = strlen(want);

	if (v.n == n && !memcmp(v.s, want, n))
		return true;
	return v.n == n + 2 && *v.s == '"' && !memcmp(v.s + 1, want, n);
}

static bool
has_attr(const struct span *s, const char *attr)
{
	const char *equal = strchr(attr, '=');
	size_t n = equal ? (size_t)(equal - attr) : strlen(attr);

	for (uint32_t i = 0; i < s->attrs.n; i++) {
		const struct span_attr *a = &s->attrs.item[i];

		if (a->key->n == n && !memcmp(a->key->s, attr, n))
			return !equal || is_value(a->value, equal + 1);
	}
	return false;
}

bool
draw_is_wanted(const struct draw_filter *f, const struct span *s)
{
	if (f->name &&
	    match_find(f->name, s->name.s, s->name.n, NULL, NULL) != 1)
		return false;
	if (f->status && (s->code.n != strlen(f->status) ||
			     memcmp(s->code.s, f->status, s->code.n) != 0))
		return false;
	if (f->attr && !has_attr(s, f->attr))
		return false;
	return !f->longer_ns || span_took(s) > f->longer_ns;
}

static const char *
state(const struct span *s)
{
	return s->state == SPAN_ORPHAN ? "  (its parent is not here)"
	     : s->state == SPAN_CIRCLE ? "  (its parents are a circle)"
				       : "";
}

bool *
draw_critical(const struct spans *t)
{
	bool *is = mem_new(t->n + 1, sizeof *is);

	for (uint32_t i = 0; i < t->roots; i++)
		is[t->order[t->root + i]] = true;
	for (size_t i = 0; i < t->n; i++) {
		const struct span *s = &t->span[t->walk[i]];
		uint32_t last = SPAN_NONE;

		if (!is[t->walk[i]])
			continue;
		for (uint32_t k = 0; k < s->kids; k++) {
			uint32_t kid = t->order[s->kid + k];

			if (last == SPAN_NONE ||
			    t->span[kid].end_ns > t->span[last].end_ns)
				last = kid;
		}
		if (last != SPAN_NONE)
			is[last] = true;
	}
	return is;
}

static void
indent(struct buf *b, uint32_t depth)
{
	for (uint32_t k = 0; k < depth && k < INDENT; k++)
		buf_adds(b, "  ");
	if (depth > INDENT)
		buf_addf(b, "[%u] ", depth);
}

/* What a test misses below a span; below none: where that is missing, too. */
static void
print_gaps(struct buf *b, const struct spans *t, const struct draw_filter *f,
    uint32_t up)
{
	for (size_t i = 0; f->gaps && i < f->gaps->n; i++) {
		const struct gap *g = &f->gaps->gap[i];

		if (g->up_at != up)
			continue;
		buf_adds(b, "! ");
		indent(b, up == SPAN_NONE ? 0 : t->span[up].depth + 1);
		utf8_print(b, g->down, strlen(g->down));
		buf_adds(b, "  (missing: ");
		utf8_print(b, g->up, strlen(g->up));
		buf_adds(b, " -> ");
		utf8_print(b, g->down, strlen(g->down));
		buf_adds(b, ")\n");
	}
}

void
draw_tree(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	bool *is_critical = draw_critical(t);
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t at = t->walk[i];
		const struct span *s = &t->span[at];

		buf_reset(&b);
		if (draw_is_wanted(f, s)) {
			buf_adds(&b, is_critical[at] ? "* " : "  ");
			indent(&b, s->depth);
			utf8_print(&b, s->name.s, s->name.n);
			buf_adds(&b, "  ");
			span_took_print(&b, (double)span_took(s));
			if (*s->code.s == 'E')
				buf_adds(&b, "  ERROR");
			buf_adds(&b, state(s));
			buf_addc(&b, '\n');
		}
		print_gaps(&b, t, f, at);
		out_add(to, b.s, b.len);
	}
	buf_reset(&b);
	print_gaps(&b, t, f, SPAN_NONE);
	out_add(to, b.s, b.len);
	free(is_critical);
}

/* In a column of that width; what is longer loses its end. */
static void
print_cell(struct buf *b, struct pull_text t, size_t width)
{
	AUTO_BUF text = BUF_INIT;
	size_t count = 0, at = 0;

	utf8_print(&text, t.s, t.n);
	while (at < text.len && count < width) {
		uint32_t c;
		size_t n = utf8_next(text.s + at, text.len - at, &c);

		at += n ? n : 1;
		count++;
	}
	buf_add(b, text.s, at);
	buf_addf(b, "%*s", (int)(width - count) + 2, "");
}

void
draw_table(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	AUTO_BUF b = BUF_INIT;
	size_t n = 0;

	buf_addf(&b, "%-*s  %-20s  %-12s  %s\n", NAME, "SPAN NAME", "SERVICE",
	    "DURATION", "STATUS");
	for (size_t i = 0; i < t->n; i++) {
		const struct span *s = &t->span[t->walk[i]];
		AUTO_BUF took = BUF_INIT;

		if (!draw_is_wanted(f, s))
			continue;
		n++;
		span_took_print(&took, (double)span_took(s));
		print_cell(&b, s->name, NAME);
		print_cell(&b, s->resource->service, 20);
		buf_addf(&b, "%-12s  ", took.s);
		utf8_print(&b, s->code.s, s->code.n);
		buf_addc(&b, '\n');
	}
	buf_addf(&b, "%zu of %zu spans\n", n, t->n);
	out_add(to, b.s, b.len);
}

static void
put_span(struct json *j, const struct span *s)
{
	json_strn(j, "name", s->name.s, s->name.n);
	json_strn(j, "service", s->resource->service.s, s->resource->service.n);
	json_strn(j, "kind", s->kind.s, s->kind.n);
	json_strn(j, "status", s->code.s, s->code.n);
	if (span_took(s) < 0)
		json_null(j, "duration_ns");
	else
		json_int(j, "duration_ns", span_took(s));
}

void
draw_ndjson(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct span *s = &t->span[t->walk[i]];
		AUTO_JSON j = JSON_INIT;

		if (!draw_is_wanted(f, s))
			continue;
		json_open(&j, NULL, '{');
		json_strn(&j, "trace_id", s->trace.s, s->trace.n);
		json_strn(&j, "span_id", s->id.s, s->id.n);
		put_span(&j, s);
		json_open(&j, "attributes", '{');
		for (uint32_t k = 0; k < s->attrs.n; k++) {
			const struct span_attr *a = &s->attrs.item[k];

			json_keyn(&j, a->key->s, a->key->n);
			json_raw(&j, NULL, a->value.s, a->value.n);
		}
		json_close(&j, '}');
		json_close(&j, '}');
		buf_addc(&j.text, '\n');
		out_add(to, j.text.s, j.text.len);
	}
}
