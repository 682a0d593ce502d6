#include "data/tmpl.h"

#include "base/buf.h"
#include "data/json.h"
#include "tap.h"

static struct arena arena;
static struct err e;
static struct tmpl t;

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
	    tmpl_parse(&arena, "x.toml", text, strlen(text), false, &t, &e) <
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
	is_str(e.hint, "did you mean `svc`?");
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
what_is_not_there_yet_says_so(void)
{
	is_null(render("{% include 'a' %}"));
	is_str(err_message(&e), "the tag `include` is not supported yet");
	is_null(render("{{ n | pluralize }}"));
	is_str(err_message(&e), "the filter `pluralize` is not supported yet");
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
	is_int(t.note[1].column, 15);
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
	is_str(err_message(&e), "a value nested deeper than 256 levels");
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

TAP_MAIN(TEST(text_without_a_marker_is_no_template),
    TEST(operators_bind_as_in_tera),
    TEST(a_variable_set_in_a_loop_lasts_for_its_turn),
    TEST(break_leaves_the_innermost_loop_alone),
    TEST(a_syntax_error_has_its_line_and_column),
    TEST(an_unknown_name_tells_the_nearest_one),
    TEST(a_filter_refuses_the_wrong_type), TEST(what_is_not_there_yet_says_so),
    TEST(an_unclosed_tag_is_told_where_it_began),
    TEST(the_shells_length_of_a_variable_is_text),
    TEST(the_map_tells_where_each_line_came_from),
    TEST(lines_of_an_output_stay_at_its_tag), TEST(nesting_has_a_limit),
    TEST(a_text_that_doubles_is_stopped), TEST(hostile_text_takes_linear_time),
    TEST(numbers_print_their_shortest_digits), TEST(case_follows_unicode))
