#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/image_int.h"
#include "data/elf.h"
#include "data/hash_stream.h"

enum { HOPS = 40, DEPTH = 64, INCLUDES = 8, DIRS = 256 };

#if defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#else
#define TRIPLET "x86_64-linux-gnu"
#endif

/* Where each loader looks by itself. */
static const char *const glibc_dirs[] = {"/lib/" TRIPLET, "/usr/lib/" TRIPLET,
    "/lib64", "/usr/lib64", "/lib", "/usr/lib", NULL};
static const char *const musl_dirs[] = {
    "/lib", "/usr/local/lib", "/usr/lib", NULL};

struct host {
	struct image_draft *d;
	struct hash_stream hash;
	struct map seen; /* paths that are in the image */
	struct arena a;
	const char *dir[DIRS]; /* of ld.so.conf(5), dir[dirs] */
	size_t dirs;
	bool needs_cache; /* the loader finds something only by its cache */
	struct err *e;
};

/* A file that asks for libraries. */
struct asking {
	const char *path;  /* without links */
	const char *rpath; /* of the program that all this is for, or NULL */
	bool is_musl;
	struct elf elf;
	int depth;
};

static int add_file(struct host *h, const char *path, const char *rpath,
    bool is_musl, int depth);

/* Is this the first time? */
static bool
is_new(struct host *h, const char *path)
{
	return !map_set(&h->seen, path, strlen(path), h);
}

/* ---- paths and links on them */

static int
add_dir(struct host *h, const char *path, uint32_t mode)
{
	const struct rootdir_meta meta = {.mode = mode};

	if (!is_new(h, path))
		return 0;
	return image_tree_dir(h->d, path + 1, &meta, &h->hash, h->e);
}

static int
add_link(struct host *h, const char *path, struct buf *at, struct buf *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);
	AUTO_BUF way = BUF_INIT;

	if (n <= 0)
		return err_set(h->e, "%s:", path);
	if (is_new(h, path) && image_tree_copy_at(h->d, AT_FDCWD, path,
				   path + 1, &h->hash, h->e) < 0)
		return -1;
	if (*target == '/')
		buf_reset(at);
	buf_add(&way, target, (size_t)n);
	buf_addf(&way, "/%s", rest->s);
	buf_reset(rest);
	buf_adds(rest, way.s);
	return 0;
}

/* One component of the way: *at is where it led to. */
static int
step(struct host *h, struct buf *at, struct buf *rest, struct stat *st)
{
	size_t n = strcspn(rest->s, "/");
	AUTO_BUF part = BUF_INIT, path = BUF_INIT;

	buf_add(&part, rest->s, n);
	buf_drop(rest, n + strspn(rest->s + n, "/"));
	if (!strcmp(part.s, "..")) {
		buf_cut(
		    at, at->len ? (size_t)(strrchr(at->s, '/') - at->s) : 0);
		return 0;
	}
	if (!part.len || !strcmp(part.s, "."))
		return 0;
	buf_addf(&path, "%s/%s", at->s, part.s);
	if (lstat(path.s, st) < 0)
		return err_set(h->e, "%s:", path.s);
	if (S_ISLNK(st->st_mode))
		return add_link(h, path.s, at, rest) < 0 ? -1 : 1;
	buf_addf(at, "/%s", part.s);
	if (rest->len && S_ISDIR(st->st_mode))
		return add_dir(h, at->s, st->st_mode & 07777);
	return 0;
}

/* All on the way to what a path stands for: *real and *st. */
static int
add_way(struct host *h, const char *path, struct buf *real, struct stat *st)
{
	AUTO_BUF rest = BUF_INIT;
	int hops = 0;

	buf_adds(&rest, path);
	if (stat("/", st) < 0)
		return err_set(h->e, "/:");
	while (rest.len) {
		int got = step(h, real, &rest, st);

		if (got < 0)
			return -1;
		hops += got;
		if (hops > HOPS)
			return err_set(h->e, "%s: too many links", path);
	}
	return stat(real->s, st) < 0 ? err_set(h->e, "%s:", path) : 0;
}

/* ---- libraries */

static void read_conf(struct host *h, const char *path, int depth);

static void
read_confs(struct host *h, const char *pattern, int depth)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_conf(h, found.gl_pathv[i], depth);
	globfree(&found);
}

/* Directories, comments and includes. */
static void
read_conf(struct host *h, const char *path, int depth)
{
	AUTO_BUF text = BUF_INIT;
	struct err why;
	char *save, *word, *rest;

	if (depth > INCLUDES || file_read(path, &text, &why) < 0)
		return;
	for (char *line = strtok_r(text.s, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "#")] = 0;
		word = strtok_r(line, " \t", &rest);
		if (word && *word == '/' && h->dirs < DIRS)
			h->dir[h->dirs++] = arena_str(&h->a, word);
		if (!word || strcmp(word, "include") != 0)
			continue;
		while ((word = strtok_r(NULL, " \t", &rest)))
			read_confs(h, word, depth + 1);
	}
}

/* Is it a library that this machine can load? */
static bool
is_library(const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_ARENA a = {0};
	struct elf elf;
	struct err why;
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       elf_read(fd, path, &a, &elf, &why) > 0 && elf.is_native;
}

static bool
try_dir(const char *dir, size_t n, const char *name, struct buf *path)
{
	buf_reset(path);
	buf_addf(path, "%.*s/%s", (int)n, dir, name);
	return is_library(path->s);
}

/* A list with colons, in which $ORIGIN is where the asking file is. */
static bool
try_list(const struct asking *by, const char *list, const char *name,
    struct buf *path)
{
	static const char *const origin[] = {"$ORIGIN", "${ORIGIN}"};
	size_t n;

	for (; list && *list; list += n + (list[n] == ':')) {
		AUTO_BUF dir = BUF_INIT;
		size_t skip = 0;

		n = strcspn(list, ":");
		for (int i = 0; i < 2; i++)
			if (!strncmp(list, origin[i], strlen(origin[i])))
				skip = strlen(origin[i]);
		if (skip)
			buf_add(&dir, by->path,
			    (size_t)(strrchr(by->path, '/') - by->path));
		buf_add(&dir, list + skip, n - skip);
		if (*dir.s == '/' && !strchr(dir.s, '$') &&
		    try_dir(dir.s, dir.len, name, path))
			return true;
	}
	return false;
}

static bool
try_dirs(const char *const *dir, const char *name, struct buf *path)
{
	for (; *dir; dir++)
		if (try_dir(*dir, strlen(*dir), name, path))
			return true;
	return false;
}

/* In the order of ld.so(8), but that the usual places need no cache. */
static bool
find_library(
    struct host *h, const struct asking *by, const char *name, struct buf *path)
{
	if (!by->elf.runpath && (try_list(by, by->elf.rpath, name, path) ||
				    try_list(by, by->rpath, name, path)))
		return true;
	if (try_list(by, by->elf.runpath, name, path))
		return true;
	if (by->is_musl)
		return try_dirs(musl_dirs, name, path);
	if (try_dirs(glibc_dirs, name, path))
		return true;
	for (size_t i = 0; i < h->dirs; i++)
		if (try_dir(h->dir[i], strlen(h->dir[i]), name, path)) {
			h->needs_cache = true;
			return true;
		}
	return false;
}

static int
add_libraries(struct host *h, const struct asking *by)
{
	const char *rpath = by->rpath ? by->rpath : by->elf.rpath;

	for (size_t i = 0; i < by->elf.needs; i++) {
		const char *name = by->elf.needed[i];
		AUTO_BUF path = BUF_INIT;

		if (by->is_musl && !strcmp(name, "libc.so"))
			continue; /* the loader is it */
		if (strchr(name, '/'))
			buf_adds(&path, name);
		else if (!find_library(h, by, name, &path))
			return err_set(h->e,
			    "%s needs %.200s, which is "
			    "nowhere",
			    by->path, name);
		if (add_file(h, path.s, rpath, by->is_musl, by->depth + 1) < 0)
			return -1;
	}
	return 0;
}

/* ---- programs */

/* A name without a slash, as the shell finds it. */
static int
find_program(struct host *h, const char *name, struct buf *path)
{
	const char *list = getenv("PATH");
	char here[PATH_MAX];
	size_t n;

	if (*name == '/' || strchr(name, '/')) {
		if (*name != '/' && getcwd(here, sizeof here))
			buf_addf(path, "%s/", here);
		buf_adds(path, name);
		return 0;
	}
	for (; list && *list; list += n + (list[n] == ':')) {
		struct stat st;

		n = strcspn(list, ":");
		buf_reset(path);
		buf_addf(path, "%.*s/%s", (int)n, list, name);
		if (*path->s == '/' && !access(path->s, X_OK) &&
		    !stat(path->s, &st) && S_ISREG(st.st_mode))
			return 0;
	}
	return err_set(h->e, "%s: no such program in PATH", name);
}

/* The interpreter of a script, and where that is env(1), what it starts. */
static int
add_interpreter(struct host *h, int fd, int depth)
{
	char head[256], *save, *word, *arg;
	AUTO_BUF path = BUF_INIT;
	ssize_t n = pread(fd, head, sizeof head - 1, 0);

	if (n < 3 || memcmp(head, "#!", 2))
		return 0;
	head[n] = 0;
	head[strcspn(head, "\n")] = 0;
	word = strtok_r(head + 2, " \t", &save);
	arg = strtok_r(NULL, " \t", &save);
	if (!word)
		return 0;
	if (add_file(h, word, NULL, false, depth + 1) < 0)
		return -1;
	if (strcmp(strrchr(word, '/') ? strrchr(word, '/') : "", "/env") ||
	    !arg || *arg == '-')
		return 0;
	if (find_program(h, arg, &path) < 0)
		return -1;
	return add_file(h, path.s, NULL, false, depth + 1);
}

static int
add_needs(struct host *h, const char *real, const char *rpath, bool is_musl,
    int depth)
{
	AUTO_FD fd = open(real, O_RDONLY | O_CLOEXEC);
	AUTO_ARENA a = {0};
	struct asking by = {real, rpath, is_musl, {0}, depth};
	int got;

	if (fd < 0)
		return err_set(h->e, "%s:", real);
	got = elf_read(fd, real, &a, &by.elf, h->e);
	if (got <= 0)
		return got < 0 ? -1 : add_interpreter(h, fd, depth);
	if (by.elf.interp) {
		by.is_musl = strstr(by.elf.interp, "ld-musl");
		if (add_file(h, by.elf.interp, NULL, by.is_musl, depth + 1) < 0)
			return -1;
	}
	return add_libraries(h, &by);
}

static int
add_file(struct host *h, const char *path, const char *rpath, bool is_musl,
    int depth)
{
	AUTO_BUF real = BUF_INIT;
	struct stat st;

	if (depth > DEPTH)
		return err_set(h->e, "%s: too many need each other", path);
	if (*path != '/')
		return err_set(h->e, "%s: no absolute path", path);
	if (add_way(h, path, &real, &st) < 0)
		return -1;
	if (!is_new(h, real.s))
		return 0;
	if (image_tree_copy_at(
		h->d, AT_FDCWD, real.s, real.s + 1, &h->hash, h->e) < 0)
		return -1;
	return S_ISREG(st.st_mode) ? add_needs(h, real.s, rpath, is_musl, depth)
				   : 0;
}

/* ---- what every root has */

static int
add_text(struct host *h, const char *path, const char *text)
{
	const struct rootdir_meta meta = {.mode = 0644};
	AUTO_FD fd = -1;

	if (!is_new(h, path))
		return 0;
	fd = rootdir_file(&h->d->root, path + 1, h->e);
	if (fd < 0 || image_draft_count(h->d, strlen(text), h->e) < 0)
		return -1;
	hash_stream_add(&h->hash, path, strlen(path) + 1);
	hash_stream_add(&h->hash, text, strlen(text));
	if (fd_write(fd, text, strlen(text)) < 0)
		return err_set(h->e, "the store of images:");
	return rootdir_seal(&h->d->root, fd, path + 1, &meta, h->e);
}

/* Where /bin is a link to usr/bin, programs are known by both names. */
static int
add_merged(struct host *h)
{
	static const char *const names[] = {"/bin", "/lib", "/lib64", "/sbin"};
	struct stat st;

	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_BUF real = BUF_INIT;

		if (lstat(names[i], &st) < 0 || !S_ISLNK(st.st_mode))
			continue;
		if (add_way(h, names[i], &real, &st) < 0 ||
		    add_dir(h, real.s, st.st_mode & 07777) < 0)
			return -1;
	}
	return 0;
}

static int
add_usual(struct host *h)
{
	static const struct {
		const char *path;
		uint32_t mode;
	} dirs[] = {{"/dev", 0755}, {"/etc", 0755}, {"/home", 0755},
	    {"/proc", 0555}, {"/root", 0700}, {"/run", 0755}, {"/sys", 0555},
	    {"/tmp", 01777}, {"/var", 0755}, {"/var/tmp", 01777}};

	if (add_merged(h) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(dirs); i++)
		if (add_dir(h, dirs[i].path, dirs[i].mode) < 0)
			return -1;
	if (h->needs_cache &&
	    add_file(h, "/etc/ld.so.cache", NULL, false, 0) < 0)
		return -1;
	if (add_text(h, "/etc/passwd",
		"root:x:0:0:root:/root:/bin/sh\n"
		"nobody:x:65534:65534:nobody:/:/bin/false\n") < 0)
		return -1;
	return add_text(h, "/etc/group", "root:x:0:\nnogroup:x:65534:\n");
}

static int
add_all(struct host *h, char *const *program, const char **first)
{
	read_conf(h, "/etc/ld.so.conf", 0);
	for (; *program; program++) {
		AUTO_BUF path = BUF_INIT;

		if (find_program(h, *program, &path) < 0 ||
		    add_file(h, path.s, NULL, false, 0) < 0)
			return -1;
		if (!*first)
			*first = arena_str(&h->a, path.s);
	}
	return add_usual(h);
}

static int
import(struct host *h, const char *name, char *const *program,
    struct image_done *done)
{
	AUTO_BUF config = BUF_INIT;
	const char *first = NULL;
	char digest[HASH_HEX];

	if (add_all(h, program, &first) < 0)
		return -1;
	hash_stream_end(&h->hash, digest);
	image_config_print(&config, digest, first);
	return image_draft_publish(
	    h->d, name, config.s, config.len, done, h->e);
}

int
image_from_host(struct image_set *set, const char *name, char *const *program,
    struct image_done *done, struct err *e)
{
	AUTO_DRAFT d = IMAGE_DRAFT_INIT;
	AUTO_BUF full = BUF_INIT;
	struct host h = {.d = &d, .e = e};
	int got;

	if (image_name_full(name, &full, e) < 0 ||
	    image_draft_begin(&d, set, e) < 0)
		return -1;
	hash_stream_begin(&h.hash);
	got = import(&h, full.s, program, done);
	map_free(&h.seen);
	arena_free(&h.a);
	return got;
}
