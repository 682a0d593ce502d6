/*
 * What the parts of the template engine share: the tree that the parser
 * builds, and the state of a rendering.
 */
#ifndef DATA_TMPL_INT_H
#define DATA_TMPL_INT_H

#include "data/tmpl.h"

enum {
	TMPL_DEPTH = 128,   /* parentheses, brackets, arguments, tags */
	TMPL_HEIGHT = 500,  /* of the tree of one expression */
	TMPL_NESTING = 256, /* of a value */
	TMPL_ARGS = 32,
	TMPL_OUTPUT = 64 << 20,
};

/* ---- the tree */

struct tmpl_str {
	const char *s;
	size_t len;
};

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
	struct tmpl_str name; /* empty: by position, for a test */
	struct tmpl_expr *value;
	struct tmpl_arg *next;
};

/* A function, a filter or a test. */
struct tmpl_call {
	struct tmpl_str name;
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
	EXPR_TEST,
	EXPR_ARRAY,  /* list */
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
	struct tmpl_node *next;
};

/* ---- the scanner and the parser */

struct tmpl_parser {
	struct tmpl *t;
	struct arena *a;
	const char *s;
	size_t n, pos;
	size_t place_at; /* where line and column below hold */
	uint32_t line, column;
	int depth, loops;
	bool is_pure;
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

/* Expressions; NULL and *e when there is none. */
struct tmpl_expr *tmpl_logic(struct tmpl_parser *p);
struct tmpl_expr *tmpl_logic_or_array(struct tmpl_parser *p);
struct tmpl_expr *tmpl_container(struct tmpl_parser *p);

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

struct tmpl_run {
	struct tmpl *t;
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

/* A failure at an offset of the template; returns -1. */
int tmpl_fail(struct tmpl_run *r, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

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

/* New values in the arena of the moment. */
struct value *tmpl_new(struct tmpl_run *r, enum value_kind kind);
struct value *tmpl_new_str(struct tmpl_run *r, const char *s, size_t len);
struct value *tmpl_new_bool(struct tmpl_run *r, bool b);
struct value *tmpl_new_int(struct tmpl_run *r, int64_t i);
struct value *tmpl_new_float(struct tmpl_run *r, double f);
struct value *tmpl_new_buf(struct tmpl_run *r, struct buf *b); /* frees b */
void tmpl_push(struct tmpl_run *r, struct value *list, struct value *item);

/* A copy of all of v that lives in `a`; NULL when it is nested too deep. */
struct value *tmpl_copy(struct arena *a, const struct value *v, int depth);

/* The visible variables as pretty JSON: `__tera_context`. */
struct value *tmpl_dump(struct tmpl_run *r, uint32_t at);

/* ---- filters, functions, tests */

struct tmpl_given {
	struct tmpl_str name;
	struct value *value;
};

/* A call at work: its name, its place, its evaluated arguments. */
struct tmpl_use {
	struct tmpl_run *r;
	const struct tmpl_call *call;
	struct tmpl_given *given;
	size_t n;
};

typedef struct value *tmpl_filter_fn(struct tmpl_use *u, struct value *v);

struct tmpl_filter {
	const char *name;
	tmpl_filter_fn *fn;
};

extern const struct tmpl_filter tmpl_text_filters[];
extern const struct tmpl_filter tmpl_list_filters[];
extern const struct tmpl_filter tmpl_number_filters[];

/* Apply a filter, call a function; NULL and *e. */
struct value *tmpl_filter(
    struct tmpl_run *r, const struct tmpl_call *c, struct value *v);
struct value *tmpl_function(struct tmpl_run *r, const struct tmpl_call *c);

/* 1, 0, or -1 and *e. */
int tmpl_is(struct tmpl_run *r, const struct tmpl_call *c);

/* Evaluate the arguments of a call into given[TMPL_ARGS]. */
int tmpl_args(struct tmpl_run *r, const struct tmpl_call *c,
    struct tmpl_given given[], size_t *n);

/* The argument of that name, or NULL. */
struct value *tmpl_arg(const struct tmpl_use *u, const char *name);

/* A failure of this call. Returns NULL, for `return tmpl_refuse(…)`. */
struct value *tmpl_refuse(struct tmpl_use *u, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * An argument of a kind; *out keeps its default when it is not given.
 *
 * err: -1 and *e when it is of another kind, or missing though `need`
 */
int tmpl_str_arg(
    struct tmpl_use *u, const char *name, bool need, struct tmpl_str *out);
int tmpl_int_arg(struct tmpl_use *u, const char *name, bool need, int64_t least,
    int64_t *out);
int tmpl_bool_arg(struct tmpl_use *u, const char *name, bool *out);

/* ---- values as text */

bool tmpl_truthy(const struct value *v);
bool tmpl_is_num(const struct value *v);
double tmpl_num(const struct value *v);

/* Deep equality; 1 and 1.0 differ. */
bool tmpl_equal(const struct value *a, const struct value *b, int depth);

/* As an output prints it; -1 when it is nested too deep. */
int tmpl_print(struct buf *b, const struct value *v, int depth);

/* As JSON, keys in byte order; pretty with an indent of two, else negative. */
int tmpl_json(struct buf *b, const struct value *v, int indent, int depth);

/* Shortest digits that read back: never, or as JSON does, with an exponent. */
void tmpl_print_float(struct buf *b, double f);
void tmpl_json_float(struct buf *b, double f);

/* Members of a table in byte order of their keys, in the arena. */
const struct value_member **tmpl_sorted(
    struct arena *a, const struct value *table);

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
