/* Is the file made of the keys that there are, of the right types? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "core/rule_int.h"

/* Spellings that real files have, and what their authors meant. */
static const struct {
	const char *word, *hint;
} meant[] = {
    {"attributes", "did you mean 'attrs'? attrs.all, attrs.any"},
    {"environment", "did you mean 'env'?"},
    {"exists", "a span that is listed must exist: leave this out"},
    {"count", "counts stand in [expect.counts] by_name"},
    {"min_count", "counts stand in [expect.counts] by_name"},
    {"edges", "did you mean 'must_include'?"},
    {"spans", "counts stand in [expect.counts]"},
    {"expect_success", "write expected_exit_code = 0"},
    {"expect_failure", "write expected_exit_code"},
    {"timeout", "did you mean 'timeout_ms'?"},
    {"timeout_seconds", "write timeout = \"120s\""},
    {"temporal", "did you mean [expect.order]?"},
    {"template", "variables stand in [vars], cells in [matrix]"},
    {"otel_expectations", "did you mean 'expect'?"},
    {"limits", "limits stand in a table of their own, [limits]"},
};

static bool check(
    struct rule_ctx *c, const struct rule_key *k, const struct value *v);

/* Would its author think that something is checked by it? */
static bool
is_expectation(const struct rule_ctx *c, const struct value_member *m)
{
	static const char *const words[] = {"expect", "assert", "validat"};
	bool is_table = m->value->kind == VALUE_TABLE ||
			(rule_count(m->value) &&
			    m->value->list.item[0]->kind == VALUE_TABLE);

	for (size_t i = 0; i < COUNT(words) && is_table; i++)
		if (strstr(m->key, words[i]) || strstr(c->path.s, words[i]))
			return true;
	return false;
}

static void
unknown(struct rule_ctx *c, const struct rule_key keys[],
    const struct value_member *m)
{
	const char *names[32], *near;
	size_t n = 0;

	if (c->path.len)
		rule_tell(c, "W301", &m->at, "unknown key '%s' in %s", m->key,
		    c->path.s);
	else
		rule_tell(c, "W301", &m->at, "unknown key '%s'", m->key);
	if (is_expectation(c, m))
		rule_unjudged(c, m->key);
	for (const struct rule_key *k = keys; k->name; k++)
		names[n++] = k->name;
	for (size_t i = 0; i < COUNT(meant); i++)
		if (!strcmp(meant[i].word, m->key)) {
			rule_hint(c, "%s", meant[i].hint);
			return;
		}
	near = cli_nearest(m->key, names, n);
	if (!near && n == 1)
		rule_hint(c, "all that may stand here is '%s'", *names);
	else if (near)
		rule_hint(c, "did you mean '%s'?", near);
}

static void
check_keys(
    struct rule_ctx *c, const struct rule_key keys[], const struct value *t)
{
	for (size_t i = 0; i < t->table.n; i++) {
		const struct value_member *m = &t->table.member[i];
		const struct rule_key *k = keys;
		size_t len;

		while (k->name &&
		       (*k->name != *m->key || strlen(k->name) != m->len ||
			   memcmp(k->name, m->key, m->len)))
			k++;
		if (!k->name) {
			unknown(c, keys, m);
			continue;
		}
		len = rule_enter(c, m->key);
		check(c, k, m->value);
		buf_cut(&c->path, len);
	}
	for (const struct rule_key *k = keys; k->name; k++)
		if ((k->flags & RULE_NEEDED) && !value_get(t, k->name))
			rule_tell(c, "E302", &t->at, "%s has no '%s'",
			    c->path.s, k->name);
}

static const char *
article(const char *word)
{
	return strchr("aeiou", *word) ? "an" : "a";
}

/* Is the value of that kind? If not, say so; always false then. */
static bool
is_a(struct rule_ctx *c, const struct value *v, bool ok, const char *wanted)
{
	const char *kind;

	if (ok)
		return true;
	kind = value_kind_name(v->kind);
	rule_tell(c, "E303", &v->at, "%s is %s %s, expected %s", c->path.s,
	    article(kind), kind, wanted);
	return false;
}

/* Check each item or member with a key of the shape `one`. */
static bool
check_each(struct rule_ctx *c, const struct rule_key *k, enum rule_shape one,
    const struct value *v)
{
	struct rule_key item = *k;
	bool ok = true;

	item.shape = one;
	for (size_t i = 0; i < value_count(v); i++) {
		bool is_list = v->kind == VALUE_LIST;
		size_t len = is_list ? rule_enter_item(c, i)
				     : rule_enter(c, v->table.member[i].key);

		ok &= check(c, &item,
		    is_list ? v->list.item[i] : v->table.member[i].value);
		buf_cut(&c->path, len);
	}
	return ok;
}

static bool
check_list(struct rule_ctx *c, const struct rule_key *k, enum rule_shape one,
    const char *wanted, const struct value *v)
{
	return is_a(c, v, v->kind == VALUE_LIST, wanted) &&
	       check_each(c, k, one, v);
}

static bool
check_map(struct rule_ctx *c, const struct rule_key *k, enum rule_shape one,
    const char *wanted, const struct value *v)
{
	return is_a(c, v, v->kind == VALUE_TABLE, wanted) &&
	       check_each(c, k, one, v);
}

static bool
check_table(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	if (!is_a(c, v, v->kind == VALUE_TABLE, "a table")) {
		if (!strcmp(k->sub->name, "gte") && v->kind == VALUE_INT)
			rule_hint(c, "write { eq = %lld }", (long long)v->i);
		else if (v->kind == VALUE_LIST)
			rule_hint(c, "write its header in single brackets");
		return false;
	}
	check_keys(c, k->sub, v);
	return true;
}

static bool
check_tables(
    struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	if (!is_a(c, v, v->kind == VALUE_LIST, "an array of tables")) {
		if (v->kind == VALUE_TABLE)
			rule_hint(c,
			    "write its header in double brackets, "
			    "[[%s]]",
			    c->path.s);
		return false;
	}
	return check_each(c, k, RULE_TABLE, v);
}

static bool
is_word(const struct rule_key *k, const char *s, size_t len)
{
	const char *w = k->words;

	for (; *w; w += strcspn(w, "|"), w += *w == '|')
		if (strcspn(w, "|") == len &&
		    !(k->flags & RULE_ANY_CASE ? strncasecmp(w, s, len)
					       : memcmp(w, s, len)))
			return true;
	return false;
}

static bool
check_str(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	if (!is_a(c, v, v->kind == VALUE_STR, "a string")) {
		if (v->kind == VALUE_LIST && !strcmp(k->name, "run"))
			rule_hint(c, "an array of arguments is a 'command'");
		else if (v->kind != VALUE_LIST && v->kind != VALUE_TABLE)
			rule_hint(c, "put it into quotes");
		return false;
	}
	if (memchr(v->str.s, '\0', v->str.len)) {
		rule_tell(c, "E304", &v->at, "%s holds a NUL", c->path.s);
		return false;
	}
	if ((k->flags & RULE_NAME) &&
	    strspn(v->str.s, " \t\r\n") == v->str.len) {
		rule_tell(c, "E304", &v->at, "%s is blank", c->path.s);
		return false;
	}
	if ((k->flags & RULE_WORDS) && !is_word(k, v->str.s, v->str.len)) {
		rule_tell(c, "E304", &v->at,
		    "%s is '%.80s', expected one of "
		    "%s",
		    c->path.s, v->str.s, k->words);
		return false;
	}
	return true;
}

static bool
check_number(
    struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	bool is_float = v->kind == VALUE_FLOAT && k->shape == RULE_NUMBER;
	double n;

	if (!is_a(c, v, v->kind == VALUE_INT || is_float,
		k->shape == RULE_NUMBER ? "a number" : "an integer")) {
		if (v->kind == VALUE_STR)
			rule_hint(c, "write it without quotes");
		return false;
	}
	n = v->kind == VALUE_INT ? (double)v->i : v->f;
	if (!(k->flags & RULE_RANGE) || (n >= k->min && n <= k->max))
		return true;
	if (isinf(k->max))
		rule_tell(c, "E304", &v->at, "%s is %g, expected %g or more",
		    c->path.s, n, k->min);
	else
		rule_tell(c, "E304", &v->at, "%s is %g, expected %g to %g",
		    c->path.s, n, k->min, k->max);
	return false;
}

/* `command` as one text is the commonest slip of all. */
static bool
check_strs(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	bool ok = check_list(c, k, RULE_STR, "an array of strings", v);

	if (v->kind == VALUE_STR && !strcmp(k->name, "command"))
		rule_hint(c, "for the shell write run = \"…\", or an array "
			     "of arguments");
	return ok;
}

static bool
has_key(const struct rule_key keys[], const struct value_member *m)
{
	while (keys->name && strcmp(keys->name, m->key) != 0)
		keys++;
	return keys->name;
}

/* An unknown condition would be one that nobody judges. */
static bool
check_conditions(
    struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	bool ok = v->table.n > 0;

	if (!ok)
		rule_tell(c, "E304", &v->at, "%s asks nothing", c->path.s);
	for (size_t i = 0; i < v->table.n; i++) {
		const struct value_member *m = &v->table.member[i];

		if (has_key(k->sub, m))
			continue;
		rule_tell(c, "E303", &m->at,
		    "%s is a table, and '%.80s' is no condition", c->path.s,
		    m->key);
		rule_hint(c, "write a name with dots in quotes; conditions are "
			     "eq, not, gte, gt, lte, lt, regex and exists");
		ok = false;
	}
	if (ok)
		check_keys(c, k->sub, v);
	return ok;
}

/* attrs.any: a table, or an array of "key=value". */
static bool
check_attrs(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	bool ok = true;

	if (v->kind != VALUE_LIST)
		return check_map(c, k, RULE_MATCH,
		    "a table or an array of \"key=value\"", v);
	for (size_t i = 0; i < v->list.n; i++) {
		const struct value *item = v->list.item[i];
		size_t len = rule_enter_item(c, i);

		if (!is_a(c, item, item->kind == VALUE_STR, "a string"))
			ok = false;
		else if (strcspn(item->str.s, "=") - 1 >= item->str.len - 1) {
			rule_tell(c, "E304", &item->at,
			    "%s is '%.80s', expected \"key=value\"", c->path.s,
			    item->str.s);
			ok = false;
		}
		buf_cut(&c->path, len);
	}
	return ok;
}

/* An alias of a sub-table holds what is inside it, or the sub-table itself. */
static bool
check_alias(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	const struct value *inner = value_get(v, k->sub->name);
	struct rule_key sub = *k->sub;

	if (inner && value_count(v) == 1 && inner->kind >= VALUE_LIST)
		return check_table(c, k, v);
	return check(c, &sub, v);
}

static bool
check(struct rule_ctx *c, const struct rule_key *k, const struct value *v)
{
	bool is_scalar = v->kind != VALUE_LIST && v->kind != VALUE_TABLE &&
			 v->kind != VALUE_TIME;

	switch (k->shape) {
	case RULE_BOOL:
		return is_a(c, v, v->kind == VALUE_BOOL, "true or false");
	case RULE_INT:
	case RULE_NUMBER:
		return check_number(c, k, v);
	case RULE_STR:
		return check_str(c, k, v);
	case RULE_SCALAR:
		return is_a(c, v, is_scalar, "a string, number or boolean");
	case RULE_STRS:
		return check_strs(c, k, v);
	case RULE_INTS:
		return check_list(c, k, RULE_INT, "an array of integers", v);
	case RULE_STRS_ARRAY:
		return check_list(c, k, RULE_STRS, "an array of arrays", v);
	case RULE_TABLE:
		return check_table(c, k, v);
	case RULE_TABLES:
		return check_tables(c, k, v);
	case RULE_TABLE_MAP:
		return check_map(c, k, RULE_TABLE, "a table", v);
	case RULE_STR_MAP:
		return check_map(c, k, RULE_STR, "a table of strings", v);
	case RULE_SCALAR_MAP:
		return check_map(c, k, RULE_SCALAR, "a table", v);
	case RULE_STRS_MAP:
		return check_map(c, k, RULE_STRS, "a table of arrays", v);
	case RULE_ANY_MAP:
		return is_a(c, v, v->kind == VALUE_TABLE, "a table");
	case RULE_MATCH:
		if (v->kind == VALUE_TABLE)
			return check_conditions(c, k, v);
		return is_a(c, v, is_scalar,
		    "a string, number or boolean, or a table of conditions");
	case RULE_MATCH_MAP:
		return check_map(c, k, RULE_MATCH, "a table", v);
	case RULE_ATTRS:
		return check_attrs(c, k, v);
	case RULE_ITEMS:
		return check_alias(c, k, v);
	}
	return true;
}

void
rule_schema(struct rule_ctx *c)
{
	check_keys(c, rule_root, c->root);
}
