/*
 * Which test files are made of which others, so that a change of one of those
 * renders exactly them again.
 */
#ifndef CORE_TEMPLATE_USERS_H
#define CORE_TEMPLATE_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/template.h"

struct template_users;

struct template_users *template_users_new(void);
void template_users_del(struct template_users *u);

/*
 * Take note of what a test file was made of, and of the names that no file was
 * found for; what was noted of it before is gone.
 *
 * in: gen, of the change that it was rendered for; is_user when that was not a
 *     change of its own
 */
void template_users_set(struct template_users *u, const struct template_file *f,
    int64_t gen, bool is_user);

/* Forget one that is gone. */
void template_users_drop(struct template_users *u, const char *source);

/* Was it rendered for this gen already, as the user of another file? */
bool template_users_has(
    const struct template_users *u, const char *source, int64_t gen);

/*
 * Call fn with each test file, but that of the path itself, that is made of the
 * file at a path, or misses one of its name, and that was not rendered for this
 * gen yet; with path NULL each test file. fn may set, and drop none.
 */
void template_users_each(struct template_users *u, const char *path,
    int64_t gen, template_fn *fn, void *arg);

#endif
