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

/*
 * The text, or a piece of it of whole lines, is a copy in the arena with
 * TOML_PAD zeros behind it: strings and keys without escapes are parts of it,
 * where a NUL is put over the quote or the delimiter behind them once that is
 * read. So s[i] may be looked at without asking for n, and nothing is read
 * again behind i.
 */
struct toml {
	struct arena *a;
	const char *path;
	char *s;
	size_t n, i; /* s[i] is next */
	size_t from; /* where in the document s[0] is */
	bool is_strict;
	bool is_last;	 /* nothing follows s[n] */
	bool is_held;	 /* by an error: the rest is read as one last piece, */
	uint32_t column; /* from behind the line that begins in that column */
	uint32_t line;
	size_t base; /* s[offset] of this line is in column offset - base, */
	size_t wide; /* up to the next byte beyond ASCII, which lies here */
	struct toml_finds *finds;
	struct toml_cell *root;
	struct toml_cell *table; /* where a line's key goes */
	const struct toml_handler *handler;
	struct toml_part *part; /* part[parts]: the path of that table */
	size_t parts, part_cap;
	unsigned section, sections; /* the one open now; how many were */
	unsigned open;		    /* brackets open at this place */
	struct buf scratch;	    /* a string with escapes, up to here: */
	size_t raw;
};

enum { TOML_PAD = 32 };

/* A text in the arena, or in the copy of the whole. */
struct toml_text {
	char *s;
	size_t len;
};

/* One part of a key. */
struct toml_key {
	char *s;
	size_t len;
	struct value_pos at;
};

/* What may stand in a bare key; in a number, a boolean or a time. */
enum { TOML_BARE = 1, TOML_TOKEN = 2 };
extern const unsigned char toml_class[256];

static inline bool
toml_is(char c, int class)
{
	return toml_class[(unsigned char)c] & class;
}

/* Go on to the next byte beyond ASCII; the columns up to s[offset] are known.
 */
void toml_widen(struct toml *p, size_t offset);

/* The place of s[offset], on the line being read, not before the last one. */
static inline struct value_pos
toml_place(struct toml *p, size_t offset)
{
	uint32_t all = (uint32_t)(p->from + offset);

	if (offset > p->wide)
		toml_widen(p, offset);
	return (struct value_pos){
	    p->line, (uint32_t)(offset - p->base), all, all};
}

/* Where in the document the next byte is. */
static inline uint32_t
toml_offset(const struct toml *p)
{
	return (uint32_t)(p->from + p->i);
}

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
	unsigned char c = (unsigned char)p->s[p->i];

	return c || p->i < p->n ? c : -1;
}

static inline bool
toml_take(struct toml *p, char c)
{
	bool is_there = p->s[p->i] == c; /* c is not NUL */

	p->i += is_there;
	return is_there;
}

static inline void
toml_blanks(struct toml *p)
{
	while (p->s[p->i] == ' ' || p->s[p->i] == '\t')
		p->i++;
}

/* Take a carriage return, and the line feed behind it (-1: it lacks, told). */
int toml_return(struct toml *p);

/* Take an end of line: 1, 0 when there is none, -1 for a lone CR (told). */
static inline int
toml_newline(struct toml *p)
{
	if (p->s[p->i] != '\n')
		return p->s[p->i] == '\r' ? toml_return(p) : 0;
	p->i++;
	p->line++;
	p->base = p->i - 1;
	if (p->i > p->wide)
		toml_widen(p, p->i);
	return 1;
}

/* How many bytes at s may stand in a bare key. */
size_t toml_bare(const char *s);

/*
 * How many bytes at s are neither the one nor the other nor a control character
 * except the tab.
 */
size_t toml_plain(const char *s, char one, char other);

/* Take the comment that begins here. */
bool toml_comment(struct toml *p);

/* A new value with a place. */
static inline struct value *
toml_make(struct toml *p, enum value_kind kind, const struct value_pos *at)
{
	struct value *v = arena_take(p->a, sizeof *v);

	*v = (struct value){.kind = kind, .at = *at};
	return v;
}

struct toml_cell *toml_cell(struct toml *p, enum value_kind kind,
    enum toml_how how, unsigned depth, const struct value_pos *at);

/*
 * Read lines up to s[n]; or, before the last piece, to an error after which it
 * depends on what follows where reading goes on.
 */
void toml_lines(struct toml *p);

/* KEY = VALUE, to be put into `table`. */
bool toml_pair(struct toml *p, struct toml_cell *table);

/* Any value, at that depth; NULL when an error was told. */
struct value *toml_value(struct toml *p, unsigned depth);

/* A string; `is_key` refuses the multi-line forms. */
bool toml_string(struct toml *p, bool is_key, struct toml_text *to);

/* A number, a boolean or a time. */
struct value *toml_scalar(struct toml *p);

#endif
