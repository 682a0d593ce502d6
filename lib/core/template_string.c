/*
 * TOML whose strings are templates, each by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/template_int.h"
#include "data/toml.h"

/* The strings that are templates, in the order of the text. */
struct strings {
	const struct value **item;
	size_t n, cap;
};

static void
collect(struct strings *to, const struct value *v)
{
	for (size_t i = 0; v->kind == VALUE_LIST && i < v->list.n; i++)
		collect(to, v->list.item[i]);
	for (size_t i = 0; v->kind == VALUE_TABLE && i < v->table.n; i++)
		collect(to, v->table.member[i].value);
	if (v->kind != VALUE_STR || !tmpl_is_template(v->str.s, v->str.len))
		return;
	to->item = mem_more(to->item, to->n, &to->cap, sizeof *to->item);
	to->item[to->n++] = v;
}

static int
by_place(const void *a, const void *b)
{
	const struct value *x = *(const struct value *const *)a;
	const struct value *y = *(const struct value *const *)b;

	return (x->at.offset > y->at.offset) - (x->at.offset < y->at.offset);
}

/* Render one; where in it a failure is says nothing of the file. */
static int
render_one(struct template_file *f, const struct value *v,
    const struct value *context, struct buf *out, struct err *e)
{
	struct tmpl_how how = {.function = template_functions(),
	    .filter = template_filters,
	    .ctx = f->draw};
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct value rendered = {.kind = VALUE_STR};
	struct err why = {0};
	struct tmpl t;

	if (tmpl_parse(&a, f->path, v->str.s, v->str.len, &how, &t, &why) < 0 ||
	    tmpl_render(&t, context, &text, NULL, &why) < 0) {
		f->t.fault = t.fault;
		f->t.fault_path = f->path;
		err_at(e, f->path, v->at.line, v->at.column, "%s",
		    err_message(&why));
		return err_hint(e, "%s", why.hint);
	}
	rendered.str.s = text.s;
	rendered.str.len = text.len;
	return toml_write(out, &rendered, e);
}

/* Where in the rendered text we are, and where in the file. */
struct place {
	uint32_t rendered, line;
};

static uint32_t
count_lines(const char *s, size_t n)
{
	uint32_t lines = 0;

	for (const char *end = s + n; (s = memchr(s, '\n', (size_t)(end - s)));
	     s++)
		lines++;
	return lines;
}

static void
add_place(struct tmpl_map *map, const struct place *at)
{
	map->place =
	    mem_more(map->place, map->n, &map->cap, sizeof *map->place);
	map->place[map->n++] =
	    (struct tmpl_place){at->rendered, 0, at->line, 1};
}

/* A string of several lines becomes one: the map goes on behind it. */
static void
pass_string(struct tmpl_map *map, struct place *at, uint32_t lines)
{
	if (!lines)
		return;
	at->line += lines;
	add_place(map, &(struct place){at->rendered + 1, at->line + 1});
}

int
template_strings(struct template_file *f, const struct value *context,
    struct template_text *to)
{
	struct strings all = {0};
	struct place at = {1, 1};
	struct err e = {0};
	size_t done = 0;
	int got = 0;

	collect(&all, f->toml);
	if (all.n)
		qsort(all.item, all.n, sizeof *all.item, by_place);
	add_place(&to->map, &at);
	for (size_t i = 0; i < all.n && !got; i++) {
		const struct value_pos *v = &all.item[i]->at;
		uint32_t lines = count_lines(f->s + done, v->offset - done);

		at.rendered += lines;
		at.line += lines;
		buf_add(&to->text, f->s + done, v->offset - done);
		got = render_one(f, all.item[i], context, &to->text, &e);
		pass_string(&to->map, &at,
		    count_lines(f->s + v->offset, v->end - v->offset));
		done = v->end;
	}
	buf_add(&to->text, f->s + done, f->n - done);
	free(all.item);
	return got < 0 ? template_fail(f, &e) : 0;
}
