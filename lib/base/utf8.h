/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past
 * U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Decode the character at s[n], n > 0.
 *
 * out: its length in bytes and *c; or 0 when the bytes there are no character
 */
size_t utf8_next(const char *s, size_t n, uint32_t *c);

/* Encode c into to[4]; the length. */
size_t utf8_put(char to[4], uint32_t c);

/* Offset of the first byte that is not UTF-8, or n when all is well. */
size_t utf8_check(const char *s, size_t n);

/* Characters in s[n]; a byte that is not UTF-8 counts as one. */
size_t utf8_count(const char *s, size_t n);

/*
 * Does it turn the direction of what follows, so that a text reads as another?
 *
 * src: Unicode Standard Annex #9, explicit directional formatting characters
 */
bool utf8_is_turn(uint32_t c);

/*
 * Append s[n] to a text for people, on one line, and without what a terminal
 * would obey: a tab becomes a blank, other control characters and what is not
 * UTF-8 become \xNN, and what turns the direction of writing \uNNNN.
 */
void utf8_print(struct buf *b, const char *s, size_t n);

#endif
