#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "core/scenario_int.h"
#include "sys/cgroup.h"

/* What the policy of the scenario has for it; 0: nothing. */
static int64_t
policy_limit(const struct scenario *s, const char *name)
{
	const struct value *p = value_get(s->spec, "policy");
	const struct value *cpu = value_get(p, "max_cpu_usage");

	if (!strcmp(name, "memory_mb"))
		return value_int_or(value_get(p, "max_memory_mb"), 0);
	if (strcmp(name, "cpu_millicores") != 0 || !cpu)
		return 0;
	return (int64_t)(value_num_or(cpu, 0) * 1000);
}

int64_t
scenario_asked(const struct scenario *s, const char *name)
{
	const struct value *limits = value_get(s->test->plan, "limits");
	int64_t all = value_int_or(value_get(limits, name), 0);
	int64_t own = policy_limit(s, name);

	return own > 0 && (own < all || !all) ? own : all;
}

int64_t
scenario_limit(const struct scenario *s, const char *name)
{
	int64_t n = scenario_asked(s, name);

	return n > 0 ? n : scenario_policy_limit(s, name);
}

static const char *
held_by(const struct scenario *s, enum sandbox_limit limit)
{
	return *s->ready.held_by[limit] ? s->ready.held_by[limit] : NULL;
}

static const char *
holder_of_processes(const struct scenario *s)
{
	return held_by(s, SANDBOX_PROCESSES);
}

static const char *
holder_of_memory(const struct scenario *s)
{
	return held_by(s, SANDBOX_MEMORY);
}

static const char *
holder_of_cpu(const struct scenario *s)
{
	return held_by(s, SANDBOX_CPU);
}

static const char *
holder_of_files(const struct scenario *s)
{
	/* A lower hard limit of our own holds as well. */
	return s->ready.open_files > 0 &&
		       s->ready.open_files <= scenario_limit(s, "open_files")
		 ? "RLIMIT_NOFILE"
		 : NULL;
}

static const char *
holder_of_disk(const struct scenario *s)
{
	return *s->ready.disk_held_by ? s->ready.disk_held_by : NULL;
}

static const char *
holder_of_output(const struct scenario *s)
{
	(void)s;
	return "clnrm-exec";
}

static const struct {
	const char *name;
	const char *(*holder)(const struct scenario *s); /* NULL: nobody */
} limits[] = {
    {"processes", holder_of_processes},
    {"memory_mb", holder_of_memory},
    {"cpu_millicores", holder_of_cpu},
    {"open_files", holder_of_files},
    {"disk_mb", holder_of_disk},
    {"output_bytes", holder_of_output},
};

static bool
is_optional(const struct scenario *s, const char *name)
{
	const struct value *list = value_find(s->test->plan, "limits.optional");

	for (size_t i = 0; i < value_count(list); i++)
		if (!strcmp(value_str_or(list->list.item[i], ""), name))
			return true;
	return false;
}

bool
scenario_is_starved(const struct scenario *s, const struct sandbox_event *ev)
{
	if (ev->error ||
	    (WIFEXITED(ev->status) && WEXITSTATUS(ev->status) != 137))
		return false;
	return ev->is_starved ||
	       (*s->ready.memory_group &&
		   cgroup_out_of_memory(s->ready.memory_group) > 0);
}

int
scenario_check_limits(const struct scenario *s, struct err *e)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *name = limits[i].name;

		/* Nobody relies on what a security level adds; the notes say
		 * that it is not held. */
		if (scenario_asked(s, name) <= 0 || limits[i].holder(s) ||
		    is_optional(s, name))
			continue;
		err_set(e, "limits.%s cannot be held here%s%.600s", name,
		    *s->ready.notes ? ": " : " at level process",
		    s->ready.notes);
		return err_hint(
		    e, "limits.optional = [\"%s\"] accepts that", name);
	}
	return 0;
}

void
scenario_write_enforced(const struct scenario *s, struct json *j)
{
	json_open(j, "enforced", '[');
	for (size_t i = 0; i < COUNT(limits) && s->collector; i++) {
		if (scenario_limit(s, limits[i].name) <= 0 ||
		    !limits[i].holder(s))
			continue;
		json_open(j, NULL, '{');
		json_str(j, "limit", limits[i].name);
		json_str(j, "by", limits[i].holder(s));
		json_close(j, '}');
	}
	json_close(j, ']');
}
