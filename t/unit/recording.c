#include "core/recording.h"

#include <stdarg.h>

#include "scratch.h"
#include "tap.h"

/* A stream that goes through, and what was said of it. */
struct run {
	struct out out;
	struct stage stage;
	struct recordings all;
	struct buf said;
};

static const struct cli_list nothing;

static const char *
text_of(const struct value *tree, const char *key)
{
	return value_str_or(value_get(tree, key), "-");
}

static void
on_record(void *arg, const char *line, size_t n)
{
	struct buf *said = arg;
	AUTO_ARENA a = {0};
	const struct value *tree = json_parse(&a, line, n - 1, NULL);
	const char *type = text_of(tree, "type");

	buf_addf(said, "%s %s", type, text_of(tree, "source"));
	if (!strcmp(type, "diff"))
		buf_addf(
		    said, " %s %s", text_of(tree, "op"), text_of(tree, "path"));
	if (!strcmp(type, "diff.summary"))
		buf_addf(said, " %s %s", text_of(tree, "verdict"),
		    value_bool_or(value_get(tree, "same"), false) ? "same"
								  : "differs");
	if (!strcmp(type, "recorded"))
		buf_addf(said, ": %s", text_of(tree, "why_not"));
	buf_addc(said, '\n');
}

static void
open_run(struct run *run)
{
	*run = (struct run){
	    .out = {.fd = open("/dev/null", O_WRONLY), .pending = BUF_INIT},
	    .said = BUF_INIT,
	};
	run->stage = (struct stage){.name = "diff",
	    .out = &run->out,
	    .hear = on_record,
	    .hear_arg = &run->said};
	run->all = (struct recordings){.stage = &run->stage,
	    .dir = "kept",
	    .rules = {&nothing, false, 2, 0},
	    .limit = RECORDINGS_LIMIT};
}

static void
close_run(struct run *run)
{
	recordings_free(&run->all);
	close(run->out.fd);
	out_free(&run->out);
	buf_free(&run->said);
}

__attribute__((format(printf, 2, 3))) static void
take(struct run *run, const char *fmt, ...)
{
	char line[1024];
	struct record r = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (record_read(line, strlen(line), &r, NULL) < 0)
		abort();
	recordings_take(&run->all, &r);
}

#define KEY "\"id\":\"1\",\"source\":\"%s\",\"gen\":%d,\"variant\":null"

static void
plan(struct run *run, const char *source, int gen)
{
	take(run,
	    "{\"type\":\"plan\"," KEY ",\"scenarios\":[{\"name\":\"s\"}]}",
	    source, gen);
}

static void
span(struct run *run, const char *source, int gen, const char *name)
{
	static int id;

	take(run,
	    "{\"type\":\"span\"," KEY ",\"trace_id\":\"1\",\"span_id\":"
	    "\"%x\",\"parent_span_id\":null,\"name\":\"%s\"}",
	    source, gen, ++id, name);
}

static void
verdict(struct run *run, const char *source, int gen, const char *word)
{
	take(run, "{\"type\":\"verdict\"," KEY ",\"verdict\":\"%s\"}", source,
	    gen, word);
}

static void
batch(struct run *run, int gen)
{
	take(run, "{\"type\":\"batch\",\"gen\":%d,\"size\":1}", gen);
}

static void
accept_all(struct run *run)
{
	take(run, "{\"type\":\"request\",\"what\":\"accept\",\"gen\":9}");
}

/* Of one scenario with one span. */
static void
ran(struct run *run, const char *source, int gen, const char *name)
{
	plan(run, source, gen);
	span(run, source, gen, name);
	verdict(run, source, gen, "pass");
}

/* All that was said since the last time. */
static void
is_said(struct run *run, const char *want)
{
	is_str(run->said.s, want);
	buf_reset(&run->said);
}

static void
keep(const char *source, const char *name)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	struct err e;

	scratch_enter();
	buf_addf(&path, "kept/%s.ndjson", source);
	buf_addf(&text,
	    "{\"type\":\"baseline\",\"v\":1,\"ignore\":[\"k\"]}\n"
	    "{\"type\":\"node\",\"depth\":0,\"name\":\"%s\"}\n",
	    name);
	is_int(file_mkparent(path.s, &e), 0);
	scratch_write(path.s, text.s);
}

static void
is_kept(const char *source, const char *name)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT, want = BUF_INIT;
	struct err e;

	buf_addf(&path, "kept/%s.ndjson", source);
	buf_addf(&want, "\"name\":\"%s\"", name);
	is_int(file_read(path.s, &text, &e), 0);
	is_true(strstr(text.s, want.s) != NULL);
	is_true(strstr(text.s, "\"ignore\":[\"k\"]") != NULL);
}

static void
what_is_recorded_is_compared_and_the_rest_is_passed_on(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	ran(&run, "a", 0, "x");
	ran(&run, "b", 0, "y");
	is_said(&run, "diff.summary a pass same\n");
	batch(&run, 0);
	is_said(&run, "");
	is_int(run.all.held, 0);
	is_int(run.all.tests.alive, 0);
	close_run(&run);
}

static void
what_differs_is_recorded_when_that_is_asked_for(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	ran(&run, "a", 0, "y");
	batch(&run, 0);
	is_said(&run, "diff a removed x\n"
		      "diff a added y\n"
		      "diff.summary a pass differs\n");
	accept_all(&run);
	is_said(&run, "recorded a: -\n");
	is_kept("a", "y");
	accept_all(&run);
	is_said(&run, "recorded -: nothing differs from what was recorded\n");
	is_int(run.all.held, 0);
	close_run(&run);
}

static void
variants_are_one_trace_whenever_their_plans_come(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	ran(&run, "a", 0, "x");
	is_said(&run, ""); /* there may be more of it */
	ran(&run, "a", 0, "y");
	is_said(&run, "");
	plan(&run, "b", 0);
	is_said(&run, "diff a added y\n"
		      "diff.summary a pass differs\n");
	close_run(&run);
}

static void
a_batch_of_before_ends_no_plan_of_now(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	ran(&run, "a", 1, "x");
	batch(&run, 0);
	is_said(&run, "");
	ran(&run, "a", 1, "y");
	batch(&run, 1);
	is_said(&run, "diff a added y\n"
		      "diff.summary a pass differs\n");
	close_run(&run);
}

static void
the_verdict_of_the_file_is_waited_for(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	take(&run,
	    "{\"type\":\"plan\"," KEY ",\"expect\":{},\"scenarios\":[{},{}]}",
	    "a", 0);
	plan(&run, "b", 0);
	verdict(&run, "a", 0, "pass");
	span(&run, "a", 0, "x");
	verdict(&run, "a", 0, "fake");
	is_said(&run, "");
	verdict(&run, "a", 0, "pass");
	is_said(&run, "diff.summary a fake same\n");
	close_run(&run);
}

static void
a_newer_running_begins_afresh(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	plan(&run, "a", 0);
	span(&run, "a", 0, "y");
	plan(&run, "a", 1);
	span(&run, "a", 0, "y");
	verdict(&run, "a", 0, "fail");
	span(&run, "a", 1, "x");
	verdict(&run, "a", 1, "pass");
	batch(&run, 1);
	is_said(&run, "diff.summary a pass same\n");
	ran(&run, "a", 2, "y");
	batch(&run, 2);
	ran(&run, "a", 3, "x");
	batch(&run, 3);
	buf_reset(&run.said);
	accept_all(&run); /* it is as recorded by now */
	is_said(&run, "recorded -: nothing differs from what was recorded\n");
	close_run(&run);
}

static void
only_what_passed_is_recorded(void)
{
	static const char *const words[] = {"fail", "fake", "skip", "what?"};
	struct run run;

	keep("a", "x");
	open_run(&run);
	for (int i = 0; i < 4; i++) {
		plan(&run, "a", i);
		span(&run, "a", i, "y");
		verdict(&run, "a", i, words[i]);
		batch(&run, i);
		buf_reset(&run.said);
		accept_all(&run);
		is_said(&run, i < 3
				  ? "recorded a: it did not pass\n"
				  : "recorded -: nothing differs from what was "
				    "recorded\n");
	}
	is_kept("a", "x");
	close_run(&run);
}

static void
what_still_runs_or_was_edited_is_not_recorded(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	ran(&run, "a", 0, "y");
	batch(&run, 0);
	plan(&run, "a", 1);
	buf_reset(&run.said);
	accept_all(&run);
	is_said(&run, "recorded a: it still runs\n");
	span(&run, "a", 1, "y");
	verdict(&run, "a", 1, "pass");
	batch(&run, 1);
	take(&run, "{\"type\":\"change\"," KEY "}", "a", 2);
	buf_reset(&run.said);
	accept_all(&run);
	is_said(&run, "recorded -: nothing differs from what was recorded\n");
	is_kept("a", "x");
	close_run(&run);
}

static void
what_never_got_a_verdict_is_forgotten_at_the_batch(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	plan(&run, "a", 0);
	span(&run, "a", 0, "y");
	batch(&run, 0);
	is_said(&run, "");
	is_int(run.all.held, 0);
	is_int(run.all.tests.alive, 0);
	close_run(&run);
}

static void
a_recording_that_cannot_be_read_is_told(void)
{
	struct run run;

	keep("a", "x");
	scratch_write("kept/a.ndjson", "{\"type\":\"node\",");
	open_run(&run);
	ran(&run, "a", 0, "y");
	batch(&run, 0);
	is_said(&run, "diagnostic a\n");
	is_int(run.all.tests.alive, 0);
	close_run(&run);
}

static void
a_source_that_leads_out_of_the_directory_is_not_recorded(void)
{
	struct run run;

	keep("a", "x");
	keep("in/../a", "x");
	scratch_write("b.ndjson", "{\"type\":\"baseline\"}");
	open_run(&run);
	ran(&run, "../b", 0, "y");
	ran(&run, "in/../a", 0, "y");
	ran(&run, "./a", 0, "x");
	batch(&run, 0);
	is_said(&run, "diff.summary ./a pass same\n");
	close_run(&run);
}

static void
more_spans_than_are_held_are_told_and_let_go(void)
{
	struct run run;

	keep("a", "x");
	open_run(&run);
	run.all.limit = 400;
	plan(&run, "a", 0);
	for (int i = 0; i < 10; i++) {
		span(&run, "a", 0, "x");
		is_true(run.all.held <= 400);
	}
	verdict(&run, "a", 0, "pass");
	batch(&run, 0);
	is_said(&run, "diagnostic a\n");
	is_int(run.all.held, 0);
	close_run(&run);
}

TAP_MAIN(TEST(what_is_recorded_is_compared_and_the_rest_is_passed_on),
    TEST(what_differs_is_recorded_when_that_is_asked_for),
    TEST(variants_are_one_trace_whenever_their_plans_come),
    TEST(a_batch_of_before_ends_no_plan_of_now),
    TEST(the_verdict_of_the_file_is_waited_for),
    TEST(a_newer_running_begins_afresh), TEST(only_what_passed_is_recorded),
    TEST(what_still_runs_or_was_edited_is_not_recorded),
    TEST(what_never_got_a_verdict_is_forgotten_at_the_batch),
    TEST(a_recording_that_cannot_be_read_is_told),
    TEST(a_source_that_leads_out_of_the_directory_is_not_recorded),
    TEST(more_spans_than_are_held_are_told_and_let_go))
