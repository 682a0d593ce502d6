/*
 * The files of a rendering: each is found, read and parsed once, with all that
 * it names.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/tmpl_int.h"

static int load_refs(struct tmpl *t, struct tmpl_file *f, struct err *e);

void
tmpl_hint_chain(const struct tmpl_file *f, struct err *e)
{
	size_t n = e ? strlen(e->hint) : 0;

	for (; e && f->from && n < sizeof e->hint; f = f->from)
		n += (size_t)snprintf(e->hint + n, sizeof e->hint - n,
		    "%snote: included from %s:%u:%u", n ? "\n" : "",
		    f->from->path, f->line, f->column);
}

/* A failure at an offset of f. */
static int
fail(struct tmpl *t, struct tmpl_file *f, size_t at, struct err *e,
    const char *text)
{
	struct tmpl_parser here = {
	    .t = t, .file = f, .s = f->text, .n = f->len, .e = e};

	t->fault = TMPL_FILE;
	return tmpl_bad(&here, at, "%s", text);
}

static struct tmpl_file *
add_file(struct tmpl *t, const char *path)
{
	struct tmpl_file *f = arena_alloc(t->arena, sizeof *f);

	t->file = arena_more(
	    t->arena, t->file, t->files, &t->file_cap, sizeof *t->file);
	f->path = path;
	f->index = (uint32_t)t->files;
	t->file[t->files++] = f;
	return f;
}

static struct tmpl_file *
known(const struct tmpl *t, const char *path)
{
	for (size_t i = 0; i < t->files; i++)
		if (!strcmp(t->file[i]->path, path))
			return t->file[i];
	return NULL;
}

static int
check_bytes(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	size_t at = utf8_check(f->text, f->len);
	char text[64];

	if (at == f->len)
		return 0;
	snprintf(text, sizeof text, "byte 0x%02x is not UTF-8",
	    (unsigned char)f->text[at]);
	fail(t, f, at, e, text);
	t->fault = TMPL_BYTES;
	return -1;
}

static int
parse_all(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	if (check_bytes(t, f, e) < 0 || tmpl_parse_file(t, f, e) < 0) {
		tmpl_hint_chain(f, e);
		return -1;
	}
	return load_refs(t, f, e);
}

/* Too many, or too deep: the chain would never end. */
static int
check_size(struct tmpl *t, struct tmpl_file *from, size_t at, struct err *e)
{
	int depth = 0;

	for (const struct tmpl_file *f = from; f->from; f = f->from)
		depth++;
	if (depth < TMPL_CHAIN && t->files < TMPL_FILES)
		return 0;
	fail(t, from, at, e,
	    depth < TMPL_CHAIN ? "more than 1000 files in one template"
			       : "more than 64 files that pull in the next");
	tmpl_hint_chain(from, e);
	return -1;
}

static int
read_file(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	const struct tmpl_loader *l = t->how.loader;

	if (!l->read(l, t->arena, f->path, &f->text, &f->len, e))
		return 0;
	t->fault = TMPL_FILE;
	t->fault_path = f->path;
	tmpl_hint_chain(f, e);
	return -1;
}

/* The file that ref names; 0 with ref->file NULL when there is none. */
static int
load(
    struct tmpl *t, struct tmpl_file *from, struct tmpl_ref *ref, struct err *e)
{
	const struct tmpl_loader *l = t->how.loader;
	struct tmpl_parser here = {
	    .s = from->text, .n = from->len, .line = 1, .column = 1};
	const char *path;
	char *name;

	if (!l || memchr(ref->name.s, 0, ref->name.len))
		return 0;
	name = arena_dup(t->arena, ref->name.s, ref->name.len);
	if (!l->find(l, t->arena, from->path, name, &path))
		return 0;
	ref->file = known(t, path);
	if (ref->file)
		return 0;
	if (check_size(t, from, ref->at, e) < 0)
		return -1;
	ref->file = add_file(t, path);
	tmpl_place_to(&here, ref->at);
	ref->file->from = from;
	ref->file->line = here.line;
	ref->file->column = here.column;
	return read_file(t, ref->file, e) < 0 ? -1 : parse_all(t, ref->file, e);
}

static int
load_needed(
    struct tmpl *t, struct tmpl_file *from, struct tmpl_ref *ref, struct err *e)
{
	char text[200];

	if (load(t, from, ref, e) < 0)
		return -1;
	if (ref->file)
		return 0;
	snprintf(text, sizeof text, "the template '%.*s' is not there",
	    (int)(ref->name.len < 120 ? ref->name.len : 120), ref->name.s);
	fail(t, from, ref->at, e, text);
	tmpl_hint_chain(from, e);
	return -1;
}

/* Does f extend itself, over others? Then say how. */
static int
check_parents(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	AUTO_BUF chain = BUF_INIT;
	const struct tmpl_file *up = f;

	buf_addf(&chain, "`extends` goes round in a circle: %s", f->path);
	while (up->module && up->module->parent && up->module->parent->file) {
		up = up->module->parent->file;
		buf_addf(&chain, " → %s", up->path);
		if (up == f)
			return fail(t, f, f->module->parent->at, e, chain.s);
		if (chain.len > 400)
			break;
	}
	return 0;
}

static int
load_refs(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	struct tmpl_module *m = f->module;

	if (m->parent &&
	    (load_needed(t, f, m->parent, e) < 0 || check_parents(t, f, e) < 0))
		return -1;
	for (struct tmpl_ref *i = m->import; i; i = i->next)
		if (load_needed(t, f, i, e) < 0)
			return -1;
	for (struct tmpl_includes *i = m->includes; i; i = i->next)
		for (struct tmpl_ref *n = i->include->name; n; n = n->next) {
			if (load(t, f, n, e) < 0)
				return -1;
			if (n->file)
				break;
		}
	return 0;
}

int
tmpl_parse(struct arena *a, const char *path, const char *s, size_t n,
    const struct tmpl_how *how, struct tmpl *t, struct err *e)
{
	struct tmpl_file *f;

	*t = (struct tmpl){.arena = a, .how = *how};
	f = add_file(t, path);
	f->text = s;
	f->len = n;
	return parse_all(t, f, e);
}

int
tmpl_add(struct tmpl *t, const char *path, struct err *e)
{
	struct tmpl_file *f = known(t, path);

	if (f)
		return 0;
	f = add_file(t, arena_str(t->arena, path));
	return read_file(t, f, e) < 0 ? -1 : parse_all(t, f, e);
}
