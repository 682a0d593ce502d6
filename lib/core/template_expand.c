/*
 * From the text of a test file to its TOML, for each cell of its matrix.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/project.h"
#include "core/template_int.h"
#include "data/toml.h"

static const char *
code_of(enum tmpl_fault fault)
{
	static const char *const codes[] = {[TMPL_SYNTAX] = "E110",
	    [TMPL_EVAL] = "E111",
	    [TMPL_VARIABLE] = "E120",
	    [TMPL_FILE] = "E101",
	    [TMPL_BYTES] = "E102"};

	return codes[fault];
}

static void
tell_notes(struct template_file *f)
{
	struct tmpl *t = &f->t;

	for (size_t i = 0; i < t->notes; i++)
		f->tell(f->arg, t->note[i].path,
		    t->note[i].is_note ? "note" : "warning",
		    t->note[i].is_note ? "E120" : "W302", &t->note[i].err);
	t->notes = 0;
}

int
template_fail(struct template_file *f, const struct err *e)
{
	const struct tmpl *t = &f->t;

	if (t->fault != TMPL_SYNTAX || !t->wrongs)
		f->tell(f->arg, t->fault_path, "error", code_of(t->fault), e);
	for (size_t i = 0; t->fault == TMPL_SYNTAX && i < t->wrongs; i++)
		f->tell(f->arg, t->wrong[i].path, "error", "E110",
		    i ? &t->wrong[i].err : e);
	return -1;
}

/* ---- opening */

/* Is it TOML with templates in its strings, when it is none as a whole? */
static bool
try_strings(struct template_file *f, const struct err *why)
{
	struct err note = *why;

	if (f->t.fault != TMPL_SYNTAX || f->t.files != 1)
		return false;
	f->toml = toml_parse(&f->arena, f->path, f->s, f->n, NULL);
	if (!f->toml)
		return false;
	err_at(&note, f->path, why->line, why->column,
	    "the file is no template as a whole (%.300s); each of its strings "
	    "is rendered by itself",
	    err_message(why));
	err_hint(&note, "write the tag so that it is Tera outside of the "
			"string too: quotes without backslashes");
	f->tell(f->arg, f->path, "warning", "W302", &note);
	f->kind = TEMPLATE_STRINGS;
	f->t = (struct tmpl){0};
	return true;
}

static int
open_template(struct template_file *f)
{
	struct tmpl_how how = {.loader = &f->loader.base,
	    .function = template_functions(),
	    .filter = template_filters,
	    .ctx = f->draw,
	    .cache = f->cache};
	struct err e = {0}, note = {0};

	f->kind = TEMPLATE_WHOLE;
	f->loader = template_loader(f->root, f->path);
	if (tmpl_parse(&f->arena, f->path, f->s, f->n, &how, &f->t, &e) < 0 &&
	    !try_strings(f, &e)) {
		tell_notes(f);
		return template_fail(f, &e);
	}
	f->vars = vars_of_file(&f->arena, f->path, f->s, f->n, &note);
	if (*note.text)
		f->tell(f->arg, f->path, "note", "E120", &note);
	f->fixed = vars_read_fixed(&f->arena, f->s, f->n);
	return 0;
}

int
template_open(struct template_file *f)
{
	const char *code;
	struct err e = {0};

	f->draw = arena_alloc(&f->arena, sizeof *f->draw);
	if (tmpl_is_template(f->s, f->n) && open_template(f) < 0)
		return -1;
	code = vars_read_matrix(&f->arena, f->path, f->s, f->n, &f->matrix, &e);
	if (!code)
		return 0;
	f->tell(f->arg, f->path, *code == 'W' ? "warning" : "error", code, &e);
	return *code == 'W' ? 0 : -1;
}

bool
template_is_kept(const struct template_file *f)
{
	return f->kind == TEMPLATE_WHOLE && f->t.file[0]->is_kept;
}

/* ---- ahead of time */

struct warm {
	struct tmpl_cache *cache;
	const char *root;
};

/* What cannot be read or parsed is told when it is used. */
static int
warm_file(void *arg, const char *path)
{
	const struct warm *w = arg;
	AUTO_ARENA a = {0};
	AUTO_BUF in = BUF_INIT;
	struct template_loader loader = template_loader(w->root, path);
	struct tmpl_how how = {.loader = &loader.base,
	    .function = template_functions(),
	    .filter = template_filters,
	    .cache = w->cache};
	struct tmpl t;

	if (!file_read(path, &in, NULL) && tmpl_is_template(in.s, in.len))
		tmpl_parse(&a, path, in.s, in.len, &how, &t, NULL);
	return 0;
}

static void
warm_test(void *arg, const char *path, const struct err *e)
{
	if (!e)
		warm_file(arg, path);
}

void
template_warm(struct tmpl_cache *cache, const char *dir, const char *root)
{
	struct warm w = {cache, root};

	template_each(dir, warm_file, &w);
	project_find(dir, warm_test, &w);
}

void
template_close(struct template_file *f)
{
	arena_free(&f->arena);
}

void
template_text_free(struct template_text *to)
{
	buf_free(&to->text);
	tmpl_map_free(&to->map);
}

/* ---- rendering */

static int
render_whole(struct template_file *f, const struct value *context,
    struct template_text *to)
{
	struct err e = {0};
	int got = tmpl_render(&f->t, context, &to->text, &to->map, &e);

	tell_notes(f);
	return got < 0 ? template_fail(f, &e) : 0;
}

/* The time that is frozen, which may be a template of the variables itself. */
static const char *
frozen(struct template_file *f, struct arena *a, const struct value *context)
{
	const char *clock = f->fixed.clock;
	size_t n = clock ? strlen(clock) : 0;
	struct tmpl_how how = {0};
	AUTO_BUF out = BUF_INIT;
	struct tmpl t;

	if (!clock)
		return getenv("FREEZE_CLOCK");
	if (!tmpl_is_template(clock, n))
		return clock;
	if (tmpl_parse(a, f->path, clock, n, &how, &t, NULL) < 0 ||
	    tmpl_render(&t, context, &out, NULL, NULL) < 0)
		return NULL;
	return arena_dup(a, out.s, out.len);
}

/* Each cell draws anew, and other things than the others. */
static void
start_draws(struct template_file *f, struct arena *a, size_t cell,
    const struct value *context)
{
	*f->draw = (struct template_draw){
	    .frozen = frozen(f, a, context),
	    .has_seed = f->fixed.has_seed,
	    .seed = f->fixed.seed,
	    .draws = (uint64_t)cell << 32,
	    .sequences = value_new(a, VALUE_TABLE),
	    .arena = a,
	};
}

int
template_render(struct template_file *f, size_t cell, struct template_text *to)
{
	AUTO_ARENA a = {0};
	const struct value *context;

	*to = (struct template_text){
	    .variant = vars_variant(&f->arena, &f->matrix, cell),
	    .text = BUF_INIT};
	if (f->kind == TEMPLATE_NONE) {
		buf_add(&to->text, f->s, f->n);
		return 0;
	}
	context = vars_context(
	    &a, f->given, f->vars, vars_cell(&a, &f->matrix, cell), NULL);
	start_draws(f, &a, cell, context);
	return f->kind == TEMPLATE_WHOLE ? render_whole(f, context, to)
					 : template_strings(f, context, to);
}
