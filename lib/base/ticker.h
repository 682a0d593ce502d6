/*
 * One line on a terminal that tells how far long work is: drawn at most ten
 * times a second, wiped before anything else is printed, and gone at the end.
 *
 * src: spec/ux.md, section 4.3
 */
#ifndef BASE_TICKER_H
#define BASE_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/out.h"

struct ticker {
	struct out *to;
	unsigned columns; /* 0: nobody looks, and nothing is drawn */
	int64_t drawn_ns;
	bool is_drawn;
};

enum { TICKER_NS = 100000000 };

/* Columns of a terminal, 0 where there is none. */
unsigned ticker_width(int fd);

/*
 * The same where a person looks at it: 0 also when TERM is dumb or missing, or
 * CI is set.
 */
unsigned ticker_columns(int fd);

/* May it be drawn again already? */
bool ticker_is_due(const struct ticker *t);

/*
 * Draw the line, cut at the terminal's width. Who holds `to` flushes it, here
 * and below.
 *
 * in: s[n], UTF-8 without control characters
 */
void ticker_draw(struct ticker *t, const char *s, size_t n);

void ticker_wipe(struct ticker *t);

#endif
