#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

enum { COPY_MAX = 256 << 10 };

static struct {
	const struct root *r;
	char **mount; /* mount[mounts]: the host's mount points */
	size_t mounts;
	int project; /* the machine's */
	unsigned overlays, attached;
} me;

/* Mounts of the host. */

static void
unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
				       (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = 0;
}

int
tree_look(const struct root *r)
{
	AUTO_BUF text = BUF_INIT;
	size_t cap = 0;
	char *save, *line;

	me.r = r;
	me.project = -1;
	if (r->w->trees) /* they come without what is mounted on them */
		return 0;
	me.project = open(r->w->project, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (me.project < 0)
		return world_fails(r->w, "project %s", r->w->project);
	if (file_read("/proc/self/mountinfo", &text, NULL) < 0)
		return world_fails(me.r->w, "mountinfo");
	line = strtok_r(text.s, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		char point[PATH_MAX];

		if (sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1 ||
		    !strcmp(point, "/"))
			continue;
		unescape(point);
		me.mount =
		    mem_more(me.mount, me.mounts, &cap, sizeof *me.mount);
		me.mount[me.mounts++] = mem_str(point);
	}
	return 0;
}

int
tree_attach(void)
{
	const struct world *w = me.r->w;

	for (size_t i = 0; i < w->trees; i++) {
		char path[64];

		snprintf(path, sizeof path, "%s/m/%zu", me.r->base, i);
		if (mkdir(path, 0700) < 0 ||
		    move_mount(w->tree[i].fd, "", AT_FDCWD, path,
			MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return world_fails(
			    me.r->w, "id-mapped mount of %s", w->tree[i].path);
	}
	return 0;
}

static bool
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/';
}

static bool
is_mount(const char *path)
{
	for (size_t i = 0; i < me.mounts; i++)
		if (!strcmp(me.mount[i], path))
			return true;
	return false;
}

static bool
has_mounts_below(const char *path)
{
	for (size_t i = 0; i < me.mounts; i++)
		if (is_below(me.mount[i], path))
			return true;
	return false;
}

/* Parts of the new root. */

static int
open_dir(int at, const char *name)
{
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* 1, 0, or -1 when it cannot be read. */
static int
is_empty(int dir)
{
	char room[1024];
	long n = syscall(SYS_getdents64, dir, room, sizeof room);

	if (n < 0)
		return -1;
	for (long at = 0; at < n;) {
		const struct dirent64 *ent = (const void *)(room + at);

		if (strcmp(ent->d_name, ".") && strcmp(ent->d_name, ".."))
			return 0;
		at += ent->d_reclen;
	}
	return 1;
}

static int
set(int fs, const char *key, const char *value)
{
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0);
}

static int
new_overlay(int lower, unsigned n)
{
	AUTO_FD fs = fsopen("overlay", FSOPEN_CLOEXEC);
	char path[64];

	if (fs < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", lower);
	if (set(fs, "source", "clnrm") < 0 || set(fs, "lowerdir", path) < 0)
		return -1;
	snprintf(path, sizeof path, "%s/u/%u", me.r->base, n);
	if (set(fs, "upperdir", path) < 0)
		return -1;
	snprintf(path, sizeof path, "%s/w/%u", me.r->base, n);
	if (set(fs, "workdir", path) < 0)
		return -1;
	if (me.r->w->has_userns &&
	    fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return -1;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(
	    fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
}

/* A directory has no more bits from the start. */
static int
make_dir(int at, const char *name, mode_t mode)
{
	if (mkdirat(at, name, mode & 01777) < 0)
		return -1;
	return mode & 06000 ? fchmodat(at, name, mode & 07777, 0) : 0;
}

/* The upper directory's own owner and mode are what is seen on top. */
static int
make_upper(const struct stat *st, const char *name)
{
	if (mkdirat(me.r->work, name, 0700) < 0)
		return -1;
	if (!me.r->w->is_root || (!st->st_uid && !st->st_gid))
		return make_dir(me.r->upper, name, st->st_mode);
	/* An id that is not mapped stays ours. */
	if (mkdirat(me.r->upper, name, 0700) < 0 ||
	    (fchownat(me.r->upper, name, st->st_uid, st->st_gid, 0) < 0 &&
		errno != EINVAL))
		return -1;
	return fchmodat(me.r->upper, name, st->st_mode & 07777, 0);
}

int
tree_overlay(
    int lower, int to, const char *name, const char *path, bool is_read_only)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_RDONLY};
	unsigned n = me.overlays++;
	AUTO_FD got = -1;
	AUTO_FD upper = -1;
	char number[16];
	struct stat st;

	snprintf(number, sizeof number, "%u", n);
	if (fstat(lower, &st) < 0 || make_upper(&st, number) < 0)
		return -1;
	upper = openat(me.r->upper, number, O_PATH | O_CLOEXEC);
	if (path)
		layer_note(path, lower, upper, true);
	got = new_overlay(lower, n);
	if (got < 0 || (is_read_only && mount_setattr(got, "", AT_EMPTY_PATH,
					    &a, sizeof a) < 0))
		return -1;
	return move_mount(got, "", to, name,
	    MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
}

static int
copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof target - 1);

	if (n < 0)
		return -1;
	target[n] = 0;
	return symlinkat(target, to, name);
}

/* A file that is too large to be copied is shown read-only. */
static int
bind_file(int from, int to, const char *name)
{
	struct mount_attr read_only = {
	    .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV};
	AUTO_FD tree = open_tree(from, name,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &read_only,
			    sizeof read_only) < 0)
		return -1;
	return move_mount(tree, "", to, name, MOVE_MOUNT_F_EMPTY_PATH);
}

static int
copy_file(int from, int to, const char *name, const struct stat *st)
{
	AUTO_FD in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FD out = -1;
	AUTO_BUF text = BUF_INIT;

	if (in < 0)
		return -1;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -1;
	if (me.r->w->is_root && fchown(out, st->st_uid, st->st_gid) < 0 &&
	    errno != EINVAL)
		return -1;
	if (fchmod(out, st->st_mode & 07777) < 0)
		return -1;
	if (st->st_size > COPY_MAX)
		return bind_file(from, to, name);
	if (fd_drain(in, name, 0, &text, NULL) < 0)
		return -1;
	return fd_write(out, text.s, text.len);
}

int
tree_place_file(int in, int to, const char *name)
{
	AUTO_FD out = -1;
	struct stat st;
	ssize_t n;

	unlinkat(to, name, 0);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0 || fstat(in, &st) < 0 ||
	    fchmod(out, st.st_mode & 07777) < 0)
		return -1;
	do
		n = sendfile(out, in, NULL, 1 << 20);
	while (n > 0);
	return (int)n;
}

/* A directory that is left empty. */
static void
note_bare(int to, const char *name, const char *path)
{
	AUTO_FD dir = open_dir(to, name);

	if (dir >= 0)
		layer_note(path, -1, dir, false);
}

static int place_dir(int from, int to, const char *name, const char *path);

/* One entry of a directory whose children come one by one. */
static int
place(int from, int to, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone, or not to be seen */
	if (S_ISDIR(st.st_mode))
		return place_dir(from, to, name, path);
	/* What cannot be read here could not be read inside either. Sockets,
	 * pipes and devices lead out. */
	if (S_ISLNK(st.st_mode))
		copy_link(from, to, name);
	else if (S_ISREG(st.st_mode))
		copy_file(from, to, name, &st);
	return 0;
}

static int
place_children(int from, int to, const char *path)
{
	DIR *d = fdopendir(dup(from));
	struct dirent *ent;
	int got = d ? 0 : -1;

	while (!got && (ent = readdir(d))) {
		char below[PATH_MAX];

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, ent->d_name) >=
		    (int)sizeof below)
			continue;
		if (is_mount(below) && ent->d_type == DT_DIR) {
			mkdirat(to, ent->d_name, 0755);
			note_bare(to, ent->d_name, below);
		} else
			got = place(from, to, ent->d_name, below);
	}
	if (d)
		closedir(d);
	return got;
}

/*
 * A directory that cannot be laid over is left empty and named, for a bind
 * would show the host's sockets. Without the system's programs or the project
 * nothing could run.
 */
static int
left_out(const char *path)
{
	if (errno == ENODEV || errno == ENOSPC || errno == ENOMEM ||
	    errno == EMFILE || !strcmp(path, "/usr") ||
	    !strcmp(path, me.r->w->project))
		return world_fails(me.r->w, "overlay of %s", path);
	world_note(me.r->w, "overlay of %s: %s: left empty", path,
	    strerrorname_np(errno));
	return 0;
}

static int
place_open_dir(int dir, int to, const char *name, const char *path)
{
	const char *seen_as = path;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return world_fails(me.r->w, "directory %s", path);
	if (make_dir(to, name, st.st_mode) < 0 && errno != EEXIST)
		return world_fails(me.r->w, "directory %s", path);
	if (has_mounts_below(path)) {
		AUTO_FD made = open_dir(to, name);

		if (made >= 0)
			layer_note(path, dir, made, false);
		return made < 0 ? left_out(path)
				: place_children(dir, made, path);
	}
	if (is_empty(dir) == 1 && strcmp(path, me.r->w->project) != 0) {
		note_bare(to, name, path);
		return 0;
	}
	if (!strcmp(path, me.r->w->project))
		seen_as = NULL;
	return tree_overlay(dir, to, name, seen_as, false) < 0 ? left_out(path)
							       : 0;
}

static int
place_dir(int from, int to, const char *name, const char *path)
{
	AUTO_FD dir = open_dir(from, name);

	if (dir >= 0)
		return place_open_dir(dir, to, name, path);
	mkdirat(to, name, 0755);
	note_bare(to, name, path);
	return 0;
}

/* What rooms show. */

int
tree_open_path(struct world_source *s)
{
	if (s->tree < 0)
		s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	return s->tree < 0 && s->fd < 0 ? world_fails(me.r->w, "%s", s->path)
					: 0;
}

int
tree_open_tree(struct world_source *s)
{
	char path[64];

	struct stat st;

	if (s->tree < 0)
		return 0;
	if (!fstat(s->tree, &st) && !S_ISDIR(st.st_mode)) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", s->tree);
		s->fd = open(path, O_RDONLY | O_CLOEXEC);
		return s->fd < 0 ? world_fails(me.r->w, "%s", s->path) : 0;
	}
	snprintf(path, sizeof path, "%s/m/%u", me.r->base, me.attached++);
	if (mkdir(path, 0700) < 0 || move_mount(s->tree, "", AT_FDCWD, path,
					 MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return world_fails(me.r->w, "id-mapped mount of %s", s->path);
	s->fd = openat(s->tree, ".", O_RDONLY | O_CLOEXEC);
	return s->fd < 0 ? world_fails(me.r->w, "%s", s->path) : 0;
}

/* The host's root, but for what is fresh. */

int
tree_open(const char *path)
{
	const struct world *w = me.r->w;

	for (size_t i = 0; i < w->trees; i++)
		if (!strcmp(w->tree[i].path, path))
			return open_dir(w->tree[i].fd, ".");
	return -1;
}

int
tree_place_tops(void)
{
	const struct world *w = me.r->w;

	for (size_t i = 0; i < w->trees; i++) {
		const char *path = w->tree[i].path;
		AUTO_FD dir = -1;

		if (!*path || !strcmp(path, "/"))
			continue;
		dir = open_dir(w->tree[i].fd, ".");
		if (dir < 0 ||
		    place_open_dir(dir, me.r->root, path + 1, path) < 0)
			return world_fails(me.r->w, "directory %s", path);
	}
	return 0;
}

static int
place_top(int host, const char *name)
{
	char path[NAME_MAX + 2];

	if (!strcmp(name, ".") || !strcmp(name, "..") || sandbox_is_fresh(name))
		return 0;
	snprintf(path, sizeof path, "/%s", name);
	return place(host, me.r->root, name, path);
}

int
tree_place_host(void)
{
	AUTO_FD host = openat(me.r->host, ".", O_RDONLY | O_CLOEXEC);
	DIR *d = host < 0 ? NULL : fdopendir(dup(host));
	struct dirent *ent;
	int got = 0;

	if (!d)
		return world_fails(me.r->w, "host root");
	while (!got && (ent = readdir(d)))
		got = place_top(host, ent->d_name);
	closedir(d);
	return got;
}

/* The project. */

/* Has the walk through the root already laid a layer over it? */
static bool
is_covered(const char *project, const struct stat *st)
{
	char top[NAME_MAX + 2];
	size_t n = strcspn(project + 1, "/");

	snprintf(top, sizeof top, "%.*s", (int)n + 1, project);
	if (sandbox_is_fresh(top + 1) || is_below(project, "/var/tmp"))
		return false;
	for (size_t i = 0; i < me.mounts; i++)
		if (strcmp(me.mount[i], top) != 0 &&
		    (!strcmp(me.mount[i], project) ||
			is_below(project, me.mount[i])))
			return false;
	/* Of what is not ours, only the top of a layer can be written. */
	return me.r->w->is_root || st->st_uid == geteuid();
}

/* Make the directories down to the project; the last one is left to do. */
static int
make_way(const char *project, int *to, const char **name)
{
	char part[NAME_MAX + 1];
	const char *p = project + 1;
	int at = dup(me.r->root);

	for (size_t n; at >= 0 && (n = strcspn(p, "/"), p[n]); p += n + 1) {
		int next;

		snprintf(part, sizeof part, "%.*s", (int)n, p);
		mkdirat(at, part, 0755);
		next = openat(
		    at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
	}
	*to = at;
	*name = p;
	return at < 0 ? -1 : 0;
}

int
tree_place_project(void)
{
	const char *project = me.r->w->project, *name;
	AUTO_FD dir = fd_steal(&me.project);
	AUTO_FD to = -1;
	struct stat st;

	if (me.r->w->trees && (dir = tree_open("")) < 0)
		return 0; /* it is where it belongs */
	if (fstat(dir, &st) < 0)
		return world_fails(me.r->w, "project %s", project);
	if (!me.r->w->trees && is_covered(project, &st))
		return 0;
	if (make_way(project, &to, &name) < 0)
		return world_fails(me.r->w, "project %s", project);
	return place_open_dir(dir, to, name, project);
}

void
tree_forget(void)
{
	for (size_t i = 0; i < me.mounts; i++)
		free(me.mount[i]);
	free(me.mount);
	fd_close(&me.project);
}
