#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "core/report_int.h"

void
report_entry_free(struct entry *e)
{
	struct arena a = e->a;

	arena_free(&a);
	free(e);
}

bool
report_is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

struct entry *
report_entry_of(struct report *r, const char *source)
{
	for (size_t i = r->n; i-- && source;)
		if (report_is_same(r->queue[i]->source, source) &&
		    !r->queue[i]->is_stale)
			return r->queue[i];
	return NULL;
}

struct entry *
report_entry_new(struct report *r, const char *source)
{
	struct entry *e = mem_new(1, sizeof *e);

	e->source = arena_str(&e->a, source);
	e->number = ++r->entries;
	r->queue = mem_more(r->queue, r->n, &r->cap, sizeof *r->queue);
	r->queue[r->n++] = e;
	return e;
}

struct entry *
report_entry_keyed(struct report *r, const struct record_key *key)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = r->queue[i];

		if (e->has_plan && e->gen == key->gen &&
		    report_is_same(e->source, key->source) &&
		    report_is_same(e->variant, key->variant))
			return e;
	}
	return NULL;
}

static void
note_status(struct report *r, const struct entry *e, int status)
{
	AUTO_ARENA a = {0};
	const char *k = arena_fmt(&a, "%s\n%s", e->source ? e->source : "",
	    e->variant ? e->variant : "");
	uintptr_t old = (uintptr_t)map_get(&r->worst, k, strlen(k));
	uintptr_t gen = (uintptr_t)e->gen + 1;

	if (old >> 8 == gen)
		status = exit_worse(status, (int)(old & 0xff));
	map_set(
	    &r->worst, k, strlen(k), (void *)(gen << 8 | (uintptr_t)status));
}

static void
note_result(struct report *r, const struct entry *e, const struct result *v)
{
	static const struct {
		const char *verdict;
		int status;
	} kinds[] = {{"pass", EXIT_YES}, {"flaky", EXIT_YES},
	    {"skip", EXIT_YES}, {"fail", EXIT_NO}, {"fake", EXIT_NO},
	    {"error", EXIT_RUN}};
	size_t i = 0;

	while (i + 1 < COUNT(kinds) && strcmp(kinds[i].verdict, v->verdict))
		i++;
	if (r->again.is_repeat && !strcmp(v->verdict, "flaky"))
		note_status(r, e, EXIT_NO);
	else
		note_status(r, e, kinds[i].status);
}

static void
show(struct report *r, struct entry *e, const struct result *v)
{
	if (v && v->verdict) {
		note_result(r, e, v);
		e->is_bad |= report_is_red(v);
		e->is_told |= v->findings > 0;
	} else if (!v && !r->is_plan)
		note_status(r, e, EXIT_INPUT);
	r->tests += !v || v->verdict;
	report_show(r, e, v);
}

/* The same, of a verdict that may wait for the next running. */
static void
show_again(struct report *r, struct entry *e, struct result *v)
{
	if (r->again.is_on && v->verdict)
		v = report_again_take(r, &e, v);
	if (v)
		show(r, e, v);
}

/* out: is all of the entry told? */
static bool
show_entry(struct report *r, struct entry *e, bool is_last)
{
	if (!e->has_plan) {
		if (!e->is_settled && !is_last)
			return false;
		if (e->has_error)
			show(r, e, NULL);
		return true;
	}
	for (; e->shown < e->n; e->shown++) {
		struct result *v = &e->result[e->shown];

		if (v->is_done)
			show_again(r, e, v);
		else if (!e->is_stale && !is_last)
			return false;
		else if (!e->is_stale)
			show(r, e, v);
	}
	return true;
}

/* What is to be told once more at the end. */
static void
keep(struct report *r, struct entry *e)
{
	if (!e->is_bad && !e->is_told && !e->findings) {
		report_entry_free(e);
		return;
	}
	r->kept = mem_more(r->kept, r->keeps, &r->keep_cap, sizeof *r->kept);
	r->kept[r->keeps++] = e;
}

void
report_show_left(struct report *r)
{
	size_t at = 0;
	struct entry *e;
	const struct result *v;

	while ((v = report_again_left(r, &at, &e)))
		show(r, e, v);
	for (size_t i = 0; i < r->again.n; i++)
		keep(r, r->again.entry[i]);
	r->again.n = 0;
}

static void
retire(struct report *r, struct entry *e)
{
	report_recorded_show(r, e);
	if (r->again.is_on)
		report_again_hold(r, e);
	else
		keep(r, e);
}

static bool
is_whole(const struct entry *e)
{
	for (size_t i = e->shown; i < e->n; i++)
		if (!e->result[i].is_done && !e->is_stale)
			return false;
	return true;
}

/* Whoever is whole, while those before it wait. */
static void
show_whole(struct report *r)
{
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = r->queue[i];

		if (is_whole(e) && show_entry(r, e, false))
			retire(r, e);
		else
			r->queue[left++] = e;
	}
	r->n = left;
}

void
report_advance(struct report *r, bool is_last)
{
	size_t done = 0;

	if (r->how.is_unordered && !is_last) {
		show_whole(r);
		return;
	}
	while (done < r->n && show_entry(r, r->queue[done], is_last))
		retire(r, r->queue[done++]);
	if (!done)
		return;
	memmove(r->queue, r->queue + done, (r->n - done) * sizeof *r->queue);
	r->n -= done;
}

void
report_settle_others(struct report *r, const struct entry *but)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->queue[i] != but)
			r->queue[i]->is_settled = true;
}
