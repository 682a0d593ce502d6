#include "data/console.h"
#include "tap.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define PY(name)                                                          \
	"{\"name\": \"" name "\", \"context\": {\"trace_id\": \"0x" TRACE \
	"\", \"span_id\": \"0x" SPAN                                      \
	"\", \"trace_state\": \"[]\"}, \"kind\": \"SpanKind.SERVER\", "   \
	"\"parent_id\": null, \"start_time\": "                           \
	"\"2023-11-14T22:13:20.000001Z\", \"end_time\": "                 \
	"\"2023-11-14T22:13:21.000000+01:00\", \"attributes\": {}}"
#define JS(attributes)                                           \
	"{\n  traceId: '" TRACE "',\n  parentId: undefined,\n"   \
	"  name: 'js',\n  id: '" SPAN "',\n  kind: 0,\n"         \
	"  timestamp: 1700000000000000,\n  duration: 1.5,\n"     \
	"  attributes: {" attributes "},\n  status: { code: 2, " \
	"message: 'no' },\n  events: [],\n  links: []\n}\n"

static struct buf spans = BUF_INIT; /* "FORM NAME;" */
static struct buf last = BUF_INIT;  /* the text of the last one */
static struct buf lost = BUF_INIT;  /* "WHY;" */

static void
on_span(void *arg, enum console_form form, const struct otlp_span *span)
{
	const char *name;

	(void)arg;
	buf_reset(&last);
	otlp_span_print(span, &last);
	name = strstr(last.s, "\"name\":\"") + 8;
	buf_addf(&spans, "%s %.*s;", console_form_name(form),
	    (int)strcspn(name, "\""), name);
}

static void
on_lost(void *arg, const struct err *e)
{
	(void)arg;
	buf_addf(&lost, "%s;", e->text);
}

static void
read_log(const char *s, size_t n, size_t piece)
{
	struct console *c =
	    console_new(&(struct console_user){on_span, on_lost, NULL});

	buf_reset(&spans);
	buf_reset(&lost);
	for (size_t at = 0; at < n; at += piece)
		console_feed(c, s + at, n - at < piece ? n - at : piece);
	console_end(c);
	console_del(c);
}

/* The log tells these spans, whole and byte by byte, and these losses. */
static void
tells(const char *log, const char *want, const char *losses)
{
	size_t n = strlen(log);

	read_log(log, n, n ? n : 1);
	is_str(spans.s, want);
	is_str(lost.s, losses);
	read_log(log, n, 1);
	is_str(spans.s, want);
	is_str(lost.s, losses);
}

static void
has(const char *part)
{
	if (!is_true(strstr(last.s, part)))
		printf("#   part: %s\n#   span: %s\n", part, last.s);
}

static void
spans_are_found_between_log_lines(void)
{
	tells("starting\n" PY("a") "\n[1, 2]\n" PY("b") "\r\ndone",
	    "python a;"
	    "python b;",
	    "");
	tells("", "", "");
	has("\"kind\":\"SERVER\"");
	has("\"parent_span_id\":\"\"");
	has("\"start_unix_nano\":\"1700000000000001000\"");
	has("\"end_unix_nano\":\"1699996401000000000\"");
}

static void
what_only_looks_like_a_span_is_passed_over(void)
{
	tells("{\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN
	      "\",\"msg\":\"x\"}\n"
	      "{ traceId: 'nope', id: '1', timestamp: 1, duration: 1 }\n"
	      "WARN unbalanced } and {\n  it goes on\n"
	      "server {\n  listen 80;\n}\n{\n}\n}\n]\n",
	    "", "");
}

static void
a_last_line_needs_no_end(void)
{
	tells(PY("a"), "python a;", "");
}

static void
an_object_behind_a_prefix_is_found(void)
{
	tells("shop-1  | " PY("a") "\nworking... " JS("") "[\n  " PY("b") "\n]",
	    "python a;js js;python b;", "");
}

static void
lines_of_another_writer_are_passed_over(void)
{
	tells("{\n  traceId: '" TRACE "',\nINFO served { in 3 ms\n"
	      "  id: '" SPAN "',\n\n  timestamp: 1,\n  duration: 1,\n"
	      "  name: 'x'\n}\n",
	    "js x;", "");
}

static void
a_span_that_is_cut_off_is_told_with_its_line(void)
{
	tells("a\n{\"name\": \"cut\", \"context\": {\"trace_id\": \"0x00\nb\n",
	    "", "a span printed from line 2 on is cut off;");
	tells("{\n  traceId: '" TRACE "',\n  id: '" SPAN "',\n" PY("a") "\n",
	    "python a;", "a span printed from line 1 on is cut off;");
	tells("{\n  traceId: '" TRACE "',\n  id:", "",
	    "a span printed from line 1 on is cut off;");
}

static void
what_is_printed_wrong_is_told(void)
{
	tells("{\"traceId\":}\n", "",
	    "a span printed from line 1 on cannot be read;");
	tells("{\"resourceSpans\":[1]}\n", "",
	    "spans printed on line 1 are lost: not the object that is wanted "
	    "at byte 18;");
}

static void
node_prints_values_in_its_own_way(void)
{
	tells(JS("\n    'a.b': 'one\\n' +\n      'two',\n    $c: \"it's\",\n"
		 "    d: [ 1, 2.5,\n      ... 20 more items\n    ],\n"
		 "    e: [Array],\n    f: undefined,\n    g: -0,\n"
		 "    h: Map(1) { 'k' => 'v' },\n    i: 9007199254740993,\n"
		 "    j: `\\x41\\u00e4\\u{1f9fe}`,\n    k: NaN\n  "),
	    "js js;", "");
	has("\"a.b\":\"one\\ntwo\"");
	has("\"$c\":\"it's\"");
	has("\"d\":[1,2.5]");
	has("\"e\":null,\"f\":null,\"g\":0,\"h\":{\"map\":{\"k\":\"v\"}}");
	has("\"i\":9007199254740992");
	has("\"j\":\"A\xc3\xa4\xf0\x9f\xa7\xbe\"");
	has("\"k\":{\"double\":\"NaN\"}");
	has("\"kind\":\"INTERNAL\"");
	has("\"end_unix_nano\":\"1700000000000001500\"");
	has("\"status\":{\"code\":\"ERROR\",\"message\":\"no\"}");
}

static void
go_says_the_type_beside_the_value(void)
{
	tells(
	    "{\"Name\":\"g\",\"SpanContext\":{\"TraceID\":\"" TRACE
	    "\",\"SpanID\":\"" SPAN "\",\"TraceFlags\":\"01\"},\"Parent\":"
	    "{\"SpanID\":\"0000000000000000\",\"Remote\":false},"
	    "\"SpanKind\":2,\"Attributes\":[{\"Key\":\"f\",\"Value\":"
	    "{\"Type\":\"FLOAT64\",\"Value\":3}},{\"Key\":\"i\",\"Value\":"
	    "{\"Type\":\"INT64\",\"Value\":9223372036854775807}}],"
	    "\"DroppedEvents\":2,\"InstrumentationScope\":{\"Name\":\"s\"}}\n",
	    "go g;", "");
	has("{\"f\":3.0,\"i\":9223372036854775807}");
	has("\"flags\":257,");
	has("\"parent_span_id\":\"\"");
	has("\"dropped_events\":2");
	has("\"scope\":{\"name\":\"s\",");
}

static void
text_of_cpp_may_have_lines_and_brackets_in_its_values(void)
{
	tells("{\n  name          : c\n  trace_id      : " TRACE
	      "\n  span_id       : " SPAN "\n  tracestate    : \n"
	      "  parent_span_id: 0000000000000000\n  start         : 5\n"
	      "  duration      : 2\n  description   : it's\nbad\n"
	      "  span kind     : Client\n  status        : Error\n"
	      "  attributes    : \n\tk: {\n  \"j\": 1\n}\n\tl: 1\n"
	      "  events        : \n\t{\n\t  name          : ev\n"
	      "\t  timestamp     : 6\n\t  attributes    : \n\t\tn: 2\n\t}\n"
	      "  links         : \n  resources     : \n\tservice.name: s\n"
	      "  instr-lib     : my-lib-1.2\n}\nafter\n",
	    "cpp c;", "");
	has("\"attributes\":{\"k\":\"{\\n  \\\"j\\\": 1\\n}\",\"l\":\"1\"}");
	has("\"message\":\"it's\\nbad\"");
	has("\"end_unix_nano\":\"7\"");
	has("{\"time_unix_nano\":\"6\",\"name\":\"ev\",\"attributes\":{\"n\":"
	    "\"2\"}");
	has("\"scope\":{\"name\":\"my-lib\",\"version\":\"1.2\"");
	has("\"resource\":{\"attributes\":{\"service.name\":\"s\"}");
}

static void
a_time_that_no_clock_shows_is_none(void)
{
	static const char *const times[] = {"2500-01-01T00:00:00Z",
	    "9999-99-99T99:99:99.999999999999Z", "1969-12-31T23:59:59Z",
	    "1970-01-01T00:00:00+23:00", "soon"};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		AUTO_BUF log = BUF_INIT;

		buf_addf(&log,
		    "{\"name\":\"t\",\"context\":{\"trace_id\":\"" TRACE
		    "\",\"span_id\":\"" SPAN "\"},\"start_time\":\"%s\"}\n",
		    times[i]);
		tells(log.s, "python t;", "");
		has("\"start_unix_nano\":\"0\"");
	}
}

static void
a_line_of_otlp_may_hold_many_spans(void)
{
	tells("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":["
	      "{\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN
	      "\",\"name\":\"a\"},{\"traceId\":\"" TRACE
	      "\",\"spanId\":\"00f067aa0ba902b8\",\"name\":\"b\"},{}]}]}]}\n",
	    "otlp a;otlp b;",
	    "1 span printed on line 1: trace_id is 0 bytes, not 16;");
}

static void
what_is_endless_is_bounded(void)
{
	AUTO_BUF log = BUF_INIT;

	for (int i = 0; i < 200; i++)
		buf_adds(&log, "{a:[");
	buf_adds(&log, "traceId");
	for (int i = 0; i < 200; i++)
		buf_adds(&log, "]}");
	tells(log.s, "", "a span printed from line 1 on cannot be read;");
	buf_reset(&log);
	buf_adds(&log, "{\n  traceId: '");
	while (log.len <= CONSOLE_SPAN)
		buf_adds(&log, "0123456789abcdef");
	buf_adds(&log, "'\n}\n" PY("a") "\n");
	read_log(log.s, log.len, 65536);
	is_str(spans.s, "python a;");
	is_str(lost.s, "a span printed from line 1 on is longer than 2 MiB;");
	buf_reset(&log);
	buf_adds(&log, "x\n{\"traceId\":\"");
	while (log.len <= CONSOLE_LINE + 100)
		buf_adds(&log, "0123456789abcdef");
	buf_adds(&log, "\"}\n" PY("a") "\n");
	read_log(log.s, log.len, 65536);
	is_str(spans.s, "python a;");
	is_str(lost.s,
	    "a span printed from line 2 on is in a line of more than 16 MiB;");
	buf_free(&spans);
	buf_free(&last);
	buf_free(&lost);
}

TAP_MAIN(TEST(spans_are_found_between_log_lines),
    TEST(what_only_looks_like_a_span_is_passed_over),
    TEST(a_last_line_needs_no_end), TEST(an_object_behind_a_prefix_is_found),
    TEST(lines_of_another_writer_are_passed_over),
    TEST(a_span_that_is_cut_off_is_told_with_its_line),
    TEST(what_is_printed_wrong_is_told),
    TEST(node_prints_values_in_its_own_way),
    TEST(go_says_the_type_beside_the_value),
    TEST(text_of_cpp_may_have_lines_and_brackets_in_its_values),
    TEST(a_time_that_no_clock_shows_is_none),
    TEST(a_line_of_otlp_may_hold_many_spans), TEST(what_is_endless_is_bounded))
