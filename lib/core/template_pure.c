/*
 * Templates that are Tera to the letter.
 */
#include <string.h>

#include "core/template_int.h"

struct others {
	struct tmpl *t;
	struct err *e;
};

static int
add_other(void *arg, const char *path)
{
	struct others *o = arg;

	return tmpl_add(o->t, path, o->e);
}

int
template_pure(const char *path, const char *s, size_t n,
    const struct value *context, struct buf *out, struct err *e)
{
	AUTO_ARENA a = {0};
	char *dir = arena_str(&a, path), *slash = strrchr(dir, '/');
	struct template_loader loader =
	    template_loader_flat(slash ? (*slash = 0, dir) : ".");
	struct tmpl_how how = {.is_pure = true,
	    .loader = &loader.base,
	    .function = template_pure_functions};
	struct tmpl t;
	struct others others = {&t, e};

	if (tmpl_parse(&a, path, s, n, &how, &t, e) < 0 ||
	    template_each(loader.root, add_other, &others) < 0)
		return -1;
	return tmpl_render(&t, context, out, NULL, e);
}
