/*
 * Bytes as letters.
 *
 * src: RFC 4648, section 4
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Append s[n] in base64, padded. */
void base64_print(struct buf *b, const char *s, size_t n);

/*
 * Append what s[n] stands for, padded or not.
 *
 * err: -1 when it is no base64; what was appended then means nothing
 */
int base64_parse(struct buf *b, const char *s, size_t n);

#endif
