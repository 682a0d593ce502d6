#include "data/layout.h"

#include "data/patch.h"
#include "tap.h"

/* What a text becomes; it must be of that kind, and laid out to stay so. */
static void
becomes(enum layout_kind kind, bool sort, const char *s, const char *want)
{
	AUTO_ARENA a = {0};
	AUTO_BUF to = BUF_INIT;
	AUTO_BUF again = BUF_INIT;
	struct toml_finds found;
	struct err e = {0};

	is_int(layout_text(&a, "x.toml", s, strlen(s), sort, &to, &found, &e),
	    kind);
	is_str(to.s, want);
	if (kind == LAYOUT_WRONG)
		return;
	is_int(
	    layout_text(&a, "x.toml", to.s, to.len, sort, &again, &found, &e),
	    kind);
	is_str(again.s, to.s);
}

static void
toml(const char *s, const char *want)
{
	becomes(LAYOUT_TOML, false, s, want);
}

static void
sorted(const char *s, const char *want)
{
	becomes(LAYOUT_TOML, true, s, want);
}

static void
as_template(const char *s, const char *want)
{
	becomes(LAYOUT_TEMPLATE, false, s, want);
}

static void
kept(const char *s)
{
	becomes(LAYOUT_KEPT, false, s, s);
}

static void
blanks_around_the_equals_sign_are_one(void)
{
	toml("  a=1\nbb   =\t2  \n", "a = 1\nbb = 2\n");
}

static void
a_comment_at_the_end_stays_there_after_one_blank(void)
{
	toml("a=1#x\n[t]   #  y \t\nb = 2      # z\n",
	    "a = 1 #x\n\n[t] #  y\nb = 2 # z\n");
}

static void
one_empty_line_is_between_tables_and_none_at_the_ends(void)
{
	toml("\n\n[a]\n\n\nx = 1\n\n\n\ny = 2\n[b]\n[[c]]\n\n\n",
	    "[a]\nx = 1\n\ny = 2\n\n[b]\n\n[[c]]\n");
}

static void
a_comment_stays_with_what_is_below_it(void)
{
	toml("a = 1\n# of t\n[t]\n\n# of b\nb = 1\n",
	    "a = 1\n\n# of t\n[t]\n# of b\nb = 1\n");
}

static void
a_comment_of_its_own_stays_apart(void)
{
	toml(
	    "[t]\n\n\n# own\n\n\n[u]\n# end\n", "[t]\n\n# own\n\n[u]\n# end\n");
}

static void
keys_and_headers_lose_their_blanks(void)
{
	toml("a . \"b c\" .d = 1\n[ x . y ]\n[[ z ]]\n",
	    "a.\"b c\".d = 1\n\n[x.y]\n\n[[z]]\n");
}

static void
values_keep_their_spelling(void)
{
	toml("a=0xFF_ff\nb=1e+06\nc='C:\\'\nd=\"a=b  # c\"\ne=1979-05-27 "
	     "07:32:00Z#t\nf=+1_000\ng=\"\\u00e9\\\"=\"\n",
	    "a = 0xFF_ff\nb = 1e+06\nc = 'C:\\'\nd = \"a=b  # c\"\n"
	    "e = 1979-05-27 07:32:00Z #t\nf = +1_000\n"
	    "g = \"\\u00e9\\\"=\"\n");
}

static void
a_string_of_several_lines_is_not_touched(void)
{
	toml("a=\"\"\"\n  x=1  \n\n\n [y]\"\"\"\"\"  \nb='''\n'' \\'''\n",
	    "a = \"\"\"\n  x=1  \n\n\n [y]\"\"\"\"\"\nb = '''\n'' \\'''\n");
}

static void
arrays_and_tables_on_a_line_have_one_blank_behind_a_comma(void)
{
	toml("a=[ 1 ,2,[ ],{} , ]\nb={x=1,y = { }, z.w=[1]}\n",
	    "a = [1, 2, [], {},]\nb = { x = 1, y = {}, z.w = [1] }\n");
}

static void
an_array_of_several_lines_keeps_its_lines_and_comments(void)
{
	toml("a = [ # o\n\n\n1,2, # two\n\n\n # own\n\t[\n3\n]\n,{x=1}\n\n]\n",
	    "a = [ # o\n\n    1, 2, # two\n\n    # own\n    [\n        3\n"
	    "    ]\n    , { x = 1 }\n]\n");
}

static void
crlf_stays(void)
{
	toml("a=1\r\n[b]\r\nc=[\r\n1]\r\n",
	    "a = 1\r\n\r\n[b]\r\nc = [\r\n    1]\r\n");
}

static void
a_last_line_gets_its_end_and_an_empty_text_stays_empty(void)
{
	toml("a = 1", "a = 1\n");
	toml("\n \n", "");
	toml("\xef\xbb\xbf"
	     "a=1",
	    "\xef\xbb\xbf"
	    "a = 1\n");
}

static void
sorting_moves_comments_with_their_keys(void)
{
	sorted("# of z\nz = 1 # zz\nb = 2\n\n# of y\ny = 3\n\"a\" = 4\n",
	    "b = 2\n# of z\nz = 1 # zz\n\n\"a\" = 4\n# of y\ny = 3\n");
	sorted("[t]\nb = 1\na = 2\n[s]\nd = 1\nc = [\n2]\n",
	    "[t]\na = 2\nb = 1\n\n[s]\nc = [\n    2]\nd = 1\n");
}

static void
a_text_with_tags_is_not_sorted(void)
{
	sorted("b=1\n# {% if x %}\na=2\n# {% endif %}\n",
	    "b = 1\n# {% if x %}\na = 2\n# {% endif %}\n");
}

static void
toml_with_tags_in_strings_and_comments_is_laid_out(void)
{
	toml("a=\"{{  x|upper }}\"#{#  c #}\n",
	    "a = \"{{  x|upper }}\" #{#  c #}\n");
}

static void
of_a_template_only_ends_of_lines_and_empty_lines_go(void)
{
	as_template("\n{% if  x %}  \na=1 \n\n\n\n{% endif %}\nb={{ x }}\t",
	    "{% if  x %}\na=1\n\n{% endif %}\nb={{ x }}\n");
	as_template("a={{ x }}\r\n\r\n\r\n", "a={{ x }}\r\n");
}

static void
strings_and_tags_of_a_template_are_not_touched(void)
{
	as_template("a={{ x }}\nb=\"\"\"\n  \n\n\n\"\"\" \n{#  \n\n\n #} \n",
	    "a={{ x }}\nb=\"\"\"\n  \n\n\n\"\"\"\n{#  \n\n\n #}\n");
	as_template(
	    "{% macro m() %} \n\n\n x{% endmacro %} \n\n\n\nb={{ x }}\n",
	    "{% macro m() %} \n\n\n x{% endmacro %}\n\nb={{ x }}\n");
}

static void
a_template_that_cannot_be_seen_through_is_kept(void)
{
	kept("{% if x %}a = \"\"\"{% else %}\"\"\"{% endif %}  \nb=\"\"\"");
	kept("a = \"{{ x }}  \nb = 1  \n");
	kept("{% raw %}  \n{% endraw %}  \n= {{ x }}\n");
	kept("{{ x }}  \n{% if  \n");
}

static void
a_tag_of_several_lines_makes_a_template_whatever_ends_the_lines(void)
{
	as_template(
	    "\r\n#+f#\n\n#s={#ys\n#}J\n\n\n#\n", "#+f#\n\n#s={#ys\n#}J\n\n#\n");
	as_template("a=1 # {# x\n#   y #}  \n", "a=1 # {# x\n#   y #}\n");
}

static void
blanks_that_alone_keep_a_template_from_being_toml_stay(void)
{
	kept("a=1#{{ x }}\r\r\n");
	kept("a=1#{{ x }}\r");
	kept("\n\xef\xbb\xbf#{{ x }}\na=1\n");
}

static void
the_end_of_a_line_in_a_string_decides_no_other(void)
{
	toml("\r\na=\"\"\"\nx\"\"\"\r\nb=1\r\n",
	    "a = \"\"\"\nx\"\"\"\r\nb = 1\r\n");
	toml("#x \r\na='''\n'''\n", "#x\r\na = '''\n'''\r\n");
	sorted("b=1\r\na='''\n'''\r\n", "a = '''\n'''\r\nb = 1\r\n");
}

static void
what_is_neither_toml_nor_template_is_wrong(void)
{
	becomes(LAYOUT_WRONG, false, "a = \n", "");
	becomes(LAYOUT_WRONG, false, "a = {{\n", "");
}

static void
patched(const char *a, const char *b, const char *want)
{
	AUTO_BUF to = BUF_INIT;

	patch_print(&to, "f", a, strlen(a), b, strlen(b));
	is_str(to.s, want);
}

static void
a_patch_has_three_lines_of_context(void)
{
	patched("1\n2\n3\n4\n5\nx\n6\n7\n8\n9\n",
	    "1\n2\n3\n4\n5\ny\nz\n6\n7\n8\n9\n",
	    "--- f\n+++ f\n@@ -3,7 +3,8 @@\n 3\n 4\n 5\n-x\n+y\n+z\n 6\n 7\n"
	    " 8\n");
	patched("a\n", "a\n", "");
}

static void
a_patch_tells_that_the_last_line_has_no_end(void)
{
	patched("a", "a\n",
	    "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n"
	    "+a\n");
	patched("\n", "", "--- f\n+++ f\n@@ -1 +0,0 @@\n-\n");
}

TAP_MAIN(TEST(blanks_around_the_equals_sign_are_one),
    TEST(a_comment_at_the_end_stays_there_after_one_blank),
    TEST(one_empty_line_is_between_tables_and_none_at_the_ends),
    TEST(a_comment_stays_with_what_is_below_it),
    TEST(a_comment_of_its_own_stays_apart),
    TEST(keys_and_headers_lose_their_blanks), TEST(values_keep_their_spelling),
    TEST(a_string_of_several_lines_is_not_touched),
    TEST(arrays_and_tables_on_a_line_have_one_blank_behind_a_comma),
    TEST(an_array_of_several_lines_keeps_its_lines_and_comments),
    TEST(crlf_stays),
    TEST(a_last_line_gets_its_end_and_an_empty_text_stays_empty),
    TEST(sorting_moves_comments_with_their_keys),
    TEST(a_text_with_tags_is_not_sorted),
    TEST(toml_with_tags_in_strings_and_comments_is_laid_out),
    TEST(of_a_template_only_ends_of_lines_and_empty_lines_go),
    TEST(strings_and_tags_of_a_template_are_not_touched),
    TEST(a_template_that_cannot_be_seen_through_is_kept),
    TEST(a_tag_of_several_lines_makes_a_template_whatever_ends_the_lines),
    TEST(blanks_that_alone_keep_a_template_from_being_toml_stay),
    TEST(the_end_of_a_line_in_a_string_decides_no_other),
    TEST(what_is_neither_toml_nor_template_is_wrong),
    TEST(a_patch_has_three_lines_of_context),
    TEST(a_patch_tells_that_the_last_line_has_no_end))
