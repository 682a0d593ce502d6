/*
 * What the parts of the template engine share: the tree that the parser
 * builds, and the state of a rendering.
 */
#ifndef DATA_TMPL_INT_H
#define DATA_TMPL_INT_H

#include "data/tmpl_use.h"

enum {
	TMPL_DEPTH = 128,  /* parentheses, brackets, arguments, tags */
	TMPL_HEIGHT = 500, /* of the tree of one expression */
	TMPL_ARGS = 32,
	TMPL_FILES = 1000,  /* in one rendering */
	TMPL_NAMES = 10000, /* that a file has or gives */
	TMPL_CHAIN = 64,    /* of files that pull in the next */
	TMPL_CALLS = 500,   /* of macros and includes within each other */
	TMPL_STACK = 4 << 20,
};

/* ---- the tree */

struct tmpl_step {
	struct tmpl_str key;   /* when `sub` is NULL */
	struct tmpl_path *sub; /* its value is the key */
	bool is_never;	       /* a backquoted key, which Tera never finds */
	struct tmpl_step *next;
};

struct tmpl_path {
	struct tmpl_str text; /* as written */
	struct tmpl_str head;
	struct tmpl_step *step;
};

struct tmpl_arg {
	struct tmpl_str name; /* empty: by position */
	struct tmpl_expr *value;
	struct tmpl_arg *next;
};

/* A function, a filter, a test or a macro. */
struct tmpl_call {
	struct tmpl_str name;
	struct tmpl_str space;		      /* of a macro */
	const struct tmpl_filter *filter;     /* or NULL */
	const struct tmpl_function *function; /* or NULL */
	struct tmpl_link *link; /* to the macro, once it is known */
	uint32_t at;
	struct tmpl_arg *arg;
	size_t args;
	struct tmpl_path *subject; /* of a test */
	bool is_not;		   /* `is not` */
	struct tmpl_call *next;	   /* the filter after it */
};

enum tmpl_kind {
	EXPR_LITERAL, /* a number, a string, a boolean: `value` */
	EXPR_PATH,
	EXPR_CALL,
	EXPR_MACRO, /* call */
	EXPR_TEST,
	EXPR_ARRAY,  /* list */
	EXPR_MAP,    /* list: key, value, key, … */
	EXPR_GROUP,  /* left: in parentheses, for the filters behind them */
	EXPR_CONCAT, /* list */
	EXPR_IN,     /* left, right; op 1: not in */
	EXPR_AND,
	EXPR_OR,
	EXPR_COMPARE, /* op */
	EXPR_MATH,    /* op */
};

enum tmpl_compare { CMP_LTE, CMP_GTE, CMP_LT, CMP_GT, CMP_EQ, CMP_NE };

struct tmpl_expr {
	enum tmpl_kind kind;
	int op;		 /* a tmpl_compare, or one of + - * / % */
	uint32_t at;	 /* offset in the text */
	uint16_t height; /* of the tree below */
	bool is_not;
	bool is_arith; /* may stand in parentheses within arithmetic */
	struct tmpl_call *filter;
	union {
		struct value *value;
		struct tmpl_path *path;
		struct tmpl_call *call;
		struct {
			struct tmpl_expr **item;
			size_t n, cap;
		} list;
		struct {
			struct tmpl_expr *left, *right;
		};
	};
};

enum tmpl_tag {
	NODE_TEXT, /* also the inside of a raw section */
	NODE_OUTPUT,
	NODE_COMMENT,
	NODE_SET,
	NODE_IF,
	NODE_FOR,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_INCLUDE,
	NODE_BLOCK,
	NODE_SUPER,
	NODE_FILTER,
	NODE_MACRO, /* a definition, where it stands */
};

struct tmpl_branch {
	struct tmpl_expr *when; /* NULL: else */
	struct tmpl_node *body;
	struct tmpl_branch *next;
};

struct tmpl_node {
	enum tmpl_tag tag;
	uint32_t line, column;	   /* of the text's first byte, or of the tag */
	bool is_fixed;		   /* text that no dash trims: a raw section */
	bool is_global;		   /* set_global */
	struct tmpl_str text;	   /* of NODE_TEXT; the name that is set */
	struct tmpl_str key, name; /* of a loop; no key: s is NULL */
	struct tmpl_expr *expr;	   /* output, set, the loop's container */
	struct tmpl_branch *branch;	/* of if */
	struct tmpl_node *body, *other; /* of for: turns, and when empty */
	struct tmpl_call *call;		/* of a filter section */
	struct tmpl_include *include;
	struct tmpl_node *next;
};

/* ---- what a file holds, and what it pulls in */

/* A file that another one names: import, extends, a name of an include. */
struct tmpl_ref {
	struct tmpl_str name;
	struct tmpl_str space; /* of an import */
	uint32_t at;
	struct tmpl_file *file; /* NULL: not there */
	struct tmpl_ref *next;
};

struct tmpl_include {
	struct tmpl_ref *name;
	bool may_miss;
};

struct tmpl_param {
	struct tmpl_str name;
	struct tmpl_expr *value; /* its default, or NULL */
	struct tmpl_param *next;
};

struct tmpl_macro {
	struct tmpl_str name;
	struct tmpl_file *file;
	struct tmpl_param *param;
	struct tmpl_node *body;
	struct tmpl_macro *next;
};

struct tmpl_block {
	struct tmpl_str name;
	struct tmpl_node *node;
	struct tmpl_block *next;
};

struct tmpl_includes {
	struct tmpl_include *include;
	struct tmpl_includes *next;
};

struct tmpl_module {
	struct tmpl_node *body;
	struct tmpl_ref *parent; /* extends, or NULL */
	struct tmpl_ref *import;
	struct tmpl_macro *macro;
	struct tmpl_block *block;
	struct tmpl_includes *includes;
	uint32_t mark; /* of a search that came by */
	int names;     /* how many of all these */
};

struct tmpl_link {
	const struct tmpl_macro *macro;
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
	size_t place_at; /* where line and column below hold */
	uint32_t line, column;
	int depth;
	int loops;     /* that a break could leave */
	int all_loops; /* also those around a filter section */
	int blocks;
	bool in_macro;
	enum tmpl_leeway leeway;
	size_t no_comment_end; /* no `#}` from here on; 0: unknown */
	struct err *e;
};

/* Bytes from here on that are `word`? Then go past it. */
bool tmpl_take(struct tmpl_parser *p, const char *word);

/* Is `word` next? */
bool tmpl_sees(const struct tmpl_parser *p, const char *word);

/* White space inside a tag; true when there was some. */
bool tmpl_blank(struct tmpl_parser *p);

/* A word followed by a blank, as `and`, `or` and `not` want it. */
bool tmpl_take_word(struct tmpl_parser *p, const char *word);

/* A name; false when none is here. */
bool tmpl_ident(struct tmpl_parser *p, struct tmpl_str *name);

/* A number, at a digit or a minus before one. NULL and *e when out of range. */
struct value *tmpl_number(struct tmpl_parser *p);
bool tmpl_is_number(const struct tmpl_parser *p);

/* A string, at its quote. false and *e when it does not end. */
bool tmpl_string(struct tmpl_parser *p, struct tmpl_str *s);

/* The offset of the next marker that opens a tag, or the text's end. */
size_t tmpl_next_marker(struct tmpl_parser *p, size_t from);

/* Move the parser's line and column to an offset at or behind them. */
void tmpl_place_to(struct tmpl_parser *p, size_t at);

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

/* Parse f->text to f->module. */
int tmpl_parse_file(struct tmpl *t, struct tmpl_file *f, struct err *e);

/* Where the chain of files that led to f began, as notes of the hint. */
void tmpl_hint_chain(const struct tmpl_file *f, struct err *e);

/* ---- a rendering */

struct tmpl_scope {
	struct tmpl_scope *outer;
	struct value *vars; /* what `set` made */
	struct arena *arena;
	const struct tmpl_node *loop; /* NULL: the root */
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

/* A file that is being included. */
struct tmpl_running {
	const struct tmpl_running *outer;
	const struct tmpl_file *file;
};

struct tmpl_run {
	struct tmpl *t;
	struct tmpl_file *file;	  /* whose code runs */
	struct tmpl_file *lowest; /* the child that overrides all others */
	const struct tmpl_inner *inner;
	const struct tmpl_running *running;
	const char *stack; /* where it began */
	int calls;
	uint32_t mark; /* of the last search */
	const struct value *context;
	struct tmpl_scope *scope;
	struct arena *arena;  /* where values that are made now go */
	struct arena scratch; /* for what one tag needs */
	size_t made;	      /* bytes in scratch, roughly */
	struct buf *out;
	size_t out_start;
	struct tmpl_map *map;
	uint32_t out_line;
	bool is_line_start;
	int flow;  /* 0, or the tmpl_tag of a break or continue on its way */
	int quiet; /* failures are not told, while it is above 0 */
	struct err *e;
};

bool tmpl_is_name(const struct tmpl_str *s, const char *name);
bool tmpl_same(const struct tmpl_str *a, const struct tmpl_str *b);

/* A warning while rendering; one for each place. */
void tmpl_warn_run(struct tmpl_run *r, size_t at, const char *fix,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

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
struct value *tmpl_step_into(
    const struct value *v, const char *key, size_t len);

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
bool tmpl_equal(const struct value *a, const struct value *b, int depth);

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
