#include "data/json.h"

#include <math.h>

#include "base/mem.h"
#include "tap.h"

static struct value *
parse(struct arena *a, const char *text)
{
	return json_parse(a, text, strlen(text), NULL);
}

/* What is wrong with text[n], as LINE:COLUMN MESSAGE. */
static const char *
complaint_n(const char *text, size_t n)
{
	static char said[256];
	AUTO_ARENA a = {0};
	struct err e = {0};

	if (json_parse(&a, text, n, &e))
		return NULL;
	snprintf(said, sizeof said, "%u:%u %.200s", e.line, e.column, e.text);
	return said;
}

static const char *
complaint(const char *text)
{
	return complaint_n(text, strlen(text));
}

static bool
peek(const char *text, const char *want)
{
	const char *got;
	size_t n;

	if (json_peek(text, strlen(text), "type", &got, &n, NULL) < 0)
		return false;
	if (!want || !got)
		return !want && !got;
	return n == strlen(want) && !memcmp(got, want, n);
}

/* A text's string, written again. */
static const char *
again(const char *text)
{
	static char said[256];
	AUTO_ARENA a = {0};
	AUTO_JSON j = JSON_INIT;

	json_value(&j, NULL, parse(&a, text));
	snprintf(said, sizeof said, "%s", j.text.s);
	return said;
}

static void
every_kind_of_value_is_read(void)
{
	AUTO_ARENA a = {0};
	struct value *v =
	    parse(&a, " {\"n\":null,\"t\":true,\"i\":-7,\"f\":2.5,"
		      "\"s\":\"x\",\"l\":[1,[]],\"o\":{}} ");

	is_int(value_count(v), 7);
	is_int(value_get(v, "n")->kind, VALUE_NULL);
	is_true(value_bool_or(value_get(v, "t"), false));
	is_int(value_int_or(value_get(v, "i"), 0), -7);
	is_true(value_get(v, "f")->f == 2.5);
	is_str(value_str_or(value_get(v, "s"), ""), "x");
	is_int(value_find(v, "l.1")->kind, VALUE_LIST);
	is_int(value_get(v, "o")->kind, VALUE_TABLE);
}

static void
big_numbers_become_unsigned_then_floating(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parse(&a, "[9223372036854775807,-9223372036854775808,"
				    "18446744073709551615,18446744073709551616,"
				    "-9223372036854775809,1e400,1E2]");

	is_int(v->list.item[0]->i, INT64_MAX);
	is_int(v->list.item[1]->i, INT64_MIN);
	is_int(v->list.item[2]->kind, VALUE_UINT);
	is_true(v->list.item[2]->u == UINT64_MAX);
	is_int(v->list.item[3]->kind, VALUE_FLOAT);
	is_true(v->list.item[3]->f == 18446744073709551616.0);
	is_true(v->list.item[4]->f == -9223372036854775808.0);
	is_true(isinf(v->list.item[5]->f));
	is_true(v->list.item[6]->f == 100);
}

static void
of_equal_keys_the_last_wins(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parse(&a, "{\"a\":1,\"b\":2,\"a\":{\"c\":3}}");

	is_int(value_count(v), 2);
	is_int(value_int_or(value_find(v, "a.c"), 0), 3);
	is_true(peek("{\"type\":\"a\",\"type\":\"b\"}", "b"));
	is_true(peek("{\"type\":\"a\",\"type\":1}", NULL));
}

static void
surrogate_pairs_are_one_character(void)
{
	is_str(again("\"\\ud83d\\uDE00\""), "\"\xf0\x9f\x98\x80\"");
	is_str(again("\"\\u00e9\\u20ac\""), "\"\xc3\xa9\xe2\x82\xac\"");
}

static void
lone_surrogates_become_the_replacement_character(void)
{
	is_str(again("\"a\\ud83db\""), "\"a\xef\xbf\xbd"
				       "b\"");
	is_str(again("\"\\ude00\""), "\"\xef\xbf\xbd\"");
	is_str(again("\"\\ud83d\\ud83d\\ude00\""),
	    "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"");
	is_str(again("\"\\ud83d\\n\""), "\"\xef\xbf\xbd\\n\"");
	is_str(again("\"\\\\ud83d\""), "\"\\\\ud83d\"");
}

static void
an_escape_of_other_bytes_than_digits_is_malformed(void)
{
	is_true(complaint("\"\\ud8\x10\x10\"") != NULL);
	is_true(complaint("\"\\u12\"") != NULL);
	is_true(complaint("\"\\x41\"") != NULL);
	is_true(complaint("\"\\ud83d\\u\"") != NULL);
}

static void
nesting_ends_at_256_levels(void)
{
	AUTO_BUF text = BUF_INIT;

	for (int i = 0; i < 256; i++)
		buf_addc(&text, '[');
	for (int i = 0; i < 256; i++)
		buf_addc(&text, ']');
	is_null(complaint(text.s));
	buf_reset(&text);
	for (int i = 0; i < 257; i++)
		buf_adds(&text, "{\"a\":");
	is_str(complaint(text.s), "1:1281 nested deeper than 256 levels");
}

static void
what_is_not_utf_8_is_refused_with_its_place(void)
{
	is_str(complaint("{\"a\":\"\xc0\x80\"}"), "1:7 not UTF-8");
	is_str(complaint("{\n\"\xc3\xa9\":\"\xed\xa0\x80\"}"), "2:6 not UTF-8");
	is_str(complaint("\"\xf4\x90\x80\x80\""), "1:2 not UTF-8");
}

static void
malformed_text_is_refused_with_its_place(void)
{
	is_str(complaint("{\"type\":}"), "1:9 malformed JSON");
	is_str(complaint("{\"a\":1} x"), "1:9 malformed JSON");
	is_str(complaint("{} \""), "1:4 malformed JSON");
	is_str(complaint("{} \"ab\\"), "1:7 malformed JSON");
	is_str(complaint("{} \"\\u12"), "1:8 malformed JSON");
	is_str(complaint("\"\"\""), "1:3 malformed JSON");
	is_str(complaint("{\f}"), "1:2 malformed JSON");
	is_str(complaint("[1,\v2]"), "1:4 malformed JSON");
	is_str(complaint("5\f"), "1:2 malformed JSON");
	is_true(complaint("") != NULL);
	is_true(complaint("  ") != NULL);
	is_true(complaint("{\"a\":1") != NULL);
	is_true(complaint("{\"a\":1,}") != NULL);
	is_true(complaint("[1,]") != NULL);
	is_true(complaint("{a:1}") != NULL);
	is_true(complaint("'a'") != NULL);
	is_true(complaint("nul") != NULL);
	is_true(complaint("01") != NULL);
	is_true(complaint("NaN") != NULL);
	is_true(complaint("// x\n1") != NULL);
	is_true(complaint("\"a\nb\"") != NULL);
	is_true(complaint_n("1\0", 2) != NULL);
}

static void
peeking_finds_a_member_of_the_top_level_only(void)
{
	is_true(peek("{\"type\":\"end\"}", "end"));
	is_true(peek("{\"a\":{\"type\":\"x\"},\"type\":\"end\"}", "end"));
	is_true(peek("{\"a\":{\"type\":\"x\"}}", NULL));
	is_true(peek("{\"a\":\"type\"}", NULL));
	is_true(peek("{\"type\":{\"type\":\"x\"}}", NULL));
	is_true(peek("{\"type\":7}", NULL));
	is_true(peek("{\"t\\u0079pe\":\"end\"}", "end"));
	is_true(peek("{\"type\":\"e\\u006ed\"}", NULL));
}

static void
peeking_refuses_what_is_no_object(void)
{
	struct err e = {0};
	const char *text;
	size_t n;

	is_int(json_peek("[]", 2, "type", &text, &n, &e), -1);
	is_str(e.text, "not a JSON object");
	is_int(json_peek("\"type\"", 6, "type", &text, &n, &e), -1);
	is_int(json_peek("{}{}", 4, "type", &text, &n, &e), -1);
	is_str(e.text, "malformed JSON");
}

static const char *
look(const char *text, const char *key)
{
	static char said[64];
	struct json_want want[] = {{key, strlen(key), {0}}, JSON_WANT("other")};

	if (json_look(text, strlen(text), want, 2, NULL) < 0)
		return "refused";
	snprintf(said, sizeof said, "%.*s", (int)want[0].text.n,
	    want[0].text.s ? want[0].text.s : "none");
	return want[0].text.s ? said : "none";
}

static void
what_is_looked_for_comes_as_it_stands(void)
{
	is_str(look("{\"other\":1,\"k\" : [1, {}] ,\"x\":2}", "k"), "[1, {}]");
	is_str(look("{\"k\":{\"k\":[]}}", "k"), "{\"k\":[]}");
	is_str(look("{\"k\":\"\\u0041\"}", "k"), "\"\\u0041\"");
	is_str(look("{\"k\":-1e5 ,\"k\":null}", "k"), "null");
	is_str(look("{\"k\\u0000\":1}", "k"), "none");
	is_str(look("{\"\\u006b\":1}", "k"), "1");
	is_str(look("[{\"k\":1}]", "k"), "refused");
}

static void
looking_refuses_what_building_refuses(void)
{
	static const char *const bad[] = {"", " ", "{", "{\"a\"}", "{\"a\":}",
	    "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":01}",
	    "{\"a\":1.}", "{\"a\":.5}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":+1}",
	    "{\"a\":tru}", "{\"a\":nulll}", "{\"a\":[1,]}", "{\"a\":[1}",
	    "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12\"}",
	    "{\"a\":\"\t\"}", "{\"a\":\"}", "{}}", "{\"a\":\"\xff\"}",
	    "{\"\xed\xa0\x80\":1}", "{}\xc3\xa9"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		is_str(look(bad[i], "a"), "refused");
		is_true(complaint(bad[i]) != NULL);
	}
	is_str(look("{\"a\":1}\"", "a"), "refused");
	is_str(look(" {\"a\" : -0.5E+3\t}\r\n", "a"), "-0.5E+3");
}

static void
looking_goes_as_deep_as_building(void)
{
	char text[2 * 300 + 1];

	for (int depth = 256; depth <= 257; depth++) {
		memcpy(text, "{\"a\":", 5);
		memset(text + 5, '[', (size_t)depth - 1);
		memset(text + 4 + depth, ']', (size_t)depth - 1);
		strcpy(text + 3 + 2 * depth, "}");
		is_true((complaint(text) == NULL) == (depth == 256));
		is_true(strcmp(look(text, "b"),
			    depth == 256 ? "none" : "refused") == 0);
	}
}

static void
members_are_written_in_the_order_given(void)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_str(&j, "s", "a");
	json_str(&j, "none", NULL);
	json_int(&j, "i", INT64_MIN);
	json_bool(&j, "b", true);
	json_nano(&j, "t", UINT64_MAX);
	json_open(&j, "l", '[');
	json_close(&j, ']');
	json_open(&j, "m", '[');
	json_null(&j, NULL);
	json_raw(&j, NULL, "{}", 2);
	json_close(&j, ']');
	json_keyn(&j, "k\0", 2);
	json_int(&j, NULL, 1);
	json_close(&j, '}');
	is_str(j.text.s,
	    "{\"s\":\"a\",\"none\":null,\"i\":-9223372036854775808,"
	    "\"b\":true,\"t\":\"18446744073709551615\",\"l\":[],"
	    "\"m\":[null,{}],\"k\\u0000\":1}");
}

static void
strings_are_escaped_as_little_as_can_be(void)
{
	AUTO_BUF b = BUF_INIT;
	static const char text[] = "\"\\/\b\f\n\r\t\0\x01\x1f\x7f\xc3\xa9";

	json_quote(&b, text, sizeof text - 1);
	is_str(b.s, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7f"
		    "\xc3\xa9\"");
}

static void
bytes_that_are_not_utf_8_are_replaced_when_written(void)
{
	AUTO_BUF b = BUF_INIT;

	json_quote(&b,
	    "a\xff"
	    "b\xe2\x82",
	    5);
	is_str(b.s, "\"a\xef\xbf\xbd"
		    "b\xef\xbf\xbd\xef\xbf\xbd\"");
	is_null(complaint(b.s));
}

static void
floats_are_written_so_that_they_read_back_equal(void)
{
	static const double f[] = {
	    0.1, 1.0 / 3, 2, 1e21, 5e-324, -0.0, 123456789.25, 1e15};

	for (size_t i = 0; i < COUNT(f); i++) {
		AUTO_JSON j = JSON_INIT;
		double back;

		json_float(&j, NULL, f[i]);
		back = strtod(j.text.s, NULL);
		is_true(!memcmp(&back, &f[i], sizeof back));
		is_true(strpbrk(j.text.s, ".e") != NULL);
	}
	is_str(again("[2.0,0.1,1e400]"), "[2.0,0.1,null]");
}

static void
a_tree_is_written_as_it_was_read(void)
{
	static const char text[] =
	    "{\"b\":[1,18446744073709551615,-2.5,null,true,\"x\\ny\"],"
	    "\"a\":{\"\":{}}}";

	is_str(again(text), text);
}

TAP_MAIN(TEST(every_kind_of_value_is_read),
    TEST(big_numbers_become_unsigned_then_floating),
    TEST(of_equal_keys_the_last_wins), TEST(surrogate_pairs_are_one_character),
    TEST(lone_surrogates_become_the_replacement_character),
    TEST(an_escape_of_other_bytes_than_digits_is_malformed),
    TEST(nesting_ends_at_256_levels),
    TEST(what_is_not_utf_8_is_refused_with_its_place),
    TEST(malformed_text_is_refused_with_its_place),
    TEST(peeking_finds_a_member_of_the_top_level_only),
    TEST(peeking_refuses_what_is_no_object),
    TEST(what_is_looked_for_comes_as_it_stands),
    TEST(looking_refuses_what_building_refuses),
    TEST(looking_goes_as_deep_as_building),
    TEST(members_are_written_in_the_order_given),
    TEST(strings_are_escaped_as_little_as_can_be),
    TEST(bytes_that_are_not_utf_8_are_replaced_when_written),
    TEST(floats_are_written_so_that_they_read_back_equal),
    TEST(a_tree_is_written_as_it_was_read))
