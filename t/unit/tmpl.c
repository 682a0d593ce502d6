#include "data/tmpl.h"

#include <stdlib.h>

#include "base/buf.h"
#include "data/json.h"
#include "tap.h"

static struct arena arena;
static struct err e;
static struct tmpl t;
static struct tmpl_how how;

/* What a template gives with a context, or NULL and e. */
static const char *
render_with(const char *text, const char *context, struct tmpl_map *map)
{
	AUTO_BUF out = BUF_INIT;
	struct value *c;

	arena_free(&arena);
	e = (struct err){0};
	c = json_parse(&arena, context, strlen(context), &e);
	if (!c ||
	    tmpl_parse(&arena, "x.toml", text, strlen(text), &how, &t, &e) <
		0 ||
	    tmpl_render(&t, c, &out, map, &e) < 0)
		return NULL;
	return arena_dup(&arena, out.s, out.len);
}

static const char *
render(const char *text)
{
	return render_with(
	    text, "{\"n\": 3, \"s\": \"a\", \"l\": [1, 2]}", NULL);
}

/* A text repeated, for what is large. */
static const char *
times(const char *before, const char *text, int n, const char *after)
{
	static struct buf b = BUF_INIT;

	buf_reset(&b);
	buf_adds(&b, before);
	while (n-- > 0)
		buf_adds(&b, text);
	buf_adds(&b, after);
	return b.s;
}

static void
text_without_a_marker_is_no_template(void)
{
	is_true(!tmpl_is_template("a { b } }}", 10));
	is_true(!tmpl_is_template("{", 1));
	is_true(tmpl_is_template("x {% y", 6));
	is_str(render("a { b }"), "a { b }");
}

static void
operators_bind_as_in_tera(void)
{
	is_str(render("{{ 1 - 5 | abs }}"), "4");
	is_str(render("{{ 1 + 2 * n }}"), "7");
	is_str(render("{{ (not true) }}"), "true");
	is_str(render("{{ not 1 == 2 }}"), "false");
	is_null(render("{{ 1 < 2 < 3 }}"));
}

static void
a_variable_set_in_a_loop_lasts_for_its_turn(void)
{
	is_str(render("{% for i in l %}{{ x | default(value='-') }}"
		      "{% set x = i %}{% endfor %}"),
	    "--");
	is_str(render("{% set x = 0 %}{% for i in l %}"
		      "{% set_global x = x + i %}{% endfor %}{{ x }}"),
	    "3");
}

static void
break_leaves_the_innermost_loop_alone(void)
{
	is_str(render("{% for i in l %}{% for j in l %}{{ j }}{% break %}"
		      "{% endfor %};{% endfor %}"),
	    "1;1;");
}

static void
a_syntax_error_has_its_line_and_column(void)
{
	is_null(render("é = 1\né {{ 1 + }}"));
	is_str(e.text, "x.toml:2:10: unexpected '}'; expected a value");
	is_int(t.fault, TMPL_SYNTAX);
}

static void
an_unknown_name_tells_the_nearest_one(void)
{
	is_null(render_with("\n{{ svcc }}", "{\"svc\": 1}", NULL));
	is_str(e.text, "x.toml:2:4: the variable `svcc` is not defined");
	is_str(e.hint, "did you mean `svc`?\nnote: in sight are svc");
	is_int(t.fault, TMPL_VARIABLE);
}

static void
a_filter_refuses_the_wrong_type(void)
{
	is_null(render("{{ n | upper }}"));
	is_int(t.fault, TMPL_EVAL);
	is_int(e.column, 8);
}

static void
an_unclosed_tag_is_told_where_it_began(void)
{
	is_null(render("a\n{% if n %}b{% for i in l %}{% endfor %}"));
	is_str(e.text, "x.toml:2:1: this `if` is not closed");
}

static void
the_shells_length_of_a_variable_is_text(void)
{
	is_str(render("${#A} {{ n }} {{.B}}"), "${#A} 3 {{.B}}");
	is_int(t.notes, 2);
	is_int(t.note[1].err.column, 15);
	is_str(render("${#A} {# c #}{{ n }} ${# c #}"), "${#A} 3 $");
}

static void
the_map_tells_where_each_line_came_from(void)
{
	struct tmpl_map map = {0};

	is_str(render_with("a\n{% for i in l %}\nb{{ i }}\n{% endfor %}\nz",
		   "{\"l\": [1, 2]}", &map),
	    "a\n\nb1\n\nb2\n\nz");
	is_int(map.n, 4);
	/* 1: a, 2 and 3: the loop's text, 4 and 5: again, 6: behind it */
	is_int(map.place[0].line, 1);
	is_int(map.place[1].rendered, 2);
	is_int(map.place[1].line, 2);
	is_int(map.place[1].column, 17);
	is_int(map.place[2].rendered, 4);
	is_int(map.place[2].line, 2);
	is_int(map.place[3].rendered, 6);
	is_int(map.place[3].line, 4);
	tmpl_map_free(&map);
}

static void
lines_of_an_output_stay_at_its_tag(void)
{
	struct tmpl_map map = {0};

	is_str(render_with("x\ny{{ s }}z", "{\"s\": \"1\\n2\\n3\"}", &map),
	    "x\ny1\n2\n3z");
	is_int(map.n, 3);
	is_int(map.place[1].rendered, 3);
	is_int(map.place[1].line, 2);
	is_int(map.place[1].column, 2);
	is_int(map.place[2].line, 2);
	tmpl_map_free(&map);
}

static void
nesting_has_a_limit(void)
{
	is_null(render(times("{{ ", "(", 100000, "1")));
	is_null(render(times("{{ 1", " + 1", 100000, " }}")));
	is_null(render(times("", "{% if n %}", 1000, "")));
	is_null(render(
	    times("{% set x = l %}", "{% set x = [x] %}", 1000, "{{ x }}")));
	is_str(err_message(&e), "a value nested deeper than 256 levels, "
				"or larger than 64 MiB");
}

static void
a_text_that_doubles_is_stopped(void)
{
	is_null(render(
	    times("{% set x = 'aaaaaaaa' %}", "{% set x = x ~ x %}", 60, "")));
	is_str(err_message(&e), "the text is larger than 64 MiB");
}

static void
hostile_text_takes_linear_time(void)
{
	is_null(render(times("", "{{", 1000000, "")));
	is_null(render(times("{{ ", "range(end=", 100, "1")));
	is_str(
	    render(times("{% if q %}", "{% elif q %}", 20000, "{% endif %}")),
	    "");
	is_null(render(times("", "${#A", 300000, "{{")));
}

static void
numbers_print_their_shortest_digits(void)
{
	is_str(render("{{ 0.1 }} {{ 1.0 }} {{ 0.0000001 }} {{ 1 / 3 }}"),
	    "0.1 1 0.0000001 0.3333333333333333");
	is_str(render("{{ [1.0, 0.0000001] | json_encode }}"), "[1.0,1e-7]");
}

static void
case_follows_unicode(void)
{
	is_str(render("{{ 'straße ǆ ñ' | upper }}"), "STRASSE Ǆ Ñ");
	is_str(render("{{ 'ÉΣ ΟΔΟΣ Ж' | lower }}"), "éς οδος ж");
}

/* What lenience gives, and how many warnings; Tera itself refuses it. */
static const char *
lenient(const char *text)
{
	how.is_pure = true;
	is_null(render(text));
	how.is_pure = false;
	return render(text);
}

static void
what_is_not_tera_but_clear_is_taken_with_a_warning(void)
{
	is_str(lenient("{{ range(3) }}{{ range(1, 3) }}"), "[0, 1, 2][1, 2]");
	is_int(t.notes, 2);
	is_str(t.note[0].err.text, "x.toml:1:4: an argument of `range` without "
				   "its name is not Tera");
	is_str(lenient("{{ q | default('d') }}"), "d");
	is_int(t.notes, 1);
	is_str(lenient("{% macro m(a, b=none) %}{{ a }}{% endmacro %}"
		       "{{ self::m('x') }}"),
	    "x");
	is_int(t.notes, 2);
	is_str(lenient("{{ 'a\\'b' }}"), "a'b");
	is_str(lenient("{{ (q | default(value='d')) | upper }}"), "D");
	is_str(lenient("{% for k, v in {'a': 1, b: [2, 3]} %}{{ k }}{{ v }};"
		       "{% endfor %}"),
	    "a1;b[2, 3];");
}

static void
what_is_tera_means_what_it_means_there(void)
{
	is_str(render("{{ 'a\\n' }}{{ (not true) }}"), "a\\ntrue");
	is_int(t.notes, 0);
	is_null(render("{{ none }}"));
	is_int(t.fault, TMPL_VARIABLE);
}

static void
the_attempt_that_came_furthest_tells_what_is_wrong(void)
{
	is_null(render("{{ range(3) }}\n{% if %}"));
	is_str(e.text, "x.toml:2:7: unexpected '%'; expected a value");
	is_int(t.notes, 0);
}

static void
a_variable_of_the_environment_may_have_a_default(void)
{
	static const char text[] =
	    "{{ get_env(name='TMPL_NOPE') | default(value='d') }}";

	is_str(render(text), "d");
	is_int(t.notes, 1);
	how.is_pure = true;
	is_null(render(text));
	how.is_pure = false;
	setenv("TMPL_THERE", "x", 1);
	is_str(render("{{ env.TMPL_THERE }}"), "x");
	is_int(t.notes, 1);
}

static void
a_section_hands_its_text_to_a_filter(void)
{
	is_str(render("{% filter upper %}a{{ s }}{% endfilter %}"), "AA");
	is_null(render("{% for i in l %}{% filter upper %}{% break %}"
		       "{% endfilter %}{% endfor %}"));
}

static void
macros_see_their_arguments_and_the_context_alone(void)
{
	is_str(render("{% macro m(a, b='d') %}{{ a }}{{ b }}{{ n }}"
		      "{{ x | default(value='-') }}{% endmacro %}"
		      "{% set x = 1 %}{{ self::m(a=s) }}"),
	    "ad3-");
	is_null(render("{% macro m(a) %}{% endmacro %}{{ self::m() }}"));
	is_str(err_message(&e), "the macro `m` needs its argument `a`");
}

static void
a_macro_that_calls_itself_for_ever_is_stopped(void)
{
	is_null(render("{% macro m() %}{{ self::m() }}{% endmacro %}"
		       "{{ self::m() }}"));
	is_int(t.fault, TMPL_EVAL);
	is_null(render("{% macro m() %}{{ self::m() ~ 'a' | upper }}"
		       "{% endmacro %}{{ self::m() }}"));
}

static void
what_a_macro_needs_for_itself_does_not_take_the_callers_values(void)
{
	is_str(render("{% macro big() %}{% for i in range(end=40) %}"
		      "{% set x = range(end=2000) | join(sep=',') %}"
		      "{% endfor %}!{% endmacro %}"
		      "{{ [s | upper, self::big(), s | upper] }}"),
	    "[A, !, A]");
}

static void
dates_are_written_as_the_format_says(void)
{
	is_str(render("{{ '2025-03-09T15:04:05.5+02:00' | date(format="
		      "'%F %T%.f %:z %s') }}"),
	    "2025-03-09 15:04:05.500 +02:00 1741525445");
	is_null(render("{{ '2025-02-29' | date }}"));
	is_null(render("{{ 0 | date(format='%Q') }}"));
	is_null(render("{{ 0 | date(format='%') }}"));
	is_null(render("{{ 0 | date(timezone='../../etc/passwd') }}"));
}

TAP_MAIN(TEST(text_without_a_marker_is_no_template),
    TEST(operators_bind_as_in_tera),
    TEST(a_variable_set_in_a_loop_lasts_for_its_turn),
    TEST(break_leaves_the_innermost_loop_alone),
    TEST(a_syntax_error_has_its_line_and_column),
    TEST(an_unknown_name_tells_the_nearest_one),
    TEST(a_filter_refuses_the_wrong_type),
    TEST(an_unclosed_tag_is_told_where_it_began),
    TEST(the_shells_length_of_a_variable_is_text),
    TEST(the_map_tells_where_each_line_came_from),
    TEST(lines_of_an_output_stay_at_its_tag), TEST(nesting_has_a_limit),
    TEST(a_text_that_doubles_is_stopped), TEST(hostile_text_takes_linear_time),
    TEST(what_is_not_tera_but_clear_is_taken_with_a_warning),
    TEST(what_is_tera_means_what_it_means_there),
    TEST(the_attempt_that_came_furthest_tells_what_is_wrong),
    TEST(a_variable_of_the_environment_may_have_a_default),
    TEST(a_section_hands_its_text_to_a_filter),
    TEST(macros_see_their_arguments_and_the_context_alone),
    TEST(a_macro_that_calls_itself_for_ever_is_stopped),
    TEST(what_a_macro_needs_for_itself_does_not_take_the_callers_values),
    TEST(dates_are_written_as_the_format_says),
    TEST(numbers_print_their_shortest_digits), TEST(case_follows_unicode))
