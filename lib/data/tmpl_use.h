/*
 * What functions and filters of templates are made with.
 *
 *	static struct value *
 *	shout(struct tmpl_use *u, struct value *v)
 *	{
 *		struct tmpl_str end = {"!", 1};
 *		struct buf b = BUF_INIT;
 *
 *		if (tmpl_str_arg(u, "end", false, &end) < 0)
 *			return NULL;
 *		buf_add(&b, v->str.s, v->str.len);
 *		buf_add(&b, end.s, end.len);
 *		return tmpl_new_buf(u->r, &b);
 *	}
 *
 *	static const struct tmpl_filter filters[] = {
 *	    {"shout", shout, true},
 *	    {0},
 *	};
 */
#ifndef DATA_TMPL_USE_H
#define DATA_TMPL_USE_H

#include "data/tmpl.h"

enum {
	TMPL_NESTING = 256, /* of a value */
	TMPL_OUTPUT = 64 << 20,
};

struct tmpl_str {
	const char *s;
	size_t len;
};

struct tmpl_run;

struct tmpl_given {
	struct tmpl_str name;
	struct value *value;
};

/* A call at work: its name, its place, its evaluated arguments. */
struct tmpl_use {
	struct tmpl_run *r;
	const struct tmpl_call *call;
	struct tmpl_str name;
	struct tmpl_given *given;
	size_t n;
};

/* The result, or NULL after tmpl_refuse() or a failed tmpl_..._arg(). */
typedef struct value *tmpl_filter_fn(struct tmpl_use *u, struct value *v);
typedef struct value *tmpl_function_fn(struct tmpl_use *u);

struct tmpl_filter {
	const char *name;
	tmpl_filter_fn *fn;
	bool is_text; /* the value has to be a string */
};

struct tmpl_function {
	const char *name;
	tmpl_function_fn *fn;
};

/* The arena for what is made now; the `ctx` of struct tmpl_how. */
struct arena *tmpl_arena(const struct tmpl_use *u);
void *tmpl_ctx(const struct tmpl_use *u);

/* The argument of that name, or NULL. */
struct value *tmpl_arg(const struct tmpl_use *u, const char *name);

/* What the language's own filter, or function, of the same name gives. */
struct value *tmpl_own_filter(struct tmpl_use *u, struct value *v);
struct value *tmpl_own_function(struct tmpl_use *u);

/* A failure of this call. Returns NULL, for `return tmpl_refuse(…)`. */
struct value *tmpl_refuse(struct tmpl_use *u, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A warning, once for this call: what is not portable, and how to mend it. */
void tmpl_note_use(struct tmpl_use *u, const char *fix, const char *text);

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

/* New values in the arena of the moment. */
struct value *tmpl_new(struct tmpl_run *r, enum value_kind kind);
struct value *tmpl_new_str(struct tmpl_run *r, const char *s, size_t len);
struct value *tmpl_new_bool(struct tmpl_run *r, bool b);
struct value *tmpl_new_int(struct tmpl_run *r, int64_t i);
struct value *tmpl_new_float(struct tmpl_run *r, double f);
struct value *tmpl_new_buf(struct tmpl_run *r, struct buf *b); /* frees b */
void tmpl_push(struct tmpl_run *r, struct value *list, struct value *item);

/* ---- values as text */

bool tmpl_is_num(const struct value *v);
double tmpl_num(const struct value *v);

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

#endif
