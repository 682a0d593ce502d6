#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 64 << 20 };

void
fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
fd_drain(int fd, const char *name, size_t limit, struct buf *out, struct err *e)
{
	size_t start = out->len;

	if (!limit)
		limit = LIMIT;
	for (;;) {
		char *room = buf_room(out, 64 << 10);
		ssize_t n = read(fd, room, out->cap - out->len - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, "%s:", name);
		if (!n)
			return 0;
		out->len += (size_t)n;
		out->s[out->len] = 0;
		if (out->len - start > limit)
			return err_at(
			    e, name, 0, 0, "larger than %zu MiB", limit >> 20);
	}
}

int
fd_write(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t did = write(fd, s, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -1;
		s += did;
		n -= (size_t)did;
	}
	return 0;
}

int
file_read(const char *path, struct buf *out, struct err *e)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_set(e, "%s:", path);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < LIMIT)
		buf_room(out, (size_t)st.st_size + (64 << 10));
	return fd_drain(fd, path, 0, out, e);
}

int
file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	AUTO_BUF part = BUF_INIT;

	for (const char *p = path; *p;) {
		const char *slash = strchr(p + 1, '/');
		size_t n = slash ? (size_t)(slash - path) : strlen(path);

		buf_reset(&part);
		buf_add(&part, path, n);
		if (mkdir(part.s, mode) < 0 && errno != EEXIST)
			return err_set(e, "%s:", part.s);
		p = path + n;
	}
	return 0;
}

int
file_mkparent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_BUF dir = BUF_INIT;

	if (!slash || slash == path)
		return 0;
	buf_add(&dir, path, (size_t)(slash - path));
	return file_mkdirs(dir.s, 0777, e);
}

static int
fill(int fd, const char *s, size_t n, mode_t mode)
{
	return fchmod(fd, mode) < 0 || fd_write(fd, s, n) < 0 ? -1 : 0;
}

static int
put(const char *path, const char *s, size_t n, mode_t mode, bool is_synced,
    struct err *e)
{
	AUTO_BUF temp = BUF_INIT;
	AUTO_FD fd = -1;
	struct stat old;

	if (file_mkparent(path, e) < 0)
		return -1;
	if (!stat(path, &old))
		mode = old.st_mode & 07777;
	buf_addf(&temp, "%s.XXXXXX", path);
	fd = mkostemp(temp.s, O_CLOEXEC);
	if (fd < 0)
		return err_set(e, "%s:", path);
	if (fill(fd, s, n, mode) < 0 || (is_synced && fsync(fd) < 0) ||
	    rename(temp.s, path) < 0) {
		err_set(e, "%s:", path);
		unlink(temp.s);
		return -1;
	}
	return 0;
}

int
file_replace(
    const char *path, const char *s, size_t n, mode_t mode, struct err *e)
{
	return put(path, s, n, mode, true, e);
}

int
file_renew(
    const char *path, const char *s, size_t n, mode_t mode, struct err *e)
{
	return put(path, s, n, mode, false, e);
}

static void remove_at(int dir, const char *name, int *failed);

static void
empty_dir(int fd, int *failed)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;

	if (!d) {
		*failed = *failed ? *failed : errno;
		close(fd);
		return;
	}
	while ((ent = readdir(d)))
		if (strcmp(ent->d_name, ".") && strcmp(ent->d_name, ".."))
			remove_at(dirfd(d), ent->d_name, failed);
	closedir(d);
}

static void
remove_at(int dir, const char *name, int *failed)
{
	int fd;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES &&
	    !fchmodat(dir, name, 0700, 0)) /* a test may have shut its door */
		fd = openat(
		    dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		fchmod(fd, 0700);
		empty_dir(fd, failed);
	}
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		*failed = *failed ? *failed : errno;
}

int
file_remove_at(int dir, const char *name)
{
	int failed = 0;

	remove_at(dir, name, &failed);
	errno = failed;
	return failed ? -1 : 0;
}

int
file_remove_tree(const char *path)
{
	return file_remove_at(AT_FDCWD, path);
}
