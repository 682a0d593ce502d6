/*
 * The names of spans that the tests of a suite require, and those that their
 * code emits: what is required and never comes, and what comes and nobody asks
 * for. A name that begins with "clnrm." is our own and no part of it.
 */
#ifndef CORE_CATALOGUE_H
#define CORE_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "core/record.h"

struct catalogue_name {
	const char *name;   /* or a glob that is required */
	const char *source; /* the first that requires or emits it, or NULL */
	uint64_t spans;	    /* of that very name */
	bool is_required, is_glob;
	bool is_met; /* by a span, or, of a seen one, by a glob */
};

struct catalogue {
	struct arena a; /* names and sources */
	struct map names;
	size_t seen, required, globs; /* new ones; of globs all */
	uint64_t left_out; /* spans whose names are too many, or too long */
};

/* Take in what a `plan` requires: names without which there is no evidence. */
void catalogue_plan(struct catalogue *c, const struct value *plan);

/* Take in a `span`; our own, and those that are not bound, do not count. */
void catalogue_span(struct catalogue *c, const struct record *r);

/* Names in the order of their bytes. */
struct catalogue_list {
	const struct catalogue_name **name; /* name[n] */
	size_t n;
};

/*
 * out: what is required and was not seen, and what was seen and is not
 *      required; where spans were left out, no glob is told as not seen
 * mem: both hang off the catalogue
 */
void catalogue_sum(struct catalogue *c, struct catalogue_list *unseen,
    struct catalogue_list *unasked);

void catalogue_free(struct catalogue *c);

#endif
