/*
 * What the inputs of a scenario are on the disk, a line each, and whether they
 * are that still.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "core/reading.h"

/* As the lines have it. */
enum {
	MODE,
	UID,
	GID,
	DEVICE,
	INODE,
	SIZE,
	MTIME,
	CTIME,
	FIELDS,
	OWN = DEVICE, /* fields before this are never let be others */
};

static int64_t
ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
fields_of(const struct stat *st, uint64_t to[FIELDS])
{
	to[MODE] = st->st_mode;
	to[UID] = st->st_uid;
	to[GID] = st->st_gid;
	to[DEVICE] = st->st_dev;
	to[INODE] = st->st_ino;
	to[SIZE] = (uint64_t)st->st_size;
	to[MTIME] = (uint64_t)ns(st->st_mtim);
	to[CTIME] = (uint64_t)ns(st->st_ctim);
}

static void
print_line(struct buf *to, enum reading_kind kind, const struct stat *st,
    const char *sha256, const char *path)
{
	uint64_t field[FIELDS];

	fields_of(st, field);
	buf_addc(to, (char)('a' + kind));
	for (size_t i = 0; i < FIELDS; i++)
		buf_addf(to, " %" PRIx64, field[i]);
	buf_addf(to, " %s %s\n", sha256 ? sha256 : "-", path);
}

/* ---- what it is */

struct printing {
	const struct reading *in;
	struct reading_digests *digests;
	int64_t since_ns;
	struct buf *to;
	struct map ways; /* directories that were seen to */
	struct err *e;
};

static int
changed(const struct printing *p, const char *path)
{
	return err_set(p->e, "%s changed while it ran, or just before", path);
}

static bool
is_older(const struct printing *p, const struct stat *st)
{
	return ns(st->st_ctim) < p->since_ns && ns(st->st_mtim) < p->since_ns;
}

/* Names that came or went in a project's root were looked for, or not; more is
   the change of what it is. */
static bool
is_old_way(const struct printing *p, const struct stat *st, const char *path)
{
	return is_older(p, st) || (!strcmp(path, p->in->project) &&
				      ns(st->st_ctim) == ns(st->st_mtim));
}

/* The directories above; where `needs_all`, nothing was there of the first
   that is, and so its names matter. */
static int
print_ways(struct printing *p, const char *path, bool needs_all)
{
	AUTO_BUF way = BUF_INIT;
	struct stat st;
	char *slash;

	buf_adds(&way, path);
	while ((slash = strrchr(way.s, '/'))) {
		buf_cut(&way, (size_t)(slash - way.s));
		if (!way.len || !reading_is_hosts(p->in, way.s))
			return 0;
		if (lstat(way.s, &st) < 0)
			continue;
		if (needs_all && !is_older(p, &st))
			return err_set(p->e,
			    "%s was looked for and not there, and names came "
			    "or went beside it while it ran, or just before",
			    path);
		needs_all = false;
		if (map_set(&p->ways, way.s, way.len, p))
			return 0;
		if (!is_old_way(p, &st, way.s))
			return changed(p, way.s);
		print_line(p->to, READING_LOOKED, &st, NULL, way.s);
	}
	return 0;
}

static bool
is_as_used(const struct printing *p, enum reading_kind kind,
    const struct stat *st, const char *path)
{
	return kind == READING_LOOKED ? is_old_way(p, st, path)
				      : is_older(p, st);
}

static int
print_one(struct printing *p, enum reading_kind kind, const char *path)
{
	bool is_missing = kind == READING_MISSING;
	const char *sha256 = NULL;
	struct stat st = {0};
	char hex[HASH_HEX];

	if (strchr(path, '\n'))
		return err_set(p->e, "a name has a line break");
	if (is_missing && lstat(path, &st) == 0)
		return changed(p, path);
	if (!is_missing) {
		sha256 = reading_digest(p->digests, kind, path, hex);
		if (!sha256 && kind != READING_LOOKED)
			return err_set(p->e, "%s cannot be read", path);
		if (lstat(path, &st) < 0 || !is_as_used(p, kind, &st, path))
			return changed(p, path);
	}
	print_line(p->to, kind, &st, sha256, path);
	return print_ways(p, path, is_missing);
}

int
reading_print(const struct reading *in, struct reading_digests *digests,
    int64_t since_unix_ns, struct buf *to, struct err *e)
{
	struct printing p = {in, digests, since_unix_ns, to, {0}, e};
	int ok = 0;

	for (size_t i = 0; i < in->found.n && ok == 0; i++) {
		const struct map_entry *it = &in->found.entry[i];

		ok = print_one(
		    &p, (enum reading_kind)((uintptr_t)it->value - 1), it->key);
	}
	map_free(&p.ways);
	return ok;
}

/* ---- whether it is that still */

struct state {
	enum reading_kind kind;
	uint64_t field[FIELDS];
	const char *sha256, *path;
	size_t path_len;
};

/* One line; the next, or NULL: it is none. */
static const char *
parse(const char *line, struct state *s)
{
	const char *lf = strchr(line, '\n');
	char *end;

	if (!lf || *line < 'a' || *line > 'a' + READING_LINK)
		return NULL;
	s->kind = (enum reading_kind)(*line++ - 'a');
	for (size_t i = 0; i < FIELDS; i++, line = end) {
		s->field[i] = strtoull(line, &end, 16);
		if (end == line)
			return NULL;
	}
	if (*line++ != ' ')
		return NULL;
	s->sha256 = line;
	line += strcspn(line, " \n");
	if (*line++ != ' ' || line > lf)
		return NULL;
	s->path = line;
	s->path_len = (size_t)(lf - line);
	return lf + 1;
}

static bool
has_digest(const struct state *s, struct reading_digests *d, const char *path)
{
	char hex[HASH_HEX];
	const char *now = reading_digest(d, s->kind, path, hex);

	return now && !strncmp(s->sha256, now, HASH_HEX - 1);
}

static bool
is_same(const struct state *s, struct reading_digests *d)
{
	AUTO_BUF path = BUF_INIT;
	uint64_t now[FIELDS];
	struct stat st;

	buf_add(&path, s->path, s->path_len);
	if (lstat(path.s, &st) < 0)
		return s->kind == READING_MISSING;
	fields_of(&st, now);
	if (s->kind == READING_MISSING ||
	    memcmp(now, s->field, OWN * sizeof *now) != 0)
		return false;
	return s->kind == READING_LOOKED ||
	       !memcmp(now, s->field, sizeof now) || has_digest(s, d, path.s);
}

bool
reading_is_as_was(struct reading_digests *digests, const char *text)
{
	struct state s;

	while (*text) {
		text = parse(text, &s);
		if (!text || !is_same(&s, digests))
			return false;
	}
	return true;
}
