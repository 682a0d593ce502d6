/*
 * What the parts of the layout share.
 */
#ifndef DATA_LAYOUT_INT_H
#define DATA_LAYOUT_INT_H

#include <stdint.h>

#include "data/layout.h"

/* A text that is known to be TOML, and what became of it so far. */
struct layout {
	const char *s;
	size_t n, i; /* s[i] is next */
	struct buf *to;
	const char *eol; /* the first one that is in no string, or NULL */
	unsigned depth;	 /* brackets that are open */
};

/* The byte there, or -1 at the end of the text. */
static inline int
layout_peek(const struct layout *l)
{
	return l->i < l->n ? (unsigned char)l->s[l->i] : -1;
}

void layout_blanks(struct layout *l);

/* Take an end of line, if one is there. */
bool layout_newline(struct layout *l);

/* A comment without the blanks at its end. */
void layout_comment(struct layout *l);

/* KEY.KEY, and the blanks behind it. */
void layout_key(struct layout *l);

/* KEY = VALUE */
void layout_pair(struct layout *l);

/*
 * The end of the template tag that begins at s[i], as an offset; 0 when none
 * begins there, SIZE_MAX when it is never closed.
 */
size_t layout_tag(const char *s, size_t n, size_t i);

enum layout_tags {
	LAYOUT_NO_TAGS, /* or one that is not closed comes first */
	LAYOUT_TAGS,
	LAYOUT_LONG_TAGS, /* one goes on over the end of a line */
};
enum layout_tags layout_tags(const char *s, size_t n);

/* Are the tags of both texts the same, in their order? */
bool layout_same_tags(const struct buf *a, const char *s, size_t n);

/*
 * Lay out what is no TOML before it is rendered.
 *
 * err: -1 and *e: this could change what it renders to
 */
int layout_template(const char *s, size_t n, struct buf *to, struct err *e);

#endif
