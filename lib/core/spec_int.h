/*
 * What the parts of the plan's writer share.
 */
#ifndef CORE_SPEC_INT_H
#define CORE_SPEC_INT_H

#include <stddef.h>

#include "base/buf.h"
#include "core/spec.h"

struct spec_write {
	const struct spec_source *src;
	const struct value *root;
	struct json body; /* the members from meta to inputs */
	struct json at;	  /* rule to place */
	struct buf text;  /* for scalars */
};

/* Note where the rule of that name stands. */
void spec_at(struct spec_write *w, const struct value_pos *pos,
    const char *rule, ...) __attribute__((format(printf, 3, 4)));

/* Items of a list; 0 for all else. */
static inline size_t
spec_count(const struct value *v)
{
	return v && v->kind == VALUE_LIST ? v->list.n : 0;
}

/* A string, a number, true or false; null where there is none. */
void spec_put(struct json *j, const char *key, const struct value *v);

/* A list as it is, or []; a table of scalars as texts, or {}. */
void spec_list(struct json *j, const char *key, const struct value *v);
void spec_texts(struct spec_write *w, const char *key, const struct value *v);

/* A scalar as its canonical text: 1.5, true. Borrowed until the next call. */
const char *spec_text(struct spec_write *w, const struct value *v);

/* The member `services`. */
void spec_services(struct spec_write *w);

/* The member `expect`. */
void spec_expect(struct spec_write *w);

#endif
