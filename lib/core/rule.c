#include "core/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/rule_int.h"
#include "core/spec.h"
#include "data/match.h"
#include "data/toml.h"

void
rule_tell(struct rule_ctx *c, const char *code, const struct value_pos *at,
    const char *fmt, ...)
{
	struct rule_finds *to = c->to;
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	to->find =
	    arena_more(c->a, to->find, to->n, &to->cap, sizeof *to->find);
	to->errors += *code == 'E';
	to->find[to->n++] =
	    (struct rule_find){code, arena_str(c->a, line), NULL, *at};
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

	buf_addf(&c->path, "%s%.80s", was ? "." : "", key);
	return was;
}

size_t
rule_enter_item(struct rule_ctx *c, size_t i)
{
	size_t was = c->path.len;

	buf_addf(&c->path, "[%zu]", i);
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

static void
check_regex(struct rule_ctx *c, const struct value *step)
{
	const struct value *v = value_get(step, "expected_output_regex");
	struct match *m;
	struct err e = {0};
	size_t offset = 0;

	if (!v || v->kind != VALUE_STR)
		return;
	m = match_compile(MATCH_REGEX, v->str.s, v->str.len, &offset, &e);
	if (!m)
		rule_tell(c, "E304", &v->at,
		    "%s.expected_output_regex does "
		    "not compile: %s, at character %zu",
		    c->path.s, err_message(&e),
		    utf8_count(v->str.s, offset) + 1);
	match_free(&m);
}

/* Does `service` name a service that there is? */
static void
check_reference(struct rule_ctx *c, const struct value *user)
{
	const struct value *v = value_get(user, "service");
	static const char *const tables[] = {"service", "services"};
	const char *names[64], *near;
	size_t n = 0;

	if (!v || v->kind != VALUE_STR)
		return;
	for (size_t t = 0; t < COUNT(tables); t++) {
		const struct value *all = value_get(c->root, tables[t]);

		if (value_member(all, v->str.s, v->str.len))
			return;
		for (size_t i = 0; i < rule_members(all); i++)
			if (n < COUNT(names))
				names[n++] = all->table.member[i].key;
	}
	rule_tell(c, "E304", &v->at,
	    "%s.service is '%.80s', and there is no "
	    "such service",
	    c->path.s, v->str.s);
	near = cli_nearest(v->str.s, names, n);
	if (near)
		rule_hint(c, "did you mean '%s'?", near);
}

static void
check_step(struct rule_ctx *c, const struct value *step)
{
	const struct value *command = value_get(step, "command");
	const struct value_member *run = value_member(step, "run", 3);

	if (step->kind != VALUE_TABLE)
		return;
	if (command && run) {
		rule_tell(c, "E304", &run->at,
		    "%s has both 'command' and 'run'", c->path.s);
	} else if (!command && !run) {
		rule_tell(
		    c, "E302", &step->at, "%s has no 'command'", c->path.s);
		rule_hint(c, "command = [\"program\", \"argument\"], or run = "
			     "\"…\" for the shell");
	} else if (command && command->kind == VALUE_LIST) {
		const struct value *first =
		    command->list.n ? command->list.item[0] : NULL;

		if (!first || (first->kind == VALUE_STR && !first->str.len))
			rule_tell(c, "E304", &command->at,
			    "%s.command is empty", c->path.s);
	}
	check_regex(c, step);
	check_reference(c, step);
	rule_env(c, value_get(step, "env"));
}

static void
check_step_list(struct rule_ctx *c, const struct value *steps)
{
	size_t outer = rule_enter(c, "steps");

	for (size_t i = 0; i < rule_count(steps); i++) {
		size_t was = rule_enter_item(c, i);

		check_step(c, steps->list.item[i]);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
}

/* What only `run` takes: with steps it would be passed over. */
static void
check_only_run(struct rule_ctx *c, const struct value *scenario)
{
	static const char *const keys[] = {
	    "expected_exit_code", "expected_output_regex"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value_member *m =
		    value_member(scenario, keys[i], strlen(keys[i]));

		if (!m)
			continue;
		rule_tell(c, "E304", &m->at,
		    "%s.%s is of no use: the "
		    "scenario has steps",
		    c->path.s, keys[i]);
		rule_hint(c, "write it in the step that it is about");
	}
}

static void
check_scenario(struct rule_ctx *c, const struct value *scenario)
{
	const struct value_member *run = value_member(scenario, "run", 3);
	const struct value *steps = value_get(scenario, "steps");

	if (scenario->kind != VALUE_TABLE)
		return;
	if (run && rule_count(steps)) {
		rule_tell(c, "W302", &run->at,
		    "%s has both 'run' and 'steps': 'run' is the first step",
		    c->path.s);
		rule_hint(c, "make it a step: run = \"…\"");
	} else if (!run &&
		   (!steps || (steps->kind == VALUE_LIST && !steps->list.n))) {
		rule_tell(c, "E306", &scenario->at,
		    "%s has nothing to run: neither 'run' nor 'steps'",
		    c->path.s);
	} else if (!run) {
		check_only_run(c, scenario);
	}
	check_regex(c, scenario);
	check_reference(c, scenario);
	rule_env(c, value_get(scenario, "env"));
	check_step_list(c, steps);
}

static void
check_steps(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");
	size_t outer;

	check_step_list(c, value_get(c->root, "steps"));
	outer = rule_enter(c, "scenario");
	for (size_t i = 0; i < rule_count(list); i++) {
		size_t was = rule_enter_item(c, i);

		check_scenario(c, list->list.item[i]);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
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
	const struct value *protocol = value_find(c->root, "otel.protocol");
	const char *s = value_str_or(protocol, "grpc");
	const struct value *pass = value_find(c->root, "env.pass");

	if (m) {
		rule_tell(
		    c, "W302", &m->value->at, "[assertions] decides nothing");
		rule_hint(c, "what must hold stands in [expect], or in a "
			     "step's expected_output_regex");
	}
	if (strcasecmp(s, "http/protobuf") && strcasecmp(s, "grpc") &&
	    strcasecmp(s, "http/json")) {
		rule_tell(c, "W302", &protocol->at,
		    "otel.protocol is '%.80s', "
		    "which is none that is known",
		    s);
		rule_hint(c, "http/protobuf, http/json or grpc");
	}
	for (size_t i = 0; i < rule_count(pass); i++) {
		s = value_str_or(pass->list.item[i], "A");
		if (!spec_is_variable(s))
			rule_tell(c, "E304", &pass->list.item[i]->at,
			    "'%.80s' is no name of a variable", s);
	}
}

static void (*const rules[])(struct rule_ctx *) = {rule_schema, check_meta,
    check_work, check_names, check_steps, check_times, check_artifacts,
    check_unjudged, rule_services, rule_expect};

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
rule_check(struct arena *a, const char *s, size_t n, struct rule_finds *to)
{
	struct rule_ctx c = {a, to, NULL, BUF_INIT};
	struct toml_finds found;

	*to = (struct rule_finds){.a = a};
	c.root = toml_check(a, NULL, s, n, false, &found);
	take_toml(&c, &found, utf8_check(s, n) == n);
	for (size_t i = 0; i < COUNT(rules) && !found.errors; i++)
		rules[i](&c);
	buf_free(&c.path);
	if (to->n)
		qsort(to->find, to->n, sizeof *to->find, by_position);
	return (struct value *)c.root;
}
