#include <string.h>

#include "core/verdict_int.h"

static bool
is_timed(const struct seen *s)
{
	return s->start_ns && s->end_ns >= s->start_ns;
}

/* a - b, at most two milliseconds: nobody asks for more. */
static int64_t
behind(uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a;
	int64_t ns = apart < 2 * NS_OF_MS ? (int64_t)apart : 2 * NS_OF_MS;

	return a > b ? ns : -ns;
}

/* Is there a shift of the one against the other, within what their clocks
 * leave open, that makes it so? */
static bool
is_inside(const struct seen *in, const struct seen *out)
{
	int64_t least = behind(out->start_ns, in->start_ns);
	int64_t most = behind(out->end_ns, in->end_ns);

	return is_timed(in) && is_timed(out) && least <= most &&
	       least <= (int64_t)in->blur_ns && most >= -(int64_t)out->blur_ns;
}

/* The first span of `in` that lies in none of `out`, or NULL. */
static const struct seen *
astray(const struct verdict_file *f, const struct picked *in,
    const struct picked *out)
{
	for (size_t i = 0; i < f->n; i++) {
		bool is_held = !in->is[i];

		for (size_t k = 0; k < f->n && !is_held; k++)
			is_held = out->is[k] && k != i &&
				  is_inside(&f->seen[i], &f->seen[k]);
		if (!is_held)
			return &f->seen[i];
	}
	return NULL;
}

static void
say_astray(struct judging *j, struct check *c, const struct picked *out,
    const struct seen *s)
{
	const struct verdict_file *f = j->file;
	const char *how = "outside every one of them";

	for (size_t k = 0; k < f->n && out->n == 1; k++)
		if (out->is[k] && is_timed(&f->seen[k]))
			how = behind(f->seen[k].start_ns, s->start_ns) >
				      (int64_t)s->blur_ns
				? "it started before"
				: "it ended after";
	if (!is_timed(s))
		how = "it has no start and end";
	c->outcome = FAILS;
	c->actual = how;
	c->message =
	    arena_fmt(&j->a, "span \"%s\" is not within span \"%s\": %s",
		s->name, out->pattern, how);
	c->is_open = true; /* one more outer span could hold it */
	verdict_name_span(j, c, s);
}

static void
check_window(struct judging *j, const struct value *outer,
    const struct value *inner, const char *rule)
{
	struct picked out = verdict_pick(j, outer, true, false);
	struct picked in = verdict_pick(j, inner, true, false);
	const struct picked *gone = !out.n ? &out : !in.n ? &in : NULL;
	struct check c = {.rule = rule, .code = "E205", .outcome = HOLDS};
	const struct seen *s = gone ? NULL : astray(j->file, &in, &out);

	c.expected = arena_fmt(
	    &j->a, "every \"%s\" within a \"%s\"", in.pattern, out.pattern);
	if (gone) {
		c.message = arena_fmt(&j->a,
		    "window \"%s\" around \"%s\": span \"%s\" never ran",
		    out.pattern, in.pattern, gone->pattern);
		verdict_missing(j, &c, gone);
	} else if (s)
		say_astray(j, &c, &out, s);
	else {
		c.is_open = true;
		c.message = arena_fmt(&j->a, "every \"%s\" is within a \"%s\"",
		    in.pattern, out.pattern);
	}
	verdict_check(j, &c);
}

void
verdict_windows(struct judging *j, const struct value *want)
{
	for (size_t i = 0; i < value_count(want); i++) {
		const struct value *window = want->list.item[i];
		const struct value *in = value_get(window, "contains");

		for (size_t k = 0; k < value_count(in); k++) {
			check_window(j, value_get(window, "outer"),
			    in->list.item[k],
			    arena_fmt(&j->a, "expect.window[%zu].contains[%zu]",
				i, k));
			arena_free(&j->a);
		}
	}
}
