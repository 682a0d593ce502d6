#include <stdio.h>
#include <string.h>

#include "core/mark.h"
#include "core/verdict_int.h"

/* Somebody stopped it: that says nothing of it. */
static bool
is_cancelled(const struct running *run)
{
	const char *status = value_str_or(value_get(run->end, "status"), "");

	return !strcmp(status, "cancelled");
}

static void
mark_one(const struct verdict *v, const struct verdict_file *f,
    const struct running *run)
{
	const struct value *cache = value_get(run->end, "cache");
	const char *key = value_str_or(value_get(cache, "key"), NULL);
	bool again = value_bool_or(value_get(run->end, "cached"), false);
	bool same =
	    !again && value_bool_or(value_get(cache, "unchanged"), false);
	struct mark old, m = {MARK_FAIL, "", ""};
	AUTO_BUF dir = BUF_INIT;
	struct err e;

	if (!mark_is_key(key) || !run->id || !f->key.source ||
	    mark_directory(f->key.source, v->root, &dir, &e) < 0)
		return;
	if (run->is_green && !f->is_red)
		m.state = MARK_PASS;
	snprintf(m.id, sizeof m.id, "%s", run->id);
	snprintf(m.plan, sizeof m.plan, "%s",
	    value_str_or(value_get(f->plan, "sha256"), "-"));
	mark_read(dir.s, key, &old);
	m.state = mark_after(&old, &m, same);
	/* What cannot be marked runs again, and that is all. */
	mark_write(dir.s, key, &m, &e);
}

void
verdict_mark(const struct verdict *v, const struct verdict_file *f)
{
	for (size_t i = 0; i < f->runs; i++)
		if (f->run[i].end && !is_cancelled(&f->run[i]))
			mark_one(v, f, &f->run[i]);
}
