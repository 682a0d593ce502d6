/*
 * The templates of a project: where those that others name are found, and the
 * functions that they have beyond those of the language.
 *
 *	env(name)            a variable of the environment
 *	sha256(s)            hexadecimal, lower case
 *	toml_encode(value)   the value as TOML
 *	now_rfc3339() now_unix() now_ms() now_plus(seconds)
 *	date_rfc3339(offset_seconds)
 *	uuid_v4(seed) uuid_v5(ns, name) uuid_v7(seed) ulid(seed)
 *	trace_id(seed) span_id(seed)
 *	traceparent(trace_id, span_id, sampled, seed) baggage(map)
 *	rand_hex(n, seed) pick(list, seed) shuffle(list, seed)
 *	sample(list, k, seed) weighted(pairs, seed) seq(name, start, step)
 *	slug(s) kebab(s) snake(s)
 *	fake_...             all kinds of data/fake.h, each with seed
 *	fake(kind) fake_kinds()
 *
 * The filters camel, pascal, snake, kebab, slug, upper and lower take any
 * value. [determinism] of a file goes for its functions: its freeze_clock is
 * the time of all of them, and what is drawn without a seed of its own comes
 * from its seed and the number of such draws before it.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include "base/buf.h"
#include "base/cli.h"
#include "core/vars.h"
#include "data/json.h"
#include "data/tmpl_use.h"

/*
 * Names are looked for beside the file that has them, then below the project's
 * root, then among those that are built in. What lies outside of that root,
 * through links too, is refused.
 */
struct template_loader {
	struct tmpl_loader base; /* what tmpl_parse() takes */
	const char *root;	 /* --root, or NULL; the folder, if flat */
	const char *source;	 /* the test file; NULL: flat */
	const char *real_root;	 /* found when it is asked for */
};

/* A loader that goes by a file's project, or by one folder alone. */
struct template_loader template_loader(const char *root, const char *source);
struct template_loader template_loader_flat(const char *dir);

/* Called with the path of each *.tera file below a directory. */
typedef int template_fn(void *arg, const char *path);

/*
 * Find them.
 *
 * err: -1 when fn gave it; the rest is then not looked at
 */
int template_each(const char *dir, template_fn *fn, void *arg);

/* For struct tmpl_how: ours, and those that Tera's cases are made with. */
const struct tmpl_function *template_functions(void);
extern const struct tmpl_filter template_filters[];
extern const struct tmpl_function template_pure_functions[];

/* ---- a test file */

/* Called with what there is to say; `file` is the one that *e speaks of. */
typedef void template_tell_fn(void *arg, const char *file, const char *severity,
    const char *code, const struct err *e);

enum template_kind {
	TEMPLATE_NONE,	  /* the text stands as it is */
	TEMPLATE_WHOLE,	  /* the text is a template */
	TEMPLATE_STRINGS, /* it is TOML, and its strings are */
};

/* A test file and what it is rendered with. */
struct template_file {
	const char *path;
	const char *s; /* s[n], UTF-8 */
	size_t n;
	const struct cli_list *given; /* --var */
	const char *root;	      /* --root, or NULL */
	struct tmpl_cache *cache;     /* of parsed files, or NULL */
	template_tell_fn *tell;
	void *arg;
	/* filled by template_open(); zero before it */
	struct arena arena;
	enum template_kind kind;
	struct template_loader loader;
	struct tmpl t; /* when it is whole */
	const struct value *toml;
	const struct value *vars;
	struct vars_matrix matrix;
	struct vars_fixed fixed;
	struct template_draw *draw; /* of the rendering under way */
};

/* One rendering of it. */
struct template_text {
	const char *variant; /* the cell, or NULL when there is no matrix */
	struct buf text;
	struct tmpl_map map; /* when kind is not TEMPLATE_NONE */
};

/*
 * Parse it, and read its own variables and its matrix.
 *
 * in:  *f up to `arg`; borrowed until template_close()
 * out: f->matrix.cells renderings are to be had
 * err: -1, after telling why
 */
int template_open(struct template_file *f);

/*
 * Render one cell.
 *
 * err: -1, after telling why
 * mem: template_text_free() *to; its variant hangs off f
 */
int template_render(
    struct template_file *f, size_t cell, struct template_text *to);

void template_text_free(struct template_text *to);
void template_close(struct template_file *f);

/* Append a line `name = value  # its origin` for each variable in scope. */
void template_show_vars(const struct template_file *f, struct buf *to);

/* Append each line behind the `file:line:column: ` that it came from. */
void template_show_map(const struct template_file *f,
    const struct template_text *text, struct buf *to);

/*
 * Render s[n] as Tera has it: with this context and nothing else, other
 * templates by their paths from its folder, where all have to parse.
 *
 * err: -1 and *e
 */
int template_pure(const char *path, const char *s, size_t n,
    const struct value *context, struct buf *out, struct err *e);

/* Parse all templates and test files below a directory into a cache. */
void template_warm(struct tmpl_cache *cache, const char *dir, const char *root);

/* Was its parse in the cache? */
bool template_is_kept(const struct template_file *f);

/*
 * Add the members from `variant` to `includes` of a `rendered` record.
 */
void template_record(struct json *j, const struct template_file *f,
    const struct template_text *text);

#endif
