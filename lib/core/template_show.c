/*
 * What a person wants to know of a template: its variables and where each is
 * from, and where each line of its text came from.
 */
#include <inttypes.h>
#include <string.h>

#include "core/template_int.h"
#include "data/toml.h"

static void
show_var(
    struct buf *to, const char *name, const struct value *v, const char *origin)
{
	size_t start = to->len;

	buf_addf(to, "%s = ", name);
	if (toml_write(to, v, NULL) < 0)
		buf_adds(to, "\"\"");
	buf_addc(to, ' ');
	while (to->len - start < 40)
		buf_addc(to, ' ');
	buf_addf(to, "# %s\n", origin);
}

static void
show_cell(struct buf *to, const struct value *cell)
{
	AUTO_BUF name = BUF_INIT;

	for (size_t i = 0; i < value_count(cell); i++) {
		const struct value_member *m = &cell->table.member[i];

		buf_reset(&name);
		buf_addf(&name, "matrix.%s", m->key);
		show_var(to, name.s, m->value, "[matrix], the first cell");
	}
}

void
template_show_vars(const struct template_file *f, struct buf *to)
{
	AUTO_ARENA a = {0};
	struct value *origin = value_new(&a, VALUE_TABLE);
	struct vars_matrix matrix = {.cells = 1};
	const struct value *vars;
	struct value *cell;

	vars_read_matrix(&a, f->path, f->s, f->n, &matrix, NULL);
	cell = vars_cell(&a, &matrix, 0);
	vars = value_get(
	    vars_context(&a, f->given,
		vars_of_file(&a, f->path, f->s, f->n, NULL), cell, origin),
	    "vars");
	for (size_t i = 0; i < value_count(vars); i++) {
		const struct value_member *m = &vars->table.member[i];

		show_var(to, m->key, m->value,
		    value_str_or(value_get(origin, m->key), "?"));
	}
	show_cell(to, cell);
}

static void
show_line(struct buf *to, const struct template_file *f,
    const struct tmpl_place *p, uint32_t number, const char *line, size_t n)
{
	buf_addf(to, "%s:%" PRIu32 ":%" PRIu32 ": ",
	    p && f->t.files ? f->t.file[p->file]->path : f->path,
	    p ? p->line + (number - p->rendered) : number,
	    p && p->rendered == number ? p->column : 1);
	buf_add(to, line, n);
	buf_addc(to, '\n');
}

void
template_show_map(const struct template_file *f,
    const struct template_text *text, struct buf *to)
{
	const char *s = text->text.s, *end = s + text->text.len;
	const struct tmpl_map *map = &text->map;
	size_t at = 0;

	for (uint32_t number = 1; s < end; number++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl ? nl : end;

		while (at < map->n && map->place[at].rendered <= number)
			at++;
		show_line(to, f, at ? &map->place[at - 1] : NULL, number, s,
		    (size_t)(stop - s));
		s = stop + 1;
	}
}
