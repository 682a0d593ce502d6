/*
 * What the parts of the template engine share: the parser, and the
 * state of a rendering.
 */
#ifndef DATA_TMPL_INT_H
#define DATA_TMPL_INT_H

#include "data/tmpl_tree_int.h"

enum {
	TMPL_DEPTH = 128,  /* parentheses, brackets, arguments, tags */
	TMPL_HEIGHT = 500, /* of the tree of one expression */
	TMPL_ARGS = 32,
	TMPL_FILES = 1000,  /* in one rendering */
	TMPL_NAMES = 10000, /* that a file has or gives */
	TMPL_CHAIN = 64,    /* of files that pull in the next */
	TMPL_CALLS = 500,   /* of macros and includes within each other */
	TMPL_STACK = 4 << 20,
	TMPL_MEMORY = 256 << 20, /* of all values of a rendering */
	TMPL_WORK = 10000000,	 /* turns of loops, in one rendering */
	TMPL_CALL = 10,		 /* what an include or a macro counts as */
	TMPL_ITEMS = 1000000,	 /* of a list that a function makes */
};

/* ---- the scanner and the parser */

/* How much beyond Tera is taken. */
enum tmpl_leeway {
	TMPL_NONE,
	TMPL_LENIENT,
	TMPL_ESCAPES, /* and `\"` in strings */
};

struct tmpl_parser {
	struct tmpl *t;
	struct tmpl_file *file;
	struct tmpl_module *module;
	struct arena *a;
	const char *s;
	size_t n, pos;
	int depth;
	int loops;     /* that a break could leave */
	int all_loops; /* also those around a filter section */
	int blocks;
	bool in_macro;
	enum tmpl_leeway leeway;
	size_t no_comment_end; /* no `#}` from here on; 0: unknown */
	bool is_collecting;    /* going on behind errors, to find all */
	bool is_lost;	       /* the error is one of structure: no going on */
	size_t wrong_at;       /* where the last error is */
	int texts;	       /* tags that are text after all */
	struct err *e;
};

static inline bool
tmpl_is_name(const struct tmpl_str *s, const char *name)
{
	size_t len = __builtin_strlen(name);

	return s->len == len && !__builtin_memcmp(s->s, name, len);
}

static inline bool
tmpl_same(const struct tmpl_str *a, const struct tmpl_str *b)
{
	return b->s && a->len == b->len &&
	       !__builtin_memcmp(a->s, b->s, a->len);
}

/* Is `word` next? */
static inline bool
tmpl_sees(const struct tmpl_parser *p, const char *word)
{
	size_t len = __builtin_strlen(word);

	return p->n - p->pos >= len &&
	       !__builtin_memcmp(p->s + p->pos, word, len);
}

/* Bytes from here on that are `word`? Then go past it. */
static inline bool
tmpl_take(struct tmpl_parser *p, const char *word)
{
	if (!tmpl_sees(p, word))
		return false;
	p->pos += __builtin_strlen(word);
	return true;
}

static inline bool
tmpl_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space inside a tag; true when there was some. */
static inline bool
tmpl_blank(struct tmpl_parser *p)
{
	size_t start = p->pos;

	while (p->pos < p->n && tmpl_is_blank(p->s[p->pos]))
		p->pos++;
	return p->pos > start;
}

/* The byte behind the white space from here on, or 0. */
static inline char
tmpl_peek(const struct tmpl_parser *p)
{
	size_t at = p->pos;

	while (at < p->n && tmpl_is_blank(p->s[at]))
		at++;
	return at < p->n ? p->s[at] : 0;
}

/* A word followed by a blank, as `and`, `or` and `not` want it. */
static inline bool
tmpl_take_word(struct tmpl_parser *p, const char *word)
{
	size_t end = p->pos + __builtin_strlen(word);

	if (!tmpl_sees(p, word) || end >= p->n || !tmpl_is_blank(p->s[end]))
		return false;
	p->pos = end;
	return true;
}

/* A name; false when none is here. */
bool tmpl_ident(struct tmpl_parser *p, struct tmpl_str *name);

/* A number, at a digit or a minus before one. NULL and *e when out of range. */
struct value *tmpl_number(struct tmpl_parser *p);
bool tmpl_is_number(const struct tmpl_parser *p);

/* A string, at its quote. false and *e when it does not end. */
bool tmpl_string(struct tmpl_parser *p, struct tmpl_str *s);

/* The offset of the next marker that opens a tag, or the text's end. */
size_t tmpl_next_marker(struct tmpl_parser *p, size_t from);

/* ---- places */

struct tmpl_spot {
	size_t at;
	uint32_t line, column;
};

/* Move it on in s to an offset at or behind it. */
void tmpl_spot_to(struct tmpl_spot *spot, const char *s, size_t at);

/* The line and column of an offset; near the last one asked for: cheap. */
struct tmpl_spot tmpl_spot(struct tmpl_module *m, size_t at);

/* See to it that a node knows its line and column. */
void tmpl_place(struct tmpl_module *m, const struct tmpl_node *n);

/* A syntax error at an offset; returns -1. */
int tmpl_bad(struct tmpl_parser *p, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "unexpected 'x'; expected …" at the parser's place; returns -1. */
int tmpl_expected(struct tmpl_parser *p, const char *what);

/* One level deeper; -1 and *e when it is too deep. */
int tmpl_enter(struct tmpl_parser *p);

/* Is a quote next? */
bool tmpl_sees_quote(const struct tmpl_parser *p);

/* Nodes of the tree; NULL and *e when it grows too high. */
struct tmpl_expr *tmpl_new_expr(
    struct tmpl_parser *p, enum tmpl_kind kind, size_t at);
struct tmpl_expr *tmpl_literal(
    struct tmpl_parser *p, struct value *v, size_t at);
struct tmpl_expr *tmpl_pair(struct tmpl_parser *p, enum tmpl_kind kind, int op,
    struct tmpl_expr *left, struct tmpl_expr *right);

/* Take note that x stands above a child. */
struct tmpl_expr *tmpl_above(
    struct tmpl_parser *p, struct tmpl_expr *x, const struct tmpl_expr *child);

/* `fn(…)`, a number or a path: what may also be a part of a concat. */
struct tmpl_expr *tmpl_piece(struct tmpl_parser *p);

/* A path with nothing behind it; NULL when something else is next. */
struct tmpl_expr *tmpl_lone_path(struct tmpl_parser *p);

/* What a piece turns out to be where it is no part of a concat. */
struct tmpl_expr *tmpl_as_value(struct tmpl_parser *p, struct tmpl_expr *x);

/* A parenthesis whose inside is arithmetic, or (`logic`) anything. */
struct tmpl_expr *tmpl_parenthesis(struct tmpl_parser *p, bool logic);

/* A term of an arithmetic expression. */
struct tmpl_expr *tmpl_term(struct tmpl_parser *p);

/* Read the filters behind x. */
struct tmpl_expr *tmpl_filters(struct tmpl_parser *p, struct tmpl_expr *x);

/* A warning at an offset, with how to mend it. */
void tmpl_warn(struct tmpl_parser *p, size_t at, const char *fix,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The arguments of a call, from behind its `(`; positional ones in lenience. */
int tmpl_arguments(struct tmpl_parser *p, struct tmpl_call *c);
int tmpl_read_arguments(
    struct tmpl_parser *p, struct tmpl_call *c, bool by_name);
void tmpl_warn_position(struct tmpl_parser *p, const struct tmpl_call *c);

/* The height of an expression counts that of its arguments. */
struct tmpl_expr *tmpl_above_args(
    struct tmpl_parser *p, struct tmpl_expr *x, const struct tmpl_call *c);
struct tmpl_call *tmpl_new_call(
    struct tmpl_parser *p, struct tmpl_str name, size_t at);

/* true, false, True, False; NULL when none is here. */
struct tmpl_expr *tmpl_boolean(struct tmpl_parser *p, size_t at);

/* Expressions; NULL and *e when there is none. */
struct tmpl_expr *tmpl_logic(struct tmpl_parser *p);
struct tmpl_expr *tmpl_logic_or_array(struct tmpl_parser *p);
struct tmpl_expr *tmpl_container(struct tmpl_parser *p);

/* ---- tags */

/* A row of nodes that grows. */
struct tmpl_row {
	struct tmpl_node *first, *last;
	bool trim_next; /* a dash before it trims the next node, if a text */
};

/* The tag that opened, or ended, a body. */
struct tmpl_open {
	struct tmpl_str name; /* empty at the end of the text */
	size_t at;
	bool trim_left;
};

struct tmpl_node *tmpl_new_node(
    struct tmpl_parser *p, enum tmpl_tag tag, size_t at);
void tmpl_add_node(struct tmpl_row *row, struct tmpl_node *n);

/* Text from the parser's place to `end`. */
void tmpl_text(struct tmpl_parser *p, struct tmpl_row *row, size_t end);

/* From behind `{{`, `{#`, and `{%` with the tag's name. */
int tmpl_output(struct tmpl_parser *p, struct tmpl_row *row, size_t at);
int tmpl_comment(struct tmpl_parser *p, struct tmpl_row *row, size_t at);
int tmpl_tag_at(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag);

/* if, for, block, filter, macro? */
bool tmpl_opens_body(const struct tmpl_str *name);

/* Is the first of the line of s[at] that is not blank a `#`? */
bool tmpl_in_comment(const char *s, size_t at);

/* Nodes up to a tag that ends a body. */
int tmpl_body(
    struct tmpl_parser *p, struct tmpl_row *row, struct tmpl_open *end);

/* The end of a tag; whether a dash there trims what follows. */
int tmpl_close_tag(struct tmpl_parser *p, const char *mark, bool *trim);

/* A body that `end` should have ended; returns -1. */
int tmpl_unclosed(struct tmpl_parser *p, const struct tmpl_open *open,
    const struct tmpl_open *end);

/* Trim the end of a row's last text. */
void tmpl_trim_last(struct tmpl_row *row);

/* The comments, imports and extends that a file begins with. */
int tmpl_head(struct tmpl_parser *p, struct tmpl_row *row);

/*
 * A tag of modules: import, extends, include, block, macro, filter.
 *
 * out: 1 when it is none of them, 0, or -1 and *e
 */
int tmpl_module_tag(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag);

/* ---- files */

/* Parse f->text into an arena; NULL and *e, and all of them in t->wrong. */
struct tmpl_module *tmpl_parse_text(
    struct tmpl *t, struct tmpl_file *f, struct arena *a, struct err *e);

/* The same, or what is kept of that text; it is then f->text. */
struct tmpl_module *tmpl_cache_parse(
    struct tmpl_cache *c, struct tmpl *t, struct tmpl_file *f, struct err *e);

/* What was taken from it before may go from now on. */
void tmpl_cache_turn(struct tmpl_cache *c);

/* Where the chain of files that led to f began, as notes of the hint. */
void tmpl_hint_chain(const struct tmpl_file *f, struct err *e);

/* Where its templates were looked for, as a note of the hint. */
void tmpl_hint_where(
    const struct tmpl *t, const struct tmpl_file *from, struct err *e);

/* The file that f extends, or NULL. */
struct tmpl_file *tmpl_parent(const struct tmpl_file *f);

/* One more note of t, about a file; NULL when there are enough. */
struct tmpl_note *tmpl_add_note(struct tmpl *t, const char *path);

/* ---- a rendering */

struct tmpl_scope {
	struct tmpl_scope *outer;
	struct value *vars; /* what `set` made */
	struct arena *arena;
	const struct tmpl_loop *loop; /* NULL: the root */
	const char *key;	      /* of this turn; key[key_len] */
	size_t key_len;
	struct value *value;
	size_t index, turns;
};

/* A block that is being rendered. */
struct tmpl_inner {
	const struct tmpl_inner *outer;
	struct tmpl_str name;
	const struct tmpl_file *level; /* where its definition stands */
};

/* A file that is being included, or a macro that is being called. */
struct tmpl_frame {
	const struct tmpl_frame *outer;
	const struct tmpl_file *from; /* where that stands, and at which byte */
	size_t at;
	const struct tmpl_file *to;
	bool is_include;
};

struct tmpl_run {
	struct tmpl *t;
	struct tmpl_file *file;	  /* whose code runs */
	struct tmpl_file *lowest; /* the child that overrides all others */
	const struct tmpl_inner *inner;
	const struct tmpl_frame *frame;
	const char *stack; /* where it began */
	int calls;
	int work;      /* done so far */
	uint32_t mark; /* of the last search */
	const struct value *context;
	struct tmpl_scope *scope;
	struct arena *arena;  /* where values that are made now go */
	struct arena scratch; /* for what one tag needs */
	size_t kept;	      /* bytes in all that is not at hand */
	struct buf *out;
	size_t out_start;
	struct tmpl_map *map;
	uint32_t out_line;
	bool is_line_start;
	int flow;  /* 0, or the tmpl_tag of a break or continue on its way */
	int quiet; /* failures are not told, while it is above 0 */
	size_t fault_at; /* where in its file the last failure is */
	struct err *e;
};

/* A warning while rendering; one for each place. */
void tmpl_warn_run(struct tmpl_run *r, size_t at, const char *fix,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same, for what is no more than worth a word. */
void tmpl_note_run(
    struct tmpl_run *r, size_t at, const char *fix, const char *text);

/* How it came to be here, as notes of the hint. */
void tmpl_hint_calls(struct tmpl_run *r);

/* So much more work; fails at an offset when it is too much. */
int tmpl_work(struct tmpl_run *r, size_t at, int much);

/* Is there memory left? Else fails at an offset and returns -1. */
int tmpl_afford(struct tmpl_run *r, size_t at);

/* A failure at an offset of the template; returns -1. */
int tmpl_fail(struct tmpl_run *r, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Hint at the nearest known word (NULL: none) to one that is not known. */
void tmpl_hint_near(struct tmpl_run *r, const char *word, const char *near);

/* Evaluate; NULL and *e on failure. */
struct value *tmpl_eval(struct tmpl_run *r, const struct tmpl_expr *x);

/* As a condition: 1, 0, or -1 and *e. */
int tmpl_test(struct tmpl_run *r, const struct tmpl_expr *x);

/* Look a path up; NULL when it is not there (and *e when e is set). */
struct value *tmpl_look(
    struct tmpl_run *r, const struct tmpl_path *path, uint32_t at, bool quiet);

/* Down into v by a key or a decimal index; NULL when it is not there. */
struct value *tmpl_step_into(const struct value *v, const struct tmpl_key *key);

/* Down a dotted path; NULL when it is not there. */
struct value *tmpl_dotted(const struct value *v, const char *path, size_t len);

/* A copy of all of v that lives in `a`; NULL when it is nested too deep. */
struct value *tmpl_copy(struct arena *a, const struct value *v, int depth);

/* The visible variables as pretty JSON: `__tera_context`. */
struct value *tmpl_dump(struct tmpl_run *r, uint32_t at);

/* Render nodes. */
int tmpl_nodes(struct tmpl_run *r, const struct tmpl_node *n);

/* Append to the output what came from a node. */
int tmpl_emit(
    struct tmpl_run *r, const struct tmpl_node *from, const char *s, size_t n);
int tmpl_emit_value(
    struct tmpl_run *r, const struct tmpl_node *from, const struct value *v);

/* include, block, super, filter sections. */
int tmpl_include(struct tmpl_run *r, const struct tmpl_node *n);
int tmpl_block(struct tmpl_run *r, const struct tmpl_node *n);
int tmpl_super(struct tmpl_run *r, const struct tmpl_node *n);
int tmpl_section(struct tmpl_run *r, const struct tmpl_node *n);

/* Call a macro, into the output or to a string. */
int tmpl_print_macro(struct tmpl_run *r, const struct tmpl_call *c);
struct value *tmpl_macro(struct tmpl_run *r, const struct tmpl_call *c);

/* ---- filters, functions, tests */

extern const struct tmpl_filter tmpl_text_filters[];
extern const struct tmpl_filter tmpl_list_filters[];
extern const struct tmpl_filter tmpl_number_filters[];
extern const struct tmpl_filter tmpl_markup_filters[];
extern const struct tmpl_filter tmpl_date_filters[];
extern const struct tmpl_function tmpl_functions[];

/* By name, the caller's first; NULL: there is none. */
const struct tmpl_filter *tmpl_find_filter(
    const struct tmpl *t, const struct tmpl_str *name);
const struct tmpl_function *tmpl_find_function(
    const struct tmpl *t, const struct tmpl_str *name);

/* Apply a filter, call a function; NULL and *e. */
struct value *tmpl_filter(
    struct tmpl_run *r, const struct tmpl_call *c, struct value *v);
struct value *tmpl_function(struct tmpl_run *r, const struct tmpl_call *c);

/* 1, 0, or -1 and *e. */
int tmpl_is(struct tmpl_run *r, const struct tmpl_call *c);

/* Evaluate the arguments of a call into given[TMPL_ARGS]. */
int tmpl_args(struct tmpl_run *r, const struct tmpl_call *c,
    struct tmpl_given given[], size_t *n);

/* ---- values as text */

bool tmpl_truthy(const struct value *v);

/* Deep equality; 1 and 1.0 differ. */
bool tmpl_equal(const struct value *a, const struct value *b);

/* ---- Unicode */

bool tmpl_is_space(uint32_t c);

/* The part of s[*n] without white space at its ends. */
const char *tmpl_trim(const char *s, size_t *n, bool start, bool end);

void tmpl_upper(struct buf *b, const char *s, size_t n);
void tmpl_lower(struct buf *b, const char *s, size_t n);
bool tmpl_is_alpha(uint32_t c);

/* Bytes of the first grapheme cluster of s[n], n > 0. */
size_t tmpl_cluster(const char *s, size_t n);

#endif
