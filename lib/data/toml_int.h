/*
 * What the parts of the TOML parser share.
 */
#ifndef DATA_TOML_INT_H
#define DATA_TOML_INT_H

#include "base/buf.h"
#include "data/toml.h"

/* How a table or an array came to be decides who may add to it. */
enum toml_how {
	TOML_IMPLIED, /* by a longer header */
	TOML_HEADER,  /* by its own header */
	TOML_DOTTED,  /* by dotted keys of one section */
	TOML_CLOSED,  /* an inline table or an array in brackets */
	TOML_TABLES,  /* an array of tables */
};

/* A table or an array of the tree; the value comes first. */
struct toml_cell {
	struct value v;
	enum toml_how how;
	unsigned section; /* of TOML_DOTTED */
	unsigned depth;
};

struct toml {
	struct arena *a;
	const char *path, *s;
	size_t n, i; /* s[i] is next */
	bool is_strict;
	uint32_t line;
	size_t mark; /* a place on this line, and its column */
	uint32_t mark_column;
	struct toml_finds *finds;
	struct toml_cell *table;    /* where a line's key goes */
	unsigned section, sections; /* the one open now; how many were */
	unsigned open;		    /* brackets open at this place */
	struct buf scratch;
};

/* One part of a key. */
struct toml_key {
	const char *s;
	size_t len;
	struct value_pos at;
};

/* The place of s[offset], which lies on the line being read. */
struct value_pos toml_place(struct toml *p, size_t offset);

/* Tell an error; always false. */
bool toml_fail(struct toml *p, const struct value_pos *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Tell an error at the next character, and what was found there. */
bool toml_expected(struct toml *p, const char *what);

/* Tell what TOML 1.1 allows: a warning, or false when it is an error. */
bool toml_lenient(struct toml *p, const struct value_pos *at, const char *what);

/* Add to the last message how to mend it; always false. */
bool toml_hint(struct toml *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The byte there, or -1 at the end of the text. */
static inline int
toml_peek(const struct toml *p)
{
	return p->i < p->n ? (unsigned char)p->s[p->i] : -1;
}

static inline bool
toml_take(struct toml *p, char c)
{
	if (p->i < p->n && p->s[p->i] == c) {
		p->i++;
		return true;
	}
	return false;
}

void toml_blanks(struct toml *p);

/* Take an end of line: 1, 0 when there is none, -1 for a lone CR (told). */
int toml_newline(struct toml *p);

/* Take a comment, if one is there. */
bool toml_comment(struct toml *p);

struct toml_cell *toml_cell(struct toml *p, enum value_kind kind,
    enum toml_how how, unsigned depth, const struct value_pos *at);

/* KEY = VALUE, to be put into `table`. */
bool toml_pair(struct toml *p, struct toml_cell *table);

/* Any value, at that depth; NULL when an error was told. */
struct value *toml_value(struct toml *p, unsigned depth);

/* A string; `key` refuses the multi-line forms. */
struct value *toml_string(struct toml *p, bool is_key);

/* A number, a boolean or a time. */
struct value *toml_scalar(struct toml *p);

#endif
