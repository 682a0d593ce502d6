#include "core/reading.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/elf.h"
#include "data/hash.h"
#include "sys/sandbox.h"

enum {
	BYTES_MAX = 32 << 20,
	LINKS_MAX = 40,
	DIGESTS_MAX = 100000,
	TICK_NS = 20000000
};

const char *
reading_kind_name(enum reading_kind kind)
{
	static const char *const name[] = {"read", "executed", "listed",
	    "looked", "missing", "link", "env", "image", "more"};

	return name[kind];
}

void
reading_note(struct reading *in, const char *name, unsigned use)
{
	size_t n = strlen(name);
	uintptr_t known = (uintptr_t)map_get(&in->names, name, n);

	/* What it made itself it may read; where it was made is another's. */
	if (known & READING_USE_MADE || (known & use) == use)
		return;
	if (known)
		use &= ~(unsigned)READING_USE_MADE;
	if (!known && (in->names.n >= READING_MAX || in->bytes > BYTES_MAX)) {
		in->is_cut = true;
		return;
	}
	in->bytes += known ? 0 : n;
	if (known | use)
		map_set(&in->names, name, n, (void *)(known | use));
}

/* ---- on the host */

static bool
is_at(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

void
reading_show(struct reading *in, const char *path)
{
	char *real = realpath(path, NULL);
	const char *both[] = {path, real ? arena_str(&in->a, real) : path};

	free(real);
	for (size_t i = 0; i < 2; i++) {
		in->shown = arena_more(&in->a, in->shown, in->shows,
		    &in->show_cap, sizeof *in->shown);
		in->shown[in->shows++] = both[i];
	}
}

bool
reading_is_hosts(const struct reading *in, const char *path)
{
	char top[NAME_MAX + 1] = "";

	if (is_at(path, in->project))
		return true;
	for (size_t i = 0; i < in->shows; i++)
		if (is_at(path, in->shown[i]))
			return true;

	if (*path)
		snprintf(top, sizeof top, "%.*s", (int)strcspn(path + 1, "/"),
		    path + 1);
	return !sandbox_is_fresh(top) && !is_at(path, "/var/tmp");
}

/* Does a way to the host's files lead by here? */
static bool
is_shown(const struct reading *in, const char *path)
{
	if (is_at(in->project, path))
		return true;
	for (size_t i = 0; i < in->shows; i++)
		if (is_at(in->shown[i], path))
			return true;
	if (in->has_own_hosts && !strcmp(path, "/etc/hosts"))
		return false;
	return reading_is_hosts(in, path);
}

static void
find(struct reading *in, const char *path, enum reading_kind kind)
{
	AUTO_BUF key = BUF_INIT;

	/* What is above a project may be fresh itself. */
	if (!reading_is_hosts(in, path))
		return;
	if (in->found.n >= READING_MAX) {
		in->is_cut = true;
		return;
	}
	/* Those of one path are told one after the other. */
	buf_adds(&key, *path ? path : "/");
	buf_addc(&key, 0);
	buf_addc(&key, (char)('a' + kind));
	map_set(&in->found, key.s, key.len, (void *)(uintptr_t)(kind + 1));
}

static void follow(
    struct reading *in, const char *name, unsigned use, int links);

/* What the kernel reads beside the program itself. */
static void
find_interpreter(struct reading *in, const char *path, int links)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_ARENA a = {0};
	struct elf elf = {0};
	struct err e = {0};
	char head[PATH_MAX];
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head - 1, 0);
	char *at = head + 2;

	if (n < 3)
		return;
	head[n] = 0;
	if (!strncmp(head, "#!", 2)) {
		at += strspn(at, " \t");
		at[strcspn(at, " \t\n")] = 0;
		if (*at == '/')
			follow(in, at, READING_USE_RUN, links + 1);
	} else if (elf_read(fd, path, &a, &elf, &e) > 0 && elf.interp) {
		follow(in, elf.interp, READING_USE_RUN, links + 1);
	}
}

static void
find_end(struct reading *in, const char *path, const struct stat *st,
    unsigned use, int links)
{
	/* What lies below has new names, too, which nobody here knows. */
	if (S_ISDIR(st->st_mode) && use & READING_USE_NAME)
		in->is_cut = true;
	if (S_ISDIR(st->st_mode) && use & READING_USE_OPEN)
		find(in, path, READING_LISTED);
	else if (!S_ISREG(st->st_mode))
		find(in, path, READING_LOOKED);
	if (!S_ISREG(st->st_mode))
		return;
	if (use & READING_USE_RUN) {
		find(in, path, READING_EXECUTED);
		find_interpreter(in, path, links);
	}
	if (use & ~(unsigned)READING_USE_RUN)
		find(in, path, READING_READ);
}

/* "/a/b" and "c": "/a/b/c". False when it has no room. */
static bool
join(char *path, const char *name, size_t n)
{
	size_t len = strlen(path);

	if (len + n + 2 > PATH_MAX)
		return false;
	path[len] = '/';
	memcpy(path + len + 1, name, n);
	path[len + 1 + n] = 0;
	return true;
}

static void
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

/* A link on the way: go on where it leads. */
static void
follow_link(
    struct reading *in, char *path, const char *rest, unsigned use, int links)
{
	char target[PATH_MAX], name[3 * PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);

	find(in, path, READING_LINK);
	if (n <= 0 || links >= LINKS_MAX)
		return;
	target[n] = 0;
	go_up(path);
	snprintf(name, sizeof name, "%s/%s/%s", *target == '/' ? "" : path,
	    target, rest);
	if (*rest || use != READING_USE_LINK)
		follow(in, name, use, links + 1);
}

static void
follow(struct reading *in, const char *name, unsigned use, int links)
{
	char path[PATH_MAX] = "";
	struct stat st = {.st_mode = S_IFDIR};

	for (size_t n; *name; name += n) {
		n = strcspn(name, "/");
		if (!n) {
			n = 1;
			continue;
		}
		if (n == 1 && *name == '.')
			continue;
		if (n == 2 && !strncmp(name, "..", 2)) {
			go_up(path);
			continue;
		}
		if (!join(path, name, n) || !is_shown(in, path))
			return;
		if (lstat(path, &st) < 0) {
			if (!name[n] ||
			    join(path, name + n + 1, strlen(name + n + 1)))
				find(in, path, READING_MISSING);
			return;
		}
		if (S_ISLNK(st.st_mode)) {
			follow_link(in, path, name + n, use, links);
			return;
		}
	}
	if (lstat(*path ? path : "/", &st) == 0 && is_shown(in, path))
		find_end(in, path, &st, use, links);
}

/* ---- digests */

struct digest {
	struct stat st;
	char hex[HASH_HEX];
};

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       !memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) &&
	       !memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim);
}

/* It may change once more within one tick of the clock of files. */
static bool
is_fresh(const struct stat *st)
{
	return st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec >
	       clock_wall_ns() - TICK_NS;
}

static const char *
digest_file(struct reading_digests *d, const char *path, char hex[HASH_HEX])
{
	AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct digest *known = map_get(&d->known, path, strlen(path));
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	if (known && is_same(&known->st, &st))
		return known->hex;
	if (hash_fd(fd, hex) < 0)
		return NULL;
	if (is_fresh(&st))
		return hex;
	if (!known && d->known.n < DIGESTS_MAX) {
		known = arena_alloc(&d->a, sizeof *known);
		map_set(&d->known, path, strlen(path), known);
	}
	if (known) {
		known->st = st;
		memcpy(known->hex, hex, HASH_HEX);
	}
	return hex;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A reader of a list may tell them apart without asking for each. */
static const char *
suffix(unsigned char type)
{
	switch (type) {
	case DT_REG:
		return "";
	case DT_DIR:
		return "/";
	case DT_LNK:
		return "@";
	default:
		return "=";
	}
}

static const char *
digest_list(const char *path, char hex[HASH_HEX])
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	DIR *d = opendir(path);
	struct dirent *ent;
	char **name = NULL;
	size_t n = 0, cap = 0;

	if (!d)
		return NULL;
	while ((ent = readdir(d))) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		name = arena_more(&a, name, n, &cap, sizeof *name);
		name[n++] =
		    arena_fmt(&a, "%s%s", ent->d_name, suffix(ent->d_type));
	}
	closedir(d);
	if (n)
		qsort(name, n, sizeof *name, by_name);
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%s\n", name[i]);
	hash_hex(text.s, text.len, hex);
	return hex;
}

static const char *
digest_link(const char *path, char hex[HASH_HEX])
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target);

	if (n < 0)
		return NULL;
	hash_hex(target, (size_t)n, hex);
	return hex;
}

const char *
reading_digest(struct reading_digests *d, enum reading_kind kind,
    const char *path, char hex[HASH_HEX])
{
	switch (kind) {
	case READING_READ:
	case READING_EXECUTED:
		return digest_file(d, path, hex);
	case READING_LISTED:
		return digest_list(path, hex);
	case READING_LINK:
		return digest_link(path, hex);
	default:
		return NULL;
	}
}

/* ---- all of them */

static int
by_path(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int got = memcmp(x->key, y->key, n);

	return got ? got : (x->len > y->len) - (x->len < y->len);
}

static void
tell(struct reading *in, struct reading_digests *d, const struct map_entry *it,
    reading_fn *fn, void *arg)
{
	enum reading_kind kind = (enum reading_kind)((uintptr_t)it->value - 1);
	const char *path = it->key, *sha256;
	size_t n = strlen(in->project);
	char hex[HASH_HEX];

	sha256 = reading_digest(d, kind, path, hex);
	if (is_at(path, in->project))
		path = path[n] ? path + n + 1 : ".";
	fn(arg, kind, path, sha256);
}

/* Of what was made anew its directory had to be there. */
static void
follow_name(struct reading *in, const char *name, unsigned use)
{
	AUTO_BUF dir = BUF_INIT;
	const char *slash = strrchr(name, '/');

	if (use != READING_USE_MADE) {
		follow(in, name, use, 0);
	} else if (slash) {
		buf_add(&dir, name, (size_t)(slash - name));
		follow(in, dir.s, READING_USE_LOOK, 0);
	}
}

bool
reading_tell(struct reading *in, struct reading_digests *digests,
    reading_fn *fn, void *arg)
{
	for (size_t i = 0; i < in->names.n; i++) {
		const struct map_entry *it = &in->names.entry[i];
		unsigned use = (unsigned)(uintptr_t)it->value;

		follow_name(in, it->key, use);
	}
	if (in->found.n)
		qsort(in->found.entry, in->found.n, sizeof *in->found.entry,
		    by_path);
	for (size_t i = 0; i < in->found.n; i++)
		tell(in, digests, &in->found.entry[i], fn, arg);
	if (in->is_cut)
		fn(arg, READING_MORE, "", NULL);
	return !in->is_cut;
}

void
reading_free(struct reading *in)
{
	map_free(&in->names);
	map_free(&in->found);
	arena_free(&in->a);
}

void
reading_digests_free(struct reading_digests *d)
{
	map_free(&d->known);
	arena_free(&d->a);
}
