#include "core/spans.h"

#include "core/normal.h"
#include "tap.h"

static struct spans t;
static struct span_keys keys;
static struct err e;

static int
parse(const char *text)
{
	AUTO_BUF b = BUF_INIT;

	t = (struct spans){.keys = &keys};
	e = (struct err){0};
	buf_adds(&b, text);
	return spans_parse(&t, "x", &b, &e);
}

static void
done(void)
{
	spans_free(&t);
	span_keys_free(&keys);
	keys = (struct span_keys){0};
}

/* The canonical text of one attribute of a span in OTLP. */
static void
any(const char *value, const char *want)
{
	char text[512];
	struct pull_text got;

	snprintf(text, sizeof text,
	    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"spanId\":"
	    "\"01\",\"name\":\"a\",\"attributes\":[{\"key\":\"k\","
	    "\"value\":%s}]}]}]}]}",
	    value);
	if (is_true(parse(text) == 0 && t.n == 1)) {
		got = span_attr(&t.span[0].attrs, "k");
		is_int(got.n, strlen(want));
		is_true(got.n == strlen(want) && !memcmp(got.s, want, got.n));
	}
	done();
}

static void
values_of_otlp_are_plain_json(void)
{
	any("{\"stringValue\":\"x\"}", "\"x\"");
	any("{\"stringValue\":\"\\u0041\"}", "\"A\"");
	any("{\"intValue\":\"-5\"}", "-5");
	any("{\"intValue\":7}", "7");
	any("{\"doubleValue\":0.25}", "0.25");
	any("{\"doubleValue\":2}", "2.0");
	any("{\"doubleValue\":\"NaN\"}", "{\"double\":\"NaN\"}");
	any("{\"doubleValue\":0.00001}", "1e-05");
	any("{\"boolValue\":true}", "true");
	any("{\"bytesValue\":\"AA==\"}", "{\"bytes\":\"AA==\"}");
	any("{\"arrayValue\":{\"values\":[{\"intValue\":1},{}]}}", "[1,null]");
	any("{\"kvlistValue\":{\"values\":[{\"key\":\"b\",\"value\":{"
	    "\"intValue\":1}},{\"key\":\"a\"}]}}",
	    "{\"map\":{\"a\":null,\"b\":1}}");
	any("{}", "null");
}

static void
a_resource_may_follow_its_spans(void)
{
	is_int(parse("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{"
		     "\"spanId\":\"01\",\"name\":\"a\"}]}],\"resource\":{"
		     "\"attributes\":[{\"key\":\"service.name\",\"value\":{"
		     "\"stringValue\":\"web\"}}]}}]}"),
	    0);
	is_true(t.n == 1 && t.span[0].resource->service.n == 3);
	done();
}

static void
ids_have_one_spelling_and_zero_is_no_parent(void)
{
	is_int(parse("{\"span_id\":\"AB\",\"parent_span_id\":\"00\","
		     "\"name\":\"up\"}\n"
		     "{\"span_id\":\"cd\",\"parent_span_id\":\"Ab\","
		     "\"name\":\"down\"}"),
	    0);
	is_int(t.roots, 1);
	is_int(t.span[1].up, 0);
	is_int(t.orphans, 0);
	done();
}

static void
a_span_that_came_twice_counts_once(void)
{
	is_int(parse("{\"span_id\":\"01\",\"name\":\"a\"}\n"
		     "{\"span_id\":\"01\",\"name\":\"a\"}\n"
		     "{\"span_id\":\"01\",\"name\":\"b\"}"),
	    0);
	is_int(t.n, 2);
	is_int(t.repeated, 1);
	is_int(t.clashes, 1);
	done();
}

static void
a_circle_is_cut_once(void)
{
	is_int(parse("{\"span_id\":\"1\",\"parent_id\":\"2\",\"name\":\"a\"}\n"
		     "{\"span_id\":\"2\",\"parent_id\":\"3\",\"name\":\"b\"}\n"
		     "{\"span_id\":\"3\",\"parent_id\":\"1\",\"name\":\"c\"}"),
	    0);
	is_int(t.circles, 1);
	is_int(t.roots, 1);
	is_int(t.span[t.walk[2]].depth, 2);
	done();
}

static void
other_records_and_their_members_are_no_spans(void)
{
	is_int(parse("{\"type\":\"plan\",\"spans\":[{\"span_id\":\"1\","
		     "\"name\":\"a\"}]}\n{\"type\":\"check\",\"spans\":["
		     "\"01\"]}"),
	    0);
	is_int(t.n, 0);
	done();
}

static void
a_malformed_line_is_passed_over(void)
{
	is_int(parse("{\"span_id\":\"1\",\"name\":\"a\"}\n{\"span_id\":\n"
		     "}\n{\"span_id\":\"2\",\"name\":\"b\"}"),
	    0);
	is_int(t.n, 2);
	is_int(t.lost, 1);
	done();
	is_int(parse("{\"span_id\":"), -1);
	is_str(e.text, "x:1: malformed JSON: no value");
	done();
}

static void
the_normal_form_is_its_own_normal_form(void)
{
	AUTO_BUF first = BUF_INIT, again = BUF_INIT;

	is_int(parse("{\"span_id\":\"1\",\"name\":\"z\",\"kind\":3}\n"
		     "{\"span_id\":\"2\",\"parent_id\":\"1\",\"name\":\"y\"}\n"
		     "{\"span_id\":\"3\",\"parent_id\":\"1\",\"name\":\"b\","
		     "\"events\":[\"e\"]}"),
	    0);
	normal_print(&t, false, &first);
	done();
	is_str(first.s,
	    "{\"type\":\"node\",\"depth\":0,\"name\":\"z\",\"kind\":"
	    "\"CLIENT\"}\n"
	    "{\"type\":\"node\",\"depth\":1,\"name\":\"b\",\"events\":[{"
	    "\"name\":\"e\"}]}\n"
	    "{\"type\":\"node\",\"depth\":1,\"name\":\"y\"}\n");
	is_int(parse(first.s), 0);
	normal_print(&t, false, &again);
	done();
	is_str(again.s, first.s);
}

TAP_MAIN(TEST(values_of_otlp_are_plain_json),
    TEST(a_resource_may_follow_its_spans),
    TEST(ids_have_one_spelling_and_zero_is_no_parent),
    TEST(a_span_that_came_twice_counts_once), TEST(a_circle_is_cut_once),
    TEST(other_records_and_their_members_are_no_spans),
    TEST(a_malformed_line_is_passed_over),
    TEST(the_normal_form_is_its_own_normal_form))
