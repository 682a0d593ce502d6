#include "core/runs.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/project.h"

enum {
	STAMP = 20,    /* characters before the id: 20261121T093000.125Z */
	ID = 8,	       /* of the id, and no more */
	LEAST = 4,     /* to name a run by */
	MAX_AGO = 999, /* last~N */
};

int
runs_directory(struct buf *path, struct err *e)
{
	if (project_root(".", NULL, path, e) < 0)
		return -1;
	buf_adds(path, "/.clnrm/runs");
	return 0;
}

static bool
is_name(const char *s)
{
	static const char shape[] = "00000000T000000.000Z-";

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)s[i])
				    : s[i] != shape[i])
			return false;
	return s[STAMP + 1] != 0;
}

static int
is_run(const struct dirent *d)
{
	return is_name(d->d_name);
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct runs
runs_list(const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, is_run, by_bytes);
	struct runs r = {0};

	if (n < 0)
		return r;
	r.name = mem_new((size_t)n + 1, sizeof *r.name);
	for (int i = 0; i < n; i++) {
		r.name[r.n++] = mem_str(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return r;
}

void
runs_free(struct runs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->name[i]);
	free(r->name);
	*r = (struct runs){0};
}

/* What is no id of ours may be anything. */
static void
add_id(struct buf *b, const char *id)
{
	size_t n = 0;

	for (; id && *id && n < ID; id++)
		if (isalnum((unsigned char)*id)) {
			buf_addc(b, *id);
			n++;
		}
	if (!n)
		buf_addf(b, "%0*x", ID, (unsigned)clock_mono_ns());
}

void
runs_name(struct buf *b, int64_t start_unix_ns, const char *id)
{
	time_t s = (time_t)(start_unix_ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm);
	buf_addf(b, "%s.%03dZ-", text, (int)(start_unix_ns / 1000000 % 1000));
	add_id(b, id);
}

/* How long ago `last` or `last~N` was; -1: it is another word. */
static long
ago(const char *name)
{
	char *end;
	long n;

	if (!strcmp(name, "last"))
		return 0;
	if (strncmp(name, "last~", 5) || !isdigit((unsigned char)name[5]))
		return -1;
	n = strtol(name + 5, &end, 10);
	return *end || n > MAX_AGO ? -1 : n;
}

static bool
begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* out: an index; r->n: none; r->n + 1: several */
static size_t
pick(const struct runs *r, const char *name)
{
	size_t found = r->n;

	if (strlen(name) < LEAST)
		return r->n;
	for (size_t i = 0; i < r->n; i++) {
		if (!begins(r->name[i], name) &&
		    !begins(r->name[i] + STAMP + 1, name))
			continue;
		if (found < r->n)
			return r->n + 1;
		found = i;
	}
	return found;
}

static int
find(const struct runs *r, const char *dir, const char *name, struct buf *path,
    struct err *e)
{
	long back = ago(name);
	size_t i = pick(r, name);

	if (back >= 0 && (size_t)back >= r->n) {
		err_set(e, "%s: %zu run%s kept in %s", name, r->n,
		    r->n == 1 ? " is" : "s are", dir);
		return err_hint(e, "clnrm run keeps the last ones; see --keep");
	}
	if (back >= 0)
		i = r->n - 1 - (size_t)back;
	if (i == r->n)
		return 0;
	if (i > r->n)
		return err_set(
		    e, "%s: several runs begin so; ls %s", name, dir);
	buf_reset(path);
	buf_addf(path, "%s/%s/%s", dir, r->name[i], RUNS_STREAM);
	return 1;
}

int
runs_find(const char *name, struct buf *path, struct err *e)
{
	AUTO_BUF dir = BUF_INIT;
	struct err none = {0};
	struct runs r;
	struct stat st;
	int got;

	if (!strcmp(name, "-") || strchr(name, '/') || !stat(name, &st))
		return 0;
	if (runs_directory(&dir, &none) < 0) {
		if (ago(name) < 0)
			return 0;
		*e = none;
		return -1;
	}
	r = runs_list(dir.s);
	got = find(&r, dir.s, name, path, e);
	runs_free(&r);
	return got;
}

/* Whoever writes a run holds a lock on its stream. */
static void
remove_abandoned(int dir, const char *name)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;

	buf_addf(&path, "%s/%s", name, RUNS_STREAM);
	fd = openat(dir, path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		file_remove_at(dir, name);
}

void
runs_prune(const char *dir, size_t keep)
{
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct runs r = runs_list(dir);
	struct dirent *d;
	DIR *list = opendir(dir);

	while (list && fd >= 0 && (d = readdir(list)))
		if (begins(d->d_name, ".new-"))
			remove_abandoned(fd, d->d_name);
	if (list)
		closedir(list);
	for (size_t i = 0; fd >= 0 && i + keep < r.n; i++)
		file_remove_at(fd, r.name[i]);
	runs_free(&r);
}
