/* What the policy of a scenario asks of its cleanroom, and who holds it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/scenario_service.h"

static const struct value *
policy(const struct scenario *s)
{
	return value_get(s->spec, "policy");
}

static bool
is_level(const struct scenario *s, const char *level)
{
	const struct value *v = value_get(policy(s), "security_level");

	return !strcasecmp(value_str_or(v, ""), level);
}

static bool
is_host(const struct value *of)
{
	return !strcmp(value_str_or(value_get(of, "network"), ""), "host");
}

bool
scenario_has_host_net(const struct scenario *s)
{
	const struct value *list = value_get(s->test->plan, "services");

	for (size_t i = 0; i < value_count(list); i++)
		if (is_host(list->list.item[i]))
			return true;
	return is_host(s->spec);
}

int64_t
scenario_policy_limit(const struct scenario *s, const char *name)
{
	static const struct {
		const char *name;
		int64_t most;
	} high[] = {{"processes", 512}, {"open_files", 1024}};

	for (size_t i = 0; i < COUNT(high); i++)
		if (is_level(s, "high") && !strcmp(high[i].name, name))
			return high[i].most;
	return 0;
}

/* ---- programs */

/* The directories of PATHs, each once. */
struct dirs {
	struct arena *a;
	const char **dir; /* dir[n] */
	size_t n, cap;
};

static void
add_dir(struct dirs *d, const char *dir, size_t len)
{
	if (!len || *dir != '/')
		return;
	for (size_t i = 0; i < d->n; i++)
		if (strlen(d->dir[i]) == len && !memcmp(d->dir[i], dir, len))
			return;
	d->dir = arena_more(d->a, d->dir, d->n, &d->cap, sizeof *d->dir);
	d->dir[d->n++] = arena_dup(d->a, dir, len);
}

static void
add_path(struct dirs *d, const char *path)
{
	while (path && *path) {
		size_t n = strcspn(path, ":");

		add_dir(d, path, n);
		path += n + (path[n] == ':');
	}
}

static void
add_env(struct dirs *d, const struct value *of)
{
	add_path(d, value_str_or(value_find(of, "env.PATH"), NULL));
}

/* All that a step or a service of the scenario may look through. */
static void
find_dirs(const struct scenario *s, struct dirs *d)
{
	const struct value *steps = value_get(s->spec, "steps");
	const struct value *pass = value_get(s->test->plan, "pass_env");

	add_path(d, WORLD_PATH);
	for (size_t i = 0; i < value_count(pass); i++)
		if (!strcmp(value_str_or(pass->list.item[i], ""), "PATH"))
			add_path(d, getenv("PATH"));
	for (size_t i = 0; i < value_count(steps); i++)
		add_env(d, steps->list.item[i]);
	for (size_t i = 0; i < s->services; i++) {
		char **env =
		    s->service[i].has_image ? s->service[i].image.env : NULL;

		add_env(d, s->service[i].spec);
		for (; env && *env; env++)
			if (!strncmp(*env, "PATH=", 5))
				add_path(d, *env + 5);
	}
}

static char *const *
denied(struct scenario *s)
{
	const struct value *list = value_get(policy(s), "disallowed_commands");
	struct dirs d = {.a = &s->arena};
	size_t n = 0;
	char **deny;

	if (!value_count(list))
		return NULL;
	find_dirs(s, &d);
	deny = arena_alloc(
	    &s->arena, (value_count(list) * d.n + 1) * sizeof *deny);
	for (size_t i = 0; i < value_count(list); i++) {
		const char *name = value_str_or(list->list.item[i], "");

		if (*name == '/')
			deny[n++] = (char *)name;
		else if (!*name || strchr(name, '/'))
			continue;
		else
			for (size_t k = 0; k < d.n; k++)
				deny[n++] = arena_fmt(
				    &s->arena, "%s/%s", d.dir[k], name);
	}
	return deny;
}

bool
scenario_forbids(const struct scenario *s, const char *program)
{
	const struct value *list = value_get(policy(s), "disallowed_commands");
	const char *slash = strrchr(program, '/');

	for (size_t i = 0; i < value_count(list); i++) {
		const char *name = value_str_or(list->list.item[i], "");

		if (!strcmp(name, program) ||
		    (slash && !strcmp(name, slash + 1)))
			return s->level != SANDBOX_PROCESS;
	}
	return false;
}

/* ---- all of it */

void
scenario_plan_policy(struct scenario *s, struct sandbox_plan *plan)
{
	plan->has_host_net = scenario_has_host_net(s);
	/* A control group would cost more than all the rest. */
	if (plan->limit[SANDBOX_PROCESSES] <= 0)
		plan->user_processes = scenario_limit(s, "processes");
	if (s->level == SANDBOX_PROCESS)
		return;
	plan->is_read_only = is_level(s, "high");
	plan->deny = denied(s);
}

static bool
has_high(const struct scenario *s)
{
	return is_level(s, "high");
}

static bool
has_medium(const struct scenario *s)
{
	return is_level(s, "medium");
}

static bool
has_denied(const struct scenario *s)
{
	return value_count(value_get(policy(s), "disallowed_commands"));
}

/* What each part of a policy that is written needs. */
static const struct {
	bool (*is_asked)(const struct scenario *s);
	enum sandbox_level least;
	const char *what;
} needs[] = {
    {has_high, SANDBOX_NO_PROC,
	"security_level = \"high\" needs files and a network of its own"},
    {has_medium, SANDBOX_NO_PROC,
	"security_level = \"medium\" needs a network of its own"},
    {has_denied, SANDBOX_NO_NET, "disallowed_commands needs files of its own"},
};

int
scenario_check_policy(const struct scenario *s, struct err *e)
{
	if (scenario_has_host_net(s) && !is_level(s, "low")) {
		err_set(e, "the host's network needs a policy that allows it");
		return err_hint(e, "policy.security_level = \"low\"");
	}
	for (size_t i = 0; i < COUNT(needs) && !s->host->allow_degraded; i++) {
		if (!needs[i].is_asked(s) || s->level >= needs[i].least)
			continue;
		err_set(e, "policy.%s, which level %s has not", needs[i].what,
		    sandbox_level_name(s->level));
		return err_hint(e,
		    "isolation = \"%s\" is the least that holds it; "
		    "--allow-degraded runs it without",
		    sandbox_level_name(needs[i].least));
	}
	return 0;
}

static void
add_line(struct buf *notes, const char *line)
{
	buf_addf(notes, "%s%s", notes->len ? "\n" : "", line);
}

void
scenario_add_policy_notes(const struct scenario *s, struct buf *notes)
{
	if (scenario_has_host_net(s))
		add_line(notes, "network: host, as asked");
	for (size_t i = 0; i < COUNT(needs) && s->collector; i++)
		if (needs[i].is_asked(s) && s->level < needs[i].least)
			buf_addf(notes, "%spolicy not held: %s",
			    notes->len ? "\n" : "", needs[i].what);
}
