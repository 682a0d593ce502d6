/*
 * TOML to value, with the place of every key and every value.
 *
 * src: TOML 1.0.0
 */
#ifndef DATA_TOML_H
#define DATA_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "data/value.h"

enum {
	TOML_ERRORS = 50, /* after so many the rest is not read */
	TOML_DEPTH = 256, /* levels of tables and arrays */
};

struct toml_find {
	bool is_warning;
	struct value_pos at;
	struct err err; /* with the path, line and column of `at` */
};

struct toml_finds {
	struct toml_find *find; /* find[n], in the order they were met */
	size_t n, cap;
	size_t errors; /* so many of them are no warnings */
};

/*
 * Parse a whole document and find all that is wrong with it: after an error
 * the parser goes on at the next line or table.
 *
 * in:  s[n]; path, for the messages; with `strict` what TOML 1.1 adds (a
 *      newline or a trailing comma in an inline table) is an error, else a
 *      warning
 * out: the table at the root; with errors, as much of it as could be read.
 *      Tables have the place of their header; `at` of a value that a header
 *      implies is that of the first header
 * err: to->errors is not 0
 * mem: the tree hangs off *a; the finds too
 */
struct value *toml_check(struct arena *a, const char *path, const char *s,
    size_t n, bool strict, struct toml_finds *to);

/*
 * The same for who needs but the first error, and no warning.
 *
 * err: NULL and *e, "path:line:column: message"
 */
struct value *toml_parse(
    struct arena *a, const char *path, const char *s, size_t n, struct err *e);

/* Is s[n] a date or a time, and which of the four? */
bool toml_is_time(const char *s, size_t n, enum value_time *kind);

/*
 * Write a tree the way that decoders are compared: a scalar becomes
 * {"type":"integer","value":"1"}.
 *
 * src: toml-lang/toml-test
 */
void toml_tagged(struct json *j, const char *key, const struct value *v);

#endif
