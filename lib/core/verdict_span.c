#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/verdict_int.h"

/* One condition of an expected span against one candidate. */
struct asked {
	struct judging *j;
	const struct value *want; /* of the condition's member of the plan */
	const struct seen *s;
	struct picked parent;
	struct buf *expected, *actual; /* filled where it does not hold */
};

static bool
has_parent(struct asked *q)
{
	const struct verdict_file *f = q->j->file;
	size_t up = q->s->up;

	if (up != SIZE_MAX && q->parent.is[up])
		return true;
	buf_addf(q->expected, "parent \"%s\"", q->parent.pattern);
	if (up != SIZE_MAX)
		buf_addf(q->actual, "parent \"%s\"", f->seen[up].name);
	else if (*q->s->parent)
		buf_addf(
		    q->actual, "parent %s, which did not come", q->s->parent);
	else
		buf_adds(q->actual, "no parent");
	return false;
}

static bool
has_kind(struct asked *q)
{
	const char *want = value_str_or(q->want, "");

	if (!strcasecmp(q->s->kind, want))
		return true;
	for (; *want; want++)
		buf_addc(q->expected,
		    *want >= 'a' && *want <= 'z' ? (char)(*want - 32) : *want);
	buf_adds(q->actual, q->s->kind);
	return false;
}

static void
pair(struct buf *b, struct asked *q, const struct value_member *m,
    const struct value *v)
{
	if (b->len)
		buf_adds(b, ", ");
	if (v)
		buf_addf(b, "%s=%s", m->key, verdict_text(&q->j->a, v));
	else
		buf_addf(b, "no %s", m->key);
}

static bool
has_attrs(struct asked *q, bool all)
{
	const struct value *have = value_get(q->s->tree, "attributes");
	size_t hits = 0, n = value_count(q->want);

	for (size_t i = 0; i < n; i++) {
		const struct value_member *m = &q->want->table.member[i];
		const struct value_member *got =
		    value_member(have, m->key, m->len);

		if (got && verdict_is_text(&q->j->a, got->value, m->value)) {
			hits++;
			continue;
		}
		pair(q->expected, q, m, m->value);
		pair(q->actual, q, m, got ? got->value : NULL);
	}
	return all ? hits == n : hits > 0;
}

static bool
has_attrs_all(struct asked *q)
{
	return has_attrs(q, true);
}

static bool
has_attrs_any(struct asked *q)
{
	return has_attrs(q, false);
}

static bool
has_event(const struct value *events, const struct value *name)
{
	for (size_t i = 0; i < value_count(events); i++) {
		const struct value *e = events->list.item[i];
		const char *have =
		    value_str_or(value_get(e, "name"), value_str_or(e, NULL));

		if (have && !strcmp(have, value_str_or(name, "")))
			return true;
	}
	return false;
}

static void
list_events(struct buf *b, const struct value *events)
{
	for (size_t i = 0; i < value_count(events); i++)
		buf_addf(b, "%s\"%s\"", i ? ", " : "events ",
		    value_str_or(value_get(events->list.item[i], "name"), ""));
	if (!b->len)
		buf_adds(b, "no events");
}

static bool
has_events(struct asked *q, bool all)
{
	const struct value *have = value_get(q->s->tree, "events");
	size_t hits = 0, n = value_count(q->want);

	for (size_t i = 0; i < n; i++) {
		const struct value *name = q->want->list.item[i];

		if (has_event(have, name)) {
			hits++;
			continue;
		}
		buf_addf(q->expected, "%s\"%s\"",
		    q->expected->len ? ", "
		    : all	     ? "events "
				     : "one of the events ",
		    value_str_or(name, ""));
	}
	if (all ? hits == n : hits > 0)
		return true;
	list_events(q->actual, have);
	return false;
}

static bool
has_events_all(struct asked *q)
{
	return has_events(q, true);
}

static bool
has_events_any(struct asked *q)
{
	return has_events(q, false);
}

static double
number(const struct value *v, double otherwise)
{
	if (v && v->kind == VALUE_FLOAT)
		return v->f;
	return v && v->kind == VALUE_INT ? (double)v->i : otherwise;
}

/* `want` is the whole expected span: two of its members bound the duration. */
static bool
has_duration(struct asked *q)
{
	double min = number(value_get(q->want, "duration_min_ms"), -1);
	double max = number(value_get(q->want, "duration_max_ms"), -1);
	const struct seen *s = q->s;
	double ms = (double)(s->end_ns - s->start_ns) / 1e6;
	bool is_known = s->start_ns && s->end_ns >= s->start_ns;

	if (is_known && ms >= min && (max < 0 || ms <= max))
		return true;
	if (min >= 0)
		buf_addf(q->expected, "at least %g ms", min);
	if (max >= 0)
		buf_addf(
		    q->expected, "%sat most %g ms", min >= 0 ? ", " : "", max);
	if (is_known)
		buf_addf(q->actual, "%g ms", ms);
	else
		buf_adds(q->actual, "no duration");
	return false;
}

static const struct {
	const char *rule, *member;
	bool (*holds)(struct asked *q);
} conditions[] = {
    {"parent", "parent", has_parent},
    {"kind", "kind", has_kind},
    {"attrs_all", "attrs_all", has_attrs_all},
    {"attrs_any", "attrs_any", has_attrs_any},
    {"events_all", "events_all", has_events_all},
    {"events_any", "events_any", has_events_any},
    {"duration", NULL, has_duration},
};

static bool
is_asked(const struct value *want, size_t i)
{
	const struct value *v;

	if (!conditions[i].member)
		return number(value_get(want, "duration_min_ms"), -1) >= 0 ||
		       number(value_get(want, "duration_max_ms"), -1) >= 0;
	v = value_get(want, conditions[i].member);
	return v && (v->kind == VALUE_STR || value_count(v));
}

static bool
holds(struct judging *j, const struct value *want, size_t i,
    const struct picked *parent, const struct seen *s, struct buf *expected,
    struct buf *actual)
{
	const char *member = conditions[i].member;
	struct asked q = {j, member ? value_get(want, member) : want, s,
	    *parent, expected, actual};

	buf_reset(expected);
	buf_reset(actual);
	return conditions[i].holds(&q);
}

/* The span that satisfies the most conditions, the first of equals. */
static const struct seen *
closest(struct judging *j, const struct value *want, const struct picked *p,
    const struct picked *parent)
{
	AUTO_BUF expected = BUF_INIT;
	AUTO_BUF actual = BUF_INIT;
	const struct seen *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < j->file->n; i++) {
		const struct seen *s = &j->file->seen[i];
		size_t hits = 1, asked = 1;

		if (!p->is[i])
			continue;
		for (size_t k = 0; k < COUNT(conditions); k++)
			if (is_asked(want, k)) {
				asked++;
				hits += holds(
				    j, want, k, parent, s, &expected, &actual);
			}
		if (hits > most) {
			most = hits;
			best = s;
		}
		if (hits == asked)
			break;
	}
	return best;
}

/* The parent's name is one that the expectation needs. */
static bool
is_parent_missing(const struct judging *j, const struct picked *parent)
{
	for (size_t i = 0; i < j->file->n; i++)
		if (parent->is[i])
			return false;
	return true;
}

static void
check_condition(struct judging *j, const struct value *want, size_t at,
    size_t i, const struct picked *p, const struct picked *parent,
    const struct seen *s)
{
	AUTO_BUF expected = BUF_INIT;
	AUTO_BUF actual = BUF_INIT;
	struct check c = {.code = "E205", .outcome = HOLDS};
	const char *rule = conditions[i].rule;

	c.rule = arena_fmt(&j->a, "expect.span[%zu].%s", at, rule);
	verdict_name_span(j, &c, s);
	if (holds(j, want, i, parent, s, &expected, &actual)) {
		c.message = arena_fmt(
		    &j->a, "span \"%s\" matches on %s", s->name, rule);
		verdict_check(j, &c);
		return;
	}
	c.outcome = FAILS;
	c.is_open = true;
	c.message = arena_fmt(&j->a,
	    "span \"%s\" does not match on %s: "
	    "expected %s, found %s",
	    s->name, rule, expected.s, actual.s);
	if (conditions[i].holds == has_parent && is_parent_missing(j, parent))
		verdict_missing(j, &c, parent);
	else if (p->n > 1)
		c.hint = arena_fmt(&j->a,
		    "note: of %zu spans with this name this one comes closest",
		    p->n);
	c.expected = expected.s;
	c.actual = actual.s;
	verdict_check(j, &c);
}

/* out: the spans of the name, after the check that there is one */
static struct picked
check_existence(struct judging *j, const struct value *want, size_t at)
{
	struct picked p = verdict_pick(j, value_get(want, "name"), true, false);
	struct check c = {.code = "E204", .outcome = HOLDS};

	c.rule = arena_fmt(&j->a, "expect.span[%zu].existence", at);
	c.expected = "at least 1 span";
	if (p.n) {
		c.message = arena_fmt(&j->a, "span \"%s\" ran", p.pattern);
		c.actual =
		    arena_fmt(&j->a, "%zu span%s", p.n, p.n == 1 ? "" : "s");
		for (size_t i = 0; i < j->file->n && !c.spans; i++)
			if (p.is[i])
				verdict_name_span(j, &c, &j->file->seen[i]);
	} else {
		c.message = arena_fmt(
		    &j->a, "required span never ran: \"%s\"", p.pattern);
		verdict_missing(j, &c, &p);
	}
	verdict_check(j, &c);
	return p;
}

static void
check_span(struct judging *j, const struct value *want, size_t at)
{
	const struct value *above = value_get(want, "parent");
	struct picked p = check_existence(j, want, at), parent = {0};
	const struct seen *s;

	if (above && above->kind == VALUE_STR)
		parent = verdict_pick(j, above, true, true);
	if (!p.n)
		return;
	s = closest(j, want, &p, &parent);
	for (size_t i = 0; i < COUNT(conditions); i++)
		if (is_asked(want, i))
			check_condition(j, want, at, i, &p, &parent, s);
}

void
verdict_spans(struct judging *j, const struct value *want)
{
	for (size_t i = 0; i < value_count(want); i++) {
		check_span(j, want->list.item[i], i);
		arena_free(&j->a);
	}
}
