/*
 * What lint looks for: one table, one function a rule.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "data/value.h"

enum rule_severity { RULE_ERROR, RULE_WARNING, RULE_NOTE };

struct rule_find {
	enum rule_severity severity;
	const char *code; /* "E303" */
	const char *message;
	const char *hint;    /* how to mend it, or NULL */
	struct value_pos at; /* line 0: the file as a whole */
};

struct rule_finds {
	struct arena *a;
	struct rule_find *find; /* find[n], by position */
	size_t n, cap;
	size_t errors; /* so many of them are errors */
	bool is_test;  /* else the file is skipped, and a warning said so */
	struct value *unjudged; /* texts: tables that state expectations which
				   nobody judges, "assertions" */
};

/*
 * Parse a rendered test file and hold it against every rule.
 *
 * in:  path, for its name alone; s[n]; with `strict` all there is to tell is an
 *      error
 * out: the tree, older forms changed to what the schema has; it keeps all the
 *      rules when to->errors is 0; where the text is no TOML, the other rules
 *      are not asked
 * mem: the tree and the finds hang off *a
 */
struct value *rule_check(struct arena *a, const char *path, const char *s,
    size_t n, bool strict, struct rule_finds *to);

#endif
