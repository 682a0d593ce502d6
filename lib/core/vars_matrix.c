/*
 * The cells of [matrix].
 */
#include <string.h>

#include "base/buf.h"
#include "core/vars.h"
#include "data/tmpl_use.h"
#include "data/toml.h"

static unsigned
line_of(const char *s, const char *at)
{
	unsigned line = 1;

	while ((s = memchr(s, '\n', (size_t)(at - s)))) {
		line++;
		s++;
	}
	return line;
}

static bool
is_scalar(const struct value *v)
{
	return v->kind != VALUE_LIST && v->kind != VALUE_TABLE;
}

/* Where a member of the matrix stands in the file. */
struct matrix_text {
	const char *path;
	unsigned line; /* of the header, less one */
};

static const char *
refuse(const struct matrix_text *t, const struct value_pos *at,
    const char *code, struct err *e, const char *text, const char *key)
{
	err_at(e, t->path, t->line + at->line, at->column,
	    "'%.100s' in [matrix] %s", key, text);
	return code;
}

static const char *
check(const struct matrix_text *t, const struct value_member *m,
    struct vars_matrix *to, struct err *e)
{
	const struct value *v = m->value;

	if (v->kind != VALUE_LIST)
		return refuse(t, &m->at, "E303", e, "is no array", m->key);
	if (!v->list.n)
		return refuse(t, &v->at, "E304", e,
		    "is empty, so that there is nothing to render", m->key);
	for (size_t i = 0; i < v->list.n; i++)
		if (!is_scalar(v->list.item[i]))
			return refuse(t, &v->list.item[i]->at, "E303", e,
			    "holds an array or a table; a cell has texts, "
			    "numbers, booleans or times",
			    m->key);
	to->cells *= v->list.n;
	if (to->cells > VARS_CELLS)
		return refuse(t, &m->at, "E304", e,
		    "makes it more than 4096 cells", m->key);
	return NULL;
}

const char *
vars_read_matrix(struct arena *a, const char *path, const char *s, size_t n,
    struct vars_matrix *to, struct err *e)
{
	const char *stop, *start = vars_lines(s, s + n, "matrix", &stop);
	struct matrix_text t = {.path = path};
	const struct value *all, *m;
	const char *code = NULL;
	struct err why = {0};

	*to = (struct vars_matrix){.cells = 1};
	if (!start)
		return NULL;
	t.line = line_of(s, start) - 1;
	all = toml_parse(a, path, start, (size_t)(stop - start), &why);
	m = all ? value_get(all, "matrix") : NULL;
	if (!m || m->kind != VALUE_TABLE) {
		err_at(e, path, t.line + 1, 1,
		    "[matrix] alone is not TOML, and so is left out: %s",
		    all ? "it is an array" : err_message(&why));
		return "W302";
	}
	to->key = tmpl_sorted(a, m);
	to->n = m->table.n;
	for (size_t i = 0; i < to->n && !code; i++)
		code = check(&t, to->key[i], to, e);
	return code;
}

/* The value of key i in a cell: the last key goes fastest. */
static struct value *
chosen(const struct vars_matrix *m, size_t cell, size_t i)
{
	const struct value *list = m->key[i]->value;

	for (size_t k = m->n - 1; k > i; k--)
		cell /= m->key[k]->value->list.n;
	return list->list.item[cell % list->list.n];
}

const char *
vars_variant(struct arena *a, const struct vars_matrix *m, size_t cell)
{
	AUTO_BUF b = BUF_INIT;

	if (!m->n)
		return NULL;
	for (size_t i = 0; i < m->n; i++) {
		buf_addf(&b, "%s%s=", i ? "," : "", m->key[i]->key);
		tmpl_print(&b, chosen(m, cell, i), 0);
	}
	return arena_dup(a, b.s, b.len);
}

struct value *
vars_cell(struct arena *a, const struct vars_matrix *m, size_t cell)
{
	struct value *to = value_new(a, VALUE_TABLE);

	for (size_t i = 0; i < m->n; i++)
		value_set(
		    a, to, m->key[i]->key, m->key[i]->len, chosen(m, cell, i));
	return to;
}
