/*
 * The tags of modules: what a file takes from others, and what it gives them.
 */
#include <string.h>

#include "data/tmpl_int.h"

/* One more thing that the file has or names; there is an end to it. */
static int
count(struct tmpl_parser *p)
{
	if (++p->module->names <= TMPL_NAMES)
		return 0;
	return tmpl_bad(p, p->pos,
	    "more than %d imports, includes, blocks and macros", TMPL_NAMES);
}

/* ---- import, extends */

static struct tmpl_ref *
reference(struct tmpl_parser *p)
{
	struct tmpl_ref *ref = arena_alloc(p->a, sizeof *ref);

	tmpl_blank(p);
	ref->at = (uint32_t)p->pos;
	if (!tmpl_sees_quote(p)) {
		tmpl_expected(p, "the name of a template, in quotes");
		return NULL;
	}
	if (count(p) < 0)
		return NULL;
	ref->number = p->module->refs++;
	return tmpl_string(p, &ref->name) ? ref : NULL;
}

static int
import(struct tmpl_parser *p)
{
	struct tmpl_ref **last = &p->module->import, *ref = reference(p);

	if (!ref)
		return -1;
	tmpl_blank(p);
	if (!tmpl_take_word(p, "as"))
		return tmpl_expected(p, "`as` and a name for the macros");
	tmpl_blank(p);
	if (!tmpl_ident(p, &ref->space))
		return tmpl_expected(p, "a name for the macros");
	while (*last)
		last = &(*last)->next;
	*last = ref;
	return 0;
}

static int
parent(struct tmpl_parser *p)
{
	p->module->parent = reference(p);
	return p->module->parent ? 0 : -1;
}

/* Go behind a comment; false when there is none that Tera takes. */
static bool
skip_comment(struct tmpl_parser *p)
{
	const char *from = p->s + p->pos + 2, *end;

	if (!tmpl_sees(p, "{#"))
		return false;
	end = memmem(from, (size_t)(p->s + p->n - from), "#}", 2);
	if (!end || end == from || (end == from + 1 && *from == '-'))
		return false;
	p->pos = (size_t)(end - p->s) + 2;
	return true;
}

/* At an import or extends tag? Then go behind its name. */
static bool
takes(struct tmpl_parser *p, const char *word)
{
	size_t back = p->pos;
	struct tmpl_str name;

	if (tmpl_take(p, "{%")) {
		tmpl_take(p, "-");
		tmpl_blank(p);
		if (tmpl_ident(p, &name) && tmpl_is_name(&name, word))
			return true;
	}
	p->pos = back;
	return false;
}

/* extends and then imports, or imports and then extends. */
int
tmpl_head(struct tmpl_parser *p, struct tmpl_row *row)
{
	bool may_extend = true, may_import = true;
	size_t kept = 0;

	do
		tmpl_blank(p);
	while (skip_comment(p));
	for (;;) {
		tmpl_blank(p);
		if (kept)
			kept = p->pos;
		if (may_import && takes(p, "import")) {
			if (import(p) < 0)
				return -1;
		} else if (may_extend && takes(p, "extends")) {
			may_extend = false;
			may_import = !p->module->import;
			if (parent(p) < 0)
				return -1;
		} else {
			p->pos = kept;
			return 0;
		}
		if (tmpl_close_tag(p, "%}", &row->trim_next) < 0)
			return -1;
		kept = p->pos;
	}
}

static int
late(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	bool is_import = tmpl_is_name(&tag->name, "import");

	if (p->leeway == TMPL_NONE || p->depth ||
	    (!is_import && p->module->parent))
		return tmpl_bad(p, tag->at,
		    "`%.*s` has to stand at the beginning of the file",
		    (int)tag->name.len, tag->name.s);
	tmpl_warn(p, tag->at,
	    "move it to the first line, or write the "
	    "comments before it as {# … #}",
	    "`%.*s` behind other text is not Tera", (int)tag->name.len,
	    tag->name.s);
	tmpl_add_node(row, tmpl_new_node(p, NODE_MACRO, tag->at));
	if ((is_import ? import(p) : parent(p)) < 0)
		return -1;
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

/* ---- include */

static int
names(struct tmpl_parser *p, struct tmpl_include *to)
{
	struct tmpl_ref **last = &to->name;

	tmpl_blank(p);
	if (!tmpl_take(p, "[")) {
		*last = reference(p);
		return *last ? 0 : -1;
	}
	do {
		if (!(*last = reference(p)))
			return -1;
		last = &(*last)->next;
		tmpl_blank(p);
		if (!tmpl_take(p, ",") && !tmpl_sees(p, "]"))
			return tmpl_expected(p, "`,` or `]`");
		tmpl_blank(p);
	} while (!tmpl_take(p, "]"));
	return 0;
}

static int
include(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_INCLUDE, tag->at);
	struct tmpl_includes **last = &p->module->includes;
	struct tmpl_includes *one = arena_alloc(p->a, sizeof *one);

	n->include = arena_alloc(p->a, sizeof *n->include);
	if (names(p, n->include) < 0)
		return -1;
	tmpl_blank(p);
	if (tmpl_take_word(p, "ignore")) {
		tmpl_blank(p);
		if (!tmpl_take(p, "missing"))
			return tmpl_expected(p, "`missing`");
		n->include->may_miss = true;
	}
	one->include = n->include;
	while (*last)
		last = &(*last)->next;
	*last = one;
	tmpl_add_node(row, n);
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

/* ---- block, filter */

/* A body up to its end tag, and that tag. */
static int
inside(struct tmpl_parser *p, struct tmpl_row *row,
    const struct tmpl_open *open, const char *end_name, struct tmpl_row *body)
{
	struct tmpl_open end;
	struct tmpl_str unused;

	if (tmpl_enter(p) < 0 ||
	    tmpl_close_tag(p, "%}", &body->trim_next) < 0 ||
	    tmpl_body(p, body, &end) < 0)
		return -1;
	p->depth--;
	if (!tmpl_is_name(&end.name, end_name))
		return tmpl_unclosed(p, open, &end);
	if (end.trim_left)
		tmpl_trim_last(body);
	tmpl_blank(p);
	if (!tmpl_is_name(&end.name, "endfilter"))
		tmpl_ident(p, &unused); /* which name it is, Tera ignores */
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

static int
block(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_BLOCK, tag->at);
	struct tmpl_block *b = arena_alloc(p->a, sizeof *b), **last;
	struct tmpl_row body = {0};

	if (p->all_loops || p->in_macro)
		return tmpl_bad(p, tag->at, "a `block` in a `%s`",
		    p->in_macro ? "macro" : "for");
	tmpl_blank(p);
	if (!tmpl_ident(p, &n->text))
		return tmpl_expected(p, "the name of the block");
	if (count(p) < 0)
		return -1;
	for (last = &p->module->block; *last; last = &(*last)->next)
		if (tmpl_same(&(*last)->name, &n->text))
			return tmpl_bad(p, tag->at,
			    "a second block `%.*s` in this file",
			    (int)n->text.len, n->text.s);
	*last = b;
	b->name = n->text;
	b->node = n;
	p->blocks++;
	if (inside(p, row, tag, "endblock", &body) < 0)
		return -1;
	p->blocks--;
	n->body = body.first;
	tmpl_add_node(row, n);
	return 0;
}

static int
section(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_FILTER, tag->at);
	struct tmpl_row body = {0};
	struct tmpl_str name;
	int loops = p->loops;
	size_t at;

	tmpl_blank(p);
	at = p->pos;
	if (!tmpl_ident(p, &name))
		return tmpl_expected(p, "the name of a filter");
	n->call = tmpl_new_call(p, name, at);
	n->call->filter = tmpl_find_filter(p->t, &name);
	tmpl_blank(p);
	if (tmpl_take(p, "(") && tmpl_arguments(p, n->call) < 0)
		return -1;
	p->loops = 0; /* no break goes out of it */
	if (inside(p, row, tag, "endfilter", &body) < 0)
		return -1;
	p->loops = loops;
	n->body = body.first;
	tmpl_add_node(row, n);
	return 0;
}

/* ---- macro */

static struct tmpl_expr *
literal(struct tmpl_parser *p)
{
	size_t at = p->pos;
	struct tmpl_expr *x;
	struct tmpl_str s;

	if (p->leeway != TMPL_NONE)
		return tmpl_logic_or_array(p);
	if (tmpl_is_number(p))
		return tmpl_literal(p, tmpl_number(p), at);
	if (tmpl_sees_quote(p))
		return tmpl_string(p, &s)
			 ? tmpl_literal(p, value_str(p->a, s.s, s.len), at)
			 : NULL;
	x = tmpl_boolean(p, at);
	if (!x)
		tmpl_expected(p, "a number, a string, `true` or `false`");
	return x;
}

static int
param(struct tmpl_parser *p, struct tmpl_param ***last)
{
	struct tmpl_param *one = arena_alloc(p->a, sizeof *one);

	tmpl_blank(p);
	if (!tmpl_ident(p, &one->name))
		return tmpl_expected(p, "the name of an argument");
	if (tmpl_take(p, "=") && !(one->value = literal(p)))
		return -1;
	**last = one;
	*last = &one->next;
	tmpl_blank(p);
	return 0;
}

/* From the macro's name to behind its parameters. */
static int
heading(struct tmpl_parser *p, struct tmpl_macro *m)
{
	struct tmpl_param **last = &m->param;

	tmpl_blank(p);
	if (!tmpl_ident(p, &m->name))
		return tmpl_expected(p, "the name of the macro");
	tmpl_blank(p);
	if (!tmpl_take(p, "("))
		return tmpl_expected(p, "`(`");
	tmpl_blank(p);
	if (tmpl_take(p, ")"))
		return 0;
	do {
		if (param(p, &last) < 0)
			return -1;
	} while (tmpl_take(p, ","));
	return tmpl_take(p, ")") ? 0 : tmpl_expected(p, "`,` or `)`");
}

static int
macro(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	struct tmpl_macro *m = arena_alloc(p->a, sizeof *m), **last;
	struct tmpl_row body = {0};

	if (p->depth)
		return tmpl_bad(p, tag->at,
		    "a `macro` within another tag: it has to stand outside");
	if (count(p) < 0 || heading(p, m) < 0)
		return -1;
	for (last = &p->module->macro; *last; last = &(*last)->next)
		if (tmpl_same(&(*last)->name, &m->name))
			return tmpl_bad(p, tag->at,
			    "a second macro `%.*s` in this file",
			    (int)m->name.len, m->name.s);
	*last = m;
	tmpl_add_node(row, tmpl_new_node(p, NODE_MACRO, tag->at));
	p->in_macro = true;
	if (inside(p, row, tag, "endmacro", &body) < 0)
		return -1;
	p->in_macro = false;
	m->body = body.first;
	return 0;
}

int
tmpl_module_tag(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	static const struct {
		const char *name;
		int (*fn)(struct tmpl_parser *p, struct tmpl_row *row,
		    const struct tmpl_open *tag);
	} tags[] = {
	    {"block", block},
	    {"extends", late},
	    {"filter", section},
	    {"import", late},
	    {"include", include},
	    {"macro", macro},
	};

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (tag->name.len && *tag->name.s == *tags[i].name &&
		    tmpl_is_name(&tag->name, tags[i].name))
			return tags[i].fn(p, row, tag);
	return 1;
}
