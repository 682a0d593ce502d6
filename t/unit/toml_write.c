#include "data/toml.h"

#include "tap.h"

/* A document is written, its values are read back and written again. */
static void
comes_back(const char *s, const char *want)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT, again = BUF_INIT;
	struct err e = {0};
	struct value *v = toml_parse(&a, "x.toml", s, strlen(s), &e);

	is_int(toml_write(&text, value_get(v, "k"), &e), 0);
	is_str(text.s, want);
	buf_adds(&again, "k = ");
	buf_add(&again, text.s, text.len);
	v = toml_parse(&a, "y.toml", again.s, again.len, &e);
	buf_reset(&again);
	is_true(v && toml_write(&again, value_get(v, "k"), &e) == 0);
	is_str(again.s, want);
	is_str(e.text, "");
}

static void
strings_are_escaped(void)
{
	comes_back("k = 'a\"b\\c'", "\"a\\\"b\\\\c\"");
	comes_back("k = \"\\n\\t\\r\\b\\f\\u0000\\u001b\\u007f\"",
	    "\"\\n\\t\\r\\b\\f\\u0000\\u001B\\u007F\"");
	comes_back("k = 'ä€𝄞'", "\"ä€𝄞\"");
	comes_back("k = ''", "\"\"");
}

static void
numbers_booleans_and_times_are_as_they_were(void)
{
	comes_back("k = -9223372036854775808", "-9223372036854775808");
	comes_back("k = true", "true");
	comes_back("k = 1979-05-27 07:32:00Z", "1979-05-27 07:32:00Z");
	comes_back("k = 07:32:00.5", "07:32:00.5");
}

static void
a_float_stays_a_float(void)
{
	comes_back("k = 1.0", "1.0");
	comes_back("k = -0.0", "-0.0");
	comes_back("k = 100.0", "100.0");
	comes_back("k = 1234567890123456.0", "1234567890123456.0");
	comes_back("k = 0.1", "0.1");
	comes_back("k = 1e300", "1e+300");
	comes_back("k = 5e-324", "5e-324");
	comes_back("k = 0.30000000000000004", "0.30000000000000004");
	comes_back("k = -inf", "-inf");
	comes_back("k = nan", "nan");
}

static void
tables_are_inline_with_quoted_keys_in_order(void)
{
	comes_back("k = {b = 'x', a = 1, 'a b' = {}, \"\" = []}",
	    "{\"\"=[],\"a\"=1,\"a b\"={},\"b\"=\"x\"}");
	comes_back("k = [1, 'x', true, {\"q\\\"\".r = [[]]}]",
	    "[1,\"x\",true,{\"q\\\"\"={\"r\"=[[]]}}]");
}

/* An array in an array, so many times. */
static struct value *
nested(struct arena *a, int depth)
{
	struct value *v = value_new(a, VALUE_LIST);

	while (--depth) {
		struct value *outer = value_new(a, VALUE_LIST);

		value_add(a, outer, v);
		v = outer;
	}
	return v;
}

static void
what_is_nested_too_deep_to_be_read_is_not_written(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	buf_adds(&text, "k = ");
	is_int(toml_write(&text, nested(&a, TOML_DEPTH), &e), -1);
	is_str(text.s, "k = ");
	is_str(e.text, "nested deeper than 256 levels");
	is_int(toml_write(&text, nested(&a, TOML_DEPTH - 1), &e), 0);
	is_true(toml_parse(&a, "x", text.s, text.len, &e) != NULL);
}

static void
refused(struct arena *a, struct value *v, const char *message)
{
	struct value *list = value_new(a, VALUE_LIST);
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	value_add(a, list, value_int(a, 1));
	value_add(a, list, v);
	is_int(toml_write(&text, list, &e), -1);
	is_str(e.text, message);
	is_int(text.len, 0);
}

static void
what_toml_cannot_say_is_an_error(void)
{
	AUTO_ARENA a = {0};
	struct value *large = value_new(&a, VALUE_UINT);
	struct value *table = value_new(&a, VALUE_TABLE);

	large->u = UINT64_MAX;
	value_put(&a, table, "\xff", value_int(&a, 1));
	refused(&a, value_new(&a, VALUE_NULL), "TOML has no null");
	refused(&a, large,
	    "18446744073709551615 does not fit TOML's 64 bits with a sign");
	refused(&a, value_str(&a, "a\xc3", 2),
	    "a string that is not UTF-8 is no TOML");
	refused(&a, table, "a string that is not UTF-8 is no TOML");
}

static void
a_time_that_is_none_is_a_string(void)
{
	AUTO_ARENA a = {0};
	struct value *v = value_text(&a, "at noon");
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	v->kind = VALUE_TIME;
	is_int(toml_write(&text, v, &e), 0);
	is_str(text.s, "\"at noon\"");
}

TAP_MAIN(TEST(strings_are_escaped),
    TEST(numbers_booleans_and_times_are_as_they_were),
    TEST(a_float_stays_a_float),
    TEST(tables_are_inline_with_quoted_keys_in_order),
    TEST(what_is_nested_too_deep_to_be_read_is_not_written),
    TEST(what_toml_cannot_say_is_an_error),
    TEST(a_time_that_is_none_is_a_string))
