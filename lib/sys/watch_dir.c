#include "sys/watch_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotifytools.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/*
 * IN_ATTRIB: a script that may be run now is another one. Not IN_MODIFY: it
 * fires for each write, before the content is whole. The root may be a symbolic
 * link, what lies below it may not.
 */
enum {
	MASK = IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
	       IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
	       IN_ONLYDIR | IN_EXCL_UNLINK,
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

/*
 * The library keeps its descriptor to itself: it is the lowest free number.
 * Ours is a copy, which stays the same over a new beginning.
 */
static int
open_library(struct watch *w, int fd, struct err *e)
{
	if (!inotifytools_initialize()) {
		errno = inotifytools_error();
		if (errno != EMFILE)
			return err_set(e, "cannot start inotify:");
		watch_no_instance(w);
		return 0;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	w->is_open = true;
	w->fd = w->fd < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3)
			  : dup3(fd, w->fd, O_CLOEXEC);
	return w->fd < 0 ? err_set(e, "cannot start inotify:") : 0;
}

int
watch_open(struct watch *w, struct err *e)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, "/dev/null:");
	close(fd);
	if (!w->opts.is_polled && open_library(w, fd, e) < 0)
		return -1;
	/* Something to wait for, which never comes. */
	if (w->fd < 0)
		w->fd = eventfd(0, EFD_CLOEXEC);
	return w->fd < 0 ? err_set(e, "cannot wait:") : 0;
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
	for (size_t i = 0; i < w->roots; i++)
		w->root[i]->is_polled = false;
	map_free(&w->polled);
	map_free(&w->fresh);
	w->fresh_ns = INT64_MAX;
	if (w->is_open) {
		/* Its buffer outlives a cleanup. */
		for (int i = 0; i < DISCARD; i++)
			if (!inotifytools_next_events(0, 1))
				break;
		inotifytools_cleanup();
		w->is_open = false;
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
	watch_tell(w, path, &e);
}

/*
 * On the library's descriptor, but not by inotifytools_watch_file(): that one
 * hides the number, and what it would tell by name is stale after a rename.
 *
 * out: 1 watched or polled, 0 not there or not to be read
 * err: -1 and *e: no memory
 */
static int
add(struct watch *w, struct watch_root *root, const char *path, struct err *e)
{
	bool is_root = !strcmp(path, root->path);
	int wd;

	if (!w->is_open)
		return watch_poll(w, root, path);
	wd = inotify_add_watch(
	    w->fd, *path ? path : ".", is_root ? MASK : MASK | IN_DONT_FOLLOW);
	if (wd >= 0) {
		enter(w, wd, root, path);
		root->wd = is_root ? wd : root->wd;
		return 1;
	}
	if (errno == ENOSPC) {
		watch_no_room(w);
		return watch_poll(w, root, path);
	}
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

/* What is in a directory: a byte of its type, its name and a NUL each. */
static bool
read_names(struct watch *w, const char *path, struct buf *to)
{
	DIR *d = opendir(*path ? path : ".");
	bool has_marker = false;
	struct dirent *ent;

	if (!d && errno != ENOENT && errno != ENOTDIR)
		tell(w, path, errno);
	if (!d)
		return false;
	while ((ent = readdir(d))) {
		unsigned char type = type_of(d, ent);

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		if (type != DT_DIR && type != DT_REG && type != DT_LNK)
			continue;
		buf_addc(to, (char)type);
		buf_add(to, ent->d_name, strlen(ent->d_name) + 1);
		has_marker |=
		    w->opts.marker && !strcmp(ent->d_name, w->opts.marker);
	}
	closedir(d);
	if (w->opts.enters)
		w->opts.enters(w->opts.arg, path, has_marker);
	return true;
}

/* All names first: what is ignored may be said by one of them. */
static void
list(struct watch *w, const char *path, struct todo *todo)
{
	AUTO_BUF names = BUF_INIT, name = BUF_INIT;

	if (!read_names(w, path, &names))
		return;
	for (const char *s = names.s; s < names.s + names.len;
	     s += strlen(s) + 1) {
		bool is_dir = *s++ == DT_DIR;

		watch_join(&name, path, s);
		if (w->opts.skips(w->opts.arg, name.s, is_dir))
			continue;
		if (is_dir)
			push(todo, name.s);
		else
			watch_dirty(w, name.s, name.len);
	}
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

void
watch_gone(struct watch *w, struct watch_root *root)
{
	struct err e = {0};

	w->poll_ns = w->now_ns + POLL_NS;
	if (root->is_missed)
		return;
	root->is_missed = true;
	err_set(&e, "%s is gone; waiting for it to come back",
	    *root->path ? root->path : ".");
	watch_tell(w, root->path, &e);
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
		watch_poll_remote(w, root);
		return 0;
	}
	watch_gone(w, root);
	return 0;
}
