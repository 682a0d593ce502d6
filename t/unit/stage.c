#include "core/stage.h"

#include "base/clock.h"
#include "base/die.h"
#include "scratch.h"
#include "tap.h"

#define END "{\"type\":\"end\",\"stage\":\"a\",\"status\":0}\n"

/* One run of a filter that passes everything on. */
struct run {
	struct stage stage;
	struct out out;
	int status;
};

static void
open_run(struct run *run, const char *input, bool loose)
{
	*run = (struct run){
	    .out = {.fd = open("/dev/null", O_WRONLY), .pending = BUF_INIT}};
	stage_filter(&run->stage, "try", &run->out,
	    scratch_input(input, strlen(input)), loose);
}

static void
close_run(struct run *run)
{
	close(run->stage.in.fd);
	close(run->out.fd);
	out_free(&run->out);
}

/* The filter's output so far; stage_next() would flush it away. */
static void
filter(struct run *run, const char *input, bool loose, struct buf *said)
{
	struct record r;
	int pair[2];

	clock_freeze(5);
	open_run(run, input, loose);
	if (pipe(pair) < 0)
		abort();
	close(run->out.fd);
	run->out.fd = pair[1];
	while (stage_next(&run->stage, &r) > 0)
		record_pass(&r, &run->out);
	run->status = stage_end(&run->stage);
	is_int(out_flush(&run->out), 0);
	close_run(run);
	fd_drain(pair[0], "pipe", 0, said, NULL);
	close(pair[0]);
}

static void
a_whole_stream_passes_with_an_end_of_ours_behind(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, "{\"type\":\"begin\",\"v\":1}\n" END, false, &said);
	is_int(run.status, 0);
	is_str(said.s, "{\"type\":\"begin\",\"v\":1}\n" END
		       "{\"type\":\"end\",\"stage\":\"try\",\"status\":0,"
		       "\"records\":1,\"duration_ns\":0}\n");
}

static void
unknown_types_and_members_pass_byte_for_byte(void)
{
	static const char odd[] =
	    "{ \"type\":\"novel\" , \"x\":[1.50,\"\\u00e9\"] }\n"
	    "{\"type\":\"end\",\"new\":{}}\n";
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, odd, false, &said);
	is_int(run.status, 0);
	is_true(!strncmp(said.s, odd, strlen(odd)));
}

static void
an_empty_stream_was_cut(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, "", false, &said);
	is_int(run.status, EXIT_RUN);
	is_true(strstr(said.s, "\"severity\":\"error\",\"code\":\"E501\","
			       "\"message\":\"the stream into try is empty\""));
	is_true(strstr(said.s, "\"status\":3,\"records\":2"));
}

static void
a_stream_whose_last_record_is_no_end_was_cut(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, END "{\"type\":\"batch\"}\n", false, &said);
	is_int(run.status, EXIT_RUN);
	is_true(strstr(said.s, "\"code\":\"E501\""));
	is_true(strstr(said.s, "was cut"));
}

static void
half_a_line_is_malformed_and_cut(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, END "{\"type\":\"end\",", false, &said);
	is_int(run.status, EXIT_RUN);
	is_true(strstr(said.s, "\"code\":\"E502\""));
	is_true(strstr(said.s, "\"code\":\"E501\""));
}

static void
a_loose_stage_takes_a_stream_without_an_end(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, "{\"type\":\"batch\"}\n", true, &said);
	is_int(run.status, 0);
	is_true(!strstr(said.s, "E501"));
}

static void
a_malformed_line_is_told_with_its_place_and_passed_over(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, "\n{\"type\":\"a\"}\n{\"type\":}\n7\n" END, false, &said);
	is_int(run.status, EXIT_INPUT);
	is_true(strstr(said.s,
	    "{\"type\":\"diagnostic\",\"stage\":\"try\",\"source\":\"-\","
	    "\"severity\":\"error\",\"code\":\"E502\",\"message\":\"malformed "
	    "JSON\",\"line\":3,\"column\":9,\"end_line\":null,\"end_column\":"
	    "null,\"hint\":null}\n"));
	is_true(strstr(said.s, "\"message\":\"not a JSON object\",\"line\":4"));
	is_true(strstr(said.s, "{\"type\":\"a\"}\n"));
	is_true(!strstr(said.s, "{\"type\":}"));
	is_true(strstr(said.s, END));
}

static void
a_line_over_the_limit_is_told_and_the_rest_read(void)
{
	AUTO_BUF long_line = BUF_INIT;
	struct record r;
	struct run run;

	buf_adds(&long_line, "{\"type\":\"");
	for (int i = 0; i < 100; i++)
		buf_addc(&long_line, 'x');
	buf_adds(&long_line, "\"}\n" END);
	open_run(&run, long_line.s, false);
	run.stage.in.limit = 50;
	is_int(stage_next(&run.stage, &r), 1);
	is_int(r.type, RECORD_END);
	is_int(r.number, 2);
	is_int(stage_next(&run.stage, &r), 0);
	is_int(run.stage.status, EXIT_INPUT);
	is_int(run.stage.records, 1);
	stage_end(&run.stage);
	close_run(&run);
}

static void
records_of_a_newer_version_are_told(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run, "{\"type\":\"begin\",\"v\":2}\n" END, false, &said);
	is_int(run.status, EXIT_INPUT);
	is_true(strstr(said.s, "\"code\":\"E503\",\"message\":\"records of "
			       "version 2; this program knows 1\""));
}

static void
several_streams_can_be_joined(void)
{
	AUTO_BUF said = BUF_INIT;
	struct run run;

	filter(&run,
	    "{\"type\":\"begin\",\"v\":1}\n" END
	    "{\"type\":\"begin\",\"v\":1}\n" END,
	    false, &said);
	is_int(run.status, 0);
}

static void
output_leaves_before_a_stage_waits(void)
{
	int in[2], out[2];
	struct stage s;
	struct record r;
	struct out o = {.pending = BUF_INIT};
	char said[64] = "";

	if (pipe(in) < 0 || pipe(out) < 0)
		abort();
	o.fd = out[1];
	stage_filter(&s, "try", &o, in[0], false);
	is_int(fd_write(in[1], "{\"type\":\"a\"}\n", 13), 0);
	is_int(stage_next(&s, &r), 1);
	record_pass(&r, &o);
	fd_close(&in[1]); /* the next wait ends at once */
	is_int(stage_next(&s, &r), 0);
	is_true(read(out[0], said, 13) == 13);
	is_str(said, "{\"type\":\"a\"}\n");
	stage_end(&s);
	out_free(&o);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

static void
a_source_begins_with_its_arguments(void)
{
	char *argv[] = {(char *)"clnrm-try", (char *)"a b", NULL};
	struct out o = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	AUTO_ARENA a = {0};
	struct value *v;
	struct stage s;

	stage_source(&s, "try", &o, argv);
	v = json_parse(&a, o.pending.s, o.pending.len, NULL);
	is_str(value_str_or(value_get(v, "type"), ""), "begin");
	is_int(value_int_or(value_get(v, "v"), 0), RECORD_VERSION);
	is_int(strlen(value_str_or(value_get(v, "run"), "")), 16);
	is_str(value_str_or(value_find(v, "argv.1"), ""), "a b");
	is_int(stage_end(&s), 0);
	is_true(strstr(o.pending.s, "\"records\":2"));
	out_free(&o);
}

static void
a_diagnostic_carries_place_and_hint(void)
{
	struct out o = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	char *argv[] = {NULL};
	struct err e = {0};
	struct stage s;

	stage_source(&s, "try", &o, argv);
	buf_reset(&o.pending);
	err_at(&e, "a.toml", 4, 2, "no \"name\"");
	err_hint(&e, "add one");
	stage_diagnose(&s, "a.toml", "warning", "W303", &e);
	is_str(o.pending.s,
	    "{\"type\":\"diagnostic\",\"stage\":\"try\",\"source\":\"a.toml\","
	    "\"severity\":\"warning\",\"code\":\"W303\",\"message\":\"no "
	    "\\\"name\\\"\",\"line\":4,\"column\":2,\"end_line\":null,"
	    "\"end_column\":null,\"hint\":\"add one\"}\n");
	out_free(&o);
}

TAP_MAIN(TEST(a_whole_stream_passes_with_an_end_of_ours_behind),
    TEST(unknown_types_and_members_pass_byte_for_byte),
    TEST(an_empty_stream_was_cut),
    TEST(a_stream_whose_last_record_is_no_end_was_cut),
    TEST(half_a_line_is_malformed_and_cut),
    TEST(a_loose_stage_takes_a_stream_without_an_end),
    TEST(a_malformed_line_is_told_with_its_place_and_passed_over),
    TEST(a_line_over_the_limit_is_told_and_the_rest_read),
    TEST(records_of_a_newer_version_are_told),
    TEST(several_streams_can_be_joined),
    TEST(output_leaves_before_a_stage_waits),
    TEST(a_source_begins_with_its_arguments),
    TEST(a_diagnostic_carries_place_and_hint))
