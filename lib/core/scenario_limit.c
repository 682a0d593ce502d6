#include <string.h>

#include "base/mem.h"
#include "core/scenario_int.h"

int64_t
scenario_limit(const struct scenario *s, const char *name)
{
	const struct value *limits = value_get(s->test->plan, "limits");

	return value_int_or(value_get(limits, name), 0);
}

static const char *
holder_of_processes(const struct scenario *s)
{
	return *s->ready.processes_by ? s->ready.processes_by : NULL;
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
	return s->level != SANDBOX_PROCESS ? "tmpfs" : NULL;
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

int
scenario_check_limits(const struct scenario *s, struct err *e)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *name = limits[i].name;

		if (scenario_limit(s, name) <= 0 || limits[i].holder(s) ||
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

/* Of the policy, the levels ask for no more than every cleanroom is. */
static const char *
unsupported_policy(const struct value *policy)
{
	static const char *const keys[] = {"allowed_network_hosts",
	    "disallowed_commands", "max_memory_mb", "max_cpu_usage"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value *v = value_get(policy, keys[i]);

		if (v && v->kind != VALUE_NULL &&
		    (v->kind != VALUE_LIST || value_count(v)))
			return keys[i];
	}
	return NULL;
}

static const char *
unsupported_artifact(const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		const char *what = value_str_or(list->list.item[i], "");

		/* Spans are in the stream, and judged, asked for or not. */
		if (strncmp(what, "spans:", 6))
			return "artifacts of logs and files";
	}
	return NULL;
}

const char *
scenario_unsupported(const struct scenario *s)
{
	const struct value *plan = s->test->plan;
	const char *what;

	if (value_count(value_get(plan, "services")))
		return "services";
	if (scenario_limit(s, "memory_mb") && !is_optional(s, "memory_mb"))
		return "limits.memory_mb";
	if (scenario_limit(s, "cpu_millicores") &&
	    !is_optional(s, "cpu_millicores"))
		return "limits.cpu_millicores";
	what = unsupported_policy(value_get(s->spec, "policy"));
	if (!what)
		what = unsupported_artifact(value_get(s->spec, "artifacts"));
	return what;
}
