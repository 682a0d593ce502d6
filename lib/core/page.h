/*
 * A page: one file of HTML that is read from disk. It loads nothing, and is
 * whole without its script.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <string.h>

#include "base/buf.h"

/*
 * Append s[n] as text or attribute value of XML or HTML. What XML 1.0 cannot
 * hold and what colours a terminal is left out; what turns the direction of
 * writing becomes \uNNNN.
 *
 * src: XML 1.0, 2.2 and 2.4
 */
void page_escape(struct buf *b, const char *s, size_t n);
static inline void
page_escapes(struct buf *b, const char *s)
{
	page_escape(b, s, strlen(s));
}

/* The colours, for light and for dark, as CSS. */
extern const char page_colors[];

struct page {
	const char *title;
	const char *main, *skip; /* id of what matters, and its name */
	const char *style;	 /* more rules, or NULL */
	const char *script;	 /* or NULL: none is allowed */
	const char *script_hash; /* its SHA-256 in base64 */
};

/* All before what the page says, and all behind it. */
void page_begin(struct buf *b, const struct page *p);
void page_end(struct buf *b, const struct page *p);

#endif
