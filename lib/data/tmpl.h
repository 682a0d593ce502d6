/*
 * Templates: the language of Tera 1.20.
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
	TMPL_FILE,     /* a template that is not there, or cannot be read */
	TMPL_BYTES,    /* a text that is not UTF-8 */
};

/* From this rendered line on, line L comes from line + (L - rendered). */
struct tmpl_place {
	uint32_t rendered;
	uint32_t file; /* index into tmpl.file */
	uint32_t line, column;
};

struct tmpl_map {
	struct tmpl_place *place; /* place[n], ascending; grown by mem_more() */
	size_t n, cap;
};

/*
 * Finds and reads the templates that others name.
 *
 * find:  1 and *path, under which it will be known, 0 when there is none of
 *        that name, or -1 and *e when it may not be read; `from` is the path of
 *        the file that names it
 * read:  0 and the text, or -1 and *e
 * where: append the places that find() looks in, for a message; may be NULL
 * mem:   what they give hangs off the arena
 */
struct tmpl_loader {
	int (*find)(const struct tmpl_loader *l, struct arena *a,
	    const char *from, const char *name, const char **path,
	    struct err *e);
	int (*read)(const struct tmpl_loader *l, struct arena *a,
	    const char *path, const char **text, size_t *len, struct err *e);
	void (*where)(
	    const struct tmpl_loader *l, const char *from, struct buf *to);
};

struct tmpl_filter;
struct tmpl_function;
struct tmpl_cache;

/* How to read templates. */
struct tmpl_how {
	bool is_pure;			  /* Tera to the letter */
	const struct tmpl_loader *loader; /* NULL: there are no others */
	/* The caller's own, which go before those of the language; NULL: none,
	 * else ended by a {0}. See tmpl_use.h. */
	const struct tmpl_filter *filter;
	const struct tmpl_function *function;
	void *ctx;		  /* for them */
	struct tmpl_cache *cache; /* of parsed files, or NULL */
};

/* One file that a rendering is made of. The rest of it is in tmpl_int.h. */
struct tmpl_file {
	const char *path;
	const char *text; /* text[len] */
	size_t len;
	uint32_t index;		      /* in tmpl.file */
	const struct tmpl_file *from; /* who pulled it in first, or NULL */
	uint32_t line, column;	      /* and where */
	const char *sha256;	      /* of the text; NULL without a cache */
	bool is_kept;		      /* its parse was in the cache */
	struct tmpl_module *module;
	/* what the module's names stand for here */
	struct tmpl_file **ref;
	struct tmpl_target *target;
	uint32_t mark; /* of a search that came by */
};

/* A warning, at a place in one of the files. */
struct tmpl_note {
	const char *path;
	bool is_note; /* it is no more than worth a word */
	struct err err;
};

/* A name that no file was found for, and who named it. */
struct tmpl_missing {
	const char *name;
	const struct tmpl_file *from;
};

/* A template and all that it pulls in. */
struct tmpl {
	struct arena *arena;
	struct tmpl_how how;
	struct tmpl_file **file; /* file[files]; the first is the one parsed */
	size_t files, file_cap;
	struct tmpl_note *note; /* note[notes] */
	size_t notes, note_cap;
	struct tmpl_note *wrong; /* wrong[wrongs]: all that does not parse */
	size_t wrongs, wrong_cap;
	struct tmpl_missing *missing; /* missing[missings] */
	size_t missings, missing_cap;
	uint32_t marks;		/* searches that were made */
	enum tmpl_fault fault;	/* of the failure, when there was one */
	const char *fault_path; /* the file that *e speaks of */
};

/* Does s[n] hold a `{{`, `{%` or `{#`? */
bool tmpl_is_template(const char *s, size_t n);

/*
 * Parse s[n], which is UTF-8, and all that it includes, imports and extends.
 * With `is_pure` it is Tera to the letter. Else a marker that cannot open a
 * tag (`${#NAME}`, `{#` without its end, `{{.`) is text, and what does not
 * parse is tried once more with arguments by position, map literals, imports
 * anywhere and escapes in strings; each with a note.
 *
 * out: *t
 * err: -1 and *e with line and column; t->fault tells the kind, and t->wrong
 *      has *e and what else does not parse in that file
 * mem: hangs off *a, and borrows path, s and what *how holds
 */
int tmpl_parse(struct arena *a, const char *path, const char *s, size_t n,
    const struct tmpl_how *how, struct tmpl *t, struct err *e);

/* Parse one more file, by its path (copied), that nothing has to use. */
int tmpl_add(struct tmpl *t, const char *path, struct err *e);

/*
 * Render with a context (a table) and append to *out; `map` may be NULL. It
 * may be done again with another context.
 *
 * err: -1 and *e with the place in the template, t->fault says what kind; *out
 *      then holds a part
 * mem: borrows all; free the map with tmpl_map_free()
 */
int tmpl_render(struct tmpl *t, const struct value *context, struct buf *out,
    struct tmpl_map *map, struct err *e);

void tmpl_map_free(struct tmpl_map *map);

#endif
