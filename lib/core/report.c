#include "core/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	MAX_LOOSE = 1000,
	MAX_BARS = 400,	  /* of a test, in a picture */
	MAX_PROOFS = 400, /* of a test, in a table */
};

static const struct report_form *
main_form(const char *name)
{
	const struct report_form *form =
	    name ? report_form_of(name, strlen(name)) : NULL;

	return form ? form : &report_tap;
}

struct report *
report_new(const struct report_how *how, struct out *out)
{
	struct report *r = mem_new(1, sizeof *r);
	const struct report_form *form = main_form(how->format);

	r->how = *how;
	r->progress.ticker =
	    (struct ticker){.to = how->err, .columns = how->columns};
	r->text = (struct finding_source)FINDING_SOURCE_INIT;
	r->begun_ns = clock_mono_ns();
	r->edit.names = (struct buf)BUF_INIT;
	r->news.text = (struct buf)BUF_INIT;
	r->is_plan = form == &report_plan;
	report_view(r, form, NULL, out, NULL);
	r->is_list = r->is_plan || form == &report_failed;
	if (!r->is_list)
		report_on_github(r);
	return r;
}

/* Where the scenario stands in the file. */
static unsigned
line_of(const struct value *plan, size_t i)
{
	char key[48];
	const struct value *at;
	int64_t line;

	snprintf(key, sizeof key, "scenarios[%zu]", i);
	at = value_get(value_get(plan, "at"), key);
	if (!at || at->kind != VALUE_LIST || at->list.n < 2)
		return 0;
	line = value_int_or(at->list.item[1], 0);
	return line > 0 && line < INT32_MAX ? (unsigned)line : 0;
}

static void
name_results(struct report *r, struct entry *e, const struct value *tree)
{
	const char *test = value_str_or(
	    value_find(tree, "meta.name"), e->source ? e->source : "?");
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
		v->line = line_of(tree, i);
		v->name = n > 1 && i < n ? arena_fmt(&e->a, "%s/%s", test,
					       v->scenario ? v->scenario : "?")
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
	struct entry *e = report_entry_of(r, key.source);

	if (r->is_plan) {
		report_plan_put(r->view[0], tree);
		r->now.pass++;
		r->tests++;
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		if (report_is_same(r->queue[i]->source, key.source) &&
		    r->queue[i]->has_plan && r->queue[i]->gen < key.gen)
			r->queue[i]->is_stale = true;
	if (!e || e->has_plan)
		e = report_entry_new(r, key.source);
	e->variant = arena_str(&e->a, key.variant);
	e->gen = key.gen;
	e->has_plan = r->has_plan = true;
	report_edit_planned(r, key.gen);
	name_results(r, e, tree);
	if (!r->is_list) {
		report_own(r, e, tree);
		catalogue_plan(&r->catalogue, tree);
	}
	r->progress.planned += e->n;
	report_settle_others(r, e);
}

/* A stream without its plan: the results stand as they come. */
static struct entry *
entry_unplanned(struct report *r, const struct record_key *key)
{
	struct entry *e = report_entry_new(r, key->source);

	e->variant = arena_str(&e->a, key->variant);
	e->gen = key->gen;
	e->has_plan = true;
	return e;
}

static struct result *
result_in(struct entry *e, const char *scenario)
{
	for (size_t i = 0; e && i < e->n; i++)
		if (report_is_same(e->result[i].scenario, scenario))
			return &e->result[i];
	return NULL;
}

/* The place of the record's result; NULL for one that nobody waits for. */
static struct result *
result_of(struct report *r, const struct value *tree, struct entry **in)
{
	struct record_key key = record_key_of(tree);
	const char *name = value_str_or(value_get(tree, "scenario"), NULL);
	struct entry *e = *in = report_entry_keyed(r, &key);
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
take_start(struct report *r, const struct value *tree)
{
	struct entry *e;
	struct result *v = result_of(r, tree, &e);
	const char *id = value_str_or(value_get(tree, "id"), NULL);

	if (!v || v->is_done || !id)
		return;
	v->id = arena_str(&e->a, id);
	report_progress_start(r, id, v->name ? v->name : v->scenario);
}

/* A span that came again is the same one. */
static bool
is_drawn(const struct result *v, const struct value *tree)
{
	const char *id = value_str_or(value_get(tree, "span_id"), NULL);

	for (size_t i = 0; id && i < v->bars; i++)
		if (report_is_same(v->bar[i].id, id))
			return true;
	return false;
}

/* A span names the running, and not the scenario. */
static void
take_span(struct report *r, const struct value *tree)
{
	struct record_key key = record_key_of(tree);
	struct entry *e = r->has_bars ? report_entry_keyed(r, &key) : NULL;
	struct result *v = NULL;

	for (size_t i = 0; e && key.id && i < e->n; i++)
		if (report_is_same(e->result[i].id, key.id))
			v = &e->result[i];
	if (!v || v->is_done || is_drawn(v, tree))
		return;
	if (v->bars >= MAX_BARS) {
		v->bars_left_out++;
		return;
	}
	v->bar =
	    arena_more(&e->a, v->bar, v->bars, &v->bar_cap, sizeof *v->bar);
	v->bar[v->bars++] = report_bar(&e->a, tree);
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
	if (!v->start_ns)
		v->start_ns = report_nano(tree, "start_unix_nano");
}

static void
take_proof(
    struct arena *a, struct result *v, const struct value *tree, bool is_ok)
{
	v->proof =
	    arena_more(a, v->proof, v->proofs, &v->proof_cap, sizeof *v->proof);
	v->proof[v->proofs++] =
	    (struct proof){.rule = report_text_of(a, tree, "rule"),
		.message = report_text_of(a, tree, "message"),
		.is_ok = is_ok};
}

static void
take_check(struct report *r, const struct value *tree)
{
	struct entry *e;
	struct result *v = result_of(r, tree, &e);

	bool is_ok = value_bool_or(value_get(tree, "ok"), false);

	if (!v || v->is_done)
		return;
	if (r->has_bars && v->proofs < MAX_PROOFS)
		take_proof(&e->a, v, tree, is_ok);
	if (is_ok)
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

	if (!v || v->is_done)
		return;
	report_fill(&e->a, v, tree);
	r->progress.done++;
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
	struct entry *e = report_entry_of(r, source);

	/* What is said of the files was said the first time. */
	if (r->again.is_on && r->again.begins > 1 && is_before_plan(tree) &&
	    strcmp(severity, "error") != 0)
		return;
	if (!strcmp(severity, "warning"))
		r->now.warnings++;
	if (!e && source && is_before_plan(tree)) {
		e = report_entry_new(r, source);
		report_settle_others(r, e);
	}
	if (!e)
		e = &r->loose;
	if (e == &r->loose && e->findings >= MAX_LOOSE)
		return;
	e->has_error |= !strcmp(severity, "error");
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

/* What ran below the level `full`, or with what others had used, is said in
   every summary. */
static void
take_scenario_end(struct report *r, const struct value *tree)
{
	const struct value *isolation = value_get(tree, "isolation");
	const struct value *reused = value_get(isolation, "reused");
	const char *level = value_str_or(value_get(isolation, "level"), NULL);
	const char *id = value_str_or(value_get(tree, "id"), NULL);
	struct entry *e;
	struct result *v = result_of(r, tree, &e);
	bool is_full;
	AUTO_BUF why = BUF_INIT;
	AUTO_BUF text = BUF_INIT;

	report_edit_ran(r, record_key_of(tree).gen);
	if (id)
		report_progress_end(r, id);
	if (v && !v->is_done)
		v->level = arena_str(&e->a, level);
	is_full = level && !strcmp(level, "full");
	if (!level || (is_full && !value_count(reused)))
		return;
	if (!is_full) {
		join(&why, value_get(isolation, "missing"), "no ");
		join(&why, value_get(isolation, "notes"), why.len ? "; " : "");
	}
	join(&why, reused, why.len ? "; reused: " : "reused: ");
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
	int64_t ns = report_nano(tree, "event_unix_nano");

	for (size_t i = 0; i < r->n; i++)
		if (report_is_same(r->queue[i]->source, source) &&
		    r->queue[i]->gen < gen)
			r->queue[i]->is_stale = true;
	if (!strcmp(event, "deleted") && source)
		forget_source(r, source);
	if (strcmp(event, "initial") != 0 && ns > 0)
		report_edit_change(r, tree);
}

static void
summary(struct report *r, bool is_last)
{
	report_summary(r, is_last);
	for (size_t i = 0; i < r->keeps; i++)
		report_entry_free(r->kept[i]);
	r->keeps = 0;
	report_again_free(r);
	arena_free(&r->loose.a);
	r->loose = (struct entry){0};
	r->now = (struct totals){0};
	r->progress.planned = r->progress.done = 0;
	map_free(&r->isolation);
	r->isolation = (struct map){0};
	catalogue_free(&r->catalogue);
	r->edit.is_due = false;
}

static void
take_batch(struct report *r, const struct value *tree)
{
	int64_t gen = value_int_or(value_get(tree, "gen"), 0);

	r->edit.is_due =
	    gen == r->edit.gen && (r->edit.names.len || r->edit.is_order);
	report_settle_others(r, NULL);
	report_advance(r, false);
	r->has_batch = true;
	summary(r, false);
	r->begun_ns = clock_mono_ns();
}

static void
take_end(struct report *r, const struct value *tree)
{
	int64_t status = value_int_or(value_get(tree, "status"), EXIT_RUN);
	int64_t ns = value_int_or(value_get(tree, "duration_ns"), 0);
	const char *stage = value_str_or(value_get(tree, "stage"), "");

	if (status == EXIT_NO && !strcmp(stage, "lint") && !r->is_plan)
		status = EXIT_INPUT;
	if (status >= 128)
		r->is_interrupted = true;
	if (status < 0 || status > 255)
		status = EXIT_RUN;
	if (!report_again_forgives(r, status, stage))
		r->status = exit_worse(r->status, (int)status);
	if (ns > r->stage_ns)
		r->stage_ns = ns;
}

static void
take_begin(struct report *r, const struct value *tree)
{
	const struct value *argv = value_get(tree, "argv");
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < value_count(argv) && argv->kind == VALUE_LIST;
	     i++)
		buf_addf(&b, "%s%s", i ? " " : "",
		    value_str_or(argv->list.item[i], "?"));
	r->again.begins++;
	if (!r->command && b.len)
		r->command = buf_steal(&b);
}

static void (*const takers[])(struct report *, const struct value *) = {
    [RECORD_BEGIN] = take_begin,
    [RECORD_CHANGE] = take_change,
    [RECORD_BATCH] = take_batch,
    [RECORD_REQUEST] = report_edit_request,
    [RECORD_AFFECTED] = report_edit_affected,
    [RECORD_ATTEMPTS] = report_again_begin,
    [RECORD_DIAGNOSTIC] = take_diagnostic,
    [RECORD_PLAN] = take_plan,
    [RECORD_SCENARIO_START] = take_start,
    [RECORD_STEP] = take_step,
    [RECORD_SPAN] = take_span,
    [RECORD_SCENARIO_END] = take_scenario_end,
    [RECORD_CHECK] = take_check,
    [RECORD_VERDICT] = take_verdict,
    [RECORD_DIFF] = report_recorded_change,
    [RECORD_DIFF_SUMMARY] = report_recorded_summary,
    [RECORD_RECORDED] = report_recorded_take,
    [RECORD_END] = take_end,
};

static void
take(struct report *r, const struct record *record)
{
	AUTO_ARENA a = {0};

	if ((size_t)record->type >= COUNT(takers) || !takers[record->type])
		return;
	if (record->type == RECORD_SPAN && !r->is_list)
		catalogue_span(&r->catalogue, record);
	if (record->type == RECORD_SPAN && !r->has_bars)
		return;
	takers[record->type](r, record_value(record, &a));
	report_advance(r, false);
}

void
report_take(struct report *r, const struct record *record)
{
	for (size_t i = 0; i < r->views; i++)
		if (r->view[i]->form->record)
			r->view[i]->form->record(r->view[i], record);
	take(r, record);
}

void
report_take_own(struct report *r, const struct record *record)
{
	take(r, record);
}

/* An error verdict is a red test; the rest of status 3 is worse. */
static const char *
why_incomplete(const struct report *r)
{
	if (r->is_interrupted)
		return "interrupted: results are not complete";
	if (r->is_cut)
		return "the stream was cut: results are not complete";
	if (r->status == EXIT_RUN && !r->has_error_verdict && !r->now.error)
		return "a stage before could not run: results are not complete";
	return NULL;
}

/* The worst of all that was told. */
static int
worst_of(const struct report *r, int status)
{
	if (r->now.warnings && r->how.is_strict)
		status = exit_worse(status, EXIT_NO);
	for (size_t i = 0; i < r->worst.n; i++)
		status = exit_worse(
		    status, (int)((uintptr_t)r->worst.entry[i].value & 0xff));
	if (r->now.not_run && status < 128)
		status = exit_worse(status, EXIT_RUN);
	if (!r->tests && !r->now.not_run)
		status = exit_worse(status, EXIT_NONE);
	return status == EXIT_NONE && r->how.none_is_a_pass ? EXIT_YES : status;
}

int
report_finish(struct report *r, int status)
{
	report_hush(r);
	r->is_cut = status == EXIT_RUN;
	report_settle_others(r, NULL);
	report_advance(r, true);
	report_show_left(r);
	r->status = worst_of(r, exit_worse(status, r->status));
	r->incomplete = why_incomplete(r);
	summary(r, true);
	return exit_worse(r->status, r->file_status);
}

void
report_del(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		report_entry_free(r->queue[i]);
	report_again_free(r);
	arena_free(&r->loose.a);
	finding_source_free(&r->text);
	map_free(&r->worst);
	map_free(&r->isolation);
	catalogue_free(&r->catalogue);
	for (size_t i = 0; i < r->keeps; i++)
		report_entry_free(r->kept[i]);
	for (size_t i = 0; i < r->views; i++)
		report_view_del(r->view[i]);
	report_progress_free(r);
	report_edit_free(&r->edit);
	buf_free(&r->news.text);
	free(r->command);
	free(r->view);
	free(r->queue);
	free(r->kept);
	free(r);
}
