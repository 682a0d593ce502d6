#include "core/verdict.h"

#include "core/verdict_int.h"
#include "tap.h"

static const struct value *
json(struct arena *a, const char *text)
{
	struct err e = {0};
	const struct value *v = json_parse(a, text, strlen(text), &e);

	is_str(e.text, "");
	return v;
}

static void
scalars_are_compared_by_their_text(void)
{
	AUTO_ARENA a = {0};

	is_str(verdict_text(&a, json(&a, "\"x\"")), "x");
	is_str(verdict_text(&a, json(&a, "12")), "12");
	is_str(verdict_text(&a, json(&a, "18446744073709551615")),
	    "18446744073709551615");
	is_str(verdict_text(&a, json(&a, "1.0")), "1.0");
	is_str(verdict_text(&a, json(&a, "0.1")), "0.1");
	is_str(verdict_text(&a, json(&a, "1e300")), "1e+300");
	is_str(verdict_text(&a, json(&a, "true")), "true");
	is_str(verdict_text(&a, json(&a, "{\"double\":\"NaN\"}")), "NaN");
	is_str(verdict_text(&a, json(&a, "[1,\"a\"]")), "[1,\"a\"]");
}

static void
texts_with_a_nul_are_compared_whole(void)
{
	AUTO_ARENA a = {0};

	is_true(
	    !verdict_is_text(&a, json(&a, "\"a\\u0000b\""), json(&a, "\"a\"")));
	is_true(verdict_is_text(&a, json(&a, "7"), json(&a, "\"7\"")));
	is_true(!verdict_is_text(&a, NULL, json(&a, "\"\"")));
}

static void
link_up(struct verdict_file *f, struct seen seen[], size_t n)
{
	f->seen = seen;
	f->n = n;
}

static void
an_ancestor_is_found_and_a_circle_ends_the_search(void)
{
	struct verdict_file f = {0};
	struct seen s[4] = {{.up = SIZE_MAX}, {.up = 0}, {.up = 1}, {.up = 3}};

	link_up(&f, s, 4);
	is_true(verdict_is_above(&f, 0, 2));
	is_true(!verdict_is_above(&f, 2, 0));
	is_true(!verdict_is_above(&f, 0, 3));
	is_true(verdict_is_above(&f, 3, 3));
}

static void
take(struct verdict *v, const char *line)
{
	struct record r = {0};
	struct err e = {0};

	is_int(record_read(line, strlen(line), &r, &e), 0);
	verdict_take(v, &r);
}

static void
a_file_is_forgotten_after_its_verdict(void)
{
	struct out out = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "verify", .out = &out};
	AUTO_VERDICT v = {.stage = &st};

	take(&v, "{\"type\":\"plan\",\"source\":\"a\",\"gen\":0,"
		 "\"variant\":null,\"scenarios\":[{\"name\":\"s\",\"steps\":"
		 "[]}],\"expect\":null}");
	is_int(v.files.alive, 1);
	take(&v, "{\"type\":\"scenario.end\",\"id\":\"1\",\"source\":\"a\","
		 "\"gen\":0,\"variant\":null,\"scenario\":\"s\","
		 "\"status\":\"ok\"}");
	is_int(v.files.alive, 0);
	is_true(strstr(out.pending.s, "\"verdict\":\"pass\"") != NULL);
	out_free(&out);
}

static void
a_plan_replaces_the_older_one_of_its_source(void)
{
	struct out out = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "verify", .out = &out};
	AUTO_VERDICT v = {.stage = &st};

	for (int i = 0; i < 3; i++) {
		char line[256];

		snprintf(line, sizeof line,
		    "{\"type\":\"plan\",\"source\":\"a\",\"gen\":%d,"
		    "\"variant\":null,\"scenarios\":[{\"name\":\"s\","
		    "\"steps\":[]}],\"expect\":null}",
		    i);
		take(&v, line);
	}
	is_int(v.files.alive, 1);
	take(&v, "{\"type\":\"scenario.end\",\"id\":\"1\",\"source\":\"a\","
		 "\"gen\":0,\"variant\":null,\"scenario\":\"s\","
		 "\"status\":\"cancelled\"}");
	is_null(strstr(out.pending.s, "\"verdict\""));
	out_free(&out);
}

TAP_MAIN(TEST(scalars_are_compared_by_their_text),
    TEST(texts_with_a_nul_are_compared_whole),
    TEST(an_ancestor_is_found_and_a_circle_ends_the_search),
    TEST(a_file_is_forgotten_after_its_verdict),
    TEST(a_plan_replaces_the_older_one_of_its_source))
