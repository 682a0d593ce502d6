/*
 * What the parts of the rules share.
 */
#ifndef CORE_RULE_INT_H
#define CORE_RULE_INT_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/rule.h"
#include "data/match.h"

enum rule_shape {
	RULE_BOOL,
	RULE_INT,
	RULE_NUMBER,
	RULE_STR,
	RULE_SCALAR,	 /* a string, a number or a boolean */
	RULE_STRS,	 /* an array of strings */
	RULE_STRS_ARRAY, /* an array of arrays of strings */
	RULE_INTS,
	RULE_TABLE,
	RULE_TABLES,	 /* an array of tables */
	RULE_TABLE_MAP,	 /* any name to a table */
	RULE_STR_MAP,	 /* any name to a string */
	RULE_SCALAR_MAP, /* any name to a scalar */
	RULE_STRS_MAP,	 /* any name to an array of strings */
	RULE_ANY_MAP,	 /* any name to anything */
	RULE_MATCH,	 /* a scalar, or a table of conditions on one */
	RULE_MATCH_MAP,	 /* any name to such */
	RULE_ATTRS,	 /* a RULE_MATCH_MAP, or an array of "key=value" */
	RULE_ITEMS, /* the RULE_STRS or the RULE_STR_MAP that an alias stands
		       for */
};

/* Which generations of the file have a key; most have it in all. */
enum rule_since {
	RULE_ALWAYS,
	RULE_V04, /* in 0.4 only */
	RULE_V06, /* from 0.6 on */
	RULE_V10, /* from 1.0 on */
};

enum { /* flags of a key */
	RULE_NEEDED = 1,
	RULE_NAME = 2, /* a string that is not blank */
	RULE_RANGE = 4,
	RULE_WORDS = 8,
	RULE_ANY_CASE = 16,
	RULE_EITHER = 32, /* one of the keys with this flag must be there */
	RULE_OR = 64,	  /* and one of these */
	RULE_BRIEF = 128, /* the manual tells elsewhere what it holds */
};

/* One key of a table, as the schema has it. */
struct rule_key {
	const char *name;
	enum rule_shape shape;
	const char *does; /* sentences, for the manual and for editors */
	enum rule_since since;
	unsigned flags;
	const struct rule_key *sub;
	const char *words; /* "full|process" */
	double min, max;
};

extern const struct rule_key rule_root[]; /* name NULL ends each table */

/* Is the key one of that generation? RULE_ALWAYS: of any. */
bool rule_is_of(const struct rule_key *k, enum rule_since generation);

struct rule_ctx {
	struct arena *a;
	struct rule_finds *to;
	const struct value *root;
	const char *text; /* text[len], what was parsed */
	size_t len;
	bool is_strict;
	struct buf path; /* of what is being looked at: "steps[0].env" */
};

/* Tell a finding. */
void rule_tell(struct rule_ctx *c, const char *code, const struct value_pos *at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Tell what is worth a word, and not more unless the test is strict. */
void rule_note(struct rule_ctx *c, const char *code, const struct value_pos *at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* How to mend the one told last. */
void rule_hint(struct rule_ctx *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Go down in c->path; back with buf_cut() to the length it returns. */
size_t rule_enter(struct rule_ctx *c, const char *key);
size_t rule_enter_item(struct rule_ctx *c, size_t i);

/* The place of a byte of a string's value, within the string as written. */
struct value_pos rule_inside(
    const struct rule_ctx *c, const struct value *v, size_t byte);

/* Take note of expectations that nobody judges, at c->path or below it. */
void rule_unjudged(struct rule_ctx *c, const char *key);

/* Change older forms to what the schema has. */
void rule_old(struct rule_ctx *c, struct value *root);

/* Keys, types, ranges and words. */
void rule_schema(struct rule_ctx *c);

/* Steps and scenarios. */
void rule_steps(struct rule_ctx *c);

/* Services: plugin, image, ports, volumes, environment. */
void rule_services(struct rule_ctx *c);

/* What scenarios may do: network, hosts, programs. */
void rule_policies(struct rule_ctx *c);

/* Names in an environment, and what should not be written there. */
void rule_env(struct rule_ctx *c, const struct value *env);

/* Expectations: patterns, bounds, orders. */
void rule_expect(struct rule_ctx *c);

/* What the SDKs are to be told. */
void rule_otel(struct rule_ctx *c);

/* Does a pattern compile? If not, say so at the character. */
bool rule_pattern(struct rule_ctx *c, enum match_kind kind,
    const struct value *v, const char *what);

/* What must come before what. */
struct rule_order {
	struct arena a;
	struct rule_before *before; /* before[n] */
	size_t n, cap;
};

/* Borrows the names; one that is NULL is passed over. */
void rule_order_add(struct rule_order *o, const char *from, const char *to,
    const struct value_pos *at);

/* Tell a cycle, "WHAT: a after b after a", if there is one; frees it all. */
void rule_order_check(
    struct rule_ctx *c, struct rule_order *o, const char *what);

/* Expectations that cannot hold together, and those that nothing can meet. */
void rule_clash(struct rule_ctx *c);

/* What nobody uses, and what proves nothing. */
void rule_idle(struct rule_ctx *c);

/* Secrets in plain text. */
void rule_secrets(struct rule_ctx *c);

/* Items of a list; 0 for all else. */
static inline size_t
rule_count(const struct value *v)
{
	return v && v->kind == VALUE_LIST ? v->list.n : 0;
}

/* Members of a table; 0 for all else. */
static inline size_t
rule_members(const struct value *v)
{
	return v && v->kind == VALUE_TABLE ? v->table.n : 0;
}

#endif
