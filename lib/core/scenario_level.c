/* Which isolation a scenario gets, and whether that will do. */
#include <string.h>

#include "core/scenario_int.h"

/* The least that will do. */
static int
least_level(const struct scenario *s)
{
	return s->host->allow_degraded
		 ? SANDBOX_PROCESS
		 : sandbox_level_of(
		       value_str_or(value_get(s->spec, "isolation"), "full"));
}

int
scenario_take_level(struct scenario *s, struct err *e)
{
	const struct scenario_host *h = s->host;
	const struct err *why = &h->why[least_level(s)];

	if (SANDBOX_FULL - h->refused < least_level(s)) {
		*e = *why;
		return err_hint(e, "%s%s--allow-degraded runs it without",
		    why->hint, *why->hint ? "; " : "");
	}
	s->level = (enum sandbox_level)(SANDBOX_FULL - h->refused);
	if (s->rooms + s->lodgers && s->level == SANDBOX_PROCESS) {
		err_set(e, "images need mounts of their own, which level "
			   "process has not");
		return err_hint(
		    e, "[images] of clnrm.conf can map them to host");
	}
	return scenario_check_policy(s, e);
}

bool
scenario_lower_level(struct scenario *s, const struct sandbox_event *ev)
{
	struct scenario_host *h = s->host;
	struct err *why = &h->why[s->level];

	if (s->level == SANDBOX_PROCESS)
		return false;
	err_set(why, "no %s isolation on this machine: %s%s%s",
	    sandbox_level_name(s->level), ev->what, ev->error ? ": " : "",
	    ev->error ? strerror(ev->error) : "");
	err_hint(why, "%s", ev->hint);
	/* Another may have come further down meanwhile. */
	if (h->refused < SANDBOX_LEVELS - (int)s->level)
		h->refused = SANDBOX_LEVELS - (int)s->level;
	return true;
}
