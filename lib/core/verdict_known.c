/* Scenarios that are expected to fail. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/verdict_int.h"

/* Dates of one length are in the order of their bytes. */
static bool
is_over(const char *until)
{
	time_t now = (time_t)(clock_wall_ns() / 1000000000);
	struct tm day;
	char today[16];

	strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &day));
	return strcmp(today, until) > 0;
}

static void
fail(struct judging *j, size_t i, struct check *c)
{
	c->code = "E208";
	c->outcome = FAILS;
	c->rule = arena_fmt(&j->file->a, "scenarios[%zu].expect_fail", i);
	verdict_check(j, c);
}

void
verdict_known(struct judging *j)
{
	struct verdict_file *f = j->file;
	size_t i = (size_t)(j->run - f->run);
	const struct value *all = value_get(f->plan, "scenarios"), *known;
	const char *until, *why;
	struct check c = {0};

	known = value_get(all->list.item[i], "expect_fail");
	until = value_str_or(value_get(known, "until"), NULL);
	why = value_str_or(value_get(known, "why"), "");
	if (!until || j->has_undecided)
		return;
	c.expected = arena_fmt(&f->a, "a failure until %s", until);
	if (!j->has_failed && !j->has_missing) {
		c.message =
		    arena_fmt(&f->a, "passed, and was to fail: %s", why);
		c.actual = "a pass";
		c.hint = "take expect_fail out of the test";
		fail(j, i, &c);
	} else if (is_over(until)) {
		c.message =
		    arena_fmt(&f->a, "fails still, after %s: %s", until, why);
		c.actual = "a failure after that day";
		c.hint = "mend what is tested, or set a later day";
		fail(j, i, &c);
	} else {
		j->known = arena_fmt(
		    &f->a, "fails, as expected until %s: %s", until, why);
	}
}
