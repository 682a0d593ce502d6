#include "core/record.h"

#include "base/mem.h"
#include "tap.h"

static int
read(const char *line, struct record *r, struct err *e)
{
	*r = (struct record){0};
	*e = (struct err){0};
	return record_read(line, strlen(line), r, e);
}

static void
every_type_is_known_by_its_name(void)
{
	static const char *const names[] = {[RECORD_BEGIN] = "begin",
	    [RECORD_CHANGE] = "change",
	    [RECORD_BATCH] = "batch",
	    [RECORD_READY] = "ready",
	    [RECORD_REQUEST] = "request",
	    [RECORD_AFFECTED] = "affected",
	    [RECORD_RENDERED] = "rendered",
	    [RECORD_DIAGNOSTIC] = "diagnostic",
	    [RECORD_PLAN] = "plan",
	    [RECORD_ATTEMPTS] = "attempts",
	    [RECORD_SCENARIO_START] = "scenario.start",
	    [RECORD_SERVICE] = "service",
	    [RECORD_STEP] = "step",
	    [RECORD_LOG] = "log",
	    [RECORD_SPAN] = "span",
	    [RECORD_VIOLATION] = "violation",
	    [RECORD_INPUT] = "input",
	    [RECORD_ARTIFACT] = "artifact",
	    [RECORD_SCENARIO_END] = "scenario.end",
	    [RECORD_CHECK] = "check",
	    [RECORD_VERDICT] = "verdict",
	    [RECORD_DIFF] = "diff",
	    [RECORD_DIFF_SUMMARY] = "diff.summary",
	    [RECORD_RECORDED] = "recorded",
	    [RECORD_LISTENING] = "listening",
	    [RECORD_COLLECTED] = "collected",
	    [RECORD_METRIC] = "metric",
	    [RECORD_END] = "end"};

	for (size_t i = 1; i < COUNT(names); i++) {
		AUTO_BUF line = BUF_INIT;
		struct record r;
		struct err e;

		buf_addf(&line, "{\"x\":1,\"type\":\"%s\"}", names[i]);
		is_int(read(line.s, &r, &e), 0);
		is_int(r.type, i);
	}
}

static void
another_type_is_other(void)
{
	struct record r;
	struct err e;

	is_int(read("{\"type\":\"plan2\"}", &r, &e), 0);
	is_int(r.type, RECORD_OTHER);
	is_int(read("{\"type\":\"pla\"}", &r, &e), 0);
	is_int(r.type, RECORD_OTHER);
	is_int(read("{\"type\":\"\"}", &r, &e), 0);
	is_int(r.type, RECORD_OTHER);
}

static void
a_line_that_is_no_record_is_refused(void)
{
	struct record r;
	struct err e;

	is_int(read("{\"x\":1}", &r, &e), -1);
	is_str(e.text, "a record without a \"type\"");
	is_int(read("{\"type\":1}", &r, &e), -1);
	is_int(read("[]", &r, &e), -1);
	is_int(read("{\"type\":\"end\"", &r, &e), -1);
	is_int(e.line, 1);
	is_true(e.column > 0);
}

static void
a_record_is_passed_byte_for_byte(void)
{
	static const char line[] =
	    " {\"type\" :\"new\",  \"n\":1.000, \"u\":\"\\u0041\"} ";
	struct out o = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct record r;
	struct err e;

	is_int(read(line, &r, &e), 0);
	record_pass(&r, &o);
	is_int(o.pending.len, strlen(line) + 1);
	is_true(!memcmp(o.pending.s, line, strlen(line)));
	is_int(o.pending.s[strlen(line)], '\n');
	out_free(&o);
}

static void
a_record_is_one_line_with_its_type_first(void)
{
	struct record_key key = {"id", "a.toml", 3, NULL}, back;
	struct out o = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	AUTO_JSON j = record_begin("step");
	AUTO_ARENA a = {0};
	struct record r;
	struct err e;

	record_key(&j, &key);
	json_str(&j, "stdout", "two\nlines");
	record_end(&j, &o);
	is_str(o.pending.s, "{\"type\":\"step\",\"id\":\"id\",\"source\":"
			    "\"a.toml\",\"gen\":3,\"variant\":null,"
			    "\"stdout\":\"two\\nlines\"}\n");
	o.pending.s[o.pending.len - 1] = 0;
	is_int(read(o.pending.s, &r, &e), 0);
	back = record_key_of(record_value(&r, &a));
	is_str(back.id, "id");
	is_str(back.source, "a.toml");
	is_int(back.gen, 3);
	is_null(back.variant);
	out_free(&o);
}

TAP_MAIN(TEST(every_type_is_known_by_its_name), TEST(another_type_is_other),
    TEST(a_line_that_is_no_record_is_refused),
    TEST(a_record_is_passed_byte_for_byte),
    TEST(a_record_is_one_line_with_its_type_first))
