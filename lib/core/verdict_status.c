#include <string.h>
#include <strings.h>

#include "core/verdict_int.h"

/* The span's own status; where that is unset, what an attribute says of it. */
static const char *
status_of(struct judging *j, const struct seen *s)
{
	const struct span *own = verdict_span(j->file, s);

	if (!PULL_IS(own->code, "UNSET"))
		return own->code.s;
	return value_str_or(
	    verdict_value(&j->a, &own->attrs, "otel.status_code"), own->code.s);
}

static const struct seen *
other_status(struct judging *j, const struct picked *p, const char *want)
{
	const struct verdict_file *f = j->file;

	for (size_t i = 0; i < f->n; i++)
		if (p->is[i] && strcasecmp(status_of(j, &f->seen[i]), want))
			return &f->seen[i];
	return NULL;
}

static void
check_status(struct judging *j, const struct picked *p, const char *rule,
    const char *want)
{
	struct check c = {.rule = rule,
	    .code = "E205",
	    .outcome = HOLDS,
	    .expected = want,
	    .is_open = true};
	const struct seen *s = other_status(j, p, want);

	if (!p->n) {
		c.message = arena_fmt(&j->a,
		    "status %s: no span \"%s\" ever ran", want, p->pattern);
		verdict_missing(j, &c, p);
	} else if (s) {
		c.outcome = FAILS;
		c.is_open = false;
		c.actual = status_of(j, s);
		c.message =
		    arena_fmt(&j->a, "span \"%s\" has status %s, expected %s",
			s->name, c.actual, want);
		verdict_name_span(j, &c, s);
	} else
		c.message = arena_fmt(&j->a, "%zu span%s have status %s", p->n,
		    p->n == 1 ? "" : "s", want);
	verdict_check(j, &c);
}

void
verdict_status(struct judging *j, const struct value *want)
{
	const struct value *names = value_get(want, "by_name");
	const char *all = value_str_or(value_get(want, "all"), NULL);
	struct value any = {.kind = VALUE_STR};
	struct picked p;

	any.str.s = "*";
	any.str.len = 1;
	if (all) {
		p = verdict_pick(j, &any, true, false);
		check_status(j, &p, "expect.status.all", all);
	}
	for (size_t i = 0; i < value_count(names); i++) {
		const struct value_member *m = &names->table.member[i];

		any.str.s = m->key;
		any.str.len = m->len;
		p = verdict_pick(j, &any, true, false);
		check_status(j, &p,
		    arena_fmt(&j->a, "expect.status.by_name.%s", m->key),
		    value_str_or(m->value, ""));
		arena_free(&j->a);
	}
}
