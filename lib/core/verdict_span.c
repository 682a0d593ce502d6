#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/verdict_int.h"

static bool
has_kind(struct asked *q)
{
	const char *want = value_str_or(value_get(q->w->want, "kind"), "");

	if (!strcasecmp(q->s->kind, want))
		return true;
	if (!q->expected)
		return false;
	for (; *want; want++)
		buf_addc(q->expected,
		    *want >= 'a' && *want <= 'z' ? (char)(*want - 32) : *want);
	buf_adds(q->actual, q->s->kind);
	return false;
}

static void
say_attr(struct asked *q, const struct attr_ask *ask, const struct value *got)
{
	const char *key = ask->want->key;

	if (q->expected->len) {
		buf_adds(q->expected, ", ");
		buf_adds(q->actual, ", ");
	}
	verdict_say_ask(q->w->j, ask, q->expected);
	if (got)
		buf_addf(
		    q->actual, "%s=%s", key, verdict_text(&q->w->j->a, got));
	else
		buf_addf(q->actual, "no %s", key);
	if (ask->is_hopeless)
		buf_adds(q->actual, " (the expression takes too long)");
}

/* out: how many of them it has; the others are told */
static size_t
count_attrs(struct asked *q, struct attr_asks *asks)
{
	const struct span_attrs *have =
	    &verdict_span(q->w->j->file, q->s)->attrs;
	size_t hits = 0;

	for (size_t i = 0; i < asks->n; i++) {
		struct attr_ask *ask = &asks->ask[i];

		if (verdict_attr(q->w->j, ask, have)) {
			hits++;
			continue;
		}
		q->w->is_hopeless |= ask->is_hopeless;
		if (!q->expected)
			continue;
		say_attr(q, ask,
		    json_build(&q->w->j->a, span_attr_by(have, ask->key)));
	}
	return hits;
}

static bool
has_attrs_all(struct asked *q)
{
	return count_attrs(q, &q->w->all) == q->w->all.n;
}

static bool
has_attrs_any(struct asked *q)
{
	return count_attrs(q, &q->w->any) > 0;
}

static bool
has_event(const struct span *s, const struct value *name)
{
	const char *want = value_str_or(name, "");

	for (uint32_t i = 0; i < s->events; i++)
		if (!strcmp(s->event[i].name.s, want))
			return true;
	return false;
}

static void
list_events(struct buf *b, const struct span *s)
{
	for (uint32_t i = 0; i < s->events; i++)
		buf_addf(
		    b, "%s\"%s\"", i ? ", " : "events ", s->event[i].name.s);
	if (!b->len)
		buf_adds(b, "no events");
}

static bool
has_events(struct asked *q, const char *member, bool all)
{
	const struct span *have = verdict_span(q->w->j->file, q->s);
	const struct value *want = value_get(q->w->want, member);
	size_t hits = 0, n = value_count(want);

	for (size_t i = 0; i < n; i++) {
		const struct value *name = want->list.item[i];

		if (has_event(have, name)) {
			hits++;
			continue;
		}
		if (!q->expected)
			continue;
		buf_addf(q->expected, "%s\"%s\"",
		    q->expected->len ? ", "
		    : all	     ? "events "
				     : "one of the events ",
		    value_str_or(name, ""));
	}
	if (all ? hits == n : hits > 0)
		return true;
	if (!q->expected)
		return false;
	list_events(q->actual, have);
	return false;
}

static bool
has_events_all(struct asked *q)
{
	return has_events(q, "events_all", true);
}

static bool
has_events_any(struct asked *q)
{
	return has_events(q, "events_any", false);
}

static bool
has_duration(struct asked *q)
{
	double min = value_num_or(value_get(q->w->want, "duration_min_ms"), -1);
	double max = value_num_or(value_get(q->w->want, "duration_max_ms"), -1);
	const struct seen *s = q->s;
	double ms = (double)(s->end_ns - s->start_ns) / 1e6;
	bool is_known = s->start_ns && s->end_ns >= s->start_ns;

	if (is_known && ms >= min && (max < 0 || ms <= max))
		return true;
	if (!q->expected)
		return false;
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

/* What a span is held against; `kin` is the pattern that a condition needs. */
static const struct condition {
	const char *member;
	bool (*holds)(struct asked *q);
	size_t kin; /* offset in struct wish; 0: none */
} conditions[] = {
    {"parent", verdict_has_parent, offsetof(struct wish, parent)},
    {"ancestor", verdict_has_ancestor, offsetof(struct wish, ancestor)},
    {"sibling", verdict_has_sibling, offsetof(struct wish, sibling)},
    {"follows", verdict_has_follows, offsetof(struct wish, follows)},
    {"kind", has_kind, 0},
    {"attrs_all", has_attrs_all, 0},
    {"attrs_any", has_attrs_any, 0},
    {"events_all", has_events_all, 0},
    {"events_any", has_events_any, 0},
    {"duration", has_duration, 0},
};

static bool
is_in_plan(const struct wish *w, const struct condition *c)
{
	const struct value *v = value_get(w->want, c->member);

	if (c->holds == has_duration)
		return value_num_or(
			   value_get(w->want, "duration_min_ms"), -1) >= 0 ||
		       value_num_or(
			   value_get(w->want, "duration_max_ms"), -1) >= 0;
	return v && (v->kind == VALUE_STR || value_count(v));
}

static void
note_asked(struct wish *w)
{
	for (size_t i = 0; i < COUNT(conditions); i++)
		if (is_in_plan(w, &conditions[i]))
			w->asked |= 1u << i;
}

static bool
is_asked(const struct wish *w, const struct condition *c)
{
	return w->asked >> (c - conditions) & 1;
}

static bool
holds(struct wish *w, const struct condition *c, const struct seen *s,
    struct buf *expected, struct buf *actual)
{
	struct asked q = {w, s, expected, actual};

	if (expected) {
		buf_reset(expected);
		buf_reset(actual);
	}
	return c->holds(&q);
}

/* How the spans of the name fare. */
struct match_up {
	const struct seen *best; /* of most conditions, the first of equals */
	size_t whole;		 /* spans of which all hold */
};

static struct match_up
compare(struct wish *w, bool counts)
{
	size_t asked = (size_t)__builtin_popcount(w->asked), most = 0;
	struct match_up m = {0};

	for (size_t i = 0; i < w->j->file->n; i++) {
		const struct seen *s = &w->j->file->seen[i];
		size_t hits = 0;

		if (!w->name.is[i])
			continue;
		for (size_t k = 0; k < COUNT(conditions); k++)
			hits += is_asked(w, &conditions[k]) &&
				holds(w, &conditions[k], s, NULL, NULL);
		m.whole += hits == asked;
		if (!m.best || hits > most) {
			most = hits;
			m.best = s;
		}
		if (m.whole && !counts)
			break;
	}
	return m;
}

/* The name of the other span, where there is none such. */
static const struct picked *
missing_kin(const struct wish *w, const struct condition *c)
{
	const struct picked *p = (const void *)((const char *)w + c->kin);

	if (!c->kin)
		return NULL;
	for (size_t i = 0; i < w->j->file->n; i++)
		if (p->is[i])
			return NULL;
	return p;
}

static void
check_condition(
    struct wish *w, const struct condition *cond, const struct seen *s)
{
	AUTO_BUF expected = BUF_INIT;
	AUTO_BUF actual = BUF_INIT;
	struct judging *j = w->j;
	struct check c = {.code = "E205", .outcome = HOLDS};
	const struct picked *gone = missing_kin(w, cond);

	c.rule = arena_fmt(&j->a, "expect.span[%zu].%s", w->at, cond->member);
	verdict_name_span(j, &c, s);
	w->is_hopeless = false;
	if (holds(w, cond, s, &expected, &actual)) {
		c.message = arena_fmt(
		    &j->a, "span \"%s\" matches on %s", s->name, cond->member);
		verdict_check(j, &c);
		return;
	}
	c.outcome = w->is_hopeless ? UNDECIDED : FAILS;
	c.is_open = true;
	c.message = arena_fmt(&j->a,
	    "span \"%s\" does not match on %s: "
	    "expected %s, found %s",
	    s->name, cond->member, expected.s, actual.s);
	if (gone)
		verdict_missing(j, &c, gone);
	else if (w->name.n > 1)
		c.hint = arena_fmt(&j->a,
		    "note: of %zu spans with this name this one comes closest",
		    w->name.n);
	c.expected = expected.s;
	c.actual = actual.s;
	verdict_check(j, &c);
}

static void
check_existence(struct wish *w)
{
	struct judging *j = w->j;
	const struct picked *p = &w->name;
	struct check c = {.code = "E204", .outcome = HOLDS};

	c.rule = arena_fmt(&j->a, "expect.span[%zu].existence", w->at);
	c.expected = "at least 1 span";
	if (p->n) {
		c.message = arena_fmt(&j->a, "span \"%s\" ran", p->pattern);
		c.actual =
		    arena_fmt(&j->a, "%zu span%s", p->n, p->n == 1 ? "" : "s");
		for (size_t i = 0; i < j->file->n && !c.spans; i++)
			if (p->is[i])
				verdict_name_span(j, &c, &j->file->seen[i]);
	} else {
		c.message = arena_fmt(
		    &j->a, "required span never ran: \"%s\"", p->pattern);
		verdict_missing(j, &c, p);
	}
	verdict_check(j, &c);
}

/* Why the nearest of those that do not count is none of them. */
static const char *
why_not(struct wish *w, const struct seen *s)
{
	AUTO_BUF expected = BUF_INIT;
	AUTO_BUF actual = BUF_INIT;

	for (size_t k = 0; s && k < COUNT(conditions); k++)
		if (is_asked(w, &conditions[k]) &&
		    !holds(w, &conditions[k], s, &expected, &actual))
			return arena_fmt(&w->j->a,
			    "note: the nearest other one does not match on "
			    "%s: expected %s, found %s",
			    conditions[k].member, expected.s, actual.s);
	return NULL;
}

static void
check_count(struct wish *w, const struct value *bound, struct match_up m)
{
	struct judging *j = w->j;
	struct check c = {.code = "E206", .outcome = HOLDS};
	AUTO_BUF want = BUF_INIT;

	verdict_say_bound(&want, bound);
	c.rule = arena_fmt(&j->a, "expect.span[%zu].count", w->at);
	c.expected = want.s;
	c.actual = arena_fmt(&j->a, "%zu", m.whole);
	c.is_open = verdict_is_bound_open(bound, m.whole);
	c.message = arena_fmt(&j->a,
	    "spans \"%s\" that are as asked: expected %s, found %zu of %zu",
	    w->name.pattern, want.s, m.whole, w->name.n);
	if (m.best)
		verdict_name_span(j, &c, m.best);
	if (!verdict_is_within(bound, m.whole)) {
		c.outcome = FAILS;
		if (!m.whole)
			c.hint = why_not(w, m.best);
		if (!w->name.n)
			verdict_missing(j, &c, &w->name);
		c.code = "E206";
	}
	if (w->is_hopeless)
		c.outcome = UNDECIDED;
	verdict_check(j, &c);
}

struct wish
verdict_wish(
    struct judging *j, const struct value *want, size_t at, bool needed)
{
	struct wish w = {.j = j, .want = want, .at = at};

	w.name = verdict_pick(j, value_get(want, "name"), needed, false);
	verdict_kin(&w, needed);
	note_asked(&w);
	w.all = verdict_asks(j, value_get(want, "attrs_all"));
	w.any = verdict_asks(j, value_get(want, "attrs_any"));
	return w;
}

void
verdict_wish_free(struct wish *w)
{
	verdict_asks_free(&w->all);
	verdict_asks_free(&w->any);
	verdict_kin_free(w);
}

bool
verdict_is_like(struct wish *w, const struct seen *s)
{
	for (size_t k = 0; k < COUNT(conditions); k++)
		if (is_asked(w, &conditions[k]) &&
		    conditions[k].holds != has_duration &&
		    !holds(w, &conditions[k], s, NULL, NULL))
			return false;
	return true;
}

static void
check_span(struct judging *j, const struct value *want, size_t at)
{
	const struct value *count = value_get(want, "count");
	bool has_count = count && count->kind == VALUE_TABLE;
	bool needed = !has_count || verdict_least(count) > 0;
	struct wish w = verdict_wish(j, want, at, needed);
	struct match_up m;

	if (needed)
		check_existence(&w);
	m = compare(&w, has_count);
	if (has_count)
		check_count(&w, count, m);
	for (size_t i = 0; m.best && !has_count && i < COUNT(conditions); i++)
		if (is_asked(&w, &conditions[i]))
			check_condition(&w, &conditions[i], m.best);
	verdict_wish_free(&w);
}

void
verdict_spans(struct judging *j, const struct value *want)
{
	for (size_t i = 0; i < value_count(want); i++) {
		check_span(j, want->list.item[i], i);
		verdict_quantiles(j, want->list.item[i], i);
		arena_free(&j->a);
	}
}
