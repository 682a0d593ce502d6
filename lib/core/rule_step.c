/* Steps and scenarios: what is run, and in which service. */
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "core/rule_int.h"

bool
rule_pattern(struct rule_ctx *c, enum match_kind kind, const struct value *v,
    const char *what)
{
	struct err e = {0};
	size_t offset = 0;
	AUTO_MATCH *m = NULL;
	struct value_pos at;

	if (!v || v->kind != VALUE_STR ||
	    (kind == MATCH_GLOB && !strpbrk(v->str.s, "*?[")))
		return true;
	m = match_compile(kind, v->str.s, v->str.len, &offset, &e);
	if (m)
		return true;
	at = rule_inside(c, v, offset);
	rule_tell(
	    c, "E304", &at, "%s does not compile: %s", what, err_message(&e));
	return false;
}

static void
check_regex(struct rule_ctx *c, const struct value *step)
{
	size_t was = rule_enter(c, "expected_output_regex");

	rule_pattern(c, MATCH_REGEX, value_get(step, "expected_output_regex"),
	    c->path.s);
	buf_cut(&c->path, was);
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

/* Only images have users. */
static void
check_user(
    struct rule_ctx *c, const struct value *step, const struct value *scenario)
{
	const struct value *user = value_get(step, "user");

	if (!user || value_get(step, "service") ||
	    value_get(scenario, "service"))
		return;
	rule_tell(c, "E304", &user->at,
	    "%s has a 'user', and no service that has users", c->path.s);
	rule_hint(c, "service = \"…\", one with an image");
}

static void
check_step(
    struct rule_ctx *c, const struct value *step, const struct value *scenario)
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
	check_user(c, step, scenario);
	rule_env(c, value_get(step, "env"));
}

static void
check_step_list(
    struct rule_ctx *c, const struct value *steps, const struct value *scenario)
{
	size_t outer = rule_enter(c, "steps");

	for (size_t i = 0; i < rule_count(steps); i++) {
		size_t was = rule_enter_item(c, i);

		check_step(c, steps->list.item[i], scenario);
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
	check_step_list(c, steps, scenario);
}

void
rule_steps(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");
	size_t outer;

	check_step_list(c, value_get(c->root, "steps"), NULL);
	outer = rule_enter(c, "scenario");
	for (size_t i = 0; i < rule_count(list); i++) {
		size_t was = rule_enter_item(c, i);

		check_scenario(c, list->list.item[i]);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
}
