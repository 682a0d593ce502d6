/*
 * Bounded inflation of gzip streams, and the way back.
 *
 * src: RFC 1952
 */
#ifndef DATA_GZIP_H
#define DATA_GZIP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum gzip_result { GZIP_DONE, GZIP_MALFORMED, GZIP_TOO_LARGE };

/*
 * Append what s[n], one or more gzip members and nothing else, holds.
 *
 * in:  limit: the bytes that may come out; inflating stops there
 * err: not GZIP_DONE, and *e; what was appended is then of no use
 */
enum gzip_result gzip_inflate(
    const char *s, size_t n, size_t limit, struct buf *out, struct err *e);

/* Append s[n] as one gzip member. */
void gzip_deflate(const char *s, size_t n, struct buf *out);

#endif
