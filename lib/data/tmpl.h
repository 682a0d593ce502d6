/*
 * Templates: the language of Tera 1.20, as far as it goes here. What is not
 * there yet is an error that says so.
 *
 * src: https://keats.github.io/tera/docs (1.x)
 */
#ifndef DATA_TMPL_H
#define DATA_TMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/value.h"

/* What kind of failure the last *e of a template is. */
enum tmpl_fault {
	TMPL_SYNTAX,   /* it does not parse */
	TMPL_EVAL,     /* a filter, a function, an operator refused */
	TMPL_VARIABLE, /* a name that is not there */
};

/* From this rendered line on, line L comes from line + (L - rendered). */
struct tmpl_place {
	uint32_t rendered, line, column;
};

struct tmpl_map {
	struct tmpl_place *place; /* place[n], ascending; grown by mem_more() */
	size_t n, cap;
};

struct tmpl_node;

struct tmpl {
	const char *path; /* for messages; borrowed */
	const char *text; /* text[len]; borrowed */
	size_t len;
	struct tmpl_node *body;
	struct err *note; /* note[notes]: markers that were taken as text */
	size_t notes, note_cap;
	enum tmpl_fault fault; /* of the failure, when there was one */
};

/* Does s[n] hold a `{{`, `{%` or `{#`? */
bool tmpl_is_template(const char *s, size_t n);

/*
 * Parse s[n], which is UTF-8. With `pure` it is Tera to the letter; else a
 * marker that cannot open a tag (`${#NAME}`, `{#` without its end, `{{.`) is
 * text, with a note.
 *
 * out: *t
 * err: -1 and *e with line and column; t->fault is TMPL_SYNTAX
 * mem: hangs off *a, and borrows path and s
 */
int tmpl_parse(struct arena *a, const char *path, const char *s, size_t n,
    bool pure, struct tmpl *t, struct err *e);

/*
 * Render with a context (a table) and append to *out; `map` may be NULL.
 *
 * err: -1 and *e with the place in the template, t->fault says what kind; *out
 *      then holds a part
 * mem: borrows all; free the map with tmpl_map_free()
 */
int tmpl_render(struct tmpl *t, const struct value *context, struct buf *out,
    struct tmpl_map *map, struct err *e);

void tmpl_map_free(struct tmpl_map *map);

#endif
