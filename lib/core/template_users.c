#include "core/template_users.h"

#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/template_int.h"

/* A test file and its others, as absolute paths. */
struct user {
	char *source;
	int64_t gen;
	bool is_user; /* rendered last because of another */
	char **dep;
	uint32_t *hash; /* of each */
	size_t deps;
	char **missing; /* names that begin with `/` */
	size_t missings;
};

struct template_users {
	char *here;
	struct map by_source;
};

struct template_users *
template_users_new(void)
{
	struct template_users *u = mem_new(1, sizeof *u);

	u->here = realpath(".", NULL);
	return u;
}

static void
user_del(struct user *s)
{
	if (!s)
		return;
	while (s->deps)
		free(s->dep[--s->deps]);
	while (s->missings)
		free(s->missing[--s->missings]);
	free(s->dep);
	free(s->hash);
	free(s->missing);
	free(s->source);
	free(s);
}

void
template_users_del(struct template_users *u)
{
	for (size_t i = 0; i < u->by_source.n; i++)
		user_del(u->by_source.entry[i].value);
	map_free(&u->by_source);
	free(u->here);
	free(u);
}

/* The same file has the same path, whichever way it was named. */
static void
absolute(const struct template_users *u, const char *path, struct buf *to)
{
	AUTO_BUF joined = BUF_INIT;

	if (*path != '/' && u->here)
		buf_addf(&joined, "%s/", u->here);
	buf_adds(&joined, path);
	if (*joined.s == '/')
		buf_addc(to, '/');
	template_add_path(to, joined.s);
}

static void
add_dep(const struct template_users *u, struct user *s, const char *path)
{
	AUTO_BUF real = BUF_INIT;

	absolute(u, path, &real);
	s->hash[s->deps] = key_hash(real.s, real.len);
	s->dep[s->deps++] = mem_dup(real.s, real.len);
}

static void
add_missing(struct user *s, const char *name)
{
	AUTO_BUF b = BUF_INIT;

	buf_addc(&b, '/');
	while (!strncmp(name, "./", 2) || !strncmp(name, "../", 3))
		name = strchr(name, '/') + 1;
	template_add_path(&b, name);
	s->missing[s->missings++] = mem_dup(b.s, b.len);
}

void
template_users_set(struct template_users *u, const struct template_file *f,
    int64_t gen, bool is_user)
{
	const struct tmpl *t = &f->t;
	struct user *s = mem_new(1, sizeof *s);

	s->source = mem_str(f->path);
	s->gen = gen;
	s->is_user = is_user;
	s->dep = mem_new(t->files + 1, sizeof *s->dep);
	s->hash = mem_new(t->files + 1, sizeof *s->hash);
	s->missing = mem_new(t->missings + 1, sizeof *s->missing);
	for (size_t i = 1; i < t->files; i++)
		add_dep(u, s, t->file[i]->path);
	for (size_t i = 0; i < t->missings; i++)
		add_missing(s, t->missing[i].name);
	user_del(map_set(&u->by_source, f->path, strlen(f->path), s));
}

void
template_users_drop(struct template_users *u, const char *source)
{
	user_del(map_del(&u->by_source, source, strlen(source)));
}

bool
template_users_has(
    const struct template_users *u, const char *source, int64_t gen)
{
	const struct user *s = map_get(&u->by_source, source, strlen(source));

	return s && s->is_user && s->gen == gen;
}

static bool
ends_with(const struct buf *path, const char *end)
{
	size_t n = strlen(end);

	return path->len >= n && !strcmp(path->s + path->len - n, end);
}

static bool
uses(const struct user *s, const struct buf *path, uint32_t hash)
{
	for (size_t i = 0; i < s->deps; i++)
		if (s->hash[i] == hash && !strcmp(s->dep[i], path->s))
			return true;
	for (size_t i = 0; i < s->missings; i++)
		if (ends_with(path, s->missing[i]))
			return true;
	return false;
}

void
template_users_each(struct template_users *u, const char *path, int64_t gen,
    template_fn *fn, void *arg)
{
	AUTO_BUF real = BUF_INIT;
	uint32_t hash;

	if (path)
		absolute(u, path, &real);
	hash = key_hash(real.s, real.len);
	for (size_t i = 0; i < u->by_source.n; i++) {
		const struct user *s = u->by_source.entry[i].value;
		AUTO_BUF source = BUF_INIT;

		if (!s || s->gen == gen)
			continue;
		if (path && (!uses(s, &real, hash) || !strcmp(s->source, path)))
			continue;
		buf_adds(&source, s->source); /* fn sets it anew */
		if (fn(arg, source.s))
			return;
	}
}
