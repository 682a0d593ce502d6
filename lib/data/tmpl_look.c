/*
 * What a name stands for, and what to say when it stands for nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "data/tmpl_int.h"

bool
tmpl_is_name(const struct tmpl_str *s, const char *name)
{
	return s->len == strlen(name) && !memcmp(s->s, name, s->len);
}

int
tmpl_fail(struct tmpl_run *r, size_t at, const char *fmt, ...)
{
	struct tmpl_parser here = {.t = r->t,
	    .file = r->file,
	    .s = r->file->text,
	    .n = r->file->len,
	    .e = r->e};
	char text[512];
	va_list ap;

	if (r->quiet)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->t->fault = TMPL_EVAL;
	tmpl_bad(&here, at, "%s", text);
	tmpl_hint_chain(r->file, r->e);
	return -1;
}

/* Has this very warning been given? */
static bool
is_told(const struct tmpl *t, const struct tmpl_note *note)
{
	for (size_t i = 0; i + 1 < t->notes; i++)
		if (t->note[i].path == note->path &&
		    !strcmp(t->note[i].err.text, note->err.text))
			return true;
	return false;
}

void
tmpl_warn_run(
    struct tmpl_run *r, size_t at, const char *fix, const char *fmt, ...)
{
	struct tmpl_parser here = {
	    .t = r->t, .file = r->file, .s = r->file->text, .n = r->file->len};
	size_t notes = r->t->notes;
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tmpl_warn(&here, at, fix, "%s", text);
	if (r->t->notes > notes && is_told(r->t, &r->t->note[notes]))
		r->t->notes = notes;
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
tmpl_step_into(const struct value *v, const char *key, size_t len)
{
	struct value_member *m;
	size_t i;

	if (v->kind == VALUE_LIST)
		return read_index(key, len, &i) && i < v->list.n
			 ? v->list.item[i]
			 : NULL;
	m = value_member(v, key, len);
	return m ? m->value : NULL;
}

struct value *
tmpl_dotted(const struct value *v, const char *path, size_t len)
{
	const char *end = path + len;

	while (v) {
		const char *stop = memchr(path, '.', (size_t)(end - path));

		v = tmpl_step_into(
		    v, path, (size_t)((stop ? stop : end) - path));
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
	tmpl_hint_chain(r->file, r->e);
}

struct keys {
	struct tmpl_str *key;
	size_t n, cap;
};

/* The nearest name in sight, for the hint. */
static void
hint_name(struct tmpl_run *r, const struct tmpl_str *head)
{
	const char *names[256];
	char word[64];
	size_t n = 0;

	if (head->len >= sizeof word || r->context->kind != VALUE_TABLE)
		return;
	memcpy(word, head->s, head->len);
	word[head->len] = 0;
	for (const struct tmpl_scope *s = r->scope; s; s = s->outer)
		for (size_t i = 0; i < s->vars->table.n && n < 128; i++)
			names[n++] = s->vars->table.member[i].key;
	for (size_t i = 0; i < r->context->table.n && n < 256; i++)
		names[n++] = r->context->table.member[i].key;
	tmpl_hint_near(r, word, cli_nearest(word, names, n));
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
	hint_name(r, &path->head);
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

	*key = s->key;
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

/* Turn the steps into keys; -1 when one cannot be. */
static int
read_keys(struct tmpl_run *r, const struct tmpl_path *path, uint32_t at,
    bool quiet, struct keys *k)
{
	for (const struct tmpl_step *s = path->step; s; s = s->next) {
		k->key =
		    arena_more(r->arena, k->key, k->n, &k->cap, sizeof *k->key);
		if (key_of_step(r, path, s, at, quiet, &k->key[k->n]) < 0)
			return -1;
		k->n++;
	}
	return 0;
}

static struct value *
descend(const struct value *v, const struct keys *k)
{
	for (size_t i = 0; v && i < k->n; i++)
		v = tmpl_step_into(v, k->key[i].s, k->key[i].len);
	return (struct value *)v;
}

bool
tmpl_same(const struct tmpl_str *a, const struct tmpl_str *b)
{
	return b->s && a->len == b->len && !memcmp(a->s, b->s, a->len);
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

static struct value *
in_scope(struct tmpl_run *r, const struct tmpl_scope *s,
    const struct tmpl_str *head, const struct keys *k)
{
	const struct value_member *m =
	    value_member(s->vars, head->s, head->len);
	struct value *v = m ? descend(m->value, k) : NULL;

	if (v || !s->loop)
		return v;
	if (!k->n && tmpl_same(head, &s->loop->key))
		return tmpl_new_str(r, s->key, s->key_len);
	if (tmpl_is_name(head, "loop"))
		return k->n == 1 ? loop_field(r, s, &k->key[0]) : NULL;
	return tmpl_same(head, &s->loop->name) ? descend(s->value, k) : NULL;
}

/* `env.NAME`, which Tera does not know, for env(name="NAME"). */
static struct value *
of_environment(struct tmpl_run *r, const struct tmpl_path *path, uint32_t at)
{
	const struct tmpl_step *s = path->step;
	const char *v = NULL;

	if (!r->t->how.is_pure && s && !s->next && !s->sub &&
	    tmpl_is_name(&path->head, "env"))
		v = getenv(arena_dup(r->arena, s->key.s, s->key.len));
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
	const struct value_member *m;
	struct value *v = NULL;
	struct keys k = {0};

	if (tmpl_is_name(&path->text, "__tera_context"))
		return tmpl_dump(r, at);
	if (read_keys(r, path, at, quiet, &k) < 0)
		return NULL;
	for (struct tmpl_scope *s = r->scope; s && !v; s = s->outer)
		v = in_scope(r, s, &path->head, &k);
	if (v)
		return v;
	m = value_member(r->context, path->head.s, path->head.len);
	v = m ? descend(m->value, &k) : NULL;
	if (!v && !quiet && !r->quiet) /* what would be an error in Tera */
		v = of_environment(r, path, at);
	if (!v)
		not_there(r, path, at, quiet);
	return v;
}
