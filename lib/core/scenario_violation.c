/*
 * What a scenario did that reaches out of its cleanroom, as records.
 */
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

void
scenario_tell_strays(struct scenario *s, const struct sandbox_event *ev)
{
	AUTO_JSON j = stage_record(s->host->stage, "violation");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "step", step_name(s, ev->step));
	json_str(&j, "kind", "network");
	json_int(&j, "count", ev->strays);
	json_null(&j, "target");
	stage_put(s->host->stage, &j);
}
