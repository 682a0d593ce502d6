#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/image_int.h"
#include "data/hash_stream.h"

struct copy {
	struct image_draft *d;
	struct hash_stream *hash;
	struct err *e;
};

static int copy_at(struct copy *c, int dir, const char *base, const char *to);

static struct rootdir_meta
meta_of(const struct stat *st)
{
	return (struct rootdir_meta){.mode = st->st_mode & 07777,
	    .uid = st->st_uid,
	    .gid = st->st_gid,
	    .mtime = st->st_mtim};
}

/* What makes two trees the same: all of this, and the contents. */
static void
digest(struct hash_stream *hash, char kind, const char *to,
    const struct rootdir_meta *m, int64_t size, const char *link)
{
	AUTO_BUF line = BUF_INIT;

	buf_addf(&line, "%c %o %ju %ju %jd %jd.%09ld", kind, m->mode,
	    (uintmax_t)m->uid, (uintmax_t)m->gid, (intmax_t)size,
	    (intmax_t)m->mtime.tv_sec, m->mtime.tv_nsec);
	buf_addc(&line, 0);
	buf_add(&line, to, strlen(to) + 1);
	buf_add(&line, link, strlen(link) + 1);
	hash_stream_add(hash, line.s, line.len);
}

static int
copy_content(struct copy *c, int from, int to, off_t size, const char *name)
{
	char chunk[64 << 10];
	off_t left = size;
	ssize_t n = 1;

	while (left > 0 && n > 0) {
		n = read(from, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0 || n > left)
			break;
		else if (fd_write(to, chunk, (size_t)n) < 0)
			return err_set(c->e, "the store of images:");
		else {
			hash_stream_add(c->hash, chunk, (size_t)n);
			left -= n;
		}
	}
	if (n < 0)
		return err_set(c->e, "%s:", name);
	return left ? err_set(c->e, "%s: it changed meanwhile", name) : 0;
}

static int
copy_file(struct copy *c, int dir, const char *base, const char *to)
{
	AUTO_FD from =
	    openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_FD fd = -1;
	struct rootdir_meta meta;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(c->e, "%s:", to);
	if (image_draft_count(c->d, (uint64_t)st.st_size, c->e) < 0)
		return -1;
	fd = rootdir_file(&c->d->root, to, c->e);
	if (fd < 0)
		return -1;
	meta = meta_of(&st);
	digest(c->hash, 'f', to, &meta, st.st_size, "");
	if (copy_content(c, from, fd, st.st_size, to) < 0)
		return -1;
	return rootdir_seal(&c->d->root, fd, to, &meta, c->e);
}

static int
copy_link(struct copy *c, int dir, const char *base, const char *to,
    const struct stat *st)
{
	const struct rootdir_meta meta = meta_of(st);
	char link[PATH_MAX];
	ssize_t n = readlinkat(dir, base, link, sizeof link - 1);

	if (n <= 0)
		return err_set(c->e, "%s:", to);
	link[n] = 0;
	if (image_draft_count(c->d, 0, c->e) < 0)
		return -1;
	digest(c->hash, 'l', to, &meta, 0, link);
	return rootdir_symlink(&c->d->root, to, link, &meta, c->e);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a directory, in the order of their bytes. */
static size_t
read_names(DIR *d, struct arena *a, char ***names)
{
	struct dirent *ent;
	size_t n = 0, cap = 0;

	*names = NULL;
	while ((ent = readdir(d))) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		*names = arena_more(a, *names, n, &cap, sizeof **names);
		(*names)[n++] = arena_str(a, ent->d_name);
	}
	if (n)
		qsort(*names, n, sizeof **names, by_bytes);
	return n;
}

static int
copy_below(struct copy *c, int fd, const char *to)
{
	AUTO_ARENA a = {0};
	DIR *d = fdopendir(fd);
	char **names;
	size_t n;
	int got = 0;

	if (!d) {
		close(fd);
		return err_set(c->e, "%s:", to);
	}
	n = read_names(d, &a, &names);
	for (size_t i = 0; i < n && !got; i++)
		got = copy_at(c, dirfd(d), names[i],
		    *to ? arena_fmt(&a, "%s/%s", to, names[i]) : names[i]);
	closedir(d);
	return got;
}

int
image_tree_dir(struct image_draft *d, const char *to,
    const struct rootdir_meta *meta, struct hash_stream *hash, struct err *e)
{
	AUTO_BUF clean = BUF_INIT;

	if (image_draft_count(d, 0, e) < 0 ||
	    (*to && rootdir_name(to, &clean, e) < 0))
		return -1;
	digest(hash, 'd', to, meta, 0, "");
	image_draft_time(d, to, meta->mtime);
	return rootdir_dir(&d->root, to, meta, e);
}

static int
copy_dir(struct copy *c, int dir, const char *base, const char *to)
{
	AUTO_FD fd =
	    openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct rootdir_meta meta;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(c->e, "%s:", *to ? to : base);
	meta = meta_of(&st);
	if (image_tree_dir(c->d, to, &meta, c->hash, c->e) < 0)
		return -1;
	return copy_below(c, fd_steal(&fd), to);
}

/* Sockets and devices are nothing for an image. */
static int
copy_at(struct copy *c, int dir, const char *base, const char *to)
{
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(c->e, "%s:", to);
	if (S_ISDIR(st.st_mode))
		return copy_dir(c, dir, base, to);
	if (S_ISREG(st.st_mode))
		return copy_file(c, dir, base, to);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, dir, base, to, &st);
	c->d->devices += S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
	return 0;
}

int
image_tree_copy_at(struct image_draft *d, int dir, const char *base,
    const char *to, struct hash_stream *hash, struct err *e)
{
	struct copy c = {d, hash, e};

	return copy_at(&c, dir, base, to);
}

/* What is named may be a link; what is below it is not followed. */
int
image_tree_copy(struct image_draft *d, const char *from, const char *to,
    struct hash_stream *hash, struct err *e)
{
	struct copy c = {d, hash, e};
	AUTO_FD fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, "%s:", from);
	return copy_dir(&c, fd, ".", to);
}
