#include "core/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum { MAX_LOOSE = 1000 };

struct report *
report_new(const struct report_how *how, struct out *out)
{
	struct report *r = mem_new(1, sizeof *r);

	r->how = *how;
	r->out = out;
	r->text = (struct finding_source)FINDING_SOURCE_INIT;
	r->begun_ns = clock_mono_ns();
	return r;
}

void
report_say(struct report *r, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n > 0)
		out_add(r->out, text,
		    (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void
entry_free(struct entry *e)
{
	struct arena a = e->a;

	arena_free(&a);
	free(e);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The newest entry that waits for this source; any variant where NULL. */
static struct entry *
entry_of(struct report *r, const char *source)
{
	for (size_t i = r->n; i-- && source;)
		if (is_same(r->queue[i]->source, source) &&
		    !r->queue[i]->is_stale)
			return r->queue[i];
	return NULL;
}

static struct entry *
entry_new(struct report *r, const char *source)
{
	struct entry *e = mem_new(1, sizeof *e);

	e->source = arena_str(&e->a, source);
	r->queue = mem_more(r->queue, r->n, &r->cap, sizeof *r->queue);
	r->queue[r->n++] = e;
	return e;
}

static struct entry *
entry_keyed(struct report *r, const struct record_key *key)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = r->queue[i];

		if (e->has_plan && e->gen == key->gen &&
		    is_same(e->source, key->source) &&
		    is_same(e->variant, key->variant))
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
count_result(struct report *r, const struct entry *e, const struct result *v)
{
	static const struct {
		const char *verdict;
		size_t offset;
		int status;
	} kinds[] = {
	    {"pass", offsetof(struct totals, pass), EXIT_YES},
	    {"fail", offsetof(struct totals, fail), EXIT_NO},
	    {"fake", offsetof(struct totals, fake), EXIT_NO},
	    {"skip", offsetof(struct totals, skip), EXIT_YES},
	    {"error", offsetof(struct totals, error), EXIT_RUN},
	};
	size_t i = 0;

	while (i + 1 < COUNT(kinds) && strcmp(kinds[i].verdict, v->verdict))
		i++;
	++*(uint64_t *)((char *)&r->now + kinds[i].offset);
	note_status(r, e,
	    e->is_unsupported && kinds[i].status == EXIT_RUN ? EXIT_INPUT
							     : kinds[i].status);
	r->tests++;
}

static void
show(struct report *r, struct entry *e, const struct result *v)
{
	if (v) {
		count_result(r, e, v);
		e->is_bad |= report_is_red(v);
	} else {
		r->now.error++;
		r->tests++;
		if (r->how.format != REPORT_PLAN)
			note_status(r, e, EXIT_INPUT);
	}
	if (r->how.format == REPORT_TAP)
		report_tap_result(r, e, v);
	else
		report_text_result(r, e, v);
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
		const struct result *v = &e->result[e->shown];

		if (v->is_done)
			show(r, e, v);
		else if (!e->is_stale && !is_last)
			return false;
		else if (!e->is_stale)
			r->now.not_run++;
	}
	return true;
}

/* Tell what is known, in the order of the plan. */
static void
advance(struct report *r, bool is_last)
{
	size_t done = 0;

	while (done < r->n && show_entry(r, r->queue[done], is_last)) {
		struct entry *e = r->queue[done++];

		if (e->is_bad || e->findings) {
			r->kept = mem_more(
			    r->kept, r->keeps, &r->keep_cap, sizeof *r->kept);
			r->kept[r->keeps++] = e;
		} else
			entry_free(e);
	}
	if (!done)
		return;
	memmove(r->queue, r->queue + done, (r->n - done) * sizeof *r->queue);
	r->n -= done;
}

/* Sources pass the stages before one by one: no plan comes for these now. */
static void
settle_others(struct report *r, const struct entry *but)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->queue[i] != but)
			r->queue[i]->is_settled = true;
}

static void
name_results(struct report *r, struct entry *e, const struct value *tree)
{
	const char *test =
	    value_str_or(value_find(tree, "meta.name"), e->source);
	const struct value *expect = value_get(tree, "expect");
	const struct value *list = value_get(tree, "scenarios");
	size_t n = value_count(list);
	bool is_judged = n > 1 && expect && expect->kind == VALUE_TABLE;

	e->n = n + is_judged;
	e->result = arena_alloc(&e->a, (e->n + 1) * sizeof *e->result);
	for (size_t i = 0; i < e->n; i++) {
		struct result *v = &e->result[i];
		size_t width;

		if (i < n)
			v->scenario =
			    report_text_of(&e->a, list->list.item[i], "name");
		v->name = n > 1 && i < n
			    ? arena_fmt(&e->a, "%s/%s", test, v->scenario)
			    : arena_str(&e->a, test);
		width = utf8_count(v->name, strlen(v->name));
		if (width > r->name_width)
			r->name_width = width;
	}
}

static void
take_plan(struct report *r, const struct value *tree)
{
	struct record_key key = record_key_of(tree);
	struct entry *e = entry_of(r, key.source);

	if (r->how.format == REPORT_PLAN) {
		report_plan(r, tree);
		r->now.pass++;
		r->tests++;
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		if (is_same(r->queue[i]->source, key.source) &&
		    r->queue[i]->has_plan && r->queue[i]->gen < key.gen)
			r->queue[i]->is_stale = true;
	if (!e || e->has_plan)
		e = entry_new(r, key.source);
	e->variant = arena_str(&e->a, key.variant);
	e->gen = key.gen;
	e->has_plan = r->has_plan = true;
	name_results(r, e, tree);
	settle_others(r, e);
}

/* A stream without its plan: the results stand as they come. */
static struct entry *
entry_unplanned(struct report *r, const struct record_key *key)
{
	struct entry *e = entry_new(r, key->source);

	e->variant = arena_str(&e->a, key->variant);
	e->gen = key->gen;
	e->has_plan = true;
	return e;
}

static struct result *
result_in(struct entry *e, const char *scenario)
{
	for (size_t i = 0; e && i < e->n; i++)
		if (is_same(e->result[i].scenario, scenario))
			return &e->result[i];
	return NULL;
}

/* The place of the record's result; NULL for one that nobody waits for. */
static struct result *
result_of(struct report *r, const struct value *tree, struct entry **in)
{
	struct record_key key = record_key_of(tree);
	const char *name = value_str_or(value_get(tree, "scenario"), NULL);
	struct entry *e = *in = entry_keyed(r, &key);
	struct result *v = result_in(e, name);

	if (v || r->has_plan)
		return v;
	if (!e)
		e = *in = entry_unplanned(r, &key);
	e->result = arena_more(
	    &e->a, e->result, e->n, &e->result_cap, sizeof *e->result);
	v = &e->result[e->n++];
	v->scenario = arena_str(&e->a, name);
	return v;
}

static void
take_step(struct report *r, const struct value *tree)
{
	struct entry *e;
	struct result *v = result_of(r, tree, &e);

	if (!v || v->is_done)
		return;
	v->shot =
	    arena_more(&e->a, v->shot, v->shots, &v->shot_cap, sizeof *v->shot);
	v->shot[v->shots++] = report_shot(&e->a, tree);
}

static void
take_check(struct report *r, const struct value *tree)
{
	struct entry *e;
	struct result *v = result_of(r, tree, &e);

	if (!v || v->is_done || value_bool_or(value_get(tree, "ok"), false))
		return;
	v->finding = arena_more(&e->a, v->finding, v->findings, &v->finding_cap,
	    sizeof *v->finding);
	v->finding[v->findings++] = finding_of(&e->a, tree);
}

static void
take_verdict(struct report *r, const struct value *tree)
{
	struct entry *e;
	struct result *v = result_of(r, tree, &e);

	if (v && !v->is_done)
		report_fill(&e->a, v, tree);
}

static bool
is_before_plan(const struct value *tree)
{
	const char *stage = value_str_or(value_get(tree, "stage"), "");

	return !strcmp(stage, "render") || !strcmp(stage, "lint");
}

static void
take_diagnostic(struct report *r, const struct value *tree)
{
	const char *source = value_str_or(value_get(tree, "source"), NULL);
	const char *severity =
	    value_str_or(value_get(tree, "severity"), "error");
	struct entry *e = entry_of(r, source);

	if (!strcmp(severity, "warning"))
		r->now.warnings++;
	if (!e && source && is_before_plan(tree)) {
		e = entry_new(r, source);
		settle_others(r, e);
	}
	if (!e)
		e = &r->loose;
	if (e == &r->loose && e->findings >= MAX_LOOSE)
		return;
	e->has_error |= !strcmp(severity, "error");
	e->is_unsupported |=
	    !strcmp(value_str_or(value_get(tree, "code"), ""), "E405");
	e->finding = arena_more(&e->a, e->finding, e->findings, &e->finding_cap,
	    sizeof *e->finding);
	e->finding[e->findings++] = finding_of(&e->a, tree);
}

static void
join(struct buf *b, const struct value *list, const char *first)
{
	for (size_t i = 0; i < value_count(list); i++)
		buf_addf(b, "%s%s", i ? ", " : first,
		    value_str_or(list->list.item[i], "?"));
}

/* What ran below the level `full` is said in every summary. */
static void
take_scenario_end(struct report *r, const struct value *tree)
{
	const struct value *isolation = value_get(tree, "isolation");
	const char *level = value_str_or(value_get(isolation, "level"), NULL);
	AUTO_BUF why = BUF_INIT;
	AUTO_BUF text = BUF_INIT;

	if (!level || !strcmp(level, "full"))
		return;
	join(&why, value_get(isolation, "missing"), "no ");
	join(&why, value_get(isolation, "notes"), why.len ? "; " : "");
	buf_adds(&text, level);
	if (why.len) {
		buf_adds(&text, " (");
		utf8_print(&text, why.s, why.len);
		buf_adds(&text, ")");
	}
	map_set(&r->isolation, text.s, text.len, r);
}

/* What is no more cannot be red. */
static void
forget_source(struct report *r, const char *source)
{
	size_t n = strlen(source);

	for (size_t i = 0; i < r->worst.n; i++) {
		struct map_entry *it = &r->worst.entry[i];

		if (it->value && it->len > n && it->key[n] == '\n' &&
		    !memcmp(it->key, source, n))
			it->value = (void *)(uintptr_t)(1 << 8);
	}
}

static void
take_change(struct report *r, const struct value *tree)
{
	const char *event = value_str_or(value_get(tree, "event"), "");
	const char *source = value_str_or(value_get(tree, "source"), NULL);
	int64_t gen = value_int_or(value_get(tree, "gen"), 0);
	const char *at = value_str_or(value_get(tree, "event_unix_nano"), NULL);
	int64_t ns = at ? strtoll(at, NULL, 10) : 0;

	for (size_t i = 0; i < r->n; i++)
		if (is_same(r->queue[i]->source, source) &&
		    r->queue[i]->gen < gen)
			r->queue[i]->is_stale = true;
	if (!strcmp(event, "deleted") && source)
		forget_source(r, source);
	if (!strcmp(event, "initial") || ns <= 0)
		return;
	if (gen != r->edit_gen)
		r->begun_ns = clock_mono_ns();
	if (gen != r->edit_gen || !r->first_edit_ns || ns < r->first_edit_ns)
		r->first_edit_ns = ns;
	r->edit_gen = gen;
}

static void
summary(struct report *r, bool is_last, int status)
{
	if (r->how.format == REPORT_TAP)
		report_tap_summary(r, is_last, status);
	else
		report_text_summary(r, is_last, status);
	for (size_t i = 0; i < r->keeps; i++)
		entry_free(r->kept[i]);
	r->keeps = 0;
	arena_free(&r->loose.a);
	r->loose = (struct entry){0};
	r->now = (struct totals){0};
	map_free(&r->isolation);
	r->isolation = (struct map){0};
	if (r->is_edit_due)
		r->first_edit_ns = 0;
	r->is_edit_due = false;
}

static void
take_batch(struct report *r, const struct value *tree)
{
	int64_t gen = value_int_or(value_get(tree, "gen"), 0);

	r->is_edit_due = gen == r->edit_gen && r->first_edit_ns;
	settle_others(r, NULL);
	advance(r, false);
	r->has_batch = true;
	summary(r, false, 0);
	r->begun_ns = clock_mono_ns();
}

static void
take_end(struct report *r, const struct value *tree)
{
	int64_t status = value_int_or(value_get(tree, "status"), EXIT_RUN);
	int64_t ns = value_int_or(value_get(tree, "duration_ns"), 0);
	const char *stage = value_str_or(value_get(tree, "stage"), "");

	if (status == EXIT_NO && !strcmp(stage, "lint") &&
	    r->how.format != REPORT_PLAN)
		status = EXIT_INPUT;
	if (status >= 128)
		r->is_interrupted = true;
	if (status < 0 || status > 255)
		status = EXIT_RUN;
	r->status = exit_worse(r->status, (int)status);
	if (ns > r->stage_ns)
		r->stage_ns = ns;
}

static void (*const takers[])(struct report *, const struct value *) = {
    [RECORD_CHANGE] = take_change,
    [RECORD_BATCH] = take_batch,
    [RECORD_DIAGNOSTIC] = take_diagnostic,
    [RECORD_PLAN] = take_plan,
    [RECORD_STEP] = take_step,
    [RECORD_SCENARIO_END] = take_scenario_end,
    [RECORD_CHECK] = take_check,
    [RECORD_VERDICT] = take_verdict,
    [RECORD_END] = take_end,
};

void
report_take(struct report *r, const struct record *record)
{
	AUTO_ARENA a = {0};

	if ((size_t)record->type >= COUNT(takers) || !takers[record->type])
		return;
	takers[record->type](r, record_value(record, &a));
	advance(r, false);
}

int
report_finish(struct report *r, int status)
{
	r->is_cut = status == EXIT_RUN;
	status = exit_worse(status, r->status);
	settle_others(r, NULL);
	if (r->now.warnings && r->how.is_strict)
		status = exit_worse(status, EXIT_NO);
	advance(r, true);
	for (size_t i = 0; i < r->worst.n; i++)
		status = exit_worse(
		    status, (int)((uintptr_t)r->worst.entry[i].value & 0xff));
	if (r->now.not_run && status < 128)
		status = exit_worse(status, EXIT_RUN);
	if (!r->tests && !r->now.not_run && !r->how.none_is_a_pass)
		status = exit_worse(status, EXIT_NONE);
	summary(r, true, status);
	return status;
}

void
report_del(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		entry_free(r->queue[i]);
	arena_free(&r->loose.a);
	finding_source_free(&r->text);
	map_free(&r->worst);
	map_free(&r->isolation);
	for (size_t i = 0; i < r->keeps; i++)
		entry_free(r->kept[i]);
	free(r->queue);
	free(r->kept);
	free(r);
}
