/*
 * A rendered test in one normal form: what the generations of the test file
 * say in their several ways, as the `plan` record.
 *
 * src: clnrm.toml(5), clnrm-records(7)
 */
#ifndef CORE_SPEC_H
#define CORE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "data/json.h"
#include "data/value.h"

/* Where a test came from. */
struct spec_source {
	const char *path; /* as the user gave it */
	int64_t gen;
	const char *variant; /* matrix cell, or NULL */
	/* `map` and `deps` of the rendered record; NULL: rendered as written */
	const struct value *map, *deps;
};

/* A place in the author's file. */
struct spec_place {
	const char *file;
	uint32_t line, column;
};

/* The author's place of a place in the rendered text. */
struct spec_place spec_place(
    const struct spec_source *src, const struct value_pos *at);

/*
 * Append the members of the `plan` record, all but "type".
 *
 * in:  root, in which rule_check() found no error; the list of what nobody
 *      judges, or NULL
 */
void spec_plan(const struct spec_source *src, const struct value *root,
    const struct value *unjudged, struct json *j);

/*
 * A duration such as "120s" in milliseconds; units are ms, s, m, h and d and
 * their longer spellings.
 *
 * err: -1: it is none, or longer than fits
 */
int64_t spec_duration(const char *text);

/* Can a variable of the environment have this name? */
bool spec_is_variable(const char *name);

/* What a service is run by. */
struct spec_plugin {
	const char *name;
	const struct value *told; /* the value that names it, or NULL */
	bool is_from_type;	  /* `type` names it, and `plugin` is absent */
	bool is_known;		  /* else `name` is generic_container */
	bool needs_image;
	/* The path of a URL that answers once it is ready, or NULL */
	const char *health;
	int port; /* that it listens on; 0: what the file says */
};

struct spec_plugin spec_plugin(const struct value *service);

/*
 * The inner value of a sub-table of `hermeticity`, by its name or its alias:
 * ("resource_attrs", "must_match") or resource_attrs_must_match.
 */
const struct value_member *spec_inner(
    const struct value *hermeticity, const char *table, const char *key);

#endif
