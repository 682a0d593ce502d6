/*
 * What a scenario did that reaches out of its cleanroom, as records.
 */
#include <stdlib.h>
#include <string.h>

#include "core/scenario_int.h"

/* NULL for a service's. */
static const char *
step_name(const struct scenario *s, uint32_t id)
{
	const struct value *steps = value_get(s->spec, "steps");

	return id < value_count(steps)
		 ? value_str_or(value_get(steps->list.item[id], "name"), "")
		 : NULL;
}

struct json
scenario_violation(
    struct scenario *s, const char *step, const char *kind, int64_t count)
{
	struct json j = stage_record(s->host->stage, "violation");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "step", step);
	json_str(&j, "kind", kind);
	json_int(&j, "count", count);
	return j;
}

void
scenario_tell_strays(struct scenario *s, const struct sandbox_event *ev)
{
	const char *step = step_name(s, ev->step);
	int64_t left = ev->strays - scenario_name_strays(s, step);
	AUTO_JSON j = JSON_INIT;

	if (left <= 0)
		return;
	j = scenario_violation(s, step, "network", left);
	json_null(&j, "target");
	stage_put(s->host->stage, &j);
}

/* path NULL: so many more. */
static void
tell_write(struct scenario *s, const char *service, const char *op,
    const char *path, int64_t count)
{
	AUTO_JSON j = scenario_violation(s, NULL, "file", count);

	json_str(&j, "service", service);
	json_str(&j, "op", op);
	json_str(&j, "path", path);
	stage_put(s->host->stage, &j);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct sandbox_write *)a)->path,
	    ((const struct sandbox_write *)b)->path);
}

void
scenario_tell_writes(
    struct scenario *s, bool reused, const struct sandbox_event *ev)
{
	const char *service = scenario_room_name(s, reused, ev->room);
	static const char *const op[] = {[SANDBOX_CREATED] = "created",
	    [SANDBOX_CHANGED] = "changed",
	    [SANDBOX_DELETED] = "deleted"};

	qsort(ev->write, ev->writes, sizeof *ev->write, by_path);
	for (size_t i = 0; i < ev->writes; i++)
		tell_write(
		    s, service, op[ev->write[i].op], ev->write[i].path, 1);
	if (ev->more)
		tell_write(s, service, NULL, NULL, ev->more);
	free(ev->write);
}
