#include "core/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/project.h"
#include "core/rule_int.h"
#include "core/spec.h"
#include "data/toml.h"

static void
tell(struct rule_ctx *c, enum rule_severity severity, const char *code,
    const struct value_pos *at, const char *fmt, va_list ap)
{
	struct rule_finds *to = c->to;
	char line[512];

	vsnprintf(line, sizeof line, fmt, ap);
	if (c->is_strict)
		severity = RULE_ERROR;
	to->find =
	    arena_more(c->a, to->find, to->n, &to->cap, sizeof *to->find);
	to->errors += severity == RULE_ERROR;
	to->find[to->n++] = (struct rule_find){
	    severity, code, arena_str(c->a, line), NULL, *at};
}

void
rule_tell(struct rule_ctx *c, const char *code, const struct value_pos *at,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(c, *code == 'E' ? RULE_ERROR : RULE_WARNING, code, at, fmt, ap);
	va_end(ap);
}

void
rule_note(struct rule_ctx *c, const char *code, const struct value_pos *at,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(c, RULE_NOTE, code, at, fmt, ap);
	va_end(ap);
}

void
rule_hint(struct rule_ctx *c, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	c->to->find[c->to->n - 1].hint = arena_str(c->a, line);
}

size_t
rule_enter(struct rule_ctx *c, const char *key)
{
	size_t was = c->path.len;

	if (was)
		buf_addc(&c->path, '.');
	buf_add(&c->path, key, strnlen(key, 80));
	return was;
}

size_t
rule_enter_item(struct rule_ctx *c, size_t i)
{
	size_t was = c->path.len;

	buf_addc(&c->path, '[');
	buf_addi(&c->path, (int64_t)i);
	buf_addc(&c->path, ']');
	return was;
}

static void
check_meta(struct rule_ctx *c)
{
	static const struct value_pos start = {1, 1, 0, 0};
	const struct value_member *test = value_member(c->root, "test", 4);

	if (value_get(c->root, "meta"))
		return;
	if (!test) {
		rule_tell(c, "E302", &start,
		    "the test has no name: there is "
		    "no [meta] table");
		rule_hint(c, "[meta] with name = \"…\" and version = \"…\"");
	} else if (test->value->kind == VALUE_TABLE &&
		   !value_get(test->value, "metadata")) {
		rule_tell(
		    c, "E302", &test->value->at, "[test] has no 'metadata'");
		rule_hint(c, "older files: rename [test] to [test.metadata]");
	}
}

/* Two generations of the file that say one thing in two places. */
static void
check_generations(struct rule_ctx *c)
{
	static const char *const twins[][2] = {{"otel_headers", "otel.headers"},
	    {"otel_propagators", "otel.propagators"}};
	const struct value *old = value_find(c->root, "test.metadata.name");
	const struct value *name = value_find(c->root, "meta.name");

	if (old && name &&
	    strcmp(value_str_or(old, ""), value_str_or(name, "")) != 0) {
		rule_tell(c, "W302", &old->at,
		    "test.metadata.name is not looked at: meta.name is '%.80s'",
		    value_str_or(name, ""));
		rule_hint(c, "keep one of [meta] and [test.metadata]");
	}
	for (size_t i = 0; i < COUNT(twins); i++) {
		const struct value_member *m =
		    value_member(c->root, twins[i][0], strlen(twins[i][0]));

		if (m && value_find(c->root, twins[i][1]))
			rule_tell(c, "E305", &m->at,
			    "%s and %s are two names for one thing",
			    twins[i][0], twins[i][1]);
	}
}

static void
check_work(struct rule_ctx *c)
{
	static const struct value_pos start = {1, 1, 0, 0};
	const struct value *steps = value_get(c->root, "steps");
	const struct value *scenarios = value_get(c->root, "scenario");

	if ((steps && (steps->kind != VALUE_LIST || steps->list.n)) ||
	    (scenarios && (scenarios->kind != VALUE_LIST || scenarios->list.n)))
		return;
	rule_tell(c, "E306", &start,
	    "nothing to run: no [[steps]] and no "
	    "[[scenario]]");
}

/* Tell names that occur twice among the tables of a list. */
static void
check_twice(struct rule_ctx *c, const struct value *list, const char *what,
    struct map *seen)
{
	for (size_t i = 0; i < rule_count(list); i++) {
		struct value *name = value_get(list->list.item[i], "name");
		struct value *first;

		if (!name || name->kind != VALUE_STR)
			continue;
		first = map_get(seen, name->str.s, name->str.len);
		if (!first) {
			map_set(seen, name->str.s, name->str.len, name);
			continue;
		}
		rule_tell(c, "E305", &name->at, "two %ss are named '%.80s'",
		    what, name->str.s);
		rule_hint(c, "the first is at line %u", first->at.line);
	}
}

static void
check_names(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");
	const struct value *steps = value_get(c->root, "steps");
	struct value *name = value_find(c->root, "meta.name");
	AUTO_MAP scenarios = {0};
	AUTO_MAP top = {0};

	if (!name)
		name = value_find(c->root, "test.metadata.name");
	if (rule_count(steps) && name && name->kind == VALUE_STR)
		map_set(&scenarios, name->str.s, name->str.len, name);
	check_twice(c, list, "scenario", &scenarios);
	check_twice(c, steps, "step", &top);
	for (size_t i = 0; i < rule_count(list); i++) {
		AUTO_MAP own = {0};

		steps = value_get(list->list.item[i], "steps");
		check_twice(c, steps, "step", &own);
		name = value_get(list->list.item[i], "name");
		if (!name || name->kind != VALUE_STR)
			continue;
		if (strchr(name->str.s, '/') || !strcmp(name->str.s, "..")) {
			rule_tell(c, "E304", &name->at,
			    "scenario name '%.80s' cannot be a directory's",
			    name->str.s);
			rule_hint(c, "artifacts are kept under this name");
		}
	}
}

/* Until which day each scenario may fail. */
static void
check_days(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");
	enum value_time kind;

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *day =
		    value_find(list->list.item[i], "expect_fail.until");

		if (!day || day->kind != VALUE_STR ||
		    (toml_is_time(day->str.s, day->str.len, &kind) &&
			kind == VALUE_LOCAL_DATE))
			continue;
		rule_tell(c, "E304", &day->at,
		    "expect_fail.until is '%.80s', which is no date",
		    day->str.s);
		rule_hint(c, "such as 2027-01-31");
	}
}

static void
check_times(struct rule_ctx *c)
{
	static const char *const timeouts[] = {
	    "meta.timeout", "test.metadata.timeout"};
	const struct value *clock =
	    value_find(c->root, "determinism.freeze_clock");
	enum value_time kind;

	for (size_t i = 0; i < COUNT(timeouts); i++) {
		const struct value *v = value_find(c->root, timeouts[i]);

		if (!v || v->kind != VALUE_STR || spec_duration(v->str.s) > 0)
			continue;
		rule_tell(c, "E304", &v->at,
		    "%s is '%.80s', which is no "
		    "duration",
		    timeouts[i], v->str.s);
		rule_hint(c, "a number with its unit: 500ms, 120s, 2m, 1h");
	}
	if (!clock || clock->kind != VALUE_STR)
		return;
	if (toml_is_time(clock->str.s, clock->str.len, &kind) &&
	    kind == VALUE_OFFSET_DATE_TIME)
		return;
	rule_tell(c, "E304", &clock->at,
	    "determinism.freeze_clock is '%.80s', "
	    "which is no RFC 3339 time",
	    clock->str.s);
	rule_hint(c, "such as 2025-01-01T00:00:00Z");
}

/* What artifacts.collect asks for: TYPE:PARAM */
static void
check_artifacts(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *v =
		    value_find(list->list.item[i], "artifacts.collect");

		for (size_t k = 0; k < rule_count(v); k++) {
			const struct value *it = v->list.item[k];
			const char *s = value_str_or(it, "spans:");

			if (!strncmp(s, "spans:", 6) ||
			    !strncmp(s, "files:", 6) ||
			    !strcmp(s, "logs:stdout") ||
			    !strcmp(s, "logs:stderr"))
				continue;
			rule_tell(c, "E304", &it->at,
			    "'%.80s' is nothing to "
			    "collect",
			    s);
			rule_hint(c, "spans:NAME, logs:stdout, logs:stderr or "
				     "files:PATH");
		}
	}
}

/* What is read and decides nothing: a false green, if nobody says so. */
static void
check_unjudged(struct rule_ctx *c)
{
	const struct value_member *m =
	    value_member(c->root, "assertions", strlen("assertions"));

	if (m) {
		rule_note(c, "W304", &m->value->at,
		    "[assertions] is judged by nobody");
		rule_hint(c, "what must hold stands in [expect], or in a "
			     "step's expected_output_regex");
		rule_unjudged(c, "assertions");
	}
}

static void
check_pass(struct rule_ctx *c)
{
	const struct value *pass = value_find(c->root, "env.pass");

	for (size_t i = 0; i < rule_count(pass); i++) {
		const struct value *it = pass->list.item[i];

		if (!spec_is_variable(value_str_or(it, "A")))
			rule_tell(c, "E304", &it->at,
			    "'%.80s' is no name of a variable", it->str.s);
	}
}

void
rule_unjudged(struct rule_ctx *c, const char *key)
{
	const char *dot = c->path.len ? "." : "";

	value_add(c->a, c->to->unjudged,
	    value_text(
		c->a, arena_fmt(c->a, "%s%s%.80s", c->path.s, dot, key)));
}

/* Was a key of the schema meant, and not written right? */
static bool
is_slip(const struct value_member *m)
{
	const char *names[32];
	size_t n = 0;

	for (const struct rule_key *k = rule_root; k->name; k++)
		names[n++] = k->name;
	return cli_nearest(m->key, names, n);
}

/*
 * A file that has not a single key of a test is none, where it is not called
 * one or has a world of its own in it: a macro library, a manifest.
 */
static bool
is_test(const struct rule_ctx *c, const char *path)
{
	const struct value *root = c->root;

	for (size_t i = 0; i < root->table.n; i++)
		if (is_slip(&root->table.member[i]))
			return true;
	return !root->table.n && project_is_test(path);
}

static void
tell_no_test(struct rule_ctx *c)
{
	static const struct value_pos start = {1, 1, 0, 0};

	rule_tell(c, "W305", &start,
	    "this is no test file: it has none of a test's tables");
	rule_hint(c, "a test has [meta] and [[scenario]]; give other files "
		     "another name");
}

static void (*const rules[])(struct rule_ctx *) = {rule_schema, check_meta,
    check_generations, check_work, check_names, rule_steps, check_times,
    check_days, check_artifacts, check_unjudged, rule_otel, check_pass,
    rule_services, rule_policies, rule_expect, rule_clash, rule_idle,
    rule_secrets};

static int
by_position(const void *a, const void *b)
{
	const struct rule_find *x = a, *y = b;

	if (x->at.offset != y->at.offset)
		return x->at.offset < y->at.offset ? -1 : 1;
	return strcmp(x->code, y->code);
}

static void
take_toml(struct rule_ctx *c, const struct toml_finds *found, bool is_text)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct toml_find *f = &found->find[i];

		rule_tell(c,
		    !is_text	    ? "E102"
		    : f->is_warning ? "W302"
				    : "E301",
		    &f->at, "%s", err_message(&f->err));
		if (*f->err.hint)
			rule_hint(c, "%s", f->err.hint);
	}
}

struct value *
rule_check(struct arena *a, const char *path, const char *s, size_t n,
    bool strict, struct rule_finds *to)
{
	struct rule_ctx c = {.a = a,
	    .to = to,
	    .text = s,
	    .len = n,
	    .is_strict = strict,
	    .path = BUF_INIT};
	struct toml_finds found;
	struct value *root;

	*to = (struct rule_finds){.a = a, .is_test = true};
	to->unjudged = value_new(a, VALUE_LIST);
	c.root = root = toml_check(a, NULL, s, n, false, &found);
	take_toml(&c, &found, utf8_check(s, n) == n);
	to->is_test = found.errors || is_test(&c, path);
	if (!to->is_test)
		tell_no_test(&c);
	else if (!found.errors)
		rule_old(&c, root);
	for (size_t i = 0; i < COUNT(rules); i++)
		if (to->is_test && !found.errors)
			rules[i](&c);
	buf_free(&c.path);
	if (to->n)
		qsort(to->find, to->n, sizeof *to->find, by_position);
	return root;
}
