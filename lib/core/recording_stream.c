/* Which test of the stream is held against its recording, and when. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/recording.h"

/* The text is another one now. */
static void
count(struct recordings *r, struct recorded *t)
{
	r->held = r->held - t->held + t->text.len;
	t->held = t->text.len;
}

static void
drop_text(struct recordings *r, struct recorded *t)
{
	buf_free(&t->text);
	count(r, t);
}

static void
drop(struct recordings *r, struct recorded *t)
{
	if (!t)
		return;
	if (r->open == t)
		r->open = NULL;
	map_del(&r->tests, t->source, strlen(t->source));
	drop_text(r, t);
	free(t->source);
	free(t->path);
	free(t);
}

static struct recorded *
test_of(const struct recordings *r, const char *source)
{
	return source ? map_get(&r->tests, source, strlen(source)) : NULL;
}

/* What leads out of the directory has no place in it. */
static bool
leads_out(const char *source)
{
	for (const char *s = source; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (!strncmp(s, "..", 2) && (!s[2] || s[2] == '/'))
			return true;
	}
	return false;
}

/* out: the recording's path, or NULL: there is none */
static char *
path_of(const struct recordings *r, const char *source)
{
	AUTO_BUF path = BUF_INIT;

	while (!strncmp(source, "./", 2))
		source += 2;
	if (leads_out(source))
		return NULL;
	buf_addf(&path, "%s/%s.ndjson", r->dir, source);
	return access(path.s, F_OK) < 0 ? NULL : buf_steal(&path);
}

static struct recorded *
add(struct recordings *r, const struct record_key *key, char *path)
{
	struct recorded *t = mem_new(1, sizeof *t);

	t->source = mem_str(key->source);
	t->path = path;
	t->gen = key->gen;
	t->text = (struct buf)BUF_INIT;
	map_set(&r->tests, t->source, strlen(t->source), t);
	return t;
}

/* src: clnrm-records(7), the verdict: that of the file comes last */
static size_t
verdicts_of(const struct value *plan)
{
	const struct value *expect = value_get(plan, "expect");
	size_t n = value_count(value_get(plan, "scenarios"));

	return n + (n > 1 && expect && expect->kind == VALUE_TABLE);
}

static void
lament(struct recordings *r, const struct recorded *t, const struct err *e)
{
	stage_diagnose(r->stage, t->source, "warning", "W420", e);
}

static void
compare(struct recordings *r, struct recorded *t)
{
	struct err e = {0};

	if (t->is_lost) {
		err_set(&e,
		    "not held against its recording: the spans of tests that "
		    "run or differ are more than %zu bytes",
		    r->limit);
		lament(r, t, &e);
	} else if (t->text.len && t->verdict &&
		   strcmp(t->verdict, "error") != 0) {
		out_flush(r->stage->out); /* this may take its time */
		if (recording_compare(t, &r->rules, r->stage, &e) < 0)
			lament(r, t, &e);
		count(r, t);
	}
	if (!t->differs)
		drop(r, t);
}

/* Of a test with variants the last plan may come behind the first verdict. */
static void
settle(struct recordings *r, struct recorded *but)
{
	struct recorded *t = r->open;

	if (!t || t == but)
		return;
	r->open = NULL;
	t->is_settled = true;
	if (!t->due)
		compare(r, t);
}

static void
take_plan(struct recordings *r, const struct record *record)
{
	AUTO_ARENA a = {0};
	struct record_key key = record_key_read(record, &a);
	struct recorded *t = test_of(r, key.source);
	char *path;

	settle(r, t);
	if (t && (t != r->open || t->gen != key.gen)) {
		drop(r, t);
		t = NULL;
	}
	path = !t && key.source ? path_of(r, key.source) : NULL;
	if (path)
		r->open = t = add(r, &key, path);
	if (t)
		t->due += verdicts_of(record_value(record, &a));
}

/* The test that the record belongs to, as it runs now. */
static struct recorded *
running(struct recordings *r, const struct record *record)
{
	AUTO_ARENA a = {0};
	struct record_key key;
	struct recorded *t;

	if (!r->tests.alive)
		return NULL;
	key = record_key_read(record, &a);
	t = test_of(r, key.source);
	return t && t->gen == key.gen && !t->differs ? t : NULL;
}

static void
take_span(struct recordings *r, const struct record *record)
{
	struct recorded *t = running(r, record);

	if (!t || t->is_lost)
		return;
	buf_add(&t->text, record->line, record->len);
	buf_addc(&t->text, '\n');
	count(r, t);
	if (r->held <= r->limit)
		return;
	t->is_lost = true;
	drop_text(r, t);
}

/* The worst is last, and so is a word that is none of these. */
static const char *const verdicts[] = {
    "skip", "pass", "flaky", "fake", "fail", "error"};

static size_t
rank(const char *verdict)
{
	size_t i = 0;

	while (i + 1 < COUNT(verdicts) && strcmp(verdicts[i], verdict) != 0)
		i++;
	return i;
}

static void
take_verdict(struct recordings *r, const struct record *record)
{
	struct recorded *t = running(r, record);
	AUTO_ARENA a = {0};
	const char *word;

	if (!t || !t->due)
		return;
	word = value_str_or(value_get(record_value(record, &a), "verdict"), "");
	if (!t->verdict || rank(word) > rank(t->verdict))
		t->verdict = verdicts[rank(word)];
	t->due--;
	if (!t->due && t->is_settled)
		compare(r, t);
}

/* What was edited is another test, whatever becomes of it. */
static void
take_change(struct recordings *r, const struct record *record)
{
	AUTO_ARENA a = {0};
	struct record_key key = record_key_read(record, &a);
	struct recorded *t = test_of(r, key.source);

	if (t && t->gen < key.gen)
		drop(r, t);
}

static void
put(struct recordings *r, const struct recorded *t, int64_t gen,
    const char *why)
{
	AUTO_JSON j = stage_record(r->stage, "recorded");

	json_str(&j, "source", t ? t->source : NULL);
	json_int(&j, "gen", gen);
	json_str(&j, "path", t ? t->path : NULL);
	json_str(&j, "why_not", why);
	stage_put(r->stage, &j);
}

static void
record(struct recordings *r, struct recorded *t, int64_t gen)
{
	struct err e = {0};

	if (!t->differs)
		put(r, t, gen, "it still runs");
	else if (strcmp(t->verdict, "pass") != 0)
		put(r, t, gen, "it did not pass");
	else if (recording_renew(t, &r->rules, &e) < 0)
		put(r, t, gen, err_message(&e));
	else {
		put(r, t, gen, NULL);
		drop(r, t);
	}
}

static void
take_request(struct recordings *r, const struct record *request)
{
	AUTO_ARENA a = {0};
	const struct value *tree = record_value(request, &a);
	const char *what = value_str_or(value_get(tree, "what"), "");
	int64_t gen = value_int_or(value_get(tree, "gen"), 0);

	if (strcmp(what, "accept") != 0)
		return;
	if (!r->tests.alive)
		put(r, NULL, gen,
		    access(r->dir, F_OK) < 0
			? "nothing is recorded yet: see clnrm record"
			: "nothing differs from what was recorded");
	for (size_t i = 0; i < r->tests.n; i++)
		if (r->tests.entry[i].value)
			record(r, r->tests.entry[i].value, gen);
}

static int64_t
gen_of(const struct record *record)
{
	AUTO_ARENA a = {0};

	return record_key_read(record, &a).gen;
}

/* Nothing more comes of what came before; a plan of now may have overtaken. */
static bool
is_barrier(const struct recordings *r, const struct record *record)
{
	return r->open && (record->type == RECORD_END ||
			      (record->type == RECORD_BATCH &&
				  r->open->gen <= gen_of(record)));
}

/* Nobody waits any more for what did not end by then. */
static void
take_batch(struct recordings *r, const struct record *batch)
{
	int64_t gen = gen_of(batch);

	for (size_t i = 0; i < r->tests.n; i++) {
		struct recorded *t = r->tests.entry[i].value;

		if (t && !t->differs && t->gen <= gen)
			drop(r, t);
	}
}

void
recordings_take(struct recordings *r, const struct record *record)
{
	static void (*const takers[])(
	    struct recordings * r, const struct record *record) = {
	    [RECORD_CHANGE] = take_change,
	    [RECORD_BATCH] = take_batch,
	    [RECORD_AFFECTED] = take_change,
	    [RECORD_REQUEST] = take_request,
	    [RECORD_PLAN] = take_plan,
	    [RECORD_SPAN] = take_span,
	    [RECORD_VERDICT] = take_verdict,
	};

	/* What is owed for it goes before. */
	if (is_barrier(r, record))
		settle(r, NULL);
	record_pass(record, r->stage->out);
	if ((size_t)record->type < COUNT(takers) && takers[record->type])
		takers[record->type](r, record);
}

void
recordings_free(struct recordings *r)
{
	for (size_t i = 0; i < r->tests.n; i++)
		drop(r, r->tests.entry[i].value);
	map_free(&r->tests);
}
