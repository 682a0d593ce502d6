/*
 * Where a test belongs: its project's root, and the test files below a
 * directory.
 */
#ifndef CORE_PROJECT_H
#define CORE_PROJECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The project's root of a file or a directory: the nearest directory upwards
 * with clnrm.conf, else with .git, else the file's own directory (or the
 * directory itself).
 *
 * in:  given, the value of --root, which is then taken; or NULL
 * out: *root, absolute and without links; what it held is gone
 * err: -1 and *e: the path is not there, or the root would be `/` or the
 *      caller's HOME, which only --root can choose
 */
int project_root(
    const char *path, const char *given, struct buf *root, struct err *e);

/* Is it the name of a test, *.clnrm.toml or *.clnrm.toml.tera? */
bool project_is_test(const char *path);

/* Called with a test file, or (*e set) with what could not be read. */
typedef void project_fn(void *arg, const char *path, const struct err *e);

/*
 * Find the test files below a directory, in the order of their paths' bytes.
 * Skipped are .git, target, node_modules, .clnrm and build, and links to
 * directories.
 *
 * in:  dir; "." is left out of the paths
 */
void project_find(const char *dir, project_fn *fn, void *arg);

#endif
