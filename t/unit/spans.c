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

/* A line that is gone when its span is looked at. */
static int
add(struct spans *to, const char *text)
{
	AUTO_BUF line = BUF_INIT;

	buf_adds(&line, text);
	return spans_add(to, line.s, line.len, &e);
}

static void
a_record_is_kept_and_its_line_is_not(void)
{
	struct spans to = {.keys = &keys, .text = BUF_INIT};
	const struct span *s;

	is_int(
	    add(&to, "{\"type\":\"span\",\"span_id\":\"01\",\"name\":\"a\"}"),
	    0);
	is_int(add(&to, "{\"type\":\"span\",\"trace_id\":\"0A\",\"span_id\":"
			"\"02\",\"parent_span_id\":\"01\",\"name\":"
			"\"b\\u0042\",\"kind\":\"ODD\",\"status\":{\"code\":"
			"\"ERROR\",\"message\":\"no\"},\"attributes\":{\"z\":"
			"[1,2],\"y\":\"x\"},\"events\":[{\"name\":\"e\"}],"
			"\"resource\":{\"attributes\":{\"service.name\":"
			"\"shop\"}}}"),
	    0);
	is_int(to.n, 2);
	s = &to.span[1];
	is_str(s->trace.s, "0a");
	is_str(s->id.s, "02");
	is_str(s->parent.s, "01");
	is_str(s->name.s, "bB");
	is_str(s->kind.s, "ODD");
	is_str(s->said.s, "ODD");
	is_str(to.span[0].kind.s, "INTERNAL");
	is_str(to.span[0].said.s, "");
	is_str(s->code.s, "ERROR");
	is_str(s->message.s, "no");
	is_str(span_attr(&s->attrs, "y").s, "\"x\"");
	is_str(span_attr_by(&s->attrs, span_key(&keys, "z", 1)).s, "[1,2]");
	is_null(span_attr(&s->attrs, "x").s);
	is_str(s->event[0].name.s, "e");
	is_true(PULL_IS(s->resource->service, "shop"));
	spans_free(&to);
	span_keys_free(&keys);
	keys = (struct span_keys){0};
}

static void
a_record_is_one_span_whatever_it_holds(void)
{
	struct spans to = {.keys = &keys, .text = BUF_INIT};

	is_int(add(&to, "{\"type\":\"span\",\"spans\":[{\"span_id\":\"1\","
			"\"name\":\"a\"}]}"),
	    0);
	is_int(to.n, 1);
	is_true(!to.span[0].is_whole);
	is_int(add(&to, "{\"type\":\"span\",\"attributes\":[{\"key\":\"a\","
			"\"value\":{\"intValue\":\"x\"}}]}"),
	    -1);
	is_str(e.text, "malformed span: a number is wanted");
	is_int(to.n, 1);
	spans_free(&to);
	span_keys_free(&keys);
	keys = (struct span_keys){0};
}

static void
a_resource_that_comes_again_is_one(void)
{
	is_int(parse("{\"span_id\":\"1\",\"name\":\"a\",\"resource\":{"
		     "\"attributes\":{\"a\":1}}}\n"
		     "{\"span_id\":\"2\",\"name\":\"b\",\"resource\": {"
		     "\"attributes\":{\"a\":1}},\"scope\":{\"name\":\"s\"}}\n"
		     "{\"span_id\":\"3\",\"name\":\"c\",\"resource\":{"
		     "\"attributes\":{\"a\":12}},\"scope\":\"s\"}\n"
		     "{\"span_id\":\"4\",\"name\":\"d\",\"resource\":7}"),
	    0);
	is_int(t.n, 4);
	is_true(t.span[0].resource == t.span[1].resource);
	is_true(t.span[1].resource != t.span[2].resource);
	is_true(PULL_IS(span_attr(&t.span[2].resource->attrs, "a"), "12"));
	is_true(PULL_IS(t.span[1].scope, "s") && PULL_IS(t.span[2].scope, "s"));
	is_int(t.span[3].resource->attrs.n, 0);
	done();
}

static void
a_list_of_no_spans_is_a_trace(void)
{
	is_int(parse("[]"), 0);
	is_int(t.n + t.roots, 0);
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
    TEST(a_record_is_kept_and_its_line_is_not),
    TEST(a_record_is_one_span_whatever_it_holds),
    TEST(a_resource_that_comes_again_is_one),
    TEST(a_list_of_no_spans_is_a_trace),
    TEST(the_normal_form_is_its_own_normal_form))
