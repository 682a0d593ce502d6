#include <stdlib.h>

#include "base/utf8.h"
#include "core/draw.h"
#include "core/page.h"
#include "core/waterfall.h"

enum {
	MAX_BARS = 5000,  /* a browser still likes */
	MAX_WORDS = 1000, /* bytes */
};

struct picture {
	struct arena arena;
	struct bar *bar;
	size_t n, cap, left_out;
};

static void
add(struct picture *p, struct bar bar)
{
	if (p->n >= MAX_BARS) {
		p->left_out++;
		return;
	}
	p->bar = arena_more(&p->arena, p->bar, p->n, &p->cap, sizeof *p->bar);
	p->bar[p->n++] = bar;
}

static const char *
text_of(struct picture *p, struct pull_text t)
{
	return arena_dup(&p->arena, t.s, t.n);
}

static const char *
words_of(struct picture *p, const struct span *s)
{
	AUTO_BUF b = BUF_INIT;

	for (uint32_t i = 0; i < s->attrs.n && b.len < MAX_WORDS; i++) {
		const struct span_attr *a = &s->attrs.item[i];

		buf_adds(&b, i ? "  " : "");
		buf_add(&b, a->key->s, a->key->n);
		buf_addc(&b, '=');
		buf_add(&b, a->value.s, a->value.n);
	}
	for (uint32_t i = 0; i < s->events && b.len < MAX_WORDS; i++) {
		buf_adds(&b, b.len ? "  event " : "event ");
		buf_add(&b, s->event[i].name.s, s->event[i].name.n);
	}
	if (b.len > MAX_WORDS)
		buf_cut(&b, MAX_WORDS);
	return b.len ? arena_dup(&p->arena, b.s, b.len) : NULL;
}

/* Past the year 2262 all is the same moment. */
static int64_t
moment(uint64_t ns)
{
	return ns < INT64_MAX ? (int64_t)ns : INT64_MAX;
}

static struct bar
bar_of(struct picture *p, const struct span *s, bool is_critical)
{
	return (struct bar){.name = text_of(p, s->name),
	    .kind = text_of(p, s->kind),
	    .words = words_of(p, s),
	    .start_ns = moment(s->start_ns),
	    .end_ns = moment(s->end_ns),
	    .depth = s->depth,
	    .is_error = *s->code.s == 'E',
	    .is_ours = s->is_stranger,
	    .is_critical = is_critical,
	    .is_timeless = span_took(s) < 0};
}

/* It would have been somewhere in the time of its parent. */
static void
add_gaps(struct picture *p, const struct spans *t, const struct draw_filter *f,
    uint32_t up)
{
	for (size_t i = 0; f->gaps && i < f->gaps->n; i++) {
		const struct gap *g = &f->gaps->gap[i];
		struct bar bar = {.is_timeless = true};

		if (g->up_at != up)
			continue;
		if (up != SPAN_NONE) {
			bar = bar_of(p, &t->span[up], false);
			bar.is_error = false;
			bar.depth++;
		}
		bar.is_missing = true;
		bar.kind = NULL;
		bar.words =
		    arena_fmt(&p->arena, "missing: %s -> %s", g->up, g->down);
		bar.name = arena_fmt(&p->arena, "! %s", g->down);
		add(p, bar);
	}
}

static struct picture
picture_of(const struct spans *t, const struct draw_filter *f)
{
	bool *is_critical = draw_critical(t);
	struct picture p = {0};

	for (size_t i = 0; i < t->n; i++) {
		uint32_t at = t->walk[i];

		if (draw_is_wanted(f, &t->span[at])) {
			if (p.n < MAX_BARS)
				add(&p,
				    bar_of(&p, &t->span[at], is_critical[at]));
			else
				p.left_out++;
		}
		add_gaps(&p, t, f, at);
	}
	add_gaps(&p, t, f, SPAN_NONE);
	free(is_critical);
	return p;
}

void
draw_svg(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	struct picture p = picture_of(t, f);
	AUTO_BUF b = BUF_INIT;

	waterfall_print(&b, &(struct waterfall){.bar = p.bar,
				.bars = p.n,
				.label = "a bar for each",
				.has_axis = true,
				.is_alone = true});
	if (p.left_out)
		buf_addf(
		    &b, "<!-- %zu more spans are not drawn -->\n", p.left_out);
	out_add(to, b.s, b.len);
	arena_free(&p.arena);
}

static void
put_facts(struct buf *b, const struct spans *t)
{
	AUTO_MAP services = {0};
	size_t errors = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct pull_text name = t->span[i].resource->service;

		errors += *t->span[i].code.s == 'E';
		if (name.n)
			map_set(&services, name.s, name.n, &services);
	}
	buf_addf(b,
	    "<dl>\n<dt>spans</dt><dd>%zu</dd>\n<dt>roots</dt><dd>%u"
	    "</dd>\n<dt>errors</dt><dd>%zu</dd>\n",
	    t->n, t->roots, errors);
	if (t->orphans)
		buf_addf(b, "<dt>without their parent</dt><dd>%zu</dd>\n",
		    t->orphans);
	if (services.n)
		buf_adds(b, "<dt>services</dt><dd>");
	for (size_t i = 0; i < services.n; i++) {
		buf_adds(b, i ? ", " : "");
		page_escape(b, services.entry[i].key, services.entry[i].len);
	}
	buf_adds(b, services.n ? "</dd>\n</dl>\n" : "</dl>\n");
}

static void
put_missing(struct buf *b, const struct gaps *gaps)
{
	if (!gaps || !gaps->n)
		return;
	buf_adds(b, "<h2>Missing</h2>\n<ul class=\"not\">\n");
	for (size_t i = 0; i < gaps->n; i++) {
		buf_adds(b, "<li>");
		page_escapes(b, gaps->gap[i].up);
		buf_adds(b, " -&gt; ");
		page_escapes(b, gaps->gap[i].down);
		buf_adds(b, "</li>\n");
	}
	buf_adds(b, "</ul>\n");
}

static void
put_table(struct buf *b, const struct picture *p)
{
	buf_adds(b, "<details><summary>The same as a table</summary>\n<table>"
		    "<thead><tr><th scope=\"col\">span</th><th "
		    "scope=\"col\">takes</th><th scope=\"col\">critical</th>"
		    "<th scope=\"col\">says</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct bar *s = &p->bar[i];

		buf_addf(b, "<tr%s><td style=\"padding-left:%uem\">",
		    s->is_missing || s->is_error ? " class=\"removed\"" : "",
		    s->depth < 20 ? s->depth + 1 : 21);
		page_escapes(b, s->name);
		buf_adds(b, "</td><td>");
		if (!s->is_timeless && !s->is_missing)
			span_took_print(b, (double)(s->end_ns - s->start_ns));
		buf_addf(
		    b, "</td><td>%s</td><td>", s->is_critical ? "yes" : "");
		if (s->words)
			page_escapes(b, s->words);
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table></details>\n");
}

static const char *
title_of(const struct spans *t)
{
	const char *slash = strrchr(t->name, '/');

	if (!strcmp(t->name, "-"))
		return "a trace";
	return slash && slash[1] ? slash + 1 : t->name;
}

void
draw_html(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	struct picture p = picture_of(t, f);
	struct page page = {.title = title_of(t),
	    .main = "spans",
	    .skip = "the spans",
	    .style = waterfall_style,
	    .script = waterfall_script,
	    .script_hash = waterfall_script_hash};
	AUTO_BUF b = BUF_INIT;

	page_begin(&b, &page);
	buf_adds(&b, "<header>\n<h1>");
	page_escapes(&b, page.title);
	buf_adds(&b, "</h1>\n");
	put_facts(&b, t);
	buf_adds(&b, "</header>\n<main id=\"spans\">\n");
	put_missing(&b, f->gaps);
	buf_adds(&b, "<h2>Waterfall</h2>\n<p class=\"dim\">An edge around a "
		     "bar: the critical path. Red: an error.</p>\n<div>\n");
	waterfall_print(&b, &(struct waterfall){.bar = p.bar,
				.bars = p.n,
				.label = "the table below has them as text",
				.has_axis = true});
	buf_adds(&b, "</div>\n");
	if (p.left_out)
		buf_addf(&b,
		    "<p class=\"cut\">%zu more spans are not drawn; --name "
		    "and --longer choose.</p>\n",
		    p.left_out);
	put_table(&b, &p);
	buf_adds(&b, "</main>\n");
	page_end(&b, &page);
	out_add(to, b.s, b.len);
	arena_free(&p.arena);
}
