#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/image_int.h"
#include "data/packing.h"
#include "data/tar.h"

enum { MANY = 100000, HOPS = 8, TEXT_MAX = 8 << 20 };

/* What a tar holds of these tells what it is. */
enum { HAS_MANIFEST = 1, HAS_LAYOUT = 2, HAS_INDEX = 4 };

static int
marker(const char *name)
{
	return !strcmp(name, "manifest.json") ? HAS_MANIFEST
	     : !strcmp(name, "oci-layout")    ? HAS_LAYOUT
	     : !strcmp(name, "index.json")    ? HAS_INDEX
					      : 0;
}

static enum image_kind
kind_of(int has)
{
	if (has & HAS_MANIFEST)
		return IMAGE_DOCKER;
	return (has & HAS_LAYOUT) && (has & HAS_INDEX) ? IMAGE_OCI : IMAGE_ROOT;
}

/* ---- a tar */

/* A file of its own in the store, without a name. */
static int
open_spool(const struct image_set *set, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	int fd;

	buf_addf(&path, "%s/tmp", set->store);
	if (file_mkdirs(path.s, 0700, e) < 0)
		return -1;
	fd = open(path.s, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? err_set(e, "%s:", path.s) : fd;
	buf_adds(&path, "/spool.XXXXXX");
	fd = mkostemp(path.s, O_CLOEXEC);
	if (fd < 0)
		return err_set(e, "%s:", path.s);
	unlink(path.s);
	return fd;
}

static int
check_space(const struct image_set *set, uint64_t bytes, const char *path,
    struct err *e)
{
	/* Headers and padding come on top of what the files have. */
	uint64_t most =
	    (uint64_t)set->max_bytes + (uint64_t)set->max_entries * 1024;

	if (bytes <= most)
		return 0;
	err_set(e, "%s: it has more than %lld bytes", path,
	    (long long)set->max_bytes);
	return err_hint(e, "if that is right: --max-size");
}

/* A pipe can be read but once. */
static int
spool_pipe(
    const struct image_set *set, const char *path, int *fd, struct err *e)
{
	AUTO_FD to = open_spool(set, e);
	uint64_t bytes = 0;
	char chunk[64 << 10];
	ssize_t n;

	if (to < 0)
		return -1;
	while ((n = read(*fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, "%s:", path);
		bytes += (uint64_t)n;
		if (check_space(set, bytes, path, e) < 0)
			return -1;
		if (fd_write(to, chunk, (size_t)n) < 0)
			return err_set(e, "the store of images:");
	}
	fd_close(fd);
	*fd = fd_steal(&to);
	return 0;
}

/* -1 and *e when it cannot be told. */
static int64_t
file_size(int fd, const char *path, struct err *e)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? err_set(e, "%s:", path) : st.st_size;
}

/* Places in what is packed cannot be found again. */
static int
spool_packed(
    const struct image_set *set, const char *path, int *fd, struct err *e)
{
	AUTO_FD to = -1;
	AUTO_SOURCE *in = NULL;
	int64_t size = file_size(*fd, path, e);
	char chunk[64 << 10];
	ssize_t n;

	if (size < 0 ||
	    !(in = packing_open(*fd, 0, (uint64_t)size, path, NULL, e)) ||
	    (to = open_spool(set, e)) < 0)
		return -1;
	while ((n = source_read(in, chunk, sizeof chunk, e)) > 0) {
		if (check_space(set, in->done, path, e) < 0)
			return -1;
		if (fd_write(to, chunk, (size_t)n) < 0)
			return err_set(e, "the store of images:");
	}
	if (n < 0)
		return -1;
	fd_close(fd);
	*fd = fd_steal(&to);
	return 0;
}

static struct source *
whole_tar(struct image_archive *ar, struct err *e)
{
	int64_t size = file_size(ar->fd, ar->path, e);

	if (size < 0)
		return NULL;
	return source_fd(ar->fd, 0, (uint64_t)size, ar->path);
}

/* Which markers does it hold? */
static int
scan(struct image_archive *ar, int *has, struct err *e)
{
	AUTO_SOURCE *in = whole_tar(ar, e);
	AUTO_BUF name = BUF_INIT;
	AUTO_TAR t;
	struct tar_entry it;
	struct err why;
	int got;

	tar_begin(&t, in);
	if (!in)
		return -1;
	*has = 0;
	while ((got = tar_next(&t, &it, e)) > 0)
		if (it.kind == TAR_FILE && !rootdir_name(it.name, &name, &why))
			*has |= marker(name.s);
	return got;
}

static int
index_entry(struct image_archive *ar, const struct tar_entry *it, struct err *e)
{
	AUTO_BUF name = BUF_INIT;
	struct image_blob *b;

	if (it->kind != TAR_FILE && it->kind != TAR_SYMLINK)
		return 0;
	if (rootdir_name(it->name, &name, e) < 0)
		return -1;
	if (ar->index.alive >= MANY)
		return err_set(e,
		    "%s: more than %d files in an archive of "
		    "images",
		    ar->path, MANY);
	b = arena_alloc(&ar->a, sizeof *b);
	b->fd = it->kind == TAR_FILE ? ar->fd : -1;
	b->at = it->at;
	b->len = it->size;
	b->name = arena_str(&ar->a, b->fd < 0 ? it->link : name.s);
	map_set(&ar->index, name.s, name.len, b);
	return 0;
}

static int
index_all(struct image_archive *ar, struct err *e)
{
	AUTO_SOURCE *in = whole_tar(ar, e);
	AUTO_TAR t;
	struct tar_entry it;
	int got;

	tar_begin(&t, in);
	if (!in)
		return -1;
	while ((got = tar_next(&t, &it, e)) > 0)
		if (index_entry(ar, &it, e) < 0)
			return -1;
	return got;
}

static int
open_tar(struct image_archive *ar, const struct image_set *set,
    enum image_kind *kind, struct err *e)
{
	struct stat st;
	int has, packed;

	if (fstat(ar->fd, &st) < 0)
		return err_set(e, "%s:", ar->path);
	if (!S_ISREG(st.st_mode) && spool_pipe(set, ar->path, &ar->fd, e) < 0)
		return -1;
	packed = packing_is_at(ar->fd, 0, ar->path, e);
	if (packed < 0 ||
	    (packed && spool_packed(set, ar->path, &ar->fd, e) < 0) ||
	    scan(ar, &has, e) < 0)
		return -1;
	*kind = kind_of(has);
	return *kind == IMAGE_ROOT ? 0 : index_all(ar, e);
}

/* ---- either */

static bool
is_directory(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && !stat(path, &st) &&
	       S_ISDIR(st.st_mode);
}

static int
open_directory(struct image_archive *ar, enum image_kind *kind, struct err *e)
{
	static const char *const markers[] = {
	    "manifest.json", "oci-layout", "index.json"};
	int has = 0;

	ar->dir.fd = open(ar->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ar->dir.fd < 0)
		return err_set(e, "%s:", ar->path);
	for (size_t i = 0; i < COUNT(markers); i++)
		if (faccessat(ar->dir.fd, markers[i], F_OK, 0) == 0)
			has |= marker(markers[i]);
	*kind = kind_of(has);
	return 0;
}

int
image_archive_open(struct image_archive *ar, const struct image_set *set,
    const char *path, enum image_kind *kind, struct err *e)
{
	bool is_stdin = !strcmp(path, "-");

	ar->path = is_stdin ? "standard input" : path;
	if (is_directory(path))
		return open_directory(ar, kind, e);
	ar->fd = is_stdin ? fcntl(0, F_DUPFD_CLOEXEC, 0)
			  : open(path, O_RDONLY | O_CLOEXEC);
	if (ar->fd < 0)
		return err_set(e, "%s:", path);
	return open_tar(ar, set, kind, e);
}

/* Where a link in a tar leads to: `../ID/layer.tar`, as docker writes it. */
static int
follow(const char *name, const char *link, struct buf *to)
{
	const char *slash = strrchr(name, '/');
	AUTO_BUF clean = BUF_INIT;
	struct err why;

	buf_reset(to);
	buf_add(to, name, slash ? (size_t)(slash - name) : 0);
	while (!strncmp(link, "../", 3) && to->len) {
		slash = strrchr(to->s, '/');
		buf_cut(to, slash ? (size_t)(slash - to->s) : 0);
		link += 3;
	}
	if (to->len)
		buf_addc(to, '/');
	buf_adds(to, link);
	return rootdir_name(to->s, &clean, &why);
}

static int
find_in_tar(struct image_archive *ar, const char *name, struct image_blob *to,
    struct err *e)
{
	AUTO_BUF at = BUF_INIT, next = BUF_INIT;

	if (rootdir_name(name, &at, e) < 0)
		return -1;
	for (int i = 0; i < HOPS; i++) {
		const struct image_blob *b = map_get(&ar->index, at.s, at.len);

		if (!b)
			return 0;
		if (b->fd >= 0) {
			*to = *b;
			return 1;
		}
		if (follow(at.s, b->name, &next) < 0)
			return 0;
		buf_reset(&at);
		buf_adds(&at, next.s);
	}
	return 0;
}

static int
look_in_directory(struct image_archive *ar, const char *name,
    struct image_blob *to, struct err *e)
{
	AUTO_BUF clean = BUF_INIT;
	AUTO_FD fd = -1;
	struct image_blob *b;
	struct stat st;

	if (rootdir_name(name, &clean, e) < 0)
		return -1;
	b = map_get(&ar->index, clean.s, clean.len);
	if (!b) {
		fd = rootdir_look(&ar->dir, clean.s, O_RDONLY | O_NONBLOCK);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			return err_set(e, "%s/%s: it cannot be read as a file",
			    ar->path, clean.s);
		b = arena_alloc(&ar->a, sizeof *b);
		*b = (struct image_blob){fd_steal(&fd), 0, (uint64_t)st.st_size,
		    arena_str(&ar->a, clean.s)};
		map_set(&ar->index, clean.s, clean.len, b);
	}
	*to = *b;
	return 1;
}

static int
find_in_directory(struct image_archive *ar, const char *name,
    struct image_blob *to, struct err *e)
{
	int got;

	pthread_mutex_lock(&ar->lock);
	got = look_in_directory(ar, name, to, e);
	pthread_mutex_unlock(&ar->lock);
	return got;
}

int
image_archive_find(struct image_archive *ar, const char *name,
    struct image_blob *to, struct err *e)
{
	return ar->fd >= 0 ? find_in_tar(ar, name, to, e)
			   : find_in_directory(ar, name, to, e);
}

int
image_archive_text(
    struct image_archive *ar, const char *name, struct buf *to, struct err *e)
{
	AUTO_SOURCE *in = NULL;
	struct image_blob b;
	int got = image_archive_find(ar, name, &b, e);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(e, "%s: there is no %s in it", ar->path, name);
	if (b.len > TEXT_MAX)
		return err_set(
		    e, "%s: %s is larger than 8 MiB", ar->path, name);
	in = source_fd(b.fd, b.at, b.len, b.name);
	buf_reset(to);
	buf_room(to, (size_t)b.len + 1);
	if (source_read(in, to->s, (size_t)b.len, e) < 0)
		return -1;
	to->len = (size_t)b.len;
	to->s[to->len] = 0;
	return 0;
}

void
image_archive_free(struct image_archive *ar)
{
	for (size_t i = 0; i < ar->index.n && ar->fd < 0; i++) {
		struct image_blob *b = ar->index.entry[i].value;

		if (b)
			fd_close(&b->fd);
	}
	fd_close(&ar->fd);
	rootdir_close(&ar->dir);
	map_free(&ar->index);
	arena_free(&ar->a);
}
