#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/verdict_int.h"

/* What is counted, and where the evidence is. */
struct tally {
	const char *rule, *what;
	uint64_t found;
	bool is_missing; /* there is no span to count from */
	const struct picked *p;
};

static int64_t
bound_of(const struct value *bound, const char *key)
{
	return value_int_or(value_get(bound, key), -1);
}

void
verdict_say_bound(struct buf *b, const struct value *bound)
{
	int64_t eq = bound_of(bound, "eq"), gte = bound_of(bound, "gte");
	int64_t lte = bound_of(bound, "lte");

	if (eq >= 0) {
		buf_addf(b, "exactly %" PRId64, eq);
		return;
	}
	if (gte >= 0)
		buf_addf(b, "at least %" PRId64, gte);
	if (lte >= 0)
		buf_addf(b, "%sat most %" PRId64, gte >= 0 ? ", " : "", lte);
}

/* `eq` wins over the others. */
bool
verdict_is_within(const struct value *bound, uint64_t n)
{
	int64_t eq = bound_of(bound, "eq"), gte = bound_of(bound, "gte");
	int64_t lte = bound_of(bound, "lte");

	if (eq >= 0)
		return n == (uint64_t)eq;
	return (gte < 0 || n >= (uint64_t)gte) &&
	       (lte < 0 || n <= (uint64_t)lte);
}

int64_t
verdict_least(const struct value *bound)
{
	int64_t eq = bound_of(bound, "eq"), gte = bound_of(bound, "gte");

	return eq >= 0 ? eq : gte;
}

/* More spans can mend too few, and break what is at most so many. */
bool
verdict_is_bound_open(const struct value *bound, uint64_t n)
{
	int64_t eq = bound_of(bound, "eq"), lte = bound_of(bound, "lte");

	if (!verdict_is_within(bound, n))
		return (int64_t)n < verdict_least(bound);
	return eq >= 0 || lte >= 0;
}

static void
check_bound(struct judging *j, const struct tally *t, const struct value *bound)
{
	AUTO_BUF want = BUF_INIT;
	struct check c = {.rule = t->rule, .code = "E206", .outcome = HOLDS};

	if (!bound || bound->kind != VALUE_TABLE)
		return;
	verdict_say_bound(&want, bound);
	c.is_open = verdict_is_bound_open(bound, t->found);
	c.expected = arena_str(&j->a, want.s);
	c.actual = arena_fmt(&j->a, "%" PRIu64, t->found);
	c.message = arena_fmt(&j->a, "%s: expected %s, found %" PRIu64, t->what,
	    want.s, t->found);
	if (!verdict_is_within(bound, t->found)) {
		c.outcome = FAILS;
		if (t->is_missing && verdict_least(bound) > 0) {
			verdict_missing(j, &c, t->p);
			c.code = "E206";
			c.actual = "0";
		}
	}
	verdict_check(j, &c);
}

static bool
is_error(const struct span *s)
{
	return PULL_IS(s->code, "ERROR") ||
	       PULL_IS(span_attr(&s->attrs, "otel.status_code"), "\"ERROR\"") ||
	       PULL_IS(span_attr(&s->attrs, "error"), "true");
}

static void
count_totals(const struct verdict_file *f, uint64_t to[3])
{
	for (size_t i = 0; i < f->n; i++) {
		const struct span *s = verdict_span(f, &f->seen[i]);

		if (!f->seen[i].is_counted)
			continue;
		to[0]++;
		to[1] += s->events;
		to[2] += is_error(s);
	}
}

static void
check_totals(struct judging *j, const struct value *want)
{
	static const char *const keys[3][2] = {{"spans_total", "spans in all"},
	    {"events_total", "events in all"}, {"errors_total", "error spans"}};
	struct picked none = {.pattern = ""};
	uint64_t found[3] = {0};

	count_totals(j->file, found);
	for (size_t i = 0; i < 3; i++) {
		struct tally t = {
		    arena_fmt(&j->a, "expect.counts.%s", keys[i][0]),
		    keys[i][1], found[i], !found[0], &none};

		check_bound(j, &t, value_get(want, keys[i][0]));
	}
}

static void
check_by_name(struct judging *j, const struct value_member *m)
{
	struct value name = {.kind = VALUE_STR};
	struct picked p;
	struct tally t;

	name.str.s = m->key;
	name.str.len = m->len;
	p = verdict_pick(j, &name, verdict_least(m->value) > 0, false);
	t = (struct tally){arena_fmt(&j->a, "expect.counts.by_name.%s", m->key),
	    arena_fmt(&j->a, "spans named \"%s\"", m->key), p.n, !p.n, &p};
	check_bound(j, &t, m->value);
}

void
verdict_counts(struct judging *j, const struct value *want)
{
	const struct value *names = value_get(want, "by_name");

	check_totals(j, want);
	for (size_t i = 0; i < value_count(names); i++) {
		check_by_name(j, &names->table.member[i]);
		arena_free(&j->a);
	}
}
