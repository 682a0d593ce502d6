/*
 * What the parts of the templates of a project share.
 */
#ifndef CORE_TEMPLATE_INT_H
#define CORE_TEMPLATE_INT_H

#include "base/map.h"
#include "core/template.h"
#include "data/rng.h"

/* What the paths of those that are built in begin with. */
#define BUILTIN "builtin:"

/* Append a path without its `.` and `x/..`. */
void template_add_path(struct buf *b, const char *path);

/* The text of that name, or NULL. */
const char *template_builtin(const char *name);

/* What the functions of one rendering go by: the `ctx` of struct tmpl_how. */
struct template_draw {
	const char *frozen; /* the time, as it stands; empty or NULL: runs on */
	bool has_seed;
	uint64_t seed, draws; /* how many were drawn without a seed of theirs */
	struct value *sequences; /* seq(): name to the next number */
	struct arena *arena;	 /* for them */
};

/* Those of template_functions(), by what they are about. */
extern const struct tmpl_function template_base_functions[];
extern const struct tmpl_function template_time_functions[];
extern const struct tmpl_function template_pick_functions[];

/* Functions that files use as filters. */
tmpl_filter_fn template_sha256_filter, template_encode_filter;

/*
 * A generator from the argument `seed`, if it is an integer that is not
 * negative, else the next one of the rendering's, else one of its own.
 */
void template_seed(struct tmpl_use *u, struct rng *r);

/* now_rfc3339() */
struct value *template_now(struct tmpl_use *u, const struct template_draw *d);

/* A warning: `other` was taken for the argument `name`. */
void template_note_name(
    struct tmpl_use *u, const char *name, const char *other);

/* Tell of the failure f->t.fault; returns -1. */
int template_fail(struct template_file *f, const struct err *e);

/* Render the strings of f->toml; -1, after telling why. */
int template_strings(struct template_file *f, const struct value *context,
    struct template_text *to);

#endif
