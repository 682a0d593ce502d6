/*
 * JSON text pulled word by word, for who knows what to look for: nothing is
 * built, and texts are borrowed. Strict, and never deeper than PULL_DEPTH.
 *
 * Where the text is malformed every function says so by -1 (a pull_text of
 * NULL) and sets *p->why; from then on nothing more comes.
 *
 * src: RFC 8259
 */
#ifndef DATA_PULL_H
#define DATA_PULL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { PULL_DEPTH = 512 };

struct pull {
	const char *s; /* s[n] is UTF-8 */
	size_t n, at;
	unsigned depth;
	const char *why;     /* what is wrong at `at`; NULL: nothing yet */
	struct arena *arena; /* for strings that have escapes */
};

struct pull_text {
	const char *s; /* NULL: there is none */
	size_t n;
};

#define PULL_IS(text, word)              \
	((text).n == sizeof(word) - 1 && \
	    !memcmp((text).s, word, sizeof(word) - 1))

/* The first byte of the next word, -1 at the end of the text. Few words have
 * blanks before them, and those are passed over by the second. */
int pull_peek_far(struct pull *p);
static inline int
pull_peek(struct pull *p)
{
	if (p->at < p->n && (unsigned char)p->s[p->at] > ' ')
		return (unsigned char)p->s[p->at];
	return pull_peek_far(p);
}

/* Say what is wrong here, unless something was said before. Returns -1. */
int pull_fail(struct pull *p, const char *why);

/* Go into the object or list that is next. */
int pull_open(struct pull *p, char bracket);

/*
 * The next member or item; `more` when one came before.
 *
 * out: 1, and the value is next; 0: the bracket has closed
 */
int pull_member(struct pull *p, struct pull_text *key, bool more);
int pull_item(struct pull *p, bool more);

/*
 * A string, its escapes resolved; a lone surrogate is U+FFFD.
 *
 * mem: borrowed from the text, or with a NUL behind it from the arena
 */
int pull_string(struct pull *p, struct pull_text *to);

/* The text of a number, or of a word such as true. */
int pull_scalar(struct pull *p, struct pull_text *to);

/* Pass over a value, whatever it is; *to (NULL: not wanted) is its text. */
int pull_skip(struct pull *p, struct pull_text *to);

#endif
