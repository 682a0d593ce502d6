#include "sys/rootdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

enum { NOBODY = 65534, LAST_ID = 65535 };

int
rootdir_open(struct rootdir *r, const char *path, struct err *e)
{
	r->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd < 0)
		return err_set(e, "%s:", path);
	/* Not all that is called root may give files away. */
	r->has_owners = !geteuid() && !fchown(r->fd, NOBODY, NOBODY) &&
			!fchown(r->fd, LAST_ID, LAST_ID) &&
			!fchown(r->fd, 0, 0);
	return 0;
}

void
rootdir_close(struct rootdir *r)
{
	fd_close(&r->fd);
}

/* ---- names */

static int
bad_name(struct err *e, const char *why)
{
	return err_set(e, "a name %s", why);
}

int
rootdir_name(const char *name, struct buf *to, struct err *e)
{
	unsigned depth = 0;

	buf_reset(to);
	if (!*name)
		return bad_name(e, "that is empty");
	if (*name == '/')
		return bad_name(e, "that is absolute");
	for (const char *s = name; *s; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");

		if (n > NAME_MAX)
			return bad_name(e, "with more than 255 bytes");
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return bad_name(e, "with `..` in it");
		if (n != 1 || s[0] != '.') {
			if (++depth > ROOTDIR_DEPTH_MAX)
				return bad_name(e, "of more than 256 parts");
			if (to->len)
				buf_addc(to, '/');
			buf_add(to, s, n);
		}
		s += n;
	}
	if (to->len >= PATH_MAX)
		return bad_name(e, "of more than 4095 bytes");
	return 0;
}

/* ---- the way to a name */

/* Links are no way here, the last component included. */
static int
walk(const struct rootdir *r, const char *name, int flags)
{
	AUTO_FD at = openat(
	    r->fd, ".", O_CLOEXEC | (*name ? O_PATH | O_DIRECTORY : flags));
	char part[NAME_MAX + 1];

	while (at >= 0 && *name) {
		size_t n = strcspn(name, "/");
		bool is_last = !name[n];
		int next;

		if (n >= sizeof part) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, name, n);
		part[n] = 0;
		next = openat(at, part,
		    O_NOFOLLOW | O_CLOEXEC |
			(is_last ? flags : O_PATH | O_DIRECTORY));
		fd_close(&at);
		at = next;
		name += n + !is_last;
	}
	return fd_steal(&at);
}

int
rootdir_look(const struct rootdir *r, const char *name, int flags)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd;

	do { /* EAGAIN: some directory moved meanwhile, anywhere */
		fd = syscall(
		    SYS_openat2, r->fd, *name ? name : ".", &how, sizeof how);
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return walk(r, name, flags);
	return (int)fd;
}

static int
open_dir(const struct rootdir *r, const char *name)
{
	return rootdir_look(r, name, O_PATH | O_DIRECTORY);
}

static int
fail(struct err *e, const char *name)
{
	return err_set(e, "%s:", name);
}

static int make_dir(struct rootdir *r, const char *name, struct err *e);

/* All but the last component of a name, and that one. */
static const char *
split(const char *name, struct buf *dir)
{
	const char *slash = strrchr(name, '/');

	buf_add(dir, name, slash ? (size_t)(slash - name) : 0);
	return slash ? slash + 1 : name;
}

/*
 * The directory that a name stands in, made where it is missing.
 *
 * out: its descriptor, and *base, the last component
 */
static int
open_parent(
    struct rootdir *r, const char *name, const char **base, struct err *e)
{
	AUTO_BUF dir = BUF_INIT;
	int fd;

	*base = split(name, &dir);
	fd = open_dir(r, dir.s);
	if (fd < 0 && errno == ENOENT && dir.len) {
		if (make_dir(r, dir.s, e) < 0)
			return -1;
		fd = open_dir(r, dir.s);
	}
	return fd < 0 ? fail(e, name) : fd;
}

static int
make_dir(struct rootdir *r, const char *name, struct err *e)
{
	const char *base;
	AUTO_FD dir = open_parent(r, name, &base, e);

	if (dir < 0)
		return -1;
	if (mkdirat(dir, base, 0755) == 0)
		fchmodat(dir, base, 0755, 0); /* whatever the umask */
	else if (errno != EEXIST)
		return fail(e, name);
	return 0;
}

/* Make room for something new. */
static int
clear(int dir, const char *base, const char *name, struct err *e)
{
	if (unlinkat(dir, base, 0) == 0 || errno == ENOENT)
		return 0;
	return file_remove_at(dir, base) < 0 ? fail(e, name) : 0;
}

/* The same, and the way to it. */
static int
open_cleared(
    struct rootdir *r, const char *name, const char **base, struct err *e)
{
	AUTO_FD dir = open_parent(r, name, base, e);

	if (dir < 0 || clear(dir, *base, name, e) < 0)
		return -1;
	return fd_steal(&dir);
}

/* ---- what is made */

/* Ids that no sandbox maps are nobody's. */
static uint32_t
id(uint64_t id)
{
	return id > LAST_ID ? NOBODY : (uint32_t)id;
}

/* chown first: it takes set-id bits away. */
static int
set_meta(const struct rootdir *r, int fd, mode_t more, const char *name,
    const struct rootdir_meta *m, struct err *e)
{
	struct timespec times[2] = {m->mtime, m->mtime};

	if ((r->has_owners && fchown(fd, id(m->uid), id(m->gid)) < 0) ||
	    fchmod(fd, (m->mode & 07777) | more) < 0 || futimens(fd, times) < 0)
		return fail(e, name);
	return 0;
}

static bool
is_dir(int dir, const char *base)
{
	struct stat st;

	return !fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

int
rootdir_dir(struct rootdir *r, const char *name,
    const struct rootdir_meta *meta, struct err *e)
{
	const char *base;
	AUTO_FD dir = -1, fd = -1;

	if (!*name)
		return set_meta(r, r->fd, 0700, ".", meta, e);
	dir = open_parent(r, name, &base, e);
	if (dir < 0)
		return -1;
	if (!is_dir(dir, base) &&
	    (clear(dir, base, name, e) < 0 || mkdirat(dir, base, 0700) < 0))
		return fail(e, name);
	fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, name);
	return set_meta(r, fd, 0700, name, meta, e);
}

int
rootdir_file(struct rootdir *r, const char *name, struct err *e)
{
	const char *base;
	AUTO_FD dir = open_cleared(r, name, &base, e);
	int fd;

	if (dir < 0)
		return -1;
	fd = openat(dir, base,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? fail(e, name) : fd;
}

int
rootdir_seal(struct rootdir *r, int fd, const char *name,
    const struct rootdir_meta *meta, struct err *e)
{
	return set_meta(r, fd, 0, name, meta, e);
}

/* Of what cannot be opened. */
static int
set_owner(const struct rootdir *r, int dir, const char *base, const char *name,
    const struct rootdir_meta *m, struct err *e)
{
	struct timespec times[2] = {m->mtime, m->mtime};

	if ((r->has_owners && fchownat(dir, base, id(m->uid), id(m->gid),
				  AT_SYMLINK_NOFOLLOW) < 0) ||
	    utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, name);
	return 0;
}

int
rootdir_symlink(struct rootdir *r, const char *name, const char *target,
    const struct rootdir_meta *meta, struct err *e)
{
	const char *base;
	AUTO_FD dir = open_cleared(r, name, &base, e);

	if (dir < 0)
		return -1;
	if (symlinkat(target, dir, base) < 0)
		return fail(e, name);
	return set_owner(r, dir, base, name, meta, e);
}

int
rootdir_fifo(struct rootdir *r, const char *name,
    const struct rootdir_meta *meta, struct err *e)
{
	const char *base;
	AUTO_FD dir = open_cleared(r, name, &base, e);

	if (dir < 0)
		return -1;
	if (mkfifoat(dir, base, 0600) < 0 ||
	    fchmodat(dir, base, meta->mode & 0777, 0) < 0)
		return fail(e, name);
	return set_owner(r, dir, base, name, meta, e);
}

int
rootdir_link(
    struct rootdir *r, const char *name, const char *target, struct err *e)
{
	AUTO_BUF way = BUF_INIT;
	const char *last = split(target, &way), *base;
	AUTO_FD from = open_dir(r, way.s), dir = -1;
	struct stat old, new;

	if (from < 0 || fstatat(from, last, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, name);
	dir = open_parent(r, name, &base, e);
	if (dir < 0)
		return -1;
	if (!fstatat(dir, base, &new, AT_SYMLINK_NOFOLLOW) &&
	    old.st_dev == new.st_dev && old.st_ino == new.st_ino)
		return 0; /* to clear it might take the last one away */
	if (clear(dir, base, name, e) < 0)
		return -1;
	return linkat(from, last, dir, base, 0) < 0 ? fail(e, name) : 0;
}

/* ---- what goes */

/* Is what should be looked into not there, or no directory? */
static bool
is_nothing(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

int
rootdir_remove(struct rootdir *r, const char *name, struct err *e)
{
	AUTO_BUF way = BUF_INIT;
	const char *base = split(name, &way);
	AUTO_FD dir = walk(r, way.s, O_PATH | O_DIRECTORY);

	if (dir < 0)
		return is_nothing() ? 0 : fail(e, name);
	return clear(dir, base, name, e);
}

int
rootdir_empty(struct rootdir *r, const char *name, struct err *e)
{
	int fd = walk(r, name, O_RDONLY | O_DIRECTORY), got = 0;
	struct dirent *ent;
	DIR *d;

	if (fd < 0)
		return is_nothing() ? 0 : fail(e, name);
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return fail(e, name);
	}
	while (!got && (ent = readdir(d)))
		if (strcmp(ent->d_name, ".") && strcmp(ent->d_name, ".."))
			got = clear(dirfd(d), ent->d_name, name, e);
	closedir(d);
	return got;
}

void
rootdir_touch(struct rootdir *r, const char *name, struct timespec mtime)
{
	struct timespec times[2] = {mtime, mtime};
	AUTO_FD fd = rootdir_look(r, name, O_RDONLY | O_DIRECTORY);

	if (fd >= 0)
		futimens(fd, times);
}
