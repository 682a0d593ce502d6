#include "data/otlp_write.h"

#include "data/json.h"
#include "data/otlp.h"
#include "tap.h"

/* The canonical members of spans, a line each. */
static void
on_span(void *arg, const struct otlp_span *span)
{
	otlp_span_print(span, arg);
	buf_addc(arg, '\n');
}

static void
decode(const struct buf *request, struct buf *lines)
{
	struct otlp_result r = {0};
	struct err e = {0};

	is_int(otlp_decode(OTLP_PROTOBUF, request->s, request->len, on_span,
		   lines, &r, &e),
	    0);
	is_int((long)r.rejected, 0);
	is_int(r.warnings, 0);
}

static void
add(struct otlp_write *w, const char *members, size_t n)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	buf_addc(&text, '{');
	buf_add(&text, members, n);
	buf_addc(&text, '}');
	otlp_write_add(w, json_parse(&a, text.s, text.len, &e));
	is_str(e.text, "");
}

#define TAIL                                                                  \
	"\"dropped_attributes\":1,\"events\":[{\"time_unix_nano\":\"5\","     \
	"\"name\":\"e\",\"attributes\":{\"k\":[]},\"dropped_attributes\":2}]" \
	",\"dropped_events\":3,\"links\":[{\"trace_id\":"                     \
	"\"5b8efff798038103d269b633813fc60c\",\"span_id\":"                   \
	"\"eee19b7ec3c1b174\",\"trace_state\":\"a=b\",\"flags\":1,"           \
	"\"attributes\":{},\"dropped_attributes\":0}],\"dropped_links\":4,"

static const char *const lines[] = {
    "\"trace_id\":\"5b8efff798038103d269b633813fc60c\",\"span_id\":"
    "\"eee19b7ec3c1b174\",\"parent_span_id\":\"\",\"trace_state\":\"x=y\","
    "\"flags\":257,\"name\":\"a\",\"kind\":\"SERVER\",\"start_unix_nano\":"
    "\"1700000000000000001\",\"end_unix_nano\":\"18446744073709551615\","
    "\"status\":{\"code\":\"ERROR\",\"message\":\"m\"},\"attributes\":{"
    "\"b\":true,\"c\":-5,\"d\":0.1,\"e\":\"\",\"f\":{\"double\":\"NaN\"},"
    "\"g\":{\"bytes\":\"AAEC/w==\"},\"h\":{\"map\":{\"x\":[1,\"y\"]}},"
    "\"i\":9223372036854775807,\"j\":1.0,\"k\":null}," TAIL
    "\"resource\":{\"attributes\":{\"service.name\":\"s\"},"
    "\"dropped_attributes\":7,\"schema_url\":\"u\"},\"scope\":{\"name\":\"n\","
    "\"version\":\"v\",\"attributes\":{\"z\":false},\"dropped_attributes\":8,"
    "\"schema_url\":\"w\"}",
    "\"trace_id\":\"5b8efff798038103d269b633813fc60c\",\"span_id\":"
    "\"eee19b7ec3c1b175\",\"parent_span_id\":\"eee19b7ec3c1b174\","
    "\"trace_state\":\"\",\"flags\":0,\"name\":\"\",\"kind\":\"UNSPECIFIED\","
    "\"start_unix_nano\":\"7\",\"end_unix_nano\":\"7\",\"status\":{\"code\":"
    "\"UNSET\",\"message\":\"\"},\"attributes\":{},\"dropped_attributes\":0,"
    "\"events\":[],\"dropped_events\":0,\"links\":[],\"dropped_links\":0,"
    "\"resource\":{\"attributes\":{},\"dropped_attributes\":0,\"schema_url\":"
    "\"\"},\"scope\":{\"name\":\"\",\"version\":\"\",\"attributes\":{},"
    "\"dropped_attributes\":0,\"schema_url\":\"\"}",
};

static void
what_is_written_reads_back_byte_for_byte(void)
{
	AUTO_BUF want = BUF_INIT;
	AUTO_BUF request = BUF_INIT;
	AUTO_BUF got = BUF_INIT;
	struct otlp_write w = {0};

	for (size_t i = 0; i < 2; i++) {
		add(&w, lines[i], strlen(lines[i]));
		buf_adds(&want, lines[i]);
		buf_addc(&want, '\n');
	}
	otlp_write_put(&w, &request);
	decode(&request, &got);
	is_str(got.s, want.s);
	is_int((long)w.spans, 2);
	otlp_write_reset(&w);
}

static void
spans_are_grouped_by_resource_and_scope(void)
{
	static const char span[] =
	    "\"trace_id\":\"5b8efff798038103d269b633813fc60c\",\"span_id\":"
	    "\"eee19b7ec3c1b17%d\",\"name\":\"a\",\"resource\":{\"attributes\":"
	    "{\"r\":%d}},\"scope\":{\"name\":\"%d\"}";
	AUTO_BUF request = BUF_INIT;
	AUTO_BUF got = BUF_INIT;
	struct otlp_write w = {0};
	char text[400];

	for (int i = 0; i < 8; i++) {
		int n = snprintf(text, sizeof text, span, i, i & 1, i & 2);

		add(&w, text, (size_t)n);
	}
	is_int((long)w.n, 4);
	otlp_write_put(&w, &request);
	decode(&request, &got);
	is_true(strstr(got.s, "eee19b7ec3c1b177") != NULL);
	is_true(strstr(got.s, "\"r\":0") < strstr(got.s, "\"r\":1"));
	otlp_write_reset(&w);
}

static void
an_end_before_the_start_is_moved_to_it(void)
{
	static const char span[] =
	    "\"trace_id\":\"5b8efff798038103d269b633813fc60c\",\"span_id\":"
	    "\"eee19b7ec3c1b170\",\"name\":\"a\",\"start_unix_nano\":\"9\","
	    "\"end_unix_nano\":\"3\"";
	AUTO_BUF request = BUF_INIT;
	AUTO_BUF got = BUF_INIT;
	struct otlp_write w = {0};

	add(&w, span, sizeof span - 1);
	otlp_write_put(&w, &request);
	decode(&request, &got);
	is_true(strstr(got.s, "\"end_unix_nano\":\"9\"") != NULL);
	otlp_write_reset(&w);
}

TAP_MAIN(TEST(what_is_written_reads_back_byte_for_byte),
    TEST(spans_are_grouped_by_resource_and_scope),
    TEST(an_end_before_the_start_is_moved_to_it))
