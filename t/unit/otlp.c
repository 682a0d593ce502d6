#include "data/otlp.h"

#include <string.h>

#include "data/gzip.h"
#include "tap.h"

#define TRACE "5b8efff798038103d269b633813fc60c"
#define IDS "\"traceId\":\"" TRACE "\",\"spanId\":\"eee1000000000001\""

/* What one decoding left. */
static struct buf lines = BUF_INIT;
static struct otlp_result result;
static struct otlp_span last;
static struct err error;
static char run[64];

static void
on_span(void *arg, const struct otlp_span *s)
{
	(void)arg;
	otlp_span_print(s, &lines);
	buf_addc(&lines, '\n');
	last = *s;
	snprintf(
	    run, sizeof run, "%.*s", (int)s->run_len, s->run ? s->run : "");
}

static int
decode(enum otlp_form form, const char *s, size_t n)
{
	/* A copy of its own, so that a byte read too many is seen. */
	char *copy = malloc(n ? n : 1);
	int rc;

	memcpy(copy, s, n);
	buf_reset(&lines);
	error = (struct err){0};
	rc = otlp_decode(form, copy, n, on_span, NULL, &result, &error);
	free(copy);
	return rc;
}

/* A request of one span with these members besides its ids. */
static int
decode_json(const char *members)
{
	struct buf b = BUF_INIT;
	int rc;

	buf_addf(&b,
	    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
	    "%s%s}]}]}]}",
	    *members ? "," : "", members);
	rc = decode(OTLP_JSON, b.s, b.len);
	buf_free(&b);
	return rc;
}

/* The value of attribute "k", given as a JSON AnyValue, in canonical form. */
static const char *
value(const char *any)
{
	static char text[4096];
	const char *from, *to;
	struct buf b = BUF_INIT;
	int rc;

	buf_addf(&b, "\"attributes\":[{\"key\":\"k\",\"value\":%s}]", any);
	rc = decode_json(b.s);
	buf_free(&b);
	if (rc < 0)
		return NULL;
	from = strstr(lines.s, "\"attributes\":{\"k\":") + 18;
	to = strstr(from, "},\"dropped_attributes\"");
	snprintf(text, sizeof text, "%.*s", (int)(to - from), from);
	return text;
}

static void
a_span_has_every_member_in_a_fixed_order(void)
{
	is_int(decode_json("\"name\":\"op\",\"kind\":2"), 0);
	is_str(lines.s,
	    "\"trace_id\":\"" TRACE "\",\"span_id\":\"eee1000000000001\","
	    "\"parent_span_id\":\"\",\"trace_state\":\"\",\"flags\":0,"
	    "\"name\":\"op\",\"kind\":\"SERVER\",\"start_unix_nano\":\"0\","
	    "\"end_unix_nano\":\"0\",\"status\":{\"code\":\"UNSET\","
	    "\"message\":\"\"},\"attributes\":{},\"dropped_attributes\":0,"
	    "\"events\":[],\"dropped_events\":0,\"links\":[],"
	    "\"dropped_links\":0,\"resource\":{\"attributes\":{},"
	    "\"dropped_attributes\":0,\"schema_url\":\"\"},\"scope\":{"
	    "\"name\":\"\",\"version\":\"\",\"attributes\":{},"
	    "\"dropped_attributes\":0,\"schema_url\":\"\"}\n");
	is_int(result.accepted, 1);
	is_int(last.trace_id[0], 0x5b);
	is_true(!last.has_parent);
}

static void
doubles_are_as_short_as_reads_back_equal(void)
{
	is_str(value("{\"doubleValue\":2}"), "2.0");
	is_str(value("{\"doubleValue\":0.1}"), "0.1");
	is_str(value("{\"doubleValue\":-0.0}"), "-0.0");
	is_str(value("{\"doubleValue\":100}"), "1e+02");
	is_str(value("{\"doubleValue\":1e21}"), "1e+21");
	is_str(value("{\"doubleValue\":5e-324}"), "5e-324");
	is_str(value("{\"doubleValue\":0.30000000000000004}"),
	    "0.30000000000000004");
	is_str(value("{\"doubleValue\":1.7976931348623157e308}"),
	    "1.7976931348623157e+308");
	is_str(value("{\"doubleValue\":\"-Infinity\"}"),
	    "{\"double\":\"-Infinity\"}");
	is_null(value("{\"doubleValue\":1e999}"));
}

/* As data/otlp has it for all numbers, slowly. */
static const char *
shortest(double d)
{
	static char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return text;
}

static void
decimals_are_read_as_strtod_reads_them(void)
{
	uint64_t seed = 1;
	char text[40], any[80];
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t part;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		part = (seed >> 20) % 1000000000 % (i % 7 ? 1000 : 1000000000);
		snprintf(text, sizeof text, "%s%llu.%0*llu", i % 3 ? "" : "-",
		    (unsigned long long)(seed >> (40 + i % 24)), i % 10 + 1,
		    (unsigned long long)part);
		snprintf(any, sizeof any, "{\"doubleValue\":%s}", text);
		wrong += strcmp(value(any), shortest(strtod(text, NULL))) != 0;
	}
	is_int(wrong, 0);
}

static void
integers_never_go_through_a_double(void)
{
	is_str(value("{\"intValue\":9007199254740993}"), "9007199254740993");
	is_str(value("{\"intValue\":\"-9223372036854775808\"}"),
	    "-9223372036854775808");
	is_str(value("{\"intValue\":1.50e1}"), "15");
	is_str(value("{\"intValue\":\"1000e-3\"}"), "1");
	is_str(value("{\"intValue\":0e999999999999}"), "0");
	is_null(value("{\"intValue\":1.5}"));
	is_null(value("{\"intValue\":\"\"}"));
	is_null(value("{\"intValue\":\"+1\"}"));
	is_null(value("{\"intValue\":01}"));
	is_str(value("{\"intValue\":9223372036854775808}"),
	    "9.223372036854776e+18");
	is_int(result.warnings, OTLP_BIG_INT);
}

static void
bytes_come_in_either_base64(void)
{
	is_str(value("{\"bytesValue\":\"AP_-\"}"), "{\"bytes\":\"AP/+\"}");
	is_str(value("{\"bytesValue\":\"AA\"}"), "{\"bytes\":\"AA==\"}");
	is_str(value("{\"bytesValue\":\"AAE=\"}"), "{\"bytes\":\"AAE=\"}");
	is_null(value("{\"bytesValue\":\"A\"}"));
	is_null(value("{\"bytesValue\":\"A=AA\"}"));
}

static void
attributes_are_sorted_and_the_last_of_equal_keys_wins(void)
{
	is_str(value("{\"kvlistValue\":{\"values\":["
		     "{\"key\":\"b\",\"value\":{\"boolValue\":true}},"
		     "{\"value\":{\"intValue\":1},\"key\":\"a\"},"
		     "{\"key\":\"ab\"},"
		     "{\"key\":\"b\",\"value\":{\"boolValue\":false}}]}}"),
	    "{\"map\":{\"a\":1,\"ab\":null,\"b\":false}}");
}

static void
many_equal_keys_are_dropped_on_the_way(void)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 5000; i++)
		buf_addf(&b, "%s{\"key\":\"%d\",\"value\":{\"intValue\":%d}}",
		    i ? "," : "\"attributes\":[", i % 3, i);
	buf_addc(&b, ']');
	is_int(decode_json(b.s), 0);
	is_true(strstr(
	    lines.s, "\"attributes\":{\"0\":4998,\"1\":4999,\"2\":4997}"));
	buf_free(&b);
}

static void
escapes_are_resolved_and_lone_surrogates_replaced(void)
{
	is_str(value("{\"stringValue\":\"\\u00e9\\ud83d\\ude00\\n\\u007f\"}"),
	    "\"\u00e9\U0001f600\\n\x7f\"");
	is_str(value("{\"stringValue\":\"a\\ud800b\\udc00\"}"),
	    "\"a\xef\xbf\xbd"
	    "b\xef\xbf\xbd\"");
	is_null(value("{\"stringValue\":\"\\x\"}"));
	is_null(value("{\"stringValue\":\"\\u12g4\"}"));
	is_null(value("{\"stringValue\":\"\n\"}"));
}

static int
nest(unsigned levels, const char *open, const char *close)
{
	struct buf b = BUF_INIT;
	int rc;

	for (unsigned i = 0; i < levels; i++)
		buf_adds(&b, open);
	buf_adds(&b, "{}");
	for (unsigned i = 0; i < levels; i++)
		buf_adds(&b, close);
	rc = value(b.s) ? 0 : -1;
	buf_free(&b);
	return rc;
}

static void
values_nest_sixty_four_levels_deep(void)
{
	static const char list[] = "{\"arrayValue\":{\"values\":[";
	static const char map[] = "{\"kvlistValue\":{\"values\":[{\"value\":";

	is_int(nest(64, list, "]}}"), 0);
	is_int(nest(65, list, "]}}"), -1);
	is_int(nest(64, map, "}]}}"), 0);
	is_int(nest(65, map, "}]}}"), -1);
	is_int(nest(100000, list, "]}}"), -1);
}

static void
what_is_unknown_is_passed_over_unless_it_is_malformed(void)
{
	is_int(
	    decode_json("\"x\":[1,{\"y\":[],\"z\":{}},null,\"s\",-1e-1]"), 0);
	is_int(decode_json("\"x\":[1,]"), -1);
	is_int(decode_json("\"x\":[1 2]"), -1);
	is_int(decode_json("\"x\":{\"y\"}"), -1);
	is_int(decode_json("\"x\":{\"y\":1]"), -1);
	is_int(decode_json("\"x\":nul"), -1);
	is_int(decode_json("\"x\":NaN"), -1);
}

static void
the_last_of_equal_names_wins(void)
{
	static const char s[] =
	    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
	    ",\"name\":\"a\"},{}]}],\"scopeSpans\":[{\"spans\":[{" IDS
	    ",\"name\":\"b\",\"name\":\"c\"}],\"scope\":{\"name\":\"x\"},"
	    "\"scope\":{\"version\":\"1\"}}]}]}";

	is_int(decode(OTLP_JSON, s, strlen(s)), 0);
	is_int(result.accepted, 1);
	is_int(result.rejected, 0);
	is_true(strstr(lines.s, "\"name\":\"c\""));
	is_true(strstr(lines.s, "\"scope\":{\"name\":\"\",\"version\":\"1\","));
}

static void
ids_that_cannot_be_are_rejected_one_by_one(void)
{
	static const char s[] =
	    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{},{" IDS
	    "},{" IDS ",\"spanId\":\"0000000000000000\"},{" IDS
	    ",\"parentSpanId\":\"ab\"}]}]}]}";

	is_int(decode(OTLP_JSON, s, strlen(s)), 0);
	is_int(result.accepted, 1);
	is_int(result.rejected, 3);
	is_str(result.reason[0], "trace_id is 0 bytes, not 16");
	is_str(result.reason[1], "span_id is all zero");
	is_str(result.reason[2], "parent_span_id is 1 bytes, not 0 or 8");
}

static void
the_run_is_found_in_a_resource_that_follows_its_spans(void)
{
	static const char s[] =
	    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
	    "}]}],\"resource\":{\"attributes\":[{\"key\":\"test.run.id\","
	    "\"value\":{\"stringValue\":\"r1\"}}]}}]}";

	is_int(decode(OTLP_JSON, s, strlen(s)), 0);
	is_str(run, "r1");
	is_int(decode_json(""), 0);
	is_str(run, "");
}

static void
a_resource_times_its_spans_is_bounded(void)
{
	struct buf b = BUF_INIT;
	char *fill = malloc((1 << 20) + 1);

	memset(fill, 'x', 1 << 20);
	fill[1 << 20] = 0;
	buf_adds(&b, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
	for (int i = 0; i < 300; i++)
		buf_addf(&b, "%s{" IDS "}", i ? "," : "");
	buf_addf(&b,
	    "]}],\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":"
	    "{\"stringValue\":\"%s\"}}]}}]}",
	    fill);
	is_int(decode(OTLP_JSON, b.s, b.len), -1);
	is_true(result.is_too_large);
	is_int(lines.len, 0);
	free(fill);
	buf_free(&b);
}

/* A length-delimited field around s[n]. */
static struct buf
field(int number, const char *s, size_t n)
{
	struct buf b = BUF_INIT;

	buf_addc(&b, (char)(number << 3 | 2));
	if (n > 0x7f)
		buf_addc(&b, (char)(0x80 | (n & 0x7f)));
	buf_addc(&b, (char)(n > 0x7f ? n >> 7 : n));
	buf_add(&b, s, n);
	return b;
}

/* The protobuf request with one span that has these fields besides ids. */
static struct buf
request(const char *fields, size_t n)
{
	struct buf span = BUF_INIT, b;

	buf_add(&span, "\x0a\x10", 2);
	buf_add(&span,
	    "0123456789abcdef\x12\x08"
	    "01234567",
	    26);
	buf_add(&span, fields, n);
	for (int around = 0; around < 3; around++) {
		b = field(around == 2 ? 1 : 2, span.s, span.len);
		buf_free(&span);
		span = b;
	}
	return b;
}

static int
decode_pb(const char *fields, size_t n)
{
	struct buf b = request(fields, n);
	int rc = decode(OTLP_PROTOBUF, b.s, b.len);

	buf_free(&b);
	return rc;
}

#define PB(s) decode_pb(s, sizeof s - 1)

static void
lists_given_twice_are_one_list(void)
{
	/* KeyValue { key "k", value { [true] }, value { [false] } } */
	is_int(PB("\x4a\x13\x0a\x01k"
		  "\x12\x06\x2a\x04\x0a\x02\x10\x01"
		  "\x12\x06\x2a\x04\x0a\x02\x10\x00"),
	    0);
	is_true(strstr(lines.s, "\"attributes\":{\"k\":[true,false]}"));
}

static void
each_broken_part_of_a_character_is_replaced_once(void)
{
	is_int(PB("\x2a\x09x\xe2\x82y\xf0\x9f\xa7\xc0\x80"), 0);
	is_true(strstr(lines.s,
	    "\"name\":\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\""));
	is_int(result.warnings, OTLP_BAD_UTF8);
}

static void
groups_are_passed_over_and_must_match(void)
{
	is_int(PB("\xa3\x06\xab\x06\x08\x01\xac\x06\xa4\x06\x2a\x01n"), 0);
	is_true(strstr(lines.s, "\"name\":\"n\""));
	is_int(PB("\xa3\x06\xac\x06"), -1);
	is_int(PB("\xa3\x06"), -1);
	is_int(PB("\xa4\x06"), -1);
}

static void
a_request_cut_anywhere_gives_no_span(void)
{
	struct buf b = request("\x2a\x04name\x39\x01\x02\x03\x04\x05\x06\x07"
			       "\x08\x4a\x09\x0a\x01k\x12\x04\x0a\x02vv",
	    26);

	is_int(decode(OTLP_PROTOBUF, b.s, b.len), 0);
	is_int(result.accepted, 1);
	for (size_t n = 1; n < b.len; n++) {
		is_int(decode(OTLP_PROTOBUF, b.s, n), -1);
		is_int(lines.len, 0);
	}
	buf_free(&b);
}

static void
gzip_stops_at_the_limit_and_takes_several_members(void)
{
	/* "abc", by gzip -n */
	static const char z[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06"
				"\0\xc2\x41\x24\x35\x03\0\0\0";
	const size_t n = sizeof z - 1;
	struct buf b = BUF_INIT, in = BUF_INIT;

	buf_add(&in, z, n);
	buf_add(&in, z, n);
	is_int(gzip_inflate(in.s, in.len, 6, &b, &error), GZIP_DONE);
	is_str(b.s, "abcabc");
	buf_reset(&b);
	is_int(gzip_inflate(in.s, in.len, 5, &b, &error), GZIP_TOO_LARGE);
	buf_reset(&b);
	is_int(gzip_inflate(in.s, n - 1, 9, &b, &error), GZIP_MALFORMED);
	buf_reset(&b);
	is_int(gzip_inflate(in.s, n + 1, 9, &b, &error), GZIP_MALFORMED);
	buf_free(&b);
	buf_free(&in);
}

TAP_MAIN(TEST(a_span_has_every_member_in_a_fixed_order),
    TEST(doubles_are_as_short_as_reads_back_equal),
    TEST(decimals_are_read_as_strtod_reads_them),
    TEST(integers_never_go_through_a_double), TEST(bytes_come_in_either_base64),
    TEST(attributes_are_sorted_and_the_last_of_equal_keys_wins),
    TEST(many_equal_keys_are_dropped_on_the_way),
    TEST(escapes_are_resolved_and_lone_surrogates_replaced),
    TEST(values_nest_sixty_four_levels_deep),
    TEST(what_is_unknown_is_passed_over_unless_it_is_malformed),
    TEST(the_last_of_equal_names_wins),
    TEST(ids_that_cannot_be_are_rejected_one_by_one),
    TEST(the_run_is_found_in_a_resource_that_follows_its_spans),
    TEST(a_resource_times_its_spans_is_bounded),
    TEST(lists_given_twice_are_one_list),
    TEST(each_broken_part_of_a_character_is_replaced_once),
    TEST(groups_are_passed_over_and_must_match),
    TEST(a_request_cut_anywhere_gives_no_span),
    TEST(gzip_stops_at_the_limit_and_takes_several_members))
