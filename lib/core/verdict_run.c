/* The runnings of a file: the one that counts, and those before it. */
#include <string.h>

#include "base/mem.h"
#include "core/verdict_int.h"

static void
forget(struct running *r)
{
	r->id = NULL;
	r->end = NULL;
	r->spans = r->violations = 0;
	memset(r->step, 0, r->steps * sizeof *r->step);
}

void
verdict_reset(struct verdict_file *f)
{
	for (size_t i = 0; i < f->runs; i++)
		forget(&f->run[i]);
	verdict_unsee(f);
}

struct running *
verdict_run_of(struct verdict_file *f, const struct value *tree)
{
	const char *name = value_str_or(value_get(tree, "scenario"), NULL);

	for (size_t i = 0; name && i < f->runs; i++)
		if (!strcmp(f->run[i].name, name))
			return &f->run[i];
	return NULL;
}

const char *
verdict_gap(struct arena *a, const struct running *run)
{
	static const char *const what[][2] = {
	    {"processes", "processes still run"},
	    {"connections", "exporter connections are open"},
	    {"parents", "parents of spans did not come"}};
	const struct value *got = value_get(run->end, "complete");
	const char *status = value_str_or(value_get(run->end, "status"), "");

	if (!run->end)
		return "a scenario never ended";
	if (!strcmp(status, "error") || !strcmp(status, "cancelled"))
		return arena_fmt(a, "scenario \"%s\" ended with status %s",
		    run->name, status);
	for (size_t i = 0; i < COUNT(what); i++)
		if (!value_bool_or(value_get(got, what[i][0]), false))
			return arena_fmt(a,
			    "the collection of spans is not "
			    "complete: %s",
			    what[i][1]);
	return NULL;
}

void
verdict_run_anew(struct verdict_file *f, struct running *run, const char *id)
{
	AUTO_ARENA a = {0};
	bool is_whole = run->id && !verdict_gap(&a, run);

	for (size_t i = 0; i < f->n; i++) {
		struct seen *s = &f->seen[i];

		if (s->run != run || !s->is_counted)
			continue;
		s->is_earlier = is_whole;
		s->is_counted = false;
	}
	run->round += run->id != NULL;
	forget(run);
	run->id = arena_str(&f->a, id);
}
