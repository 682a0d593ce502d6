/*
 * Patterns: globs for names, regular expressions for output.
 */
#ifndef DATA_MATCH_H
#define DATA_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum match_kind {
	/*
	 * All of the text: `*` any run of characters ('/' and '.' too), `?`
	 * one, `[abc]`, `[a-z]`, `[!x]` one of a set, where `]` first is
	 * itself; `**` is a whole path component and stands for any number of
	 * them. Case counts.
	 */
	MATCH_GLOB,
	/* Anywhere in the text: a Perl-compatible expression over UTF-8. */
	MATCH_REGEX,
};

struct match; /* a pattern that compiled */

/*
 * Compile pattern[n].
 *
 * out: the pattern; match_free() it
 * err: NULL and *e, which says what is wrong without naming the pattern, and
 *      *offset, the byte of the pattern where it is (NULL: not wanted)
 */
struct match *match_compile(enum match_kind kind, const char *pattern, size_t n,
    size_t *offset, struct err *e);

/*
 * Look for the pattern in s[n].
 *
 * out: 1 found, 0 not; at[2] (NULL: not wanted) is the byte range [from, to)
 * err: -1 and *e when a regular expression takes more than its share of
 *      steps, memory or time (two seconds) without an answer
 */
int match_find(const struct match *m, const char *s, size_t n, size_t at[2],
    struct err *e);

/* Free *m and make it NULL. */
void match_free(struct match **m);

#define AUTO_MATCH __attribute__((cleanup(match_free))) struct match

#endif
