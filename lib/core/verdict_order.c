#include <string.h>

#include "core/verdict_int.h"

bool
verdict_is_before(const struct verdict_file *f, size_t a, size_t b)
{
	const struct seen *x = &f->seen[a], *y = &f->seen[b];

	if (!x->start_ns || !y->start_ns || a == b || verdict_is_above(f, b, a))
		return false;
	if (verdict_is_above(f, a, b))
		return x->start_ns < y->start_ns ||
		       x->start_ns - y->start_ns < y->blur_ns;
	return x->end_ns >= x->start_ns &&
	       (x->end_ns <= y->start_ns ||
		   x->end_ns - y->start_ns <= y->blur_ns);
}

static bool
find_pair(const struct verdict_file *f, const struct picked *first,
    const struct picked *then, size_t at[2])
{
	for (size_t a = 0; a < f->n; a++)
		for (size_t b = 0; b < f->n && first->is[a]; b++)
			if (then->is[b] && verdict_is_before(f, a, b)) {
				at[0] = a;
				at[1] = b;
				return true;
			}
	return false;
}

static void
check_order(struct judging *j, const struct value *before,
    const struct value *after, const char *rule)
{
	const struct verdict_file *f = j->file;
	struct picked first = verdict_pick(j, before, true, false);
	struct picked then = verdict_pick(j, after, true, false);
	const struct picked *gone = !first.n ? &first : !then.n ? &then : NULL;
	struct check c = {.rule = rule, .code = "E205", .outcome = HOLDS};
	size_t at[2];

	c.expected = arena_fmt(
	    &j->a, "\"%s\" before \"%s\"", first.pattern, then.pattern);
	if (gone) {
		c.message = arena_fmt(&j->a,
		    "order of %s: span \"%s\" never "
		    "ran",
		    c.expected, gone->pattern);
		verdict_missing(j, &c, gone);
	} else if (find_pair(f, &first, &then, at)) {
		c.message = arena_fmt(&j->a, "%s", c.expected);
		c.span = arena_alloc(&j->a, 2 * sizeof *c.span);
		c.span[0] = f->seen[at[0]].id;
		c.span[1] = f->seen[at[1]].id;
		c.spans = 2;
	} else {
		c.outcome = FAILS;
		c.is_open = true;
		c.actual = arena_fmt(&j->a,
		    "no \"%s\" is over before a "
		    "\"%s\" begins",
		    first.pattern, then.pattern);
		c.message = arena_fmt(&j->a, "\"%s\" does not precede \"%s\"",
		    first.pattern, then.pattern);
	}
	verdict_check(j, &c);
}

static void
check_list(struct judging *j, const struct value *want, const char *key,
    bool is_reversed)
{
	const struct value *list = value_get(want, key);

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *pair = list->list.item[i];
		const struct value *a = value_find(pair, "0");
		const struct value *b = value_find(pair, "1");

		check_order(j, is_reversed ? b : a, is_reversed ? a : b,
		    arena_fmt(&j->a, "expect.order.%s[%zu]", key, i));
		arena_free(&j->a);
	}
}

void
verdict_order(struct judging *j, const struct value *want)
{
	check_list(j, want, "must_precede", false);
	check_list(j, want, "must_follow", true);
}
