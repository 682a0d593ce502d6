#include "core/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "core/verdict_int.h"

/* Which tables of [expect] there are, and who judges each. */
static const struct {
	const char *member;
	void (*judge)(struct judging *j, const struct value *want);
} tables[] = {
    {"spans", verdict_spans},
    {"counts", verdict_counts},
    {"graph", verdict_graph},
    {"windows", verdict_windows},
    {"order", verdict_order},
    {"status", verdict_status},
    {"hermeticity", verdict_hermeticity},
};

static void
put_file_key(struct buf *b, const struct record_key *key)
{
	buf_adds(b, key->source ? key->source : "");
	buf_addc(b, '\n');
	buf_adds(b, key->variant ? key->variant : "");
}

static const char *
file_key(struct arena *a, const struct record_key *key)
{
	AUTO_BUF b = BUF_INIT;

	put_file_key(&b, key);
	return arena_dup(a, b.s, b.len);
}

static void
file_free(struct verdict_file *f)
{
	struct arena a = f->a;

	verdict_unsee(f);
	arena_free(&a);
	free(f);
}

static void
drop(struct verdict *v, const struct record_key *key)
{
	AUTO_ARENA a = {0};
	const char *k = file_key(&a, key);
	struct verdict_file *f = map_del(&v->files, k, strlen(k));

	if (f)
		file_free(f);
}

/* The file that the record speaks of, of the same gen. */
static struct verdict_file *
file_by(struct verdict *v, const struct record_key *key)
{
	AUTO_BUF k = BUF_INIT;
	struct verdict_file *f;

	put_file_key(&k, key);
	f = map_get(&v->files, k.s, k.len);
	return f && f->key.gen == key->gen ? f : NULL;
}

static struct verdict_file *
file_of(struct verdict *v, const struct value *tree)
{
	struct record_key key = record_key_of(tree);

	return file_by(v, &key);
}

static int64_t
newest(const struct verdict *v, const char *source)
{
	uintptr_t known =
	    (uintptr_t)map_get(&v->newest, source, strlen(source));

	return (int64_t)known - 1;
}

static void
note_gen(struct verdict *v, const struct value *tree)
{
	const char *source = value_str_or(value_get(tree, "source"), NULL);
	int64_t gen = value_int_or(value_get(tree, "gen"), -1);

	if (source && gen > newest(v, source))
		map_set(&v->newest, source, strlen(source),
		    (void *)(uintptr_t)(gen + 1));
}

static void
make_runs(struct verdict_file *f)
{
	const struct value *list = value_get(f->plan, "scenarios");

	f->runs = value_count(list);
	f->run = arena_alloc(&f->a, (f->runs + 1) * sizeof *f->run);
	for (size_t i = 0; i < f->runs; i++) {
		const struct value *s = list->list.item[i];
		struct running *r = &f->run[i];

		r->name = value_str_or(value_get(s, "name"), "");
		r->steps = value_count(value_get(s, "steps"));
		r->step = arena_alloc(&f->a, (r->steps + 1) * sizeof *r->step);
	}
}

static void
take_plan(struct verdict *v, const struct record *r)
{
	struct verdict_file *f = mem_new(1, sizeof *f);
	const char *k;

	f->plan = record_value(r, &f->a);
	f->key = record_key_of(f->plan);
	f->key.id = NULL;
	f->given_gen = -1;
	f->spans.text = (struct buf)BUF_INIT;
	note_gen(v, f->plan);
	make_runs(f);
	drop(v, &f->key);
	k = file_key(&f->a, &f->key);
	map_set(&v->files, k, strlen(k), f);
}

static void
take_start(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);
	struct verdict_file *f = file_of(v, tree);
	struct running *run = f ? verdict_run_of(f, tree) : NULL;

	if (run)
		verdict_run_anew(
		    f, run, value_str_or(value_get(tree, "id"), NULL));
}

static void
take_step(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);
	struct verdict_file *f = file_of(v, tree);
	struct running *run = f ? verdict_run_of(f, tree) : NULL;
	int64_t index = value_int_or(value_get(tree, "index"), -1);

	if (run && index >= 0 && (size_t)index < run->steps)
		run->step[index] = record_value(r, &f->a);
}

static void
take_violation(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct verdict_file *f = file_of(v, record_value(r, &a));

	if (f)
		verdict_charge(f, record_value(r, &f->a));
}

static bool
has_expect(const struct verdict_file *f)
{
	const struct value *expect = value_get(f->plan, "expect");

	return expect && expect->kind == VALUE_TABLE;
}

void
verdict_take_span(struct verdict *v, struct verdict_file *f,
    const struct record *r, const char *id)
{
	struct err e;

	err_reset(&e);
	if (verdict_see(f, r, id, &e) == 0)
		return;
	e.line = (unsigned)r->number;
	stage_diagnose(v->stage, f->key.source, "error", "E502", &e);
	stage_status(v->stage, EXIT_INPUT);
}

static void
take_span(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct record_key key = record_key_read(r, &a);
	struct verdict_file *f = file_by(v, &key);

	if (f)
		verdict_take_span(v, f, r, key.id);
}

static void
judge_expect(struct judging *j)
{
	struct verdict_file *f = j->file;
	const struct value *expect = value_get(f->plan, "expect");

	for (size_t i = 0; i < f->runs && !f->incomplete && !f->is_trace; i++)
		f->incomplete = verdict_gap(&f->a, &f->run[i]);
	verdict_link(f);
	for (size_t i = 0; i < COUNT(tables); i++) {
		const struct value *want = value_get(expect, tables[i].member);

		if (want && want->kind != VALUE_NULL)
			tables[i].judge(j, want);
		arena_free(&j->a);
	}
}

/* The scenario could not run or was stopped: there is no evidence. */
static const char *
why_error(const struct judging *j)
{
	const struct running *r = j->run;
	const char *status;

	if (j->file->is_trace && !has_expect(j->file))
		return "spans cannot show it: the test has no [expect]";
	if (!r || j->file->is_trace)
		return NULL;
	status = value_str_or(value_get(r->end, "status"), NULL);
	if (!r->end)
		return "the scenario never ended";
	if (status && !strcmp(status, "error"))
		return j->file->trouble ? j->file->trouble
					: "the scenario could not run";
	if (status && !strcmp(status, "cancelled"))
		return "the scenario was cancelled";
	return NULL;
}

/* Something else failed, and nobody waited for this. */
static bool
is_left(const struct judging *j)
{
	const struct verdict_file *f = j->file;

	if (!j->v->is_stopped)
		return false;
	if (j->run)
		return !j->run->end;
	for (size_t i = 0; i < f->runs; i++)
		if (!f->run[i].end)
			return true;
	return false;
}

static const char *
decide(struct judging *j)
{
	const struct verdict_file *f = j->file;
	const char *why = why_error(j);
	const char *status =
	    j->run ? value_str_or(value_get(j->run->end, "status"), "") : "";

	if (is_left(j)) {
		j->first_rule = "expect";
		j->first_message = "another test failed before (--fail-fast)";
		return "skip";
	}
	if (why) {
		j->first_rule = !j->run
				  ? "expect"
				  : arena_fmt(&j->file->a, "scenarios[%zu]",
					(size_t)(j->run - f->run));
		j->first_message = why;
		return "error";
	}
	if (!strncmp(status, "skip", 4) ||
	    (f->is_trace && j->run && f->runs > 1))
		return "skip";
	for (size_t i = 0; i < f->runs && !j->run; i++)
		if (f->run[i].is_output_bad && j->has_missing)
			j->has_failed = true;
	if (j->known && (j->has_failed || j->has_missing)) {
		j->first_message = j->known;
		return "skip";
	}
	return j->has_failed	? "fail"
	     : j->has_undecided ? "error"
	     : j->has_missing	? "fake"
				: "pass";
}

static int
status_of(const char *verdict)
{
	if (!strcmp(verdict, "error"))
		return EXIT_RUN;
	return strcmp(verdict, "pass") && strcmp(verdict, "skip") ? EXIT_NO
								  : EXIT_YES;
}

/* The last gen of a file decides, however red an earlier one was. */
static void
note_status(struct verdict *v, const struct verdict_file *f, int status)
{
	AUTO_ARENA a = {0};
	const char *k = file_key(&a, &f->key);
	uintptr_t old = (uintptr_t)map_get(&v->worst, k, strlen(k));
	uintptr_t gen = (uintptr_t)f->key.gen + 1;

	if (old >> 8 == gen)
		status = exit_worse(status, (int)(old & 0xff));
	map_set(
	    &v->worst, k, strlen(k), (void *)(gen << 8 | (uintptr_t)status));
}

static void
put_counts(struct json *j, const struct judging *g)
{
	const struct verdict_file *f = g->file;
	size_t spans = 0, found = 0;

	for (size_t i = 0; i < f->runs; i++)
		if (!g->run || g->run == &f->run[i])
			spans += f->run[i].spans;
	for (size_t i = 0; i < f->n && f->is_trace; i++)
		spans += f->seen[i].is_counted;
	for (size_t i = 0; i < g->needs.n; i++)
		found += (uintptr_t)g->needs.entry[i].value == 2;
	json_open(j, "counts", '{');
	json_int(j, "checks", (int64_t)g->checks);
	json_int(j, "failed", (int64_t)g->failed);
	json_int(j, "spans", (int64_t)spans);
	json_int(j, "spans_required", (int64_t)g->needs.n);
	json_int(j, "spans_found", (int64_t)found);
	json_close(j, '}');
}

static void
put_failure(struct json *j, const struct judging *g)
{
	if (!g->first_rule) {
		json_null(j, "first_failure");
		return;
	}
	json_open(j, "first_failure", '{');
	json_str(j, "rule", g->first_rule);
	json_str(j, "message", g->first_message);
	json_close(j, '}');
}

static void
put_times(struct json *j, const struct judging *g)
{
	const struct verdict_file *f = g->file;
	bool is_cached = f->runs > 0;
	int64_t ns = 0;

	for (size_t i = 0; i < f->runs; i++) {
		const struct value *end = f->run[i].end;

		if (g->run && g->run != &f->run[i])
			continue;
		ns += value_int_or(value_get(end, "duration_ns"), 0);
		is_cached &= value_bool_or(value_get(end, "cached"), false);
	}
	json_int(j, "duration_ns", ns);
	json_bool(j, "cached", is_cached);
}

/* What the file says beside, and nobody looks at. */
static void
put_unjudged(struct json *j, const struct judging *g)
{
	const struct value *list = value_get(g->file->plan, "unjudged");

	json_open(j, "unjudged", '[');
	for (size_t i = 0; i < value_count(list); i++)
		json_value(j, NULL, list->list.item[i]);
	json_close(j, ']');
}

static void
put_verdict(struct judging *g)
{
	struct verdict_file *f = g->file;
	const char *test =
	    value_str_or(value_find(f->plan, "meta.name"), f->key.source);
	const char *verdict = decide(g);
	AUTO_JSON j = stage_record(g->v->stage, "verdict");
	struct record_key key = f->key;

	key.id = g->run ? g->run->id : NULL;
	record_key(&j, &key);
	json_str(&j, "scenario", g->run ? g->run->name : NULL);
	if (g->run && f->runs > 1)
		test = arena_fmt(&f->a, "%s/%s", test, g->run->name);
	json_str(&j, "name", test);
	json_str(&j, "verdict", verdict);
	put_failure(&j, g);
	put_counts(&j, g);
	json_str(&j, "plan_sha256",
	    value_str_or(value_get(f->plan, "sha256"), NULL));
	verdict_digest(g, verdict, &j);
	put_times(&j, g);
	put_unjudged(&j, g);
	stage_put(g->v->stage, &j);
	note_status(g->v, f, status_of(verdict));
	g->v->is_red |= status_of(verdict) != EXIT_YES;
	if (g->run)
		g->run->is_green = !strcmp(verdict, "pass");
	else
		f->is_red = strcmp(verdict, "pass") != 0;
}

/* run NULL: the verdict of the file on its [expect]. */
static void
judge(struct verdict *v, struct verdict_file *f, struct running *run)
{
	struct judging j = {.v = v, .file = f, .run = run};
	int64_t start_ns = clock_mono_ns();
	const struct value *status = run ? value_get(run->end, "status") : NULL;
	bool is_over = !run || run->end || f->is_trace;

	if (is_over && strncmp(value_str_or(status, ""), "skip", 4)) {
		if (run && !f->is_trace)
			verdict_steps(&j, (size_t)(run - f->run));
		if (has_expect(f) && (!run || f->runs == 1) && !is_left(&j))
			judge_expect(&j);
		if (run && !why_error(&j))
			verdict_known(&j);
	}
	verdict_tell(&j);
	put_verdict(&j);
	map_free(&j.needs);
	arena_free(&j.a);
	metric_sample(v->stage->metrics, "validation.duration_ms",
	    (double)(clock_mono_ns() - start_ns) / 1e6);
}

static bool
is_cancelled(const struct running *run)
{
	const struct value *status = value_get(run->end, "status");

	return !strcmp(value_str_or(status, ""), "cancelled");
}

/* Of what was given nothing is judged yet: the file may have run again. */
static void
settle_file(struct verdict *v, struct verdict_file *f)
{
	for (size_t k = 0; k < f->runs; k++)
		if (!f->run[k].end || v->is_given)
			judge(v, f, &f->run[k]);
	if (f->runs > 1 && has_expect(f))
		judge(v, f, NULL);
	if (v->marks && !v->is_given)
		verdict_mark(v, f);
	drop(v, &f->key);
}

static void
take_scenario_end(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);
	struct verdict_file *f = file_of(v, tree);
	struct running *run = f ? verdict_run_of(f, tree) : NULL;

	if (!run || run->end)
		return;
	run->end = record_value(r, &f->a);
	if (!run->id)
		run->id = value_str_or(value_get(run->end, "id"), NULL);
	if (is_cancelled(run) && newest(v, f->key.source) > f->key.gen) {
		drop(v, &f->key);
		return;
	}
	judge(v, f, run);
	for (size_t i = 0; i < f->runs; i++)
		if (!f->run[i].end)
			return;
	settle_file(v, f);
}

static void
take_change(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);
	const char *event = value_str_or(value_get(tree, "event"), "");
	const char *source = value_str_or(value_get(tree, "source"), "");
	size_t n = strlen(source);

	note_gen(v, tree);
	if (strcmp(event, "deleted"))
		return;
	for (size_t i = 0; i < v->worst.n; i++) {
		struct map_entry *it = &v->worst.entry[i];

		if (it->value && it->len > n && it->key[n] == '\n' &&
		    !memcmp(it->key, source, n))
			it->value = (void *)(uintptr_t)(1 << 8);
	}
}

/* What the runner says of a source explains an `error` of its scenarios. */
static void
take_diagnostic(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);
	const char *source = value_str_or(value_get(tree, "source"), NULL);
	const char *level = value_str_or(value_get(tree, "severity"), "");
	const char *text = value_str_or(value_get(tree, "message"), "");

	if (!source || strcmp(level, "error"))
		return;
	for (size_t i = 0; i < v->files.n; i++) {
		struct verdict_file *f = v->files.entry[i].value;

		if (!f || strcmp(f->key.source, source))
			continue;
		f->trouble = arena_str(&f->a, text);
	}
}

/* Judge what never ended; in order of the plans. */
static void
settle_all(struct verdict *v)
{
	for (size_t i = 0; i < v->files.n; i++)
		if (v->files.entry[i].value)
			settle_file(v, v->files.entry[i].value);
}

static void
drop_all(struct verdict *v)
{
	for (size_t i = 0; i < v->files.n; i++)
		if (v->files.entry[i].value)
			file_free(v->files.entry[i].value);
	map_free(&v->files);
	v->files = (struct map){0};
}

/* After an interrupt nothing is said of what did not get its turn. */
static void
take_end(struct verdict *v, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *tree = record_value(r, &a);

	if (strcmp(value_str_or(value_get(tree, "stage"), ""), "exec"))
		return;
	if (value_int_or(value_get(tree, "status"), 0) >= 128)
		drop_all(v);
	else
		settle_all(v);
}

static void (*const takers[])(struct verdict *, const struct record *) = {
    [RECORD_PLAN] = take_plan,
    [RECORD_SCENARIO_START] = take_start,
    [RECORD_STEP] = take_step,
    [RECORD_SPAN] = take_span,
    [RECORD_VIOLATION] = take_violation,
    [RECORD_SCENARIO_END] = take_scenario_end,
    [RECORD_CHANGE] = take_change,
    [RECORD_DIAGNOSTIC] = take_diagnostic,
    [RECORD_END] = take_end,
};

void
verdict_take(struct verdict *v, const struct record *r)
{
	bool is_end = r->type == RECORD_END;

	if (!is_end)
		record_pass(r, v->stage->out);
	if ((size_t)r->type < COUNT(takers) && takers[r->type])
		takers[r->type](v, r);
	if (is_end)
		record_pass(r, v->stage->out);
}

void
verdict_finish(struct verdict *v)
{
	settle_all(v);
	for (size_t i = 0; i < v->worst.n; i++)
		stage_status(
		    v->stage, (int)((uintptr_t)v->worst.entry[i].value & 0xff));
}

void
verdict_free(struct verdict *v)
{
	drop_all(v);
	map_free(&v->newest);
	map_free(&v->worst);
	free(v->stranger);
}
