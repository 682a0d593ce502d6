/*
 * From a text to its nodes: what stands between tags, tags that are text after
 * all, and going on behind an error to find the next one.
 */
#include <string.h>

#include "base/mem.h"
#include "data/tmpl_int.h"

enum {
	WRONG = 20,   /* errors of a file that are told */
	ORPHANS = 16, /* open tags whose heads were wrong */
	TEXTS = 100,  /* tags that are text after all */
};

/* Where a body stands before a tag, to come back to. */
struct before {
	size_t at;
	int depth, loops, all_loops, blocks;
	bool in_macro;
	size_t notes;
	struct tmpl_row row;
	struct tmpl_str text; /* of the last node */
};

/* Tags whose heads were wrong; their ends are theirs. */
struct orphans {
	struct tmpl_str name[ORPHANS];
	size_t n;
};

static struct before
remember(const struct tmpl_parser *p, const struct tmpl_row *row)
{
	return (struct before){p->pos, p->depth, p->loops, p->all_loops,
	    p->blocks, p->in_macro, p->module->notes, *row,
	    row->last ? row->last->text : (struct tmpl_str){0}};
}

static void
go_back(struct tmpl_parser *p, struct tmpl_row *row, const struct before *b)
{
	p->depth = b->depth;
	p->loops = b->loops;
	p->all_loops = b->all_loops;
	p->blocks = b->blocks;
	p->in_macro = b->in_macro;
	p->module->notes = b->notes;
	*row = b->row;
	if (!row->last)
		return;
	row->last->text = b->text;
	row->last->next = NULL;
}

/* ---- tags in the comments of TOML */

bool
tmpl_in_comment(const char *s, size_t at)
{
	const char *nl = memrchr(s, '\n', at), *c = nl ? nl + 1 : s;

	while (c < s + at && (*c == ' ' || *c == '\t'))
		c++;
	return c < s + at && *c == '#';
}

/* A tag that does not parse, in a comment of TOML: its marker is text. */
static bool
take_as_text(struct tmpl_parser *p, struct tmpl_row *row,
    const struct before *b, const struct tmpl_open *tag)
{
	if (p->leeway == TMPL_NONE || p->is_lost || p->texts == TEXTS ||
	    tmpl_opens_body(&tag->name) || !tmpl_in_comment(p->s, b->at))
		return false;
	p->texts++;
	go_back(p, row, b);
	tmpl_warn(p, b->at, "write {% raw %}…{% endraw %} around it",
	    "a tag in a comment that does not parse: taken as text");
	p->pos = b->at;
	tmpl_text(p, row, b->at + 2);
	return true;
}

/* ---- going on behind an error */

static bool
add_wrong(struct tmpl_parser *p)
{
	struct tmpl *t = p->t;

	t->wrong = arena_more(
	    t->arena, t->wrong, t->wrongs, &t->wrong_cap, sizeof *t->wrong);
	t->wrong[t->wrongs].path = p->file->path;
	t->wrong[t->wrongs++].err = *p->e;
	return t->wrongs < WRONG;
}

/* The end of the tag that `from` lies in. */
static size_t
end_of_tag(const struct tmpl_parser *p, size_t from, const char *mark)
{
	const char *end =
	    from < p->n ? memmem(p->s + from, p->n - from, mark, 2) : NULL;

	return end ? (size_t)(end - p->s) + 2 : p->n;
}

/* Keep the error and go behind its tag; false: there is no going on. */
static bool
mend(struct tmpl_parser *p, struct tmpl_row *row, const struct before *b,
    const struct tmpl_open *tag, struct orphans *o)
{
	const char *mark = p->s[b->at + 1] == '{' ? "}}" : "%}";
	size_t end = end_of_tag(p, b->at + 2, mark);

	if (!p->is_collecting || p->is_lost || !add_wrong(p) ||
	    p->s[b->at + 1] == '#')
		return false;
	go_back(p, row, b);
	if (p->wrong_at >= end) /* not its head, but the tag that ends it */
		end = end_of_tag(p, p->wrong_at, "%}");
	else if (tmpl_opens_body(&tag->name) && o->n < ORPHANS)
		o->name[o->n++] = tag->name;
	p->pos = end;
	return true;
}

/* Does this tag belong to one whose head was wrong? Then go behind it. */
static bool
is_orphans(
    struct tmpl_parser *p, struct orphans *o, const struct tmpl_open *tag)
{
	const struct tmpl_str *top = o->n ? &o->name[o->n - 1] : NULL;
	struct tmpl_str end = {tag->name.s + 3, tag->name.len - 3};

	if (!top)
		return false;
	if (!tmpl_is_name(&tag->name, "else") &&
	    !tmpl_is_name(&tag->name, "elif")) {
		if (!tmpl_same(&end, top))
			return false;
		o->n--;
	}
	p->pos = end_of_tag(p, p->pos, "%}");
	return true;
}

/* ---- bodies */

static bool
ends_body(const struct tmpl_str *name)
{
	static const char *const ends[] = {"elif", "else", "endif", "endfor",
	    "endblock", "endfilter", "endmacro"};

	for (size_t i = 0; name->len && *name->s == 'e' && i < COUNT(ends); i++)
		if (tmpl_is_name(name, ends[i]))
			return true;
	return false;
}

bool
tmpl_opens_body(const struct tmpl_str *name)
{
	static const char *const tags[] = {
	    "if", "for", "block", "filter", "macro"};

	for (size_t i = 0; i < COUNT(tags); i++)
		if (tmpl_is_name(name, tags[i]))
			return true;
	return false;
}

/* What stands at a marker; 1 when it ends the body. */
static int
marker(struct tmpl_parser *p, struct tmpl_row *row, struct tmpl_open *tag)
{
	size_t at = p->pos;
	char kind = p->s[at + 1];

	*tag = (struct tmpl_open){.at = at};
	p->pos += 2;
	tag->trim_left = tmpl_take(p, "-");
	row->trim_next = false;
	if (kind == '%') {
		tmpl_blank(p);
		tmpl_ident(p, &tag->name);
		if (ends_body(&tag->name)) /* its dash: the caller's affair */
			return 1;
	}
	if (tag->trim_left)
		tmpl_trim_last(row);
	if (kind == '{')
		return tmpl_output(p, row, at);
	return kind == '#' ? tmpl_comment(p, row, at)
			   : tmpl_tag_at(p, row, tag);
}

int
tmpl_body(struct tmpl_parser *p, struct tmpl_row *row, struct tmpl_open *end)
{
	struct orphans o = {.n = 0};

	for (;;) {
		size_t next = tmpl_next_marker(p, p->pos);
		struct before b; /* set where there is a way back */
		int got;

		if (next > p->pos)
			tmpl_text(p, row, next);
		if (next == p->n) {
			*end = (struct tmpl_open){.at = next};
			return 0;
		}
		if (p->leeway != TMPL_NONE || p->is_collecting)
			b = remember(p, row);
		got = marker(p, row, end);
		if (got > 0 && !is_orphans(p, &o, end))
			return 0;
		if (got < 0 && p->leeway == TMPL_NONE && !p->is_collecting)
			return -1;
		if (got < 0 && !take_as_text(p, row, &b, end) &&
		    !mend(p, row, &b, end, &o))
			return -1;
	}
}

/* ---- a file */

/* The head, and all the body; a stray end is an error among others. */
static int
all(struct tmpl_parser *p, struct tmpl_row *row)
{
	struct tmpl_open end;

	if (tmpl_head(p, row) < 0) {
		if (!p->is_collecting || !add_wrong(p))
			return -1;
		p->pos = end_of_tag(p, p->wrong_at, "%}");
	}
	for (;;) {
		if (tmpl_body(p, row, &end) < 0)
			return -1;
		if (!end.name.len)
			return 0;
		tmpl_bad(
		    p, end.at, "a stray `%.*s`", (int)end.name.len, end.name.s);
		if (!p->is_collecting || !add_wrong(p))
			return -1;
		p->pos = end_of_tag(p, p->pos, "%}");
	}
}

static struct tmpl_module *
attempt(struct tmpl_parser *p, struct arena *a, enum tmpl_leeway leeway)
{
	struct tmpl_row row = {0};

	p->a = a;
	p->leeway = leeway;
	p->module = arena_alloc(a, sizeof *p->module);
	p->module->arena = a;
	p->module->s = p->s;
	p->module->n = p->n;
	if (all(p, &row) < 0)
		return NULL;
	p->module->body = row.first;
	return p->module;
}

static bool
is_behind(const struct err *a, const struct err *b)
{
	return a->line > b->line ||
	       (a->line == b->line && a->column > b->column);
}

/* Once more, to the end: all that is wrong, into t->wrong. */
static void
collect(struct tmpl *t, struct tmpl_file *f, enum tmpl_leeway leeway)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	struct tmpl_parser p = {.t = t,
	    .file = f,
	    .s = f->text,
	    .n = f->len,
	    .e = &e,
	    .is_collecting = true};

	t->wrongs = 0;
	if (!attempt(&p, &a, leeway) && p.is_lost && t->wrongs < WRONG)
		add_wrong(&p);
}

/* As Tera if that goes; else the attempt that came furthest tells why not. */
struct tmpl_module *
tmpl_parse_text(
    struct tmpl *t, struct tmpl_file *f, struct arena *a, struct err *e)
{
	enum tmpl_leeway most = t->how.is_pure ? TMPL_NONE : TMPL_ESCAPES;
	enum tmpl_leeway best = TMPL_NONE;
	struct err furthest = {0};

	for (enum tmpl_leeway l = TMPL_NONE; l <= most; l++) {
		struct err why = {0};
		struct tmpl_parser p = {
		    .t = t, .file = f, .s = f->text, .n = f->len, .e = &why};
		struct tmpl_module *m = attempt(&p, a, l);

		if (m)
			return m;
		if (is_behind(&why, &furthest)) {
			furthest = why;
			best = l;
		}
	}
	collect(t, f, best);
	if (e)
		*e = furthest;
	t->fault = TMPL_SYNTAX;
	t->fault_path = f->path;
	return NULL;
}
