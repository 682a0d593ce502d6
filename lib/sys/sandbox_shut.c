/* What a plan closes in a world: programs, and all but a few places. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

static int
open_inside(const struct root *r, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, r->root, path, &how, sizeof how);
}

/* Programs that cannot be started. */

/* An empty file that nobody may run, whatever rights he has. */
static int
make_nothing(const struct root *r, char path[64], struct stat *st)
{
	AUTO_FD fd = -1;

	snprintf(path, 64, "%s/denied", r->base);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	return fd < 0 ? -1 : fstat(fd, st);
}

static int
cover(const char *nothing, int at, const char *name)
{
	struct mount_attr a = {
	    .attr_set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY |
			MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID};
	AUTO_FD tree =
	    open_tree(AT_FDCWD, nothing, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH, &a, sizeof a) < 0)
		return -1;
	return move_mount(tree, "", at, name, MOVE_MOUNT_F_EMPTY_PATH);
}

/*
 * It is the name that is refused: of a link the link, not what it leads to,
 * which may be all of busybox. This mount lies on links as they are.
 */
static int
deny(const struct root *r, const char *path, const char *nothing,
    const struct stat *of)
{
	const char *name = strrchr(path, '/') + 1;
	char dir[PATH_MAX];
	AUTO_FD at = -1;
	struct stat st;

	if ((size_t)(name - path) >= sizeof dir)
		return 0;
	snprintf(dir, sizeof dir, "%.*s", (int)(name - path), path);
	at = open_inside(r, dir, O_DIRECTORY);
	if (at < 0 || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return 0;
	/* /bin may be /usr/bin. */
	if (st.st_dev == of->st_dev && st.st_ino == of->st_ino)
		return 0;
	return cover(nothing, at, name) < 0
		 ? world_fails(r->w, "shutting of %s", path)
		 : 0;
}

static int
deny_all(const struct root *r)
{
	char nothing[64];
	struct stat st;

	if (!*r->w->deny)
		return 0;
	if (make_nothing(r, nothing, &st) < 0)
		return world_fails(r->w, "shutting of programs");
	for (char *const *p = r->w->deny; *p; p++)
		if (deny(r, *p, nothing, &st) < 0)
			return -1;
	return 0;
}

/* Places that stay open where all else is read-only. */

enum { OPEN_MAX = 8 + SANDBOX_VOLUMES };

struct keep_open {
	const char *path[OPEN_MAX];
	int tree[OPEN_MAX];
	size_t n;
};

/* A copy of what is mounted there, while it can still be written. */
static int
take(const struct root *r, struct keep_open *k, const char *path)
{
	AUTO_FD at = open_inside(r, path, 0);
	int tree;

	if (at < 0)
		return errno == ENOENT ? 0 : -1;
	tree = open_tree(at, "",
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0)
		return -1;
	k->path[k->n] = path;
	k->tree[k->n++] = tree;
	return 0;
}

static int
take_all(
    const struct root *r, const struct world_room *room, struct keep_open *k)
{
	static const char *const always[] = {
	    "/proc", "/dev/pts", "/dev/shm", "/tmp", "/home/clnrm"};

	for (size_t i = 0; i < COUNT(always); i++)
		if (take(r, k, always[i]) < 0)
			return -1;
	if (take(r, k, r->w->project) < 0)
		return -1;
	for (size_t i = 0; room && i < room->volumes; i++)
		if (take(r, k, room->inside[i]) < 0)
			return -1;
	return 0;
}

/* Those that lie in another one come after it. */
static int
put_back(const struct root *r, const struct keep_open *k)
{
	for (size_t i = 0; i < k->n; i++) {
		AUTO_FD at = open_inside(r, k->path[i], 0);

		if (at < 0 ||
		    move_mount(k->tree[i], "", at, "",
			MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
			return -1;
	}
	return 0;
}

static int
make_read_only(const struct root *r, const struct world_room *room)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_RDONLY};
	struct keep_open k = {.n = 0};
	int got = 0;

	if (!r->w->is_read_only)
		return 0;
	if (take_all(r, room, &k) < 0 ||
	    mount_setattr(
		r->root, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof a) < 0 ||
	    put_back(r, &k) < 0)
		got = world_fails(r->w, "read-only root");
	for (size_t i = 0; i < k.n; i++)
		fd_close(&k.tree[i]);
	return got;
}

int
shut_world(const struct root *r, const struct world_room *room)
{
	return deny_all(r) < 0 || make_read_only(r, room) < 0 ? -1 : 0;
}
