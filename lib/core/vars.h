/*
 * The variables that a template sees.
 *
 *	name          environment           default
 *	svc           SERVICE_NAME          clnrm
 *	env           ENV                   ci
 *	endpoint      OTEL_ENDPOINT         http://localhost:4318
 *	exporter      OTEL_TRACES_EXPORTER  otlp
 *	image         CLNRM_IMAGE           registry/clnrm:1.0.0
 *	freeze_clock  FREEZE_CLOCK          2025-01-01T00:00:00Z
 *	token         OTEL_TOKEN            the empty string
 *
 * A given variable (--var, else CLNRM_VAR_name) wins over the file's [vars],
 * they over the environment, that over the default. Each is there as NAME and
 * as vars.NAME; `otel` is an empty object, and `matrix` has the cell.
 */
#ifndef CORE_VARS_H
#define CORE_VARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cli.h"
#include "base/err.h"
#include "data/value.h"

/*
 * Check the texts of --var.
 *
 * err: -1 and *e when one is not NAME=VALUE with a name that a template can
 *      say
 */
int vars_check(const struct cli_list *given, struct err *e);

/*
 * The file's own variables: the lines from `[vars]` up to the next line that
 * opens another table or begins with a tag, parsed alone. A text in them that
 * is a template itself is no variable.
 *
 * out: the table, or NULL when the file has none
 * err: *e has a text when there is something to say: they are no TOML, or one
 *      was left out
 * mem: hangs off *a
 */
struct value *vars_of_file(
    struct arena *a, const char *path, const char *s, size_t n, struct err *e);

/*
 * The [matrix] of a file: a list of values for each key. Every choice of one
 * value for each is a cell.
 */
struct vars_matrix {
	const struct value_member **key; /* key[n], in byte order */
	size_t n;
	size_t cells; /* 1 when there is no matrix */
};

enum { VARS_CELLS = 4096 };

/*
 * Read it: its lines, as with [vars].
 *
 * out: *to
 * err: the code and *e with the place, when it cannot be; with a code W… it is
 *      taken as missing
 * mem: hangs off *a
 */
const char *vars_read_matrix(struct arena *a, const char *path, const char *s,
    size_t n, struct vars_matrix *to, struct err *e);

/* A cell as "key=value,key=value" (NULL without a matrix), and as a table. */
const char *vars_variant(
    struct arena *a, const struct vars_matrix *m, size_t cell);
struct value *vars_cell(
    struct arena *a, const struct vars_matrix *m, size_t cell);

/* What [determinism] of a file has to say to its template. */
struct vars_fixed {
	bool has_seed;
	uint64_t seed;
	const char *clock; /* freeze_clock as it stands, or NULL */
};

/*
 * Read it, each line by itself, so that one that is a template does not hide
 * the others.
 *
 * mem: hangs off *a
 */
struct vars_fixed vars_read_fixed(struct arena *a, const char *s, size_t n);

/*
 * The lines of a file from the header of a table to the next line that opens
 * another one or begins with a tag.
 *
 * out: where they begin and *stop, their end; NULL when there are none
 */
const char *vars_lines(
    const char *s, const char *end, const char *name, const char **stop);

/*
 * All of them, as the context of a rendering.
 *
 * in:  given, checked; of_file may be NULL; matrix, the cell
 * out: *origin, a table or NULL: for each name in words where it is from
 * mem: hangs off *a
 */
struct value *vars_context(struct arena *a, const struct cli_list *given,
    const struct value *of_file, struct value *matrix, struct value *origin);

#endif
