/*
 * Made-up data: names, addresses, numbers. Equal seeds give equal data.
 *
 * Nothing here is meant to be real: hosts of e-mail are example.com and its
 * like, card numbers only have the right form.
 */
#ifndef DATA_FAKE_H
#define DATA_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/rng.h"
#include "data/value.h"

enum { FAKE_ARGS = 2 };

struct fake_draw;

/* One kind of data: the function of that name in a template. */
struct fake_kind {
	const char *name;
	const char *pattern; /* of its text, or NULL; see fake_words.h */
	struct value *(*make)(struct fake_draw *);
	struct fake_arg {
		const char *name; /* NULL: there is none */
		int64_t otherwise, least, most;
	} arg[FAKE_ARGS]; /* two are a range: the second is above the first */
	bool is_never_seeded;
};

/* All of them; the name of the last is NULL. */
extern const struct fake_kind fake_kinds[];

/* The kind of that name, or NULL. */
const struct fake_kind *fake_find(const char *name);

/*
 * Draw data of a kind.
 *
 * in:  arg[], in the order of the kind's; what is not given is `otherwise`
 * out: a string, an integer, a float or a boolean
 * err: NULL and *e: an argument is out of its range
 * mem: hangs off *a
 */
struct value *fake_make(const struct fake_kind *kind, struct rng *r,
    const int64_t arg[FAKE_ARGS], struct arena *a, struct err *e);

/* Data that is always the same, for a name like "internet.ip.v4". */
struct fake_example {
	const char *name, *text; /* no text: a UUID that is drawn */
};

/* All of them, in order; the name of the last is NULL. */
extern const struct fake_example fake_examples[];

/* The example of that name, or NULL. */
const struct fake_example *fake_example(const char *name);

#endif
