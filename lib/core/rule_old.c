/*
 * Forms that older or hasty files have, where what their authors meant is plain
 * and single: the tree is changed to what the schema has, with a warning. Each
 * is listed in clnrm.toml(5), under COMPATIBILITY.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/rule_int.h"

/* The table without a member. */
static void
drop(struct rule_ctx *c, struct value *table, const char *key)
{
	struct value rest = {.kind = VALUE_TABLE, .at = table->at};

	for (size_t i = 0; i < table->table.n; i++) {
		const struct value_member *m = &table->table.member[i];

		if (m->len == strlen(key) && !memcmp(m->key, key, m->len))
			continue;
		value_set(c->a, &rest, m->key, m->len, m->value)->at = m->at;
	}
	table->table = rest.table;
}

/* Give a member another name, and its value if there is one. */
static void
replace(struct rule_ctx *c, struct value *table, const char *key,
    const char *by, struct value *v)
{
	const struct value_member *m = value_member(table, key, strlen(key));
	struct value_pos at = m->at;

	if (!v)
		v = m->value;
	drop(c, table, key);
	value_put(c->a, table, by, v)->at = at;
}

/* [test] with what belongs to [test.metadata]. */
static void
read_test(struct rule_ctx *c, struct value *root)
{
	struct value *test = value_get(root, "test"), *meta;

	if (value_get(test, "metadata") || !value_get(test, "name"))
		return;
	rule_tell(c, "W302", &test->at,
	    "[test] without 'metadata' is read as [test.metadata]");
	rule_hint(c, "rename [test] to [test.metadata]");
	meta = value_new(c->a, VALUE_TABLE);
	meta->at = test->at;
	for (size_t i = 0; i < test->table.n; i++) {
		const struct value_member *m = &test->table.member[i];

		if (m->value->kind == VALUE_TABLE)
			continue;
		value_set(c->a, meta, m->key, m->len, m->value)->at = m->at;
	}
	for (size_t i = 0; i < meta->table.n; i++)
		drop(c, test, meta->table.member[i].key);
	value_put(c->a, test, "metadata", meta)->at = test->at;
}

/* [template.vars] for [vars]; render has read it already. */
static void
read_template(struct rule_ctx *c, struct value *root)
{
	static const char *const parts[] = {"vars", "matrix"};
	struct value *t = value_get(root, "template");

	for (size_t i = 0; i < COUNT(parts); i++) {
		const struct value_member *m =
		    value_member(t, parts[i], strlen(parts[i]));

		if (!m || value_get(root, parts[i]))
			continue;
		rule_tell(c, "W302", &m->at, "[template.%s] is read as [%s]",
		    parts[i], parts[i]);
		rule_hint(c, "rename it to [%s]", parts[i]);
		value_put(c->a, root, parts[i], m->value)->at = m->at;
		drop(c, t, parts[i]);
	}
	if (t && t->kind == VALUE_TABLE && !t->table.n)
		drop(c, root, "template");
}

/* command = "text" is for the shell, and so is `run`. */
static void
read_command(struct rule_ctx *c, struct value *step)
{
	const struct value *command = value_get(step, "command");

	if (!command || command->kind != VALUE_STR || value_get(step, "run"))
		return;
	rule_tell(c, "W302", &command->at,
	    "%s.command is a string: it is run by the shell", c->path.s);
	rule_hint(c, "write run = \"…\", or an array of arguments");
	replace(c, step, "command", "run", NULL);
}

static bool
is_strings(const struct value *v)
{
	for (size_t i = 0; i < rule_count(v); i++)
		if (v->list.item[i]->kind != VALUE_STR)
			return false;
	return rule_count(v);
}

/* run = ["program", "argument"] is a command. */
static void
read_run(struct rule_ctx *c, struct value *step)
{
	const struct value *run = value_get(step, "run");

	if (!is_strings(run) || value_get(step, "command"))
		return;
	rule_tell(c, "W302", &run->at,
	    "%s.run is an array: it is run without a shell", c->path.s);
	rule_hint(c, "write command = […]");
	replace(c, step, "run", "command", NULL);
}

/* A scenario has no `command`: its array becomes the first of its steps. */
static void
read_scenario_run(struct rule_ctx *c, struct value *scenario)
{
	static const char *const keys[] = {
	    "run", "expected_exit_code", "expected_output_regex"};
	const struct value *run = value_get(scenario, "run");
	struct value *name = value_get(scenario, "name");
	struct value *step, *steps;

	if (!is_strings(run) || !name || value_get(scenario, "steps"))
		return;
	step = value_new(c->a, VALUE_TABLE);
	step->at = scenario->at;
	value_put(c->a, step, "name", name)->at = name->at;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value_member *m =
		    value_member(scenario, keys[i], strlen(keys[i]));

		if (m)
			value_put(c->a, step, keys[i], m->value)->at = m->at;
		drop(c, scenario, keys[i]);
	}
	read_run(c, step);
	steps = value_new(c->a, VALUE_LIST);
	steps->at = run->at;
	value_add(c->a, steps, step);
	value_put(c->a, scenario, "steps", steps)->at = run->at;
}

static void
read_steps(struct rule_ctx *c, const struct value *steps)
{
	size_t outer = rule_enter(c, "steps");

	for (size_t i = 0; i < rule_count(steps); i++) {
		size_t was = rule_enter_item(c, i);

		read_command(c, steps->list.item[i]);
		read_run(c, steps->list.item[i]);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
}

static void
read_scenarios(struct rule_ctx *c, struct value *root)
{
	const struct value *list = value_get(root, "scenario");
	size_t outer = rule_enter(c, "scenario");

	for (size_t i = 0; i < rule_count(list); i++) {
		size_t was = rule_enter_item(c, i);

		read_steps(c, value_get(list->list.item[i], "steps"));
		read_scenario_run(c, list->list.item[i]);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
}

/* "8080:80/tcp": the port inside is the last number; 0: none. */
static long
port_of(const char *s)
{
	const char *colon = strrchr(s, ':');
	char *end;
	long port;

	s = colon ? colon + 1 : s;
	port = *s >= '0' && *s <= '9' ? strtol(s, &end, 10) : 0;
	return port && (!*end || !strcmp(end, "/tcp")) && port < 65536 ? port
								       : 0;
}

static void
read_ports(struct rule_ctx *c, const struct value_member *service)
{
	const struct value *ports = value_get(service->value, "ports");

	for (size_t i = 0; i < rule_count(ports); i++) {
		struct value *p = ports->list.item[i];
		long port = port_of(value_str_or(p, ""));

		if (!port)
			continue;
		rule_tell(c, "W302", &p->at,
		    "a port of service '%.80s' is a string: it listens on %ld",
		    service->key, port);
		rule_hint(c, "write it without quotes: %ld", port);
		*p = (struct value){.kind = VALUE_INT, .at = p->at, .i = port};
	}
}

static void
read_services(struct rule_ctx *c, struct value *root)
{
	static const char *const tables[] = {"services", "service"};

	for (size_t t = 0; t < COUNT(tables); t++) {
		const struct value *all = value_get(root, tables[t]);

		for (size_t i = 0; i < rule_members(all); i++)
			read_ports(c, &all->table.member[i]);
	}
}

/* attrs.any as an array of "key=value". */
static void
read_spans(struct rule_ctx *c, struct value *root)
{
	const struct value *spans = value_find(root, "expect.span");

	for (size_t i = 0; i < rule_count(spans); i++) {
		const struct value *any =
		    value_find(spans->list.item[i], "attrs.any");

		if (!is_strings(any))
			continue;
		rule_tell(c, "W302", &any->at,
		    "expect.span[%zu].attrs.any is an array of \"key=value\"",
		    i);
		rule_hint(c, "write a table: { key = \"value\" }");
	}
}

void
rule_old(struct rule_ctx *c, struct value *root)
{
	read_test(c, root);
	read_template(c, root);
	read_steps(c, value_get(root, "steps"));
	read_scenarios(c, root);
	read_services(c, root);
	read_spans(c, root);
}
