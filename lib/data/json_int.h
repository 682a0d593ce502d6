/*
 * What the parts of data/json share.
 */
#ifndef DATA_JSON_INT_H
#define DATA_JSON_INT_H

#include "data/json.h"

enum { JSON_DEPTH = 256 };

/*
 * Say where in s[n] an error is, and what is wrong. Returns -1.
 */
int json_fail(
    const char *s, size_t n, size_t offset, struct err *e, const char *what);

/*
 * Read a text that builds nothing, only to say what is wrong with it.
 *
 * err: -1 and *e as json_parse()
 */
int json_check(const char *s, size_t n, struct err *e);

#endif
