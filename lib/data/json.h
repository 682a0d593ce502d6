/*
 * Read and write JSON text.
 *
 * src: RFC 8259
 */
#ifndef DATA_JSON_H
#define DATA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/pull.h"
#include "data/value.h"

/*
 * Parse one JSON text.
 *
 * in:  s[n], the whole text and nothing behind it but white space
 * out: the tree; whole numbers beyond 64 bits become VALUE_FLOAT; of equal
 *      keys the last wins; a lone surrogate escape becomes U+FFFD
 * err: NULL and *e with line and column: malformed, not UTF-8, nested deeper
 *      than 256
 * mem: everything hangs off *a
 */
struct value *json_parse(
    struct arena *a, const char *s, size_t n, struct err *e);

/* A member that is looked for: key[len], and its value as it stands. */
struct json_want {
	const char *key;
	size_t len;
	struct pull_text text; /* NULL: there is none */
};

#define JSON_WANT(word)                 \
	{                               \
		word, sizeof(word) - 1, \
		{                       \
			NULL, 0         \
		}                       \
	}

/*
 * Is s[n] one JSON object? Its members want[wants] come back, of equal ones
 * the last.
 *
 * err: -1 and *e as above, or when the text is no object
 * mem: borrows s
 */
int json_look(const char *s, size_t n, struct json_want want[], size_t wants,
    struct err *e);

/* What a text of JSON is that is a string without escapes, or NULL. */
struct pull_text json_plain(struct pull_text text);

/*
 * The value of a text that json_look() has found, or NULL for none.
 *
 * mem: hangs off *a
 */
struct value *json_build(struct arena *a, struct pull_text text);

/* json_look() for one member alone, where it is such a string; NULL if not. */
int json_peek(const char *s, size_t n, const char *key, const char **text,
    size_t *len, struct err *e);

/*
 * The writer: members in the order they are given, no blanks. `key` is NULL
 * inside an array. What is not UTF-8 becomes U+FFFD.
 */
struct json {
	struct buf text;
	bool is_next; /* a comma is due */
};

#define JSON_INIT               \
	{                       \
		BUF_INIT, false \
	}
#define AUTO_JSON __attribute__((cleanup(json_free))) struct json

void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
void json_str(struct json *j, const char *key, const char *s); /* NULL: null */
void json_strn(struct json *j, const char *key, const char *s, size_t n);
void json_int(struct json *j, const char *key, int64_t v);
void json_float(
    struct json *j, const char *key, double v); /* not finite: null */
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);

/* A 64-bit time as a decimal string. */
void json_nano(struct json *j, const char *key, uint64_t ns);

/* A text that is JSON already. */
void json_raw(struct json *j, const char *key, const char *s, size_t n);

/* A tree. Date-times are strings. */
void json_value(struct json *j, const char *key, const struct value *v);

/* Append a key of key[n] bytes; the next value then goes with key NULL. */
void json_keyn(struct json *j, const char *key, size_t n);

void json_free(struct json *j);

/* Append s[n] to a text as a JSON string with its quotes. */
void json_quote(struct buf *b, const char *s, size_t n);

#endif
