#include "core/freight.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum { BLOCK = 512, NAME = 100, PIECE = 64 << 10 };

static const uint64_t octal_max = 077777777777;

struct entry {
	const char *name, *link;
	char kind;
	unsigned mode;
	uint64_t size;
	int64_t mtime;
};

/* ---- in the child, which ends when nobody reads on */

static void
put(const char *s, size_t n)
{
	if (fd_write(STDOUT_FILENO, s, n) < 0)
		_exit(EXIT_FAILURE);
}

static void
pad(uint64_t size)
{
	static const char zero[BLOCK];

	put(zero, (BLOCK - size % BLOCK) % BLOCK);
}

static void
put_head(const struct entry *en)
{
	char h[BLOCK] = {0};
	unsigned sum = 0;

	memcpy(h, en->name, strnlen(en->name, NAME));
	snprintf(h + 100, 8, "%07o", en->mode & 07777);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(
	    h + 124, 12, "%011" PRIo64, en->size > octal_max ? 0 : en->size);
	snprintf(h + 136, 12, "%011" PRIo64,
	    en->mtime < 0 ? 0 : (uint64_t)en->mtime & octal_max);
	memset(h + 148, ' ', 8);
	h[156] = en->kind;
	if (en->link)
		memcpy(h + 157, en->link, strnlen(en->link, NAME));
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	put(h, BLOCK);
}

/* The length counts itself. */
static void
add_record(struct buf *to, const char *key, const char *value)
{
	size_t bare = strlen(key) + strlen(value) + 3, n = bare + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof digits, "%zu", n) + bare != n)
		n = bare + strlen(digits);
	buf_addf(to, "%s %s=%s\n", digits, key, value);
}

static void
put_entry(const struct entry *en)
{
	AUTO_BUF more = BUF_INIT;
	char size[24];

	if (strlen(en->name) > NAME)
		add_record(&more, "path", en->name);
	if (en->link && strlen(en->link) > NAME)
		add_record(&more, "linkpath", en->link);
	if (en->size > octal_max) {
		snprintf(size, sizeof size, "%" PRIu64, en->size);
		add_record(&more, "size", size);
	}
	if (more.len) {
		put_head(&(struct entry){.name = "pax",
		    .kind = 'x',
		    .mode = 0644,
		    .size = more.len});
		put(more.s, more.len);
		pad(more.len);
	}
	put_head(en);
}

/* As long as was told, whatever becomes of it meanwhile. */
static void
put_content(int fd, uint64_t size)
{
	char piece[PIECE];
	uint64_t left = size;

	while (left) {
		size_t want = left < PIECE ? (size_t)left : PIECE;
		ssize_t n = read(fd, piece, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			memset(piece, 0, sizeof piece);
			n = (ssize_t)want;
		}
		put(piece, (size_t)n);
		left -= (uint64_t)n;
	}
	pad(size);
}

static void
put_file(int dir, const char *name, struct entry *en)
{
	AUTO_FD fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	en->kind = '0';
	en->size = (uint64_t)st.st_size;
	put_entry(en);
	put_content(fd, en->size);
}

static void
put_link(int dir, const char *name, struct entry *en)
{
	char to[4096];
	ssize_t n = readlinkat(dir, name, to, sizeof to - 1);

	if (n < 0)
		return;
	to[n] = 0;
	en->kind = '2';
	en->link = to;
	put_entry(en);
}

static void put_below(int fd, struct buf *path);

static void
put_dir(int dir, const char *name, struct entry *en, struct buf *path)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	buf_addc(path, '/');
	en->name = path->s;
	en->kind = '5';
	put_entry(en);
	if (fd >= 0)
		put_below(fd, path);
}

static void
put_one(int dir, const char *name, struct buf *path)
{
	struct entry en = {.name = path->s};
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	en.mode = st.st_mode & 07777;
	en.mtime = st.st_mtim.tv_sec;
	if (S_ISREG(st.st_mode))
		put_file(dir, name, &en);
	else if (S_ISLNK(st.st_mode))
		put_link(dir, name, &en);
	else if (S_ISDIR(st.st_mode))
		put_dir(dir, name, &en, path);
}

static void
put_below(int fd, struct buf *path)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;
	size_t n = path->len;

	while (d && (ent = readdir(d))) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		buf_cut(path, n);
		buf_adds(path, ent->d_name);
		put_one(fd, ent->d_name, path);
	}
	buf_cut(path, n);
	if (d)
		closedir(d);
}

static void
put_end(void)
{
	static const char zero[2 * BLOCK];

	put(zero, sizeof zero);
}

/* ---- beginning it */

/* Its output is our pipe. 0 in the child. */
static int
begin(int *out, pid_t *pid, struct err *e)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return err_set(e, "a pipe:");
	*pid = fork();
	if (*pid < 0) {
		close(end[0]);
		close(end[1]);
		return err_set(e, "fork:");
	}
	if (!*pid) {
		/* Who reads may give up: nobody else then holds this end. */
		close(end[0]);
		dup2(end[1], STDOUT_FILENO);
	}
	close(end[1]);
	*out = end[0];
	return 0;
}

int
freight_tree(const char *dir, pid_t *pid, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	int out, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, "%s:", dir);
	if (begin(&out, pid, e) < 0) {
		close(fd);
		return -1;
	}
	if (*pid) {
		close(fd);
		return out;
	}
	put_below(fd, &path);
	put_end();
	_exit(EXIT_SUCCESS);
}

int
freight_file(const char *name, unsigned mode, const char *s, size_t n,
    pid_t *pid, struct err *e)
{
	int out;

	if (begin(&out, pid, e) < 0)
		return -1;
	if (*pid)
		return out;
	put_entry(&(struct entry){
	    .name = name, .kind = '0', .mode = mode, .size = n});
	put(s, n);
	pad(n);
	put_end();
	_exit(EXIT_SUCCESS);
}
