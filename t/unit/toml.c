#include "data/toml.h"

#include <math.h>

#include "base/buf.h"
#include "tap.h"

/* The tree of a document that is right, or NULL. */
static struct value *
parsed(struct arena *a, const char *s)
{
	struct err e = {0};
	struct value *v = toml_parse(a, "x.toml", s, strlen(s), &e);

	if (!v)
		printf("# %s\n", e.text);
	return v;
}

static void
wrong(const char *s, const char *message)
{
	AUTO_ARENA a = {0};
	struct err e = {0};

	is_null(toml_parse(&a, "x.toml", s, strlen(s), &e));
	is_str(e.text, message);
}

static void
a_key_set_twice_is_an_error_at_its_second_place(void)
{
	wrong("a = 1\na = 2\n", "x.toml:2:1: key 'a' is set twice");
}

static void
all_kinds_of_values_are_read(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "i = -9223372036854775808\nx = 0xFF_ff\n"
				     "f = 6.5e-1\nn = -inf\nb = true\n"
				     "s = 'c:\\x'\nt = 1979-05-27 07:32:00Z\n"
				     "l = [1, [2], {k.d = 3}]\n");

	is_int(value_get(v, "i")->i, INT64_MIN);
	is_int(value_get(v, "x")->i, 65535);
	is_true(value_get(v, "f")->f == 0.65);
	is_true(isinf(value_get(v, "n")->f) && value_get(v, "n")->f < 0);
	is_true(value_get(v, "b")->b);
	is_str(value_get(v, "s")->str.s, "c:\\x");
	is_int(value_get(v, "t")->kind, VALUE_TIME);
	is_int(value_get(v, "t")->time, VALUE_OFFSET_DATE_TIME);
	is_str(value_get(v, "t")->str.s, "1979-05-27 07:32:00Z");
	is_int(value_find(v, "l.2.k.d")->i, 3);
}

static void
an_integer_that_does_not_fit_is_an_error(void)
{
	wrong("a = 9223372036854775808\n",
	    "x.toml:1:5: 9223372036854775808 is no number that fits");
}

static void
places_count_characters_and_bytes(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "\"é\" = 1 # ü\n[t]\nk = 'ä' # end\n");
	struct value *k = value_find(v, "t.k");

	is_int(v->table.member[0].at.column, 1);
	is_int(v->table.member[0].value->at.column, 7);
	is_int(v->table.member[0].value->at.offset, 7);
	is_int(k->at.line, 3);
	is_int(k->at.column, 5);
	is_int(k->at.end - k->at.offset, 4);
	is_int(value_get(v, "t")->at.line, 2);
}

static unsigned
column(const char *s, const char *key)
{
	AUTO_ARENA a = {0};

	return value_get(parsed(&a, s), key)->at.column;
}

static void
columns_behind_characters_beyond_ascii_count_each_once(void)
{
	is_int(column("a = 1 # \xf0\x9f\x98\x80\n  k = 2\n", "k"), 7);
	is_int(column("a = 'ä'\nk = 2\n", "k"), 5);
	is_int(column("\xef\xbb\xbf\"k\" = 2\n", "k"), 7);
	is_int(column("\"k\" = [\n'\xe2\x82\xac',\n] #\n", "k"), 7);
	wrong("a = '''\n\xe2\x82\xac''' ü\n",
	    "x.toml:2:6: expected the end of the line, found 'ü'");
	wrong("a = {b = '\xf0\x9f\x98\x80', c = 01}\n",
	    "x.toml:1:19: 01 is no number that fits");
	wrong("a = [ # ü\n 'é' 1]\n",
	    "x.toml:2:6: expected ',' or ']' in the array, found '1'");
}

static void
a_string_is_borrowed_of_the_text_or_made_of_its_escapes(void)
{
	AUTO_ARENA a = {0};
	char text[] = "a = \"plain\"\nb = \"\\ttab\\u00e9\"\nc = ''\n"
		      "\"d\\n\" = \"\\\\\"\ne = 'lit\\t'\n";
	struct value *v = parsed(&a, text);

	memset(text, 'x', sizeof text - 1); /* the tree has its own copy */
	is_str(value_get(v, "a")->str.s, "plain");
	is_str(value_get(v, "b")->str.s, "\ttab\xc3\xa9");
	is_int(value_get(v, "b")->str.len, 6);
	is_str(value_get(v, "c")->str.s, "");
	is_str(value_get(v, "d\n")->str.s, "\\");
	is_str(value_get(v, "e")->str.s, "lit\\t");
	is_true(value_get(v, "a")->str.s + strlen("plain\"\n") ==
		v->table.member[1].key); /* both in one copy */
}

static void
strings_of_several_lines_are_borrowed_or_made(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "a = \"\"\"\nx\"\"y\"\"\"\"\"\n"
				     "b = \"\"\"x \\\n\n   y\"\"\"\n"
				     "c = '''''\r\nz'''\n");

	is_str(value_get(v, "a")->str.s, "x\"\"y\"\"");
	is_str(value_get(v, "b")->str.s, "x y");
	is_str(value_get(v, "c")->str.s, "''\r\nz");
}

static void
minus_zero_is_an_integer_or_a_float_with_its_sign(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "i = -0\nf = -0.0\ne = -0e0\np = +0.0\n");

	is_int(value_get(v, "i")->kind, VALUE_INT);
	is_int(value_get(v, "i")->i, 0);
	is_int(value_get(v, "f")->kind, VALUE_FLOAT);
	is_true(value_get(v, "f")->f == 0 && signbit(value_get(v, "f")->f));
	is_true(value_get(v, "e")->f == 0 && signbit(value_get(v, "e")->f));
	is_true(value_get(v, "p")->f == 0 && !signbit(value_get(v, "p")->f));
}

static void
integers_of_18_19_and_20_digits_are_exact_or_refused(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "a = 999999999999999999\n"
				     "b = -999999999999999999\n"
				     "c = 1000000000000000001\n"
				     "d = 9223372036854775807\n"
				     "e = -9223372036854775808\n");

	is_int(value_get(v, "a")->i, 999999999999999999);
	is_int(value_get(v, "b")->i, -999999999999999999);
	is_int(value_get(v, "c")->i, 1000000000000000001);
	is_int(value_get(v, "d")->i, INT64_MAX);
	is_int(value_get(v, "e")->i, INT64_MIN);
	wrong("a = -9223372036854775809\n",
	    "x.toml:1:5: -9223372036854775809 is no number that fits");
	wrong("a = 10000000000000000000\n",
	    "x.toml:1:5: 10000000000000000000 is no number that fits");
	wrong("a = 18446744073709551616\n",
	    "x.toml:1:5: 18446744073709551616 is no number that fits");
}

static void
floats_of_15_16_and_17_digits_are_the_nearest(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "a = 0.123456789012345\n"
				     "b = 9007199254740.993\n"
				     "c = 0.30000000000000004\n"
				     "d = -123456789012345.6\n");

	is_true(value_get(v, "a")->f == 0.123456789012345);
	is_true(value_get(v, "b")->f == 9007199254740.993);
	is_true(value_get(v, "c")->f == 0.30000000000000004);
	is_true(value_get(v, "d")->f == -123456789012345.6);
}

static void
a_header_and_dotted_keys_do_not_mix(void)
{
	wrong("[a.b]\n[a]\nb.c = 1\n",
	    "x.toml:3:1: table 'b' has a header of its own: dotted keys "
	    "cannot add to it");
	wrong("a.b.c = 1\n[a.b]\n", "x.toml:2:4: table 'b' is defined twice");
	wrong("a = {b = 1}\n[a.c]\n",
	    "x.toml:2:2: inline table 'a' cannot be added to");
	wrong("a = []\n[[a]]\n", "x.toml:2:3: 'a' is no array of tables");
}

static void
a_super_table_may_follow_its_sub_table(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "[a.b]\nx = 1\n[a]\ny = 2\n[a.c]\n");

	is_int(value_find(v, "a.y")->i, 2);
	is_int(value_find(v, "a.b.x")->i, 1);
	is_int(value_get(v, "a")->at.line, 3);
}

static void
all_errors_of_a_text_are_found(void)
{
	static const char text[] = "a = \nb = [1,\n  x y\n]\nc = 1\nc = 2\n"
				   "[t\nd = \"\"\"never\n[u]\ne = 01\n";
	static const unsigned lines[] = {1, 3, 4, 6, 7, 8, 10};
	AUTO_ARENA a = {0};
	struct toml_finds f;

	toml_check(&a, "x", text, strlen(text), true, &f);
	is_int(f.errors, f.n);
	is_int(f.find[0].at.line, lines[0]);
	is_int(f.find[1].at.line, lines[1]);
	is_int(f.find[f.n - 1].at.line, 10);
	is_int(f.find[f.n - 2].at.line, 8);
	is_int(f.find[f.n - 3].at.line, 7);
	is_int(f.find[f.n - 4].at.line, 6);
}

static void
errors_end_at_fifty(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct toml_finds f;

	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "?\n");
	toml_check(&a, "x", text.s, text.len, true, &f);
	is_int(f.n, TOML_ERRORS);
}

static void
toml_1_1_is_a_warning_or_with_strict_an_error(void)
{
	static const char text[] = "a = {\n  b = 1,\n}\n";
	AUTO_ARENA a = {0};
	struct toml_finds f;
	struct value *v = toml_check(&a, "x", text, strlen(text), false, &f);

	is_int(f.errors, 0);
	is_int(f.n, 2);
	is_str(f.find[0].err.text,
	    "x:1:6: a newline in an inline table is TOML 1.1");
	is_int(value_find(v, "a.b")->i, 1);
	toml_check(&a, "x", text, strlen(text), true, &f);
	is_true(f.errors > 0);
}

static void
deep(const char *open, const char *message)
{
	AUTO_BUF text = BUF_INIT;

	buf_adds(&text, "a = ");
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, open);
	wrong(text.s, message);
}

static void
nesting_has_an_end(void)
{
	deep("[", "x.toml:1:261: nested deeper than 256 levels");
	deep("{a=", "x.toml:1:773: nested deeper than 256 levels");
}

static void
what_is_not_utf_8_has_a_place(void)
{
	wrong("a = 1\n# \xc3\xa4\xff\n", "x.toml:2:4: byte 0xff is not UTF-8");
}

static void
a_string_may_hold_a_nul_by_escape_only(void)
{
	AUTO_ARENA a = {0};
	struct value *v = parsed(&a, "a = \"x\\u0000y\"\n");

	is_int(value_get(v, "a")->str.len, 3);
	wrong("a = \"\x01\"\n", "x.toml:1:6: control character U+0001");
}

static void
a_hundred_thousand_keys_take_no_time(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct value *v;

	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "k%d.x = %d\n", i, i);
	v = parsed(&a, text.s);
	is_int(value_count(v), 100000);
	is_int(value_find(v, "k99999.x")->i, 99999);
}

static void
tagged_json_names_each_type(void)
{
	AUTO_ARENA a = {0};
	AUTO_JSON j = JSON_INIT;

	toml_tagged(&j, NULL, parsed(&a, "a=[1,1.5,'s']\nb=07:32:00\n"));
	is_str(j.text.s, "{\"a\":[{\"type\":\"integer\",\"value\":\"1\"},"
			 "{\"type\":\"float\",\"value\":\"1.5\"},"
			 "{\"type\":\"string\",\"value\":\"s\"}],"
			 "\"b\":{\"type\":\"time-local\",\"value\":"
			 "\"07:32:00\"}}");
}

TAP_MAIN(TEST(a_key_set_twice_is_an_error_at_its_second_place),
    TEST(all_kinds_of_values_are_read),
    TEST(an_integer_that_does_not_fit_is_an_error),
    TEST(places_count_characters_and_bytes),
    TEST(columns_behind_characters_beyond_ascii_count_each_once),
    TEST(a_string_is_borrowed_of_the_text_or_made_of_its_escapes),
    TEST(strings_of_several_lines_are_borrowed_or_made),
    TEST(minus_zero_is_an_integer_or_a_float_with_its_sign),
    TEST(integers_of_18_19_and_20_digits_are_exact_or_refused),
    TEST(floats_of_15_16_and_17_digits_are_the_nearest),
    TEST(a_header_and_dotted_keys_do_not_mix),
    TEST(a_super_table_may_follow_its_sub_table),
    TEST(all_errors_of_a_text_are_found), TEST(errors_end_at_fifty),
    TEST(toml_1_1_is_a_warning_or_with_strict_an_error),
    TEST(nesting_has_an_end), TEST(what_is_not_utf_8_has_a_place),
    TEST(a_string_may_hold_a_nul_by_escape_only),
    TEST(a_hundred_thousand_keys_take_no_time),
    TEST(tagged_json_names_each_type))
