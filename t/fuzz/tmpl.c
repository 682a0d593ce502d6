/*
 * Any bytes as a template: it is told what is wrong, or it renders the same
 * text once more, from what is kept too, and the lines of its map ascend and
 * lie in its files. What is Tera to the letter means the same with lenience.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "base/utf8.h"
#include "core/template.h"
#include "data/json.h"
#include "data/tmpl_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

/* The folder: the text itself as `x`, so that it can name itself. */
struct folder {
	struct tmpl_loader loader;
	const char *s;
	size_t n;
};

static int
find(const struct tmpl_loader *l, struct arena *a, const char *from,
    const char *name, const char **path, struct err *why)
{
	(void)why;
	(void)l;
	(void)a;
	(void)from;
	*path = "x";
	return !strcmp(name, "x");
}

static int
read_text(const struct tmpl_loader *l, struct arena *a, const char *path,
    const char **text, size_t *len, struct err *e)
{
	const struct folder *f = (const struct folder *)l;

	(void)a;
	(void)path;
	(void)e;
	*text = f->s;
	*len = f->n;
	return 0;
}

static void
check_map(const struct tmpl *t, const struct tmpl_map *map)
{
	for (size_t i = 0; i < map->n; i++) {
		BUG_IF(map->place[i].file >= t->files);
		BUG_IF(
		    i && map->place[i].rendered <= map->place[i - 1].rendered);
		BUG_IF(!map->place[i].line || !map->place[i].column);
	}
}

/* 0 and the text, or -1. */
static int
render(const struct folder *f, const struct tmpl_how *how, struct buf *out)
{
	static const char context[] =
	    "{\"n\":3,\"s\":\"a b\",\"l\":[1,\"x\"],\"o\":{\"k\":[null,1.5]}}";
	struct tmpl_map map = {0};
	AUTO_ARENA a = {0};
	struct err e = {0};
	struct tmpl t;
	int got = tmpl_parse(&a, "main", f->s, f->n, how, &t, &e);

	if (!got)
		got = tmpl_render(&t,
		    json_parse(&a, context, sizeof context - 1, NULL), out,
		    &map, &e);
	check_map(&t, &map);
	BUG_IF(got < 0 && !*err_message(&e));
	tmpl_map_free(&map);
	return got;
}

/* Calls whose result is another one each time, or that take long. */
static bool
is_fickle(const char *s, size_t n)
{
	return memmem(s, n, "now", 3) || memmem(s, n, "random", 6) ||
	       memmem(s, n, "range", 5) || memmem(s, n, "{{.", 3) ||
	       memmem(s, n, "{#", 2);
}

/* With what tests have beyond the language, and what is kept of parses. */
static void
render_kept(const struct folder *f, int plain, const struct buf *want)
{
	static struct tmpl_cache *cache;
	struct tmpl_how how = {.loader = &f->loader,
	    .function = template_functions(),
	    .filter = template_filters};
	AUTO_BUF out = BUF_INIT;

	render(f, &how, &out);
	if (!cache)
		cache = tmpl_cache_new(1 << 20, 20);
	how = (struct tmpl_how){.loader = &f->loader, .cache = cache};
	for (int i = 0; i < 2; i++) {
		buf_reset(&out);
		BUG_IF(render(f, &how, &out) != plain);
		BUG_IF(!is_fickle(f->s, f->n) &&
		       (out.len != want->len ||
			   memcmp(out.s, want->s, out.len) != 0));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct folder f = {{find, read_text, NULL}, (const char *)bytes, n};
	AUTO_BUF strict = BUF_INIT, loose = BUF_INIT;
	struct tmpl_how how = {.is_pure = true, .loader = &f.loader};
	int got, plain;

	if (n > 4096 || utf8_check(f.s, n) < n)
		return 0;
	got = render(&f, &how, &strict);
	how.is_pure = false;
	plain = render(&f, &how, &loose);
	render_kept(&f, plain, &loose);
	if (is_fickle(f.s, n) || got < 0)
		return 0;
	BUG_IF(plain < 0);
	BUG_IF(strict.len != loose.len || memcmp(strict.s, loose.s, loose.len));
	return 0;
}
