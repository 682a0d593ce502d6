#include "core/template.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "core/project.h"
#include "core/template_int.h"

enum { DEPTH = 16 };

/* ---- paths */

void
template_add_path(struct buf *b, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		const char *slash;

		if (n == 2 && !memcmp(path, "..", 2) && b->len &&
		    !(b->len >= 2 && !strcmp(b->s + b->len - 2, "..")) &&
		    strcmp(b->s, "/")) {
			slash = memrchr(b->s, '/', b->len);
			buf_cut(b, slash ? (size_t)(slash - b->s) : 0);
		} else if (n && !(n == 1 && *path == '.')) {
			if (b->len && b->s[b->len - 1] != '/')
				buf_addc(b, '/');
			buf_add(b, path, n);
		}
		path += n + (path[n] == '/');
	}
}

static int
real_path(const char *path, struct buf *to)
{
	char *real = realpath(path, NULL);

	if (real)
		buf_adds(to, real);
	free(real);
	return real ? 0 : -1;
}

static bool
is_file(const char *path)
{
	struct stat st;

	return *path && !stat(path, &st) && S_ISREG(st.st_mode);
}

/* A file that was found: may it be read? It has to lie below `root`. */
static int
check_inside(
    const char *path, const char *root, const char *name, struct err *e)
{
	char *real = realpath(path, NULL);
	size_t n = strlen(root);
	bool is_inside = real && !strncmp(real, root, n) &&
			 (real[n] == '/' || (n && root[n - 1] == '/'));

	free(real);
	if (is_inside)
		return 1;
	err_set(e, "'%.200s' is outside of the project", name);
	return err_hint(e,
	    "copy it into %.150s, or choose the project's root with --root",
	    root);
}

/* dir[n]/name as a path, when it is a file. */
static int
look_in(struct arena *a, const char *dir, size_t n, const char *name,
    const char *root, const char **path, struct err *e)
{
	AUTO_BUF b = BUF_INIT, joined = BUF_INIT;

	if (*name != '/')
		buf_add(&joined, dir, n);
	if (joined.len)
		buf_addc(&joined, '/');
	buf_adds(&joined, name);
	if (*joined.s == '/')
		buf_addc(&b, '/');
	template_add_path(&b, joined.s);
	if (!is_file(b.s))
		return 0;
	*path = arena_dup(a, b.s, b.len);
	return check_inside(*path, root, name, e);
}

/*
 * Where all that a file names has to lie: its project's root, else that of the
 * working directory, else the file's own folder.
 */
static const char *
root_of(const struct tmpl_loader *base, struct arena *a)
{
	struct template_loader *l = (struct template_loader *)base;
	const char *slash = l->source ? strrchr(l->source, '/') : NULL;
	AUTO_BUF root = BUF_INIT;
	int got = -1;

	if (l->real_root)
		return l->real_root;
	if (l->source && (got = project_root(l->source, l->root, &root, NULL)))
		got = project_root(".", l->root, &root, NULL);
	if (got < 0) {
		buf_reset(&root);
		got = real_path(!l->source ? l->root
				: slash	   ? arena_dup(a, l->source,
						 (size_t)(slash - l->source) + 1)
					   : ".",
		    &root);
	}
	if (!got)
		l->real_root = arena_dup(a, root.s, root.len);
	return l->real_root;
}

/* The root, named as short as it can be: not at all, in the root itself. */
static size_t
short_root(const char *root)
{
	char *here = realpath(".", NULL);
	bool is_here = here && !strcmp(here, root);

	free(here);
	return is_here ? 0 : strlen(root);
}

static int
find(const struct tmpl_loader *base, struct arena *a, const char *from,
    const char *name, const char **path, struct err *e)
{
	const struct template_loader *l = (const struct template_loader *)base;
	const char *slash = strrchr(from, '/'), *root = root_of(base, a);
	int got = 0;

	if (!*name || !root)
		return 0;
	if (!l->source)
		return look_in(
		    a, l->root, strlen(l->root), name, root, path, e);
	if (strncmp(from, BUILTIN, sizeof BUILTIN - 1) != 0)
		got = look_in(a, from, slash ? (size_t)(slash - from) : 0, name,
		    root, path, e);
	if (!got)
		got = look_in(a, root, short_root(root), name, root, path, e);
	if (got || !template_builtin(name))
		return got;
	*path = arena_fmt(a, "%s%s", BUILTIN, name);
	return 1;
}

static void
where(const struct tmpl_loader *base, const char *from, struct buf *to)
{
	const struct template_loader *l = (const struct template_loader *)base;
	const char *slash = strrchr(from, '/');

	if (!l->source)
		buf_adds(to, l->root);
	else
		buf_addf(to, "%.*s/ and %s/", slash ? (int)(slash - from) : 1,
		    slash ? from : ".",
		    l->real_root ? l->real_root : "nowhere");
}

static int
read_text(const struct tmpl_loader *base, struct arena *a, const char *path,
    const char **text, size_t *len, struct err *e)
{
	AUTO_BUF b = BUF_INIT;

	(void)base;
	if (!strncmp(path, BUILTIN, sizeof BUILTIN - 1)) {
		*text = template_builtin(path + sizeof BUILTIN - 1);
		*len = strlen(*text);
		return 0;
	}
	if (file_read(path, &b, e) < 0)
		return -1;
	*text = arena_dup(a, b.s, b.len);
	*len = b.len;
	return 0;
}

struct template_loader
template_loader(const char *root, const char *source)
{
	return (struct template_loader){
	    {find, read_text, where}, root, source, NULL};
}

struct template_loader
template_loader_flat(const char *dir)
{
	return (struct template_loader){
	    {find, read_text, where}, dir, NULL, NULL};
}

/* ---- all below a directory */

static int
each(const char *dir, template_fn *fn, void *arg, int depth)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	int got = 0;

	while (d && !got && (entry = readdir(d))) {
		AUTO_BUF path = BUF_INIT;
		size_t n = strlen(entry->d_name);

		if (*entry->d_name == '.')
			continue;
		if (strcmp(dir, ".") != 0)
			buf_addf(&path, "%s/", dir);
		buf_adds(&path, entry->d_name);
		if (entry->d_type == DT_DIR && depth < DEPTH)
			got = each(path.s, fn, arg, depth + 1);
		else if (n > 5 && !strcmp(entry->d_name + n - 5, ".tera") &&
			 is_file(path.s))
			got = fn(arg, path.s);
	}
	if (d)
		closedir(d);
	return got;
}

int
template_each(const char *dir, template_fn *fn, void *arg)
{
	return each(dir, fn, arg, 0);
}
