/*
 * Which paths are none of ours: patterns as in .gitignore.
 *
 *	*.log       any file or directory of such a name
 *	build/      directories alone
 *	/tmp        where the patterns live, not below
 *	doc/x-*     a slash within also binds it to that place
 *	!keep.log   but not this one: the last pattern that matches decides
 *
 * Two stars alone between slashes are any number of directories. Every
 * directory may have a file of patterns; a deeper one is asked first.
 *
 * src: gitignore(5), PATTERN FORMAT; names are bytes
 */
#ifndef CORE_IGNORE_H
#define CORE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct ignore_pattern;

/* An operand, and where it is below the root of all. */
struct ignore_place {
	char *operand, *at;
};

/* Patterns that live in one place. */
struct ignore_list {
	char *dir; /* below the root of all; "" is that itself */
	struct ignore_pattern *pattern;
	size_t n, cap;
};

struct ignore {
	struct ignore_list base, own; /* asked last, and first */
	struct ignore_list *file;     /* file[files], the deepest last */
	size_t files, file_cap;
	struct ignore_place *place; /* place[places] */
	size_t places, place_cap;
};

/* Editors' and version control's files, and .clnrm/. */
void ignore_defaults(struct ignore *ig);

/*
 * Add a pattern that goes before those of files; a blank line or a comment
 * adds nothing.
 */
void ignore_add(struct ignore *ig, const char *pattern);

/*
 * Take the patterns of a file, one a line, in place of those it had.
 *
 * in:  dir, the file's directory as seen from the root of all
 * out: 1, or 0 when there is no such file (any more)
 * err: -1 and *e when it cannot be read
 */
int ignore_read(
    struct ignore *ig, const char *dir, const char *path, struct err *e);

/* Have patterns been read from a file in that directory? */
bool ignore_has(const struct ignore *ig, const char *dir);

/* Paths that begin with `operand` lie at `at` below the root of all. */
void ignore_place(struct ignore *ig, const char *operand, const char *at);

/* The path as seen from there. It may borrow `path`, or *to. */

const char *ignore_placed(
    const struct ignore *ig, const char *path, struct buf *to);

/* Is the path ignored? What is above it is known not to be. */
bool ignore_skips(const struct ignore *ig, const char *path, bool is_dir);

/*
 * Does a pattern with slashes fit a path? Two stars between slashes are any
 * number of names; what is in a name is as in ignore_glob().
 */
bool ignore_fits(const char *pattern, const char *path);

/* Does `*`, `?`, `[a-z]`, `[!a]`, `[[:alpha:]]` or a backslash fit s[n]? */
bool ignore_glob(const char *pattern, size_t len, const char *s, size_t n);

/* Forget the patterns, or all. */
void ignore_reset(struct ignore *ig);
void ignore_free(struct ignore *ig);

#endif
