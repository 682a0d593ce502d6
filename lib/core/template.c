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

/* Append a path without its `.` and `x/..`. */
static void
add_path(struct buf *b, const char *path)
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

static bool
is_file(const char *path)
{
	struct stat st;

	return *path && !stat(path, &st) && !S_ISDIR(st.st_mode);
}

/* dir[n]/name as a path, when it is a file. */
static bool
look_in(struct arena *a, const char *dir, size_t n, const char *name,
    const char **path)
{
	AUTO_BUF b = BUF_INIT, joined = BUF_INIT;

	if (*name != '/')
		buf_add(&joined, dir, n);
	if (joined.len)
		buf_addc(&joined, '/');
	buf_adds(&joined, name);
	if (*joined.s == '/')
		buf_addc(&b, '/');
	add_path(&b, joined.s);
	if (!is_file(b.s))
		return false;
	*path = arena_dup(a, b.s, b.len);
	return true;
}

/* Below the project's root, which is named as short as it can be. */
static bool
look_in_project(const struct template_loader *l, struct arena *a,
    const char *from, const char *name, const char **path)
{
	AUTO_BUF root = BUF_INIT;
	char *here;
	bool is_here;

	if (project_root(from, l->root, &root, NULL) < 0 &&
	    project_root(".", l->root, &root, NULL) < 0)
		return false;
	here = realpath(".", NULL);
	is_here = here && !strcmp(here, root.s);
	free(here);
	return look_in(a, root.s, is_here ? 0 : root.len, name, path);
}

static int
find(const struct tmpl_loader *base, struct arena *a, const char *from,
    const char *name, const char **path)
{
	const struct template_loader *l = (const struct template_loader *)base;
	const char *slash = strrchr(from, '/');

	if (!*name)
		return 0;
	if (l->is_flat)
		return look_in(a, l->root, strlen(l->root), name, path);
	if (look_in(a, from, slash ? (size_t)(slash - from) : 0, name, path) ||
	    look_in_project(l, a, from, name, path))
		return 1;
	*path =
	    template_builtin(name) ? arena_fmt(a, "%s%s", BUILTIN, name) : NULL;
	return *path != NULL;
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
template_loader(const char *root)
{
	return (struct template_loader){{find, read_text}, root, false};
}

struct template_loader
template_loader_flat(const char *dir)
{
	return (struct template_loader){{find, read_text}, dir, true};
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
