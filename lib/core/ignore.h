/*
 * Which paths are none of ours: patterns as in .gitignore.
 *
 *	*.log       any file or directory of such a name
 *	build/      directories alone
 *	/tmp        where the patterns live, not below
 *	doc/x-*     a slash within also binds it to that place
 *	!keep.log   but not this one: the last pattern that matches decides
 *
 * Two stars and a slash in front mean any depth; a slash and two stars at the
 * end mean all that is within.
 *
 * src: gitignore(5), PATTERN FORMAT, without two stars in the middle
 */
#ifndef CORE_IGNORE_H
#define CORE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ignore_pattern;

struct ignore {
	struct ignore_pattern *pattern;
	size_t n, cap;
	struct ignore_place *place; /* operands, and where they are */
	size_t places, place_cap;
};

/* Editors' and version control's files, and .clnrm/. */
void ignore_defaults(struct ignore *ig);

/* Add a pattern; a blank line or a comment adds nothing. */
void ignore_add(struct ignore *ig, const char *pattern);

/*
 * Add the patterns of a file, one a line.
 *
 * out: 1, or 0 when there is no such file
 * err: -1 and *e when it cannot be read
 */
int ignore_read(struct ignore *ig, const char *path, struct err *e);

/* Paths that begin with `operand` lie at `at` below the patterns' place. */
void ignore_place(struct ignore *ig, const char *operand, const char *at);

/* Is the path ignored? What is above it is known not to be. */
bool ignore_skips(const struct ignore *ig, const char *path, bool is_dir);

/* Forget the patterns, or all. */
void ignore_reset(struct ignore *ig);
void ignore_free(struct ignore *ig);

#endif
