#include "data/tmpl_cache.h"

#include "base/buf.h"
#include "data/tmpl.h"
#include "tap.h"

static struct tmpl_cache *cache;
static struct tmpl t;
static struct arena arena;

/* What a text renders to, with the cache; its path is `path`. */
static const char *
render_as(const char *path, const char *text)
{
	struct tmpl_how how = {.cache = cache};
	static struct value context = {.kind = VALUE_TABLE};
	AUTO_BUF out = BUF_INIT, copy = BUF_INIT;
	struct err e = {0};

	buf_adds(&copy, text); /* gone behind the call, as a file's text is */
	arena_free(&arena);
	if (tmpl_parse(&arena, path, copy.s, copy.len, &how, &t, &e) < 0 ||
	    tmpl_render(&t, &context, &out, NULL, &e) < 0)
		return NULL;
	return arena_dup(&arena, out.s, out.len);
}

static const char *
render(const char *text)
{
	return render_as("x", text);
}

static void
begin(size_t bytes, size_t count)
{
	tmpl_cache_del(cache);
	cache = tmpl_cache_new(bytes, count);
}

static void
the_same_text_is_parsed_once(void)
{
	begin(1 << 20, 10);
	is_str(render("{{ 1 + 1 }}"), "2");
	is_true(!t.file[0]->is_kept);
	is_str(render("{{ 1 + 1 }}"), "2");
	is_true(t.file[0]->is_kept);
	is_int(tmpl_cache_use(cache).hits, 1);
	is_int(tmpl_cache_use(cache).misses, 1);
}

static void
another_text_and_another_path_are_parsed_anew(void)
{
	begin(1 << 20, 10);
	render("a{{ 1 }}");
	render("b{{ 1 }}");
	render_as("y", "a{{ 1 }}");
	is_int(tmpl_cache_use(cache).hits, 0);
	is_int(tmpl_cache_use(cache).count, 3);
	is_str(render("a{{ 1 }}"), "a1");
	is_int(tmpl_cache_use(cache).hits, 1);
}

static void
warnings_of_a_parse_come_again_with_each_use(void)
{
	begin(1 << 20, 10);
	render("{{ x | default('d') }}");
	is_int(t.notes, 1);
	is_str(render("{{ x | default('d') }}"), "d");
	is_true(t.file[0]->is_kept);
	is_int(t.notes, 1);
	is_str(t.note[0].path, "x");
}

static void
what_does_not_parse_is_not_kept(void)
{
	begin(1 << 20, 10);
	is_null(render("{{"));
	is_null(render("{{"));
	is_int(tmpl_cache_use(cache).misses, 2);
	is_int(tmpl_cache_use(cache).count, 0);
	is_int(tmpl_cache_use(cache).bytes, 0);
}

static void
what_was_used_least_recently_goes_first(void)
{
	begin(1 << 20, 2);
	render("a");
	render("b");
	render("a");
	render("c");
	is_int(tmpl_cache_use(cache).dropped, 1);
	render("a");
	is_true(t.file[0]->is_kept);
	render("b");
	is_true(!t.file[0]->is_kept);
}

static void
bytes_are_bounded(void)
{
	static char text[20001];

	memset(text, 'x', sizeof text - 1);
	begin(100000, 1000);
	for (int i = 0; i < 50; i++) {
		text[i] = 'y';
		is_str(render(text), text);
		is_true(tmpl_cache_use(cache).bytes <= 200000);
	}
	is_true(tmpl_cache_use(cache).dropped > 40);
	begin(1, 1);
	is_str(render("{{ 1 }}"), "1");
	is_str(render("{{ 2 }}"), "2");
	tmpl_cache_del(cache);
	tmpl_cache_del(NULL);
	cache = NULL;
}

TAP_MAIN(TEST(the_same_text_is_parsed_once),
    TEST(another_text_and_another_path_are_parsed_anew),
    TEST(warnings_of_a_parse_come_again_with_each_use),
    TEST(what_does_not_parse_is_not_kept),
    TEST(what_was_used_least_recently_goes_first), TEST(bytes_are_bounded))
