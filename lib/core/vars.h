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
 * as vars.NAME; `matrix` and `otel` are empty objects.
 */
#ifndef CORE_VARS_H
#define CORE_VARS_H

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
 * opens another table, parsed alone. A text in them that is a template itself
 * is no variable.
 *
 * out: the table, or NULL when the file has none
 * err: *e has a text when there is something to say: they are no TOML, or one
 *      was left out
 * mem: hangs off *a
 */
struct value *vars_of_file(
    struct arena *a, const char *path, const char *s, size_t n, struct err *e);

/*
 * All of them, as the context of a rendering.
 *
 * in:  given, checked; of_file may be NULL
 * mem: hangs off *a
 */
struct value *vars_context(
    struct arena *a, const struct cli_list *given, const struct value *of_file);

#endif
