/*
 * What lint looks for: one table, one function a rule.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include <stddef.h>

#include "base/arena.h"
#include "data/value.h"

struct rule_find {
	const char *code; /* "E303"; an E is an error, a W a warning */
	const char *message;
	const char *hint;    /* how to mend it, or NULL */
	struct value_pos at; /* line 0: the file as a whole */
};

struct rule_finds {
	struct arena *a;
	struct rule_find *find; /* find[n], by position */
	size_t n, cap;
	size_t errors; /* so many of them are errors */
};

/*
 * Parse a rendered test file and hold it against every rule.
 *
 * in:  s[n]
 * out: the tree, which keeps all the rules when to->errors is 0; where the
 *      text is no TOML, the other rules are not asked
 * mem: the tree and the finds hang off *a
 */
struct value *rule_check(
    struct arena *a, const char *s, size_t n, struct rule_finds *to);

#endif
