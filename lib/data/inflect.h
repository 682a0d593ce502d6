/*
 * Names in another spelling: HTTP Server 2 -> httpServer2, http_server_2.
 *
 * Words end at what is no letter and no digit, and where small letters meet
 * capitals or digits. Only ASCII letters change their case.
 *
 * src: Inflector 0.11 (Rust), with whose results these agree
 */
#ifndef DATA_INFLECT_H
#define DATA_INFLECT_H

#include <stddef.h>

#include "base/buf.h"

struct inflect {
	const char *name; /* camel, kebab, pascal, slug, snake */
	/* Append s[n], which is UTF-8, in that spelling. */
	void (*fn)(struct buf *to, const char *s, size_t n);
};

/* All of them; the name of the last is NULL. */
extern const struct inflect inflects[];

void inflect_camel(struct buf *to, const char *s, size_t n);
void inflect_pascal(struct buf *to, const char *s, size_t n);
void inflect_snake(struct buf *to, const char *s, size_t n);
void inflect_kebab(struct buf *to, const char *s, size_t n);

#endif
