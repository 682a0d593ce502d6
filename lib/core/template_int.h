/*
 * What the parts of the templates of a project share.
 */
#ifndef CORE_TEMPLATE_INT_H
#define CORE_TEMPLATE_INT_H

#include "core/template.h"

/* What the paths of those that are built in begin with. */
#define BUILTIN "builtin:"

/* The text of that name, or NULL. */
const char *template_builtin(const char *name);

/* Those of template_functions() that need no generator. */
extern const struct tmpl_function template_base_functions[];

/* Tell of the failure f->t.fault; returns -1. */
int template_fail(struct template_file *f, const struct err *e);

/* Render the strings of f->toml; -1, after telling why. */
int template_strings(struct template_file *f, const struct value *context,
    struct template_text *to);

#endif
