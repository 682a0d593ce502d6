#include "core/project.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

enum { DEPTH = 128 };

static bool
holds(const char *dir, const char *name)
{
	AUTO_BUF path = BUF_INIT;
	struct stat st;

	buf_addf(&path, "%s/%s", dir, name);
	return !stat(path.s, &st);
}

/* The nearest directory at or above `dir` that holds `name`; false: none. */
static bool
nearest(const char *dir, const char *name, struct buf *root)
{
	char up[PATH_MAX];

	strcpy(up, dir);
	while (*up && !holds(up, name)) {
		*strrchr(up, '/') = 0;
		if (!*up && holds("", name)) {
			strcpy(up, "/");
			break;
		}
	}
	buf_reset(root);
	buf_adds(root, up);
	return *up != 0;
}

/* The directory that a path stands in, or is. */
static int
own_directory(const char *path, char real[PATH_MAX], struct err *e)
{
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) < 0)
		return err_set(e, "%s:", path);
	if (!S_ISDIR(st.st_mode))
		*strrchr(real, '/') = 0;
	if (!*real)
		strcpy(real, "/");
	return 0;
}

static int
refuse_wide(const char *path, const struct buf *root, struct err *e)
{
	const char *home = getenv("HOME");
	char real[PATH_MAX];

	if (strcmp(root->s, "/") != 0 &&
	    !(home && realpath(home, real) && !strcmp(root->s, real)))
		return 0;
	err_set(e, "%s: its project's root would be %s", path, root->s);
	return err_hint(e,
	    "name it with --root DIR, or put an empty clnrm.conf where the "
	    "project begins");
}

int
project_root(
    const char *path, const char *given, struct buf *root, struct err *e)
{
	char real[PATH_MAX];

	buf_reset(root);
	if (own_directory(given ? given : path, real, e) < 0)
		return -1;
	if (given) {
		buf_adds(root, real);
		return 0;
	}
	if (strcmp(real, "/") != 0 && !nearest(real, "clnrm.conf", root) &&
	    !nearest(real, ".git", root))
		buf_adds(root, real);
	if (!root->len)
		buf_adds(root, "/");
	return refuse_wide(path, root, e);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

bool
project_is_test(const char *path)
{
	return ends_with(path, ".clnrm.toml") ||
	       ends_with(path, ".clnrm.toml.tera");
}

/* ---- discovery */

struct found {
	char *path;
	struct err *trouble; /* NULL: a test file */
};

struct list {
	struct found *found;
	size_t n, cap;
};

static void
add(struct list *to, const char *path, const struct err *e)
{
	struct found *f;

	to->found = mem_more(to->found, to->n, &to->cap, sizeof *to->found);
	f = &to->found[to->n++];
	f->path = mem_str(path);
	if (!e)
		return;
	f->trouble = mem_new(1, sizeof *f->trouble);
	*f->trouble = *e;
}

static bool
is_skipped(const char *name)
{
	static const char *const skipped[] = {
	    ".", "..", ".git", "target", "node_modules", ".clnrm", "build"};

	for (size_t i = 0; i < COUNT(skipped); i++)
		if (!strcmp(name, skipped[i]))
			return true;
	return false;
}

static bool
is_directory(const char *path, const struct dirent *ent)
{
	struct stat st;

	if (ent->d_type != DT_UNKNOWN)
		return ent->d_type == DT_DIR;
	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

static bool
is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

static void
walk(const char *dir, int depth, struct list *to)
{
	DIR *d = opendir(dir);
	struct err e = {0};
	struct dirent *ent;

	if (!d) {
		err_set(&e, "%s:", dir);
		add(to, dir, &e);
		return;
	}
	while ((ent = readdir(d))) {
		AUTO_BUF path = BUF_INIT;

		if (is_skipped(ent->d_name))
			continue;
		if (strcmp(dir, ".") != 0)
			buf_addf(&path, "%s%s", dir,
			    dir[strlen(dir) - 1] == '/' ? "" : "/");
		buf_adds(&path, ent->d_name);
		if (is_directory(path.s, ent) && depth < DEPTH)
			walk(path.s, depth + 1, to);
		else if (project_is_test(ent->d_name) && is_file(path.s))
			add(to, path.s, NULL);
	}
	closedir(d);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct found *)a)->path, ((const struct found *)b)->path);
}

void
project_find(const char *dir, project_fn *fn, void *arg)
{
	struct list list = {0};

	walk(dir, 0, &list);
	if (list.n)
		qsort(list.found, list.n, sizeof *list.found, by_path);
	for (size_t i = 0; i < list.n; i++) {
		fn(arg, list.found[i].path, list.found[i].trouble);
		free(list.found[i].trouble);
		free(list.found[i].path);
	}
	free(list.found);
}
