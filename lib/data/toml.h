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
#include "base/buf.h"
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

/* A part of the path to a table, with a NUL behind it. */
struct toml_part {
	const char *s;
	size_t len;
};

/*
 * Told of each table when its section ends, be it [a.b], [[a.b]] or the top,
 * which has no part in its path, if there are keys in it; of none after an
 * error. Tables below it and more of its kind may still follow.
 *
 * mem: the table and the texts live as long as the arena, part[n] only until
 *      on_table() returns
 */
struct toml_handler {
	void (*on_table)(void *ctx, const struct toml_part *part, size_t n,
	    struct value *table);
	void *ctx;
};

struct toml_stream;

/*
 * The same for a document that comes in pieces, cut anywhere: what is whole is
 * read at once. The tree and the finds are those of toml_check(), to the byte.
 *
 * in:  handler, or NULL
 * mem: borrows the path, the handler and *to until toml_close(), which has to
 *      come; the tree hangs off *a, and the finds
 */
struct toml_stream *toml_open(struct arena *a, const char *path, bool strict,
    const struct toml_handler *handler, struct toml_finds *to);

/* The next piece; s[n] is not needed any more afterwards. */
void toml_feed(struct toml_stream *t, const char *s, size_t n);

/* The end of the text, and the table at the root; *t is gone. */
struct value *toml_close(struct toml_stream *t);

/*
 * toml_check() for who needs but the first error, and no warning.
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

/*
 * Append a value as TOML that may stand behind `KEY = `: on one line, without
 * blanks, tables inline with their keys quoted and in the order of their bytes.
 *
 * err: -1, *e and *to as it was: what TOML cannot say, that is a null, an
 *      integer past 2^63 - 1, a text that is not UTF-8, deeper nesting
 */
int toml_write(struct buf *to, const struct value *v, struct err *e);

#endif
