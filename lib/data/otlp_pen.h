/*
 * Writing into room that is there already: each call returns where it stopped,
 * and none looks for an end. A span is some fifty of them.
 */
#ifndef DATA_OTLP_PEN_H
#define DATA_OTLP_PEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum {
	PEN_NUMBER = 20, /* bytes of the longest number */
	PEN_DOUBLE = 40,
};

static inline char *
pen_put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* A string in the source. */
#define PEN(p, words) pen_put(p, words, sizeof(words) - 1)

/* The room was that of b, and p is where it was left. */
static inline void
pen_end(struct buf *b, char *p)
{
	b->len = (size_t)(p - b->s);
	*p = 0;
}

char *pen_number(char *p, uint64_t v);
char *pen_hex(char *p, const unsigned char *s, size_t n);

/*
 * A finite number, as the shortest of %.1g ... %.17g that reads back equal, and
 * seen to be no whole number: 2.0, 1e+21, -0.0.
 */
char *pen_double(char *p, double d);

#endif
