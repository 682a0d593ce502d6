/*
 * The files of a rendering: each is found, read and parsed once, with all that
 * it names.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/tmpl_int.h"

enum { NOTES = 200 };

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
	struct tmpl_spot here = {0, 1, 1};

	t->fault = TMPL_FILE;
	t->fault_path = f->path;
	tmpl_spot_to(&here, f->text, at);
	return err_at(e, f->path, here.line, here.column, "%s", text);
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

struct tmpl_note *
tmpl_add_note(struct tmpl *t, const char *path)
{
	if (t->notes >= NOTES)
		return NULL;
	t->note = arena_more(
	    t->arena, t->note, t->notes, &t->note_cap, sizeof *t->note);
	t->note[t->notes] = (struct tmpl_note){.path = path};
	return &t->note[t->notes++];
}

static void
parsed(struct tmpl *t, struct tmpl_file *f)
{
	const struct tmpl_module *m = f->module;

	for (size_t i = 0; i < m->notes; i++) {
		struct tmpl_note *n = tmpl_add_note(t, f->path);

		if (n)
			n->err = m->note[i].err;
	}
	f->ref = arena_alloc(t->arena, m->refs * sizeof(struct tmpl_file *));
	f->target = arena_alloc(t->arena, m->links * sizeof *f->target);
}

static int
parse_all(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	struct tmpl_cache *c = t->how.cache;

	f->module = check_bytes(t, f, e) < 0 ? NULL
		  : c			     ? tmpl_cache_parse(c, t, f, e)
		      : tmpl_parse_text(t, f, t->arena, e);
	if (!f->module) {
		tmpl_hint_chain(f, e);
		return -1;
	}
	parsed(t, f);
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

static void
miss(struct tmpl *t, struct tmpl_file *from, const char *name)
{
	t->missing = arena_more(t->arena, t->missing, t->missings,
	    &t->missing_cap, sizeof *t->missing);
	t->missing[t->missings++] = (struct tmpl_missing){name, from};
}

/* The path of the file that ref names; 0 when there is none. */
static int
find(struct tmpl *t, struct tmpl_file *from, const struct tmpl_ref *ref,
    const char **path, struct err *e)
{
	const struct tmpl_loader *l = t->how.loader;
	struct err why = {0};
	char *name;
	int got;

	if (!l || memchr(ref->name.s, 0, ref->name.len))
		return 0;
	name = arena_dup(t->arena, ref->name.s, ref->name.len);
	got = l->find(l, t->arena, from->path, name, path, &why);
	if (!got)
		miss(t, from, name);
	if (got >= 0)
		return got;
	fail(t, from, ref->at, e, err_message(&why));
	err_hint(e, "%s", why.hint);
	tmpl_hint_chain(from, e);
	return -1;
}

static int
load_new(struct tmpl *t, struct tmpl_file *from, const struct tmpl_ref *ref,
    const char *path, struct err *e)
{
	struct tmpl_spot here = {0, 1, 1};
	struct tmpl_file *f;

	if (check_size(t, from, ref->at, e) < 0)
		return -1;
	f = from->ref[ref->number] = add_file(t, path);
	tmpl_spot_to(&here, from->text, ref->at);
	f->from = from;
	f->line = here.line;
	f->column = here.column;
	return read_file(t, f, e) < 0 ? -1 : parse_all(t, f, e);
}

/* The file that ref names, into from->ref; 0 without one, or -1 and *e. */
static int
load(struct tmpl *t, struct tmpl_file *from, const struct tmpl_ref *ref,
    struct err *e)
{
	const char *path;
	int got = find(t, from, ref, &path, e);

	if (got <= 0)
		return got;
	from->ref[ref->number] = known(t, path);
	if (from->ref[ref->number])
		return 1;
	return load_new(t, from, ref, path, e) < 0 ? -1 : 1;
}

void
tmpl_hint_where(
    const struct tmpl *t, const struct tmpl_file *from, struct err *e)
{
	const struct tmpl_loader *l = t->how.loader;
	AUTO_BUF b = BUF_INIT;

	if (!e || !l || !l->where)
		return;
	l->where(l, from->path, &b);
	err_hint(e, "note: looked for in %.180s", b.s);
}

static int
load_needed(struct tmpl *t, struct tmpl_file *from, const struct tmpl_ref *ref,
    struct err *e)
{
	int got = load(t, from, ref, e);
	char text[200];

	if (got)
		return got < 0 ? -1 : 0;
	snprintf(text, sizeof text, "the template '%.*s' is not there",
	    (int)(ref->name.len < 120 ? ref->name.len : 120), ref->name.s);
	fail(t, from, ref->at, e, text);
	tmpl_hint_where(t, from, e);
	tmpl_hint_chain(from, e);
	return -1;
}

/* The file that f extends, or NULL. */
struct tmpl_file *
tmpl_parent(const struct tmpl_file *f)
{
	return f->module && f->module->parent
		 ? f->ref[f->module->parent->number]
		 : NULL;
}

/* Does f extend itself, over others? Then say how. */
static int
check_parents(struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	AUTO_BUF chain = BUF_INIT;
	const struct tmpl_file *up = f;

	buf_addf(&chain, "`extends` goes round in a circle: %s", f->path);
	while ((up = tmpl_parent(up))) {
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
	for (struct tmpl_includes *i = m->includes; i; i = i->next) {
		int got = 0;

		for (struct tmpl_ref *n = i->include->name; n && !got;
		     n = n->next)
			got = load(t, f, n, e);
		if (got < 0)
			return -1;
	}
	return 0;
}

int
tmpl_parse(struct arena *a, const char *path, const char *s, size_t n,
    const struct tmpl_how *how, struct tmpl *t, struct err *e)
{
	struct tmpl_file *f;

	*t = (struct tmpl){.arena = a, .how = *how};
	if (how->cache)
		tmpl_cache_turn(how->cache);
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
