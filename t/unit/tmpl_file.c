#include "data/tmpl.h"

#include "base/buf.h"
#include "data/json.h"
#include "tap.h"

/* The folder that the templates are found in. */
static const struct one {
	const char *path, *text;
} folder[] = {
    {"base", "top\n{% block a %}base a{% endblock %}\n"
	     "{% block b %}base b\n{% endblock %}end\n"},
    {"mid", "{% extends 'base' %}{% block a %}mid {{ super() }}"
	    "{% endblock %}"},
    {"part", "part {{ n }}\n"},
    {"outer", "{% include 'part' %}{% include 'broken' %}"},
    {"broken", "one\n{{ nope }}\n"},
    {"macros", "{% macro two() %}one\ntwo\n{% endmacro %}"},
    {"round", "{% extends 'ring' %}"},
    {"ring", "{% extends 'round' %}"},
    {"self", "x{% include 'self' %}"},
    {"bytes", "a\n\xff"},
    {"syntax", "\n{% if %}"},
    {"deep", "{% import 'syntax' as s %}"},
    {"twice", "{% import 'macros' as m %}{{ m::two() }}"},
};

static int reads;

static int
find(const struct tmpl_loader *l, struct arena *a, const char *from,
    const char *name, const char **path, struct err *why)
{
	(void)why;
	(void)l;
	(void)a;
	(void)from;
	for (size_t i = 0; i < sizeof folder / sizeof *folder; i++)
		if (!strcmp(folder[i].path, name)) {
			*path = folder[i].path;
			return 1;
		}
	return 0;
}

static int
read_text(const struct tmpl_loader *l, struct arena *a, const char *path,
    const char **text, size_t *len, struct err *e)
{
	(void)l;
	(void)a;
	reads++;
	for (size_t i = 0; i < sizeof folder / sizeof *folder; i++)
		if (!strcmp(folder[i].path, path)) {
			*text = folder[i].text;
			*len = strlen(*text);
			return 0;
		}
	return err_set(e, "%s: gone", path);
}

static const struct tmpl_loader loader = {find, read_text, NULL};
static struct arena arena;
static struct err e;
static struct tmpl t;
static struct tmpl_map map;

static const char *
render(const char *text)
{
	struct tmpl_how how = {.loader = &loader};
	AUTO_BUF out = BUF_INIT;
	struct value *c;

	arena_free(&arena);
	tmpl_map_free(&map);
	e = (struct err){0};
	reads = 0;
	c = json_parse(&arena, "{\"n\": 3}", 8, &e);
	if (tmpl_parse(&arena, "x", text, strlen(text), &how, &t, &e) < 0 ||
	    tmpl_render(&t, c, &out, &map, &e) < 0)
		return NULL;
	return arena_dup(&arena, out.s, out.len);
}

/* A place of the map as "rendered FILE:line:column". */
static const char *
place(size_t i)
{
	const struct tmpl_place *p = &map.place[i];

	if (i >= map.n)
		return "none";
	return arena_fmt(&arena, "%u %s:%u:%u", p->rendered,
	    t.file[p->file]->path, p->line, p->column);
}

static void
a_child_fills_the_blocks_of_its_parents(void)
{
	is_str(render("{% extends 'mid' %}no{% block b %}mine {{ super() }}"
		      "{% endblock %}"),
	    "top\nmid base a\nmine base b\nend\n");
}

static void
a_block_without_an_upper_one_has_no_super(void)
{
	is_null(render("{% block z %}{{ super() }}{% endblock %}"));
	is_str(err_message(&e),
	    "no parent has this block, so super() has nothing to give");
}

static void
each_file_is_read_once(void)
{
	is_str(render("{% import 'macros' as a %}{% import 'macros' as b %}"
		      "{% include 'part' %}{% include 'part' %}"
		      "{% include 'twice' %}"),
	    "part 3\npart 3\none\ntwo\n");
	is_int(reads, 3);
	is_int(t.files, 4);
}

static void
lines_point_into_the_file_that_they_came_from(void)
{
	render("a\n{% include 'part' %}b\n");
	is_str(place(0), "1 x:1:1");
	is_str(place(1), "2 part:1:1");
	is_str(place(2), "3 x:2:21");
	render("{% import 'macros' as m %}\n{{ m::two() }}z\n");
	is_str(place(0), "1 macros:1:18");
	is_str(place(1), "3 x:2:15");
	render("{% extends 'base' %}{% block b %}mine\n{% endblock %}");
	is_str(place(0), "1 base:1:1");
	is_str(place(1), "2 base:2:14");
	is_str(place(2), "3 x:1:34");
	is_str(place(3), "4 base:4:15");
}

static void
a_file_knows_where_it_was_pulled_in(void)
{
	render("\n {% include 'part' %}");
	is_int(t.files, 2);
	is_str(t.file[1]->from->path, "x");
	is_int(t.file[1]->line, 2);
	is_int(t.file[1]->column, 13);
}

static void
an_error_tells_its_file_and_the_way_to_it(void)
{
	is_null(render("\n{% include 'outer' %}"));
	is_str(e.text, "broken:2:4: the variable `nope` is not defined");
	is_str(e.hint, "note: in sight are n\n"
		       "note: included from outer:1:32\n"
		       "note: included from x:2:12");
	is_str(t.fault_path, "broken");
	is_null(render("{% import 'deep' as d %}"));
	is_str(e.text, "syntax:2:7: unexpected '%'; expected a value");
	is_str(e.hint, "note: included from deep:1:11\n"
		       "note: included from x:1:11");
	is_null(render("{% include 'bytes' %}"));
	is_str(e.text, "bytes:2:1: byte 0xff is not UTF-8");
	is_int(t.fault, TMPL_BYTES);
}

static void
what_is_not_there_is_told_where_it_is_named(void)
{
	is_null(render("{% include ['nope', 'neither'] %}"));
	is_str(e.text, "x:1:13: the template 'nope' is not there");
	is_int(t.fault, TMPL_FILE);
	is_null(render("{% import 'nope' as m %}"));
	is_str(e.text, "x:1:11: the template 'nope' is not there");
	is_str(render("{% include 'nope' ignore missing %}"), "");
	is_str(render("{% include ['nope', 'part'] %}"), "part 3\n");
}

static void
a_circle_is_one_error_with_its_chain(void)
{
	is_null(render("{% extends 'round' %}"));
	is_str(err_message(&e), "`extends` goes round in a circle: "
				"ring → round → ring");
	is_null(render("{% include 'self' %}"));
	is_str(e.text, "self:1:13: this include goes on without an end: self "
		       "→ self");
}

static void
without_a_loader_there_are_no_others(void)
{
	struct tmpl_how how = {0};

	is_true(tmpl_parse(
		    &arena, "x", "{% extends 'base' %}", 20, &how, &t, &e) < 0);
	is_int(t.fault, TMPL_FILE);
}

TAP_MAIN(TEST(a_child_fills_the_blocks_of_its_parents),
    TEST(a_block_without_an_upper_one_has_no_super),
    TEST(each_file_is_read_once),
    TEST(lines_point_into_the_file_that_they_came_from),
    TEST(a_file_knows_where_it_was_pulled_in),
    TEST(an_error_tells_its_file_and_the_way_to_it),
    TEST(what_is_not_there_is_told_where_it_is_named),
    TEST(a_circle_is_one_error_with_its_chain),
    TEST(without_a_loader_there_are_no_others))
