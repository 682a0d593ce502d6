/*
 * The tree that the parser of templates builds, and what a file holds of it.
 */
#ifndef DATA_TMPL_TREE_INT_H
#define DATA_TMPL_TREE_INT_H

#include "data/tmpl_use.h"

struct tmpl_key {
	struct tmpl_str text;
	uint32_t hash; /* key_hash() */
};

struct tmpl_step {
	struct tmpl_key key;   /* when `sub` is NULL */
	struct tmpl_path *sub; /* its value is the key */
	bool is_never;	       /* a backquoted key, which Tera never finds */
	struct tmpl_step *next;
};

struct tmpl_path {
	struct tmpl_str text; /* as written */
	struct tmpl_key head;
	struct tmpl_step *step;
	bool is_plain; /* every step is a key */
	bool is_loop;  /* loop.something */
	bool is_dump;  /* __tera_context */
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
	uint32_t link; /* of a macro: its number in the module */
	uint32_t at;
	bool is_default; /* the filter of that name */
	bool is_safe;
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

struct tmpl_loop {
	struct tmpl_key key, name;	/* no key: its text.s is NULL */
	struct tmpl_node *body, *other; /* turns, and when empty */
};

struct tmpl_node {
	struct tmpl_node *next;
	uint32_t at, end;      /* the text, or the tag, of an output */
	uint32_t line, column; /* 0 until somebody asked: tmpl_place() */
	enum tmpl_tag tag;
	bool is_fixed;	      /* text that no dash trims: a raw section */
	bool is_global;	      /* set_global */
	struct tmpl_str text; /* of NODE_TEXT; what is set; the block's name */
	union {
		struct tmpl_expr *expr; /* output, set, the loop's container */
		struct tmpl_node *body; /* of a block, of a filter section */
	};
	union {
		struct tmpl_branch *branch; /* of if */
		struct tmpl_loop *loop;
		struct tmpl_call *call; /* of a filter section */
		struct tmpl_include *include;
	};
};

/* ---- what a file holds, and what it pulls in */

/* A file that another one names: import, extends, a name of an include. */
struct tmpl_ref {
	struct tmpl_str name;
	struct tmpl_str space; /* of an import */
	uint32_t at;
	uint32_t number; /* in the module */
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

/* What a text holds, whoever uses it; nothing in it is of one rendering. */
struct tmpl_module {
	struct arena *arena;
	const char *s; /* s[n], the text */
	size_t n;
	struct tmpl_node *body;
	struct tmpl_ref *parent; /* extends, or NULL */
	struct tmpl_ref *import;
	struct tmpl_macro *macro;
	struct tmpl_block *block;
	struct tmpl_includes *includes;
	int names; /* how many of all these */
	uint32_t refs, links;
	struct tmpl_note *note; /* note[notes]: warnings of the parse */
	size_t notes, note_cap;
	struct tmpl_places *places; /* or NULL, until somebody asks */
};

/* What a call of a macro stands for. */
struct tmpl_target {
	const struct tmpl_macro *macro;
	struct tmpl_file *file;
};

#endif
