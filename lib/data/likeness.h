/*
 * A text that a Perl-compatible expression finds itself in, made out of the
 * expression: what a fake would print.
 */
#ifndef DATA_LIKENESS_H
#define DATA_LIKENESS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append such a text. It is found by the expression: that was tried.
 *
 * in:  pattern[n], with a NUL behind it
 * err: -1 and *e: none could be made, of at most 64 KiB and without NUL (the
 *      expression leans on assertions or recursion, or does not compile)
 */
int likeness_of(const char *pattern, size_t n, struct buf *out, struct err *e);

#endif
