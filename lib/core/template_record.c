/*
 * What the `rendered` record says of a rendering.
 */
#include <string.h>

#include "core/template.h"
#include "data/hash.h"

static void
add_map(struct json *j, const struct tmpl_map *map)
{
	json_open(j, "map", '[');
	for (size_t i = 0; i < map->n; i++) {
		const struct tmpl_place *p = &map->place[i];

		json_open(j, NULL, '[');
		json_int(j, NULL, p->rendered);
		json_int(j, NULL, p->file);
		json_int(j, NULL, p->line);
		json_int(j, NULL, p->column);
		json_close(j, ']');
	}
	json_close(j, ']');
}

static void
add_dep(struct json *j, const char *path, const char *known, const char *s,
    size_t n)
{
	char hex[HASH_HEX];

	if (!known)
		hash_hex(s, n, hex);
	json_open(j, NULL, '{');
	json_str(j, "path", path);
	json_str(j, "sha256", known ? known : hex);
	json_close(j, '}');
}

static void
add_deps(struct json *j, const struct template_file *f)
{
	json_open(j, "deps", '[');
	add_dep(
	    j, f->path, f->t.files ? f->t.file[0]->sha256 : NULL, f->s, f->n);
	for (size_t i = 1; i < f->t.files; i++)
		add_dep(j, f->t.file[i]->path, f->t.file[i]->sha256,
		    f->t.file[i]->text, f->t.file[i]->len);
	json_close(j, ']');
}

/* Where each file was pulled in. */
static void
add_includes(struct json *j, const struct tmpl *t)
{
	json_open(j, "includes", '[');
	json_null(j, NULL);
	for (size_t i = 1; i < t->files; i++) {
		json_open(j, NULL, '[');
		json_int(j, NULL, t->file[i]->from->index);
		json_int(j, NULL, t->file[i]->line);
		json_int(j, NULL, t->file[i]->column);
		json_close(j, ']');
	}
	json_close(j, ']');
}

void
template_record(struct json *j, const struct template_file *f,
    const struct template_text *text)
{
	char hex[HASH_HEX];

	hash_hex(text->text.s, text->text.len, hex);
	json_str(j, "variant", text->variant);
	json_strn(j, "text", text->text.s, text->text.len);
	json_str(j, "sha256", hex);
	if (f->kind == TEMPLATE_NONE)
		json_null(j, "map");
	else
		add_map(j, &text->map);
	add_deps(j, f);
	add_includes(j, &f->t);
}
