/*
 * What a name stands for, and what to say when it stands for nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/key.h"
#include "data/tmpl_int.h"

void
tmpl_hint_calls(struct tmpl_run *r)
{
	const struct tmpl_file *last = r->file;
	size_t n = r->e ? strlen(r->e->hint) : 0;

	for (const struct tmpl_frame *f = r->frame; f && r->e; f = f->outer) {
		struct tmpl_spot here = tmpl_spot(f->from->module, f->at);

		if (n < sizeof r->e->hint)
			n += (size_t)snprintf(r->e->hint + n,
			    sizeof r->e->hint - n, "%snote: %s from %s:%u:%u",
			    n ? "\n" : "",
			    f->is_include ? "included" : "called",
			    f->from->path, here.line, here.column);
		last = f->from;
	}
	tmpl_hint_chain(last, r->e);
}

int
tmpl_fail(struct tmpl_run *r, size_t at, const char *fmt, ...)
{
	struct tmpl_spot here;
	char text[512];
	va_list ap;

	if (r->quiet)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	here = tmpl_spot(r->file->module, at);
	r->t->fault = TMPL_EVAL;
	r->t->fault_path = r->file->path;
	r->fault_at = at;
	err_at(r->e, r->file->path, here.line, here.column, "%s", text);
	tmpl_hint_calls(r);
	return -1;
}

/* Has this very warning been given? */
static bool
is_told(const struct tmpl *t, const struct err *e)
{
	for (size_t i = 0; i < t->notes; i++)
		if (!strcmp(t->note[i].err.text, e->text))
			return true;
	return false;
}

static void
note(struct tmpl_run *r, size_t at, const char *fix, const char *text,
    bool is_note)
{
	struct tmpl_spot here = tmpl_spot(r->file->module, at);
	struct tmpl_note *n;
	struct err e = {0};

	err_at(&e, r->file->path, here.line, here.column, "%s", text);
	err_hint(&e, "%s", fix);
	if (is_told(r->t, &e) || !(n = tmpl_add_note(r->t, r->file->path)))
		return;
	n->err = e;
	n->is_note = is_note;
}

void
tmpl_warn_run(
    struct tmpl_run *r, size_t at, const char *fix, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	note(r, at, fix, text, false);
}

void
tmpl_note_run(struct tmpl_run *r, size_t at, const char *fix, const char *text)
{
	note(r, at, fix, text, true);
}

/* ---- look-up */

/* Decimal without a leading zero, as in a JSON pointer. */
static bool
read_index(const char *key, size_t len, size_t *index)
{
	size_t v = 0;

	if (!len || len > 18 || (*key == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (key[i] < '0' || key[i] > '9')
			return false;
		v = v * 10 + (size_t)(key[i] - '0');
	}
	*index = v;
	return true;
}

struct value *
tmpl_step_into(const struct value *v, const struct tmpl_key *key)
{
	struct value_member *m;
	size_t i;

	if (v->kind == VALUE_LIST)
		return read_index(key->text.s, key->text.len, &i) &&
			       i < v->list.n
			 ? v->list.item[i]
			 : NULL;
	m = value_member_by(v, key->hash, key->text.s, key->text.len);
	return m ? m->value : NULL;
}

static struct tmpl_key
key_from(const char *s, size_t len)
{
	return (struct tmpl_key){{s, len}, key_hash(s, len)};
}

struct value *
tmpl_dotted(const struct value *v, const char *path, size_t len)
{
	const char *end = path + len;

	while (v) {
		const char *stop = memchr(path, '.', (size_t)(end - path));

		struct tmpl_key key =
		    key_from(path, (size_t)((stop ? stop : end) - path));

		v = tmpl_step_into(v, &key);
		if (!stop)
			break;
		path = stop + 1;
	}
	return (struct value *)v;
}

void
tmpl_hint_near(struct tmpl_run *r, const char *word, const char *near)
{
	if (!near || !strcmp(near, word) || r->quiet)
		return;
	err_hint(r->e, "did you mean `%s`?", near);
	tmpl_hint_calls(r);
}

enum { NAMES = 256 };

/* The names in sight, the innermost first. */
static size_t
names_in_sight(const struct tmpl_run *r, struct tmpl_str to[NAMES])
{
	size_t n = 0;

	for (const struct tmpl_scope *s = r->scope; s; s = s->outer) {
		if (s->loop && n < NAMES / 2)
			to[n++] = s->loop->name.text;
		if (s->loop && s->loop->key.text.s && n < NAMES / 2)
			to[n++] = s->loop->key.text;
		for (size_t i = 0; i < s->vars->table.n && n < NAMES / 2; i++)
			to[n++] =
			    (struct tmpl_str){s->vars->table.member[i].key,
				s->vars->table.member[i].len};
	}
	for (size_t i = 0; i < value_count(r->context) && n < NAMES; i++)
		to[n++] = (struct tmpl_str){r->context->table.member[i].key,
		    r->context->table.member[i].len};
	return n;
}

static const char *
nearest(struct tmpl_run *r, const struct tmpl_str *word,
    const struct tmpl_str name[], size_t n)
{
	const char *known[NAMES];

	if (word->len >= 64)
		return NULL;
	for (size_t i = 0; i < n; i++)
		known[i] = arena_dup(r->arena, name[i].s, name[i].len);
	return cli_nearest(arena_dup(r->arena, word->s, word->len), known, n);
}

/* The nearest name, and what names there are. */
static void
hint_name(struct tmpl_run *r, const struct tmpl_str *head)
{
	struct tmpl_str name[NAMES];
	AUTO_BUF all = BUF_INIT;
	size_t n = names_in_sight(r, name);
	const char *near = nearest(r, head, name, n);
	size_t i = 0;

	for (; i < n && all.len + name[i].len < 100; i++)
		buf_addf(
		    &all, "%s%.*s", i ? ", " : "", (int)name[i].len, name[i].s);
	err_hint(r->e, "%s%s%snote: in sight are %s%s",
	    near ? "did you mean `" : "", near ? near : "", near ? "`?\n" : "",
	    n ? all.s : "no names", i < n ? ", …" : "");
	tmpl_hint_calls(r);
}

static int
not_there(
    struct tmpl_run *r, const struct tmpl_path *path, uint32_t at, bool quiet)
{
	if (quiet || r->quiet)
		return -1;
	tmpl_fail(r, at, "the variable `%.*s` is not defined",
	    (int)(path->text.len < 200 ? path->text.len : 200), path->text.s);
	r->t->fault = TMPL_VARIABLE;
	hint_name(r, &path->head.text);
	return -1;
}

/* What a value in brackets stands for as a key. */
static int
key_of(struct tmpl_run *r, const struct value *v, struct tmpl_str *key)
{
	AUTO_BUF b = BUF_INIT;

	if (v->kind == VALUE_STR || v->kind == VALUE_TIME) {
		*key = (struct tmpl_str){v->str.s, v->str.len};
		return 0;
	}
	if (!tmpl_is_num(v))
		return -1;
	tmpl_json(&b, v, -1, 0);
	key->s = arena_dup(r->arena, b.s, b.len);
	key->len = b.len;
	return 0;
}

static int
key_of_step(struct tmpl_run *r, const struct tmpl_path *path,
    const struct tmpl_step *s, uint32_t at, bool quiet, struct tmpl_str *key)
{
	const struct value *v;

	*key = s->key.text;
	if (s->is_never)
		return not_there(r, path, at, quiet);
	if (!s->sub)
		return 0;
	v = tmpl_look(r, s->sub, at, quiet);
	if (!v)
		return -1;
	if (!key_of(r, v, key))
		return 0;
	if (!quiet)
		tmpl_fail(r, at,
		    "only a string or a number can be an index, `%.*s` in "
		    "`%.*s` is neither",
		    (int)s->sub->text.len, s->sub->text.s, (int)path->text.len,
		    path->text.s);
	return -1;
}

/* The steps with the keys that they stand for; -1 when one has none. */
static int
read_steps(struct tmpl_run *r, const struct tmpl_path *path, uint32_t at,
    bool quiet, const struct tmpl_step **steps)
{
	struct tmpl_step *first = NULL, **last = &first;

	for (const struct tmpl_step *s = path->step; s; s = s->next) {
		struct tmpl_step *step = arena_alloc(r->arena, sizeof *step);
		struct tmpl_str key;

		if (key_of_step(r, path, s, at, quiet, &key) < 0)
			return -1;
		step->key = key_from(key.s, key.len);
		*last = step;
		last = &step->next;
	}
	*steps = first;
	return 0;
}

static struct value *
descend(const struct value *v, const struct tmpl_step *s)
{
	for (; v && s; s = s->next)
		v = tmpl_step_into(v, &s->key);
	return (struct value *)v;
}

static struct value *
loop_field(struct tmpl_run *r, const struct tmpl_scope *s,
    const struct tmpl_str *field)
{
	if (tmpl_is_name(field, "index"))
		return tmpl_new_int(r, (int64_t)s->index + 1);
	if (tmpl_is_name(field, "index0"))
		return tmpl_new_int(r, (int64_t)s->index);
	if (tmpl_is_name(field, "first"))
		return tmpl_new_bool(r, s->index == 0);
	if (tmpl_is_name(field, "last"))
		return tmpl_new_bool(r, s->index + 1 == s->turns);
	return NULL;
}

static bool
is_key(const struct tmpl_key *a, const struct tmpl_key *b)
{
	return a->hash == b->hash && tmpl_same(&a->text, &b->text);
}

/* What a table has of that name, and below it. */
static struct value *
in_table(const struct value *table, const struct tmpl_key *head,
    const struct tmpl_step *steps)
{
	const struct value_member *m =
	    value_member_by(table, head->hash, head->text.s, head->text.len);

	return m ? descend(m->value, steps) : NULL;
}

static struct value *
in_scope(struct tmpl_run *r, const struct tmpl_scope *s,
    const struct tmpl_path *path, const struct tmpl_step *steps)
{
	const struct tmpl_key *head = &path->head;
	struct value *v =
	    s->vars->table.n ? in_table(s->vars, head, steps) : NULL;

	if (v || !s->loop)
		return v;
	if (!steps && s->loop->key.text.s && is_key(head, &s->loop->key))
		return tmpl_new_str(r, s->key, s->key_len);
	if (path->is_loop)
		return steps && !steps->next
			 ? loop_field(r, s, &steps->key.text)
			 : NULL;
	return is_key(head, &s->loop->name) ? descend(s->value, steps) : NULL;
}

/* `env.NAME`, which Tera does not know, for env(name="NAME"). */
static struct value *
of_environment(struct tmpl_run *r, const struct tmpl_path *path, uint32_t at)
{
	const struct tmpl_step *s = path->step;
	const char *v = NULL;

	if (!r->t->how.is_pure && s && !s->next && !s->sub &&
	    tmpl_is_name(&path->head.text, "env"))
		v = getenv(arena_dup(r->arena, s->key.text.s, s->key.text.len));
	if (!v)
		return NULL;
	tmpl_warn_run(r, at, "write env(name=\"NAME\")", "`%.*s` is not Tera",
	    (int)(path->text.len), path->text.s);
	return tmpl_new_str(r, v, strlen(v));
}

struct value *
tmpl_look(
    struct tmpl_run *r, const struct tmpl_path *path, uint32_t at, bool quiet)
{
	const struct tmpl_step *steps = path->step;
	struct value *v = NULL;

	if (path->is_dump)
		return tmpl_dump(r, at);
	if (!path->is_plain && read_steps(r, path, at, quiet, &steps) < 0)
		return NULL;
	for (struct tmpl_scope *s = r->scope; s && !v; s = s->outer)
		v = in_scope(r, s, path, steps);
	if (!v)
		v = in_table(r->context, &path->head, steps);
	if (!v && !quiet && !r->quiet) /* what would be an error in Tera */
		v = of_environment(r, path, at);
	if (!v)
		not_there(r, path, at, quiet);
	return v;
}
