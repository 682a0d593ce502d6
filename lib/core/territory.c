#include "core/territory.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/inputs.h"
#include "core/project.h"

#define OWN ".clnrm"

const char TERRITORY_PATTERNS[] = ".clnrmignore";

/* The patterns of one directory, as seen from the project's root. */
static void
read_file(struct territory *t, const char *dir, const char *path)
{
	struct err e = {0};

	if (ignore_read(&t->ignore, dir, path, &e) < 0)
		t->tell(path, &e);
}

/* A directory is listed: its own patterns count from here on. */
void
territory_enters(void *arg, const char *dir, bool has_patterns)
{
	struct territory *t = arg;
	AUTO_BUF at = BUF_INIT, path = BUF_INIT;
	const char *placed = ignore_placed(&t->ignore, dir, &at);

	if (!has_patterns && !ignore_has(&t->ignore, placed))
		return;
	buf_addf(&path, "%s%s%s", dir,
	    *dir && dir[strlen(dir) - 1] != '/' ? "/" : "", TERRITORY_PATTERNS);
	read_file(t, placed, path.s);
}

/* Does the path lead to that name in the project's root? */
static bool
is_at(const struct territory *t, const char *path, const char *name)
{
	size_t len = strlen(path), n = strlen(name);
	AUTO_BUF root = BUF_INIT;
	char *real;
	bool is_there;

	if (len < n || strcmp(path + len - n, name) != 0 ||
	    (len > n && path[len - n - 1] != '/'))
		return false;
	buf_add(&root, path, len - n);
	real = realpath(len > n ? root.s : ".", NULL);
	is_there = real && !strcmp(real, t->root.s);
	free(real);
	return is_there;
}

bool
territory_is_list(const struct territory *t, const char *path)
{
	return t->has_volumes && is_at(t, path, INPUTS_VOLUMES);
}

enum { ELSEWHERE, ON_THE_WAY, AWAY };

/* Of what we write ourselves, the list of volumes alone is looked at. */
static int
way_to_list(const struct territory *t, const char *path)
{
	AUTO_BUF own = BUF_INIT;
	const char *at = strstr(path, OWN);

	if (!t->has_volumes || !at)
		return ELSEWHERE;
	buf_add(&own, path, (size_t)(at - path) + sizeof OWN - 1);
	if (!is_at(t, own.s, OWN))
		return ELSEWHERE;
	return !strcmp(at, OWN) || !strcmp(at, OWN "/cache") ||
		       !strcmp(at, INPUTS_VOLUMES)
		 ? ON_THE_WAY
		 : AWAY;
}

bool
territory_skips(void *arg, const char *path, bool is_dir)
{
	const struct territory *t = arg;
	int way = way_to_list(t, path);

	if (way != ELSEWHERE)
		return way == AWAY;
	return ignore_skips(&t->ignore, path, is_dir);
}

/* Patterns are separated by blanks, as in clnrm.conf. */
static void
add_patterns(struct territory *t, const char *text)
{
	char *copy = mem_str(text), *rest = copy, *word;

	while ((word = strsep(&rest, " \t")))
		ignore_add(&t->ignore, word);
	free(copy);
}

/* Those between the project's root and an operand, which no walk finds. */
static void
read_above(struct territory *t, const char *at)
{
	for (size_t n = 0;; n += strcspn(at + n, "/")) {
		AUTO_BUF path = BUF_INIT, dir = BUF_INIT;

		buf_add(&dir, at, n);
		buf_addf(&path, "%s/%s%s%s", t->root.s, dir.s, n ? "/" : "",
		    TERRITORY_PATTERNS);
		read_file(t, dir.s, path.s);
		if (!at[n])
			return;
		n += n > 0;
	}
}

void
territory_read(struct territory *t)
{
	ignore_reset(&t->ignore);
	ignore_defaults(&t->ignore);
	for (size_t i = 0; i < t->ignore.places; i++)
		read_above(t, t->ignore.place[i].at);
	for (size_t i = 0; t->ignored && i < t->ignored->n; i++)
		add_patterns(t, t->ignored->item[i]);
}

/* Where below the project's root an operand lies: for bound patterns. */
static void
place(struct territory *t, const char *path)
{
	char *real = realpath(path, NULL);
	bool is_here = !strcmp(path, ".") || !strcmp(path, "./");
	AUTO_BUF name = BUF_INIT;
	const char *at = "";

	if (real && watch_is_below(real, t->root.s)) {
		at = real + t->root.len;
		at += strspn(at, "/");
		t->own = mem_more(t->own, t->owns, &t->own_cap, sizeof *t->own);
		t->own[t->owns++] = mem_str(at);
	}
	buf_adds(&name, is_here ? "" : path);
	while (name.len > 1 && name.s[name.len - 1] == '/')
		buf_cut(&name, name.len - 1);
	ignore_place(&t->ignore, name.s, at);
	free(real);
}

/* The project's name: `.` where we are in its root, else its whole path. */
static void
name_project(struct territory *t)
{
	bool is_here = !strcmp(t->here, t->root.s);

	t->name = mem_str(is_here ? "" : t->root.s);
}

int
territory_find(struct territory *t, struct err *e)
{
	const char *first = *t->operand;

	t->here = realpath(".", NULL);
	if (!t->here)
		return err_set(e, "cannot tell the working directory:");
	if (project_root(first ? first : ".", t->given, &t->root, e) < 0) {
		if (!first || t->given)
			return -1;
		/* No project's, but named: its own patterns then. */
		buf_reset(&t->root);
		buf_adds(&t->root, t->here);
		t->has_around = false;
	}
	t->has_volumes = t->has_around;
	t->has_around &= first != NULL;
	name_project(t);
	return 0;
}

static int
add(struct territory *t, struct watch *w, const char *path, struct err *e)
{
	if (watch_add(w, path, e) < 0)
		return -1;
	place(t, path);
	return 0;
}

int
territory_add(struct territory *t, struct watch *w, struct err *e)
{
	const char *project = *t->name ? t->name : ".";

	for (char **path = t->operand; *path; path++)
		if (add(t, w, *path, e) < 0)
			return -1;
	return t->has_around || !*t->operand ? add(t, w, project, e) : 0;
}

static bool
is_one_in_the_other(const char *a, const char *b)
{
	return watch_is_below(a, b) || watch_is_below(b, a);
}

/* One that is above the project would give all of it other names. */
static bool
is_outside(const struct territory *t, const char *path)
{
	if (*path != '/' || is_one_in_the_other(path, t->root.s))
		return false;
	for (size_t i = 0; t->operand[i]; i++) {
		char *real = realpath(t->operand[i], NULL);
		bool is_mixed = real && is_one_in_the_other(path, real);

		free(real);
		if (is_mixed)
			return false;
	}
	return true;
}

static bool
add_volume(struct territory *t, struct watch *w, const char *path)
{
	struct err e = {0};

	for (size_t i = 0; i < t->volumes; i++)
		if (!strcmp(t->volume[i], path))
			return false;
	if (!is_outside(t, path) || watch_add(w, path, &e) < 0)
		return false;
	t->volume =
	    mem_more(t->volume, t->volumes, &t->volume_cap, sizeof *t->volume);
	t->volume[t->volumes++] = mem_str(path);
	return true;
}

size_t
territory_widen(struct territory *t, struct watch *w)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	size_t before = t->volumes;
	char *rest, *line;

	buf_addf(&path, "%s/" INPUTS_VOLUMES, t->root.s);
	if (!t->has_volumes || file_read(path.s, &text, NULL) < 0)
		return 0;
	rest = text.s;
	while ((line = strsep(&rest, "\n")))
		add_volume(t, w, line);
	return t->volumes - before;
}

bool
territory_is_foreign(const struct territory *t, const char *path)
{
	for (size_t i = 0; i < t->volumes; i++)
		if (watch_is_below(path, t->volume[i]))
			return true;
	return false;
}

const char *
territory_shown(const struct territory *t, const char *path)
{
	size_t n = strlen(t->here);

	if (!t->has_around || strncmp(path, t->here, n) != 0 || path[n] != '/')
		return path;
	return path + n + 1;
}

void
territory_found(const struct territory *t, const char *path, struct buf *to)
{
	if (t->has_around && *t->name && *path != '/')
		buf_addf(to, "%s/", t->here);
	buf_adds(to, path);
}

/* The path as seen from the project's root, or NULL. */
static const char *
in_project(const struct territory *t, const char *path)
{
	size_t n = strlen(t->name);

	if (!n)
		return *path != '/' && strncmp(path, "../", 3) != 0 ? path
								    : NULL;
	if (strncmp(path, t->name, n) != 0 || path[n] != '/')
		return NULL;
	return path + n + 1;
}

bool
territory_is_beside(const struct territory *t, const char *path)
{
	const char *at = in_project(t, path);

	if (!t->has_around || !at)
		return territory_is_foreign(t, path);
	/* The last one is the project itself. */
	for (size_t i = 0; i + 1 < t->owns; i++)
		if (watch_is_below(at, t->own[i]))
			return false;
	return true;
}

bool
territory_is_own(const struct territory *t, const char *path, const char *name)
{
	const char *at = in_project(t, path);

	return at && !strcmp(at, name);
}

void
territory_free(struct territory *t)
{
	ignore_free(&t->ignore);
	while (t->owns)
		free(t->own[--t->owns]);
	free(t->own);
	while (t->volumes)
		free(t->volume[--t->volumes]);
	free(t->volume);
	buf_free(&t->root);
	free(t->here);
	free(t->name);
}
