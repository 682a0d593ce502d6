#include "sys/watch_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotifytools.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/*
 * Not IN_MODIFY: it fires for each write, before the content is whole. The
 * root may be a symbolic link, what lies below it may not.
 */
enum {
	MASK = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
	       IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
	       IN_EXCL_UNLINK,
	POLL_NS = 250000000,
	DISCARD = 1 << 20, /* notices that nobody needs any more */
};

/* Directories that are found and wait for their turn. */
struct todo {
	char **path;
	size_t n, cap;
};

static void
push(struct todo *t, const char *path)
{
	t->path = mem_more(t->path, t->n, &t->cap, sizeof *t->path);
	t->path[t->n++] = mem_str(path);
}

static long
sysctl(const char *name)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;

	buf_addf(&path, "/proc/sys/fs/inotify/%s", name);
	return file_read(path.s, &text, NULL) < 0 ? 0 : atol(text.s);
}

static int
no_instance(int why, struct err *e)
{
	long limit = sysctl("max_user_instances");

	errno = why;
	if (why != EMFILE)
		return err_set(e, "cannot start inotify:");
	err_set(e,
	    "too many inotify instances (fs.inotify.max_user_instances is "
	    "%ld)",
	    limit);
	return err_hint(
	    e, "sysctl fs.inotify.max_user_instances=%ld", limit * 2);
}

static int
no_watch(const struct watch *w, struct err *e)
{
	long limit = sysctl("max_user_watches");

	err_set(e,
	    "inotify limit reached (%zu watches of ours; "
	    "fs.inotify.max_user_watches is %ld for all programs)",
	    w->dirs, limit);
	return err_hint(e,
	    "ignore what need not be watched, or: sysctl "
	    "fs.inotify.max_user_watches=%ld",
	    limit * 2);
}

/*
 * The library keeps its descriptor to itself: it is the lowest free number.
 * Ours is a copy, which stays the same over a new beginning.
 */
int
watch_open(struct watch *w, struct err *e)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, "/dev/null:");
	close(fd);
	if (!inotifytools_initialize())
		return no_instance(inotifytools_error(), e);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	w->fd = w->fd < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3)
			  : dup3(fd, w->fd, O_CLOEXEC);
	return w->fd < 0 ? err_set(e, "cannot start inotify:") : 0;
}

void
watch_forget(struct watch *w, struct watch_dir *d)
{
	w->dir[d->wd] = NULL;
	w->dirs--;
	if (d->root->wd == d->wd) {
		d->root->wd = -1;
		w->poll_ns = w->now_ns;
	}
	free(d->path);
	free(d);
}

void
watch_shut(struct watch *w)
{
	for (size_t i = 0; i < w->dir_cap; i++)
		if (w->dir[i])
			watch_forget(w, w->dir[i]);
	while (w->moves)
		watch_move_free(w, 0);
	if (w->fd >= 0) {
		/* Its buffer outlives a cleanup. */
		for (int i = 0; i < DISCARD; i++)
			if (!inotifytools_next_events(0, 1))
				break;
		inotifytools_cleanup();
	}
	w->forgotten = 0;
}

void
watch_drop_limbo(struct watch *w, uint32_t cookie)
{
	for (size_t i = 0; i < w->dir_cap; i++) {
		if (!w->dir[i] || w->dir[i]->limbo != cookie)
			continue;
		inotify_rm_watch(w->fd, (int)i);
		watch_forget(w, w->dir[i]);
	}
}

void
watch_to_limbo(struct watch *w, const struct watch_root *root, const char *path,
    uint32_t cookie)
{
	for (size_t i = 0; i < w->dir_cap; i++) {
		struct watch_dir *d = w->dir[i];

		if (d && d->root == root && !d->limbo &&
		    watch_is_below(d->path, path))
			d->limbo = cookie;
	}
}

/*
 * The kernel gives the same number again for a directory it knows: one that
 * was renamed gets its new path here, and leaves its limbo.
 */
static void
enter(struct watch *w, int wd, struct watch_root *root, const char *path)
{
	struct watch_dir *d;
	size_t cap = w->dir_cap ? w->dir_cap : 64;

	while (cap <= (size_t)wd)
		cap *= 2;
	if (cap > w->dir_cap) {
		w->dir = mem_resize(w->dir, cap * sizeof *w->dir);
		memset(w->dir + w->dir_cap, 0,
		    (cap - w->dir_cap) * sizeof *w->dir);
		w->dir_cap = cap;
	}
	d = w->dir[wd];
	if (!d) {
		d = w->dir[wd] = mem_new(1, sizeof *d);
		w->dirs++;
	}
	free(d->path);
	*d = (struct watch_dir){.wd = wd, .root = root, .path = mem_str(path)};
}

static void
tell(struct watch *w, const char *path, int why)
{
	struct err e = {0};

	errno = why;
	err_set(&e, "%s is not watched:", *path ? path : ".");
	if (w->opts.tell)
		w->opts.tell(w->opts.arg, path, &e);
}

/*
 * On the library's descriptor, but not by inotifytools_watch_file(): that one
 * hides the number, and what it would tell by name is stale after a rename.
 *
 * out: 1 watched, 0 not there or not to be read
 * err: -1 and *e: a limit
 */
static int
add(struct watch *w, struct watch_root *root, const char *path, struct err *e)
{
	bool is_root = !strcmp(path, root->path);
	int wd = inotify_add_watch(
	    w->fd, *path ? path : ".", is_root ? MASK : MASK | IN_DONT_FOLLOW);

	if (wd >= 0) {
		enter(w, wd, root, path);
		root->wd = is_root ? wd : root->wd;
		return 1;
	}
	if (errno == ENOSPC)
		return no_watch(w, e);
	if (errno == ENOMEM)
		return err_set(e, "cannot watch %s:", path);
	if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		tell(w, path, errno);
	return 0;
}

static unsigned char
type_of(DIR *d, const struct dirent *ent)
{
	struct stat st;

	if (ent->d_type != DT_UNKNOWN)
		return ent->d_type;
	if (fstatat(dirfd(d), ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static void
list(struct watch *w, const char *path, struct todo *todo)
{
	DIR *d = opendir(*path ? path : ".");
	AUTO_BUF name = BUF_INIT;
	struct dirent *ent;

	if (!d && errno != ENOENT && errno != ENOTDIR)
		tell(w, path, errno);
	while (d && (ent = readdir(d))) {
		unsigned char type;

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		type = type_of(d, ent);
		if (type != DT_DIR && type != DT_REG && type != DT_LNK)
			continue;
		watch_join(&name, path, ent->d_name);
		if (w->opts.skips(w->opts.arg, name.s, type == DT_DIR))
			continue;
		if (type == DT_DIR)
			push(todo, name.s);
		else
			watch_dirty(w, name.s, name.len);
	}
	if (d)
		closedir(d);
}

int
watch_walk(
    struct watch *w, struct watch_root *root, const char *path, struct err *e)
{
	struct todo todo = {0};
	int got = add(w, root, path, e), last = got;

	if (got > 0)
		list(w, path, &todo);
	while (todo.n) {
		char *next = todo.path[--todo.n];

		if (last >= 0)
			last = add(w, root, next, e);
		if (last > 0)
			list(w, next, &todo);
		free(next);
	}
	free(todo.path);
	return last < 0 ? -1 : got;
}

static void
gone(struct watch *w, struct watch_root *root)
{
	struct err e = {0};

	if (root->is_missed)
		return;
	root->is_missed = true;
	err_set(&e, "%s is gone; waiting for it to come back",
	    *root->path ? root->path : ".");
	if (w->opts.tell)
		w->opts.tell(w->opts.arg, root->path, &e);
}

int
watch_root_start(struct watch *w, struct watch_root *root, struct err *e)
{
	int got = root->only.alive ? add(w, root, root->path, e)
				   : watch_walk(w, root, root->path, e);

	if (got < 0)
		return -1;
	for (size_t i = 0; i < root->only.n; i++) {
		const char *path = root->only.entry[i].value;

		watch_dirty(w, path, strlen(path));
	}
	if (w->is_started && !root->only.alive)
		watch_dirty(w, root->path, strlen(root->path))->is_tree = true;
	if (got) {
		root->is_missed = false;
		return 0;
	}
	gone(w, root);
	w->poll_ns = w->now_ns + POLL_NS;
	return 0;
}
