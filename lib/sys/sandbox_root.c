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

static struct root me;

/* Empty in every world, or made anew. */
static const struct {
	const char *name;
	mode_t mode;
	bool is_open; /* nobody asks what was written there */
} fresh[] = {
    {"run", 0755, false},
    {"home", 0755, false},
    {"root", 0700, false},
    {"mnt", 0755, false},
    {"media", 0755, false},
    {"tmp", 01777, true},
    {"proc", 0555, true},
    {"sys", 0555, true},
    {"dev", 0755, true},
};

bool
sandbox_is_fresh(const char *name)
{
	for (size_t i = 0; i < COUNT(fresh); i++)
		if (!strcmp(fresh[i].name, name))
			return true;
	return false;
}

static int
make_fresh(int at)
{
	for (size_t i = 0; i < COUNT(fresh); i++)
		if (mkdirat(at, fresh[i].name, fresh[i].mode) < 0)
			return world_fails(
			    me.w, "directory /%s", fresh[i].name);
	if (mkdirat(at, "home/clnrm", 0755) < 0)
		return world_fails(me.w, "directory /home/clnrm");
	return 0;
}

/* Show the directory or file at `path` of the old root in the new one. */
static int
bind(const char *path, int to, const char *name, uint64_t attributes)
{
	struct mount_attr a = {.attr_set = attributes};
	AUTO_FD tree =
	    open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || (attributes && mount_setattr(tree, "", AT_EMPTY_PATH,
					   &a, sizeof a) < 0))
		return -1;
	return move_mount(tree, "", to, name,
	    MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
}

/* Resolved inside the new root: /var may be a link that leads out. */
static int
open_inside(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, me.root, path, &how, sizeof how);
}

static int
empty_var_tmp(void)
{
	AUTO_FD at = open_inside("var/tmp");
	char path[64];

	if (at < 0)
		return 0;
	snprintf(path, sizeof path, "%s/t", me.base);
	if (mkdir(path, 01777) < 0 || bind(path, at, "", 0) < 0)
		return world_fails(me.w, "directory /var/tmp");
	return 0;
}

/* Devices and processes. */

static int
place_device(const char *name)
{
	char host[64], path[64];
	AUTO_FD file = -1;

	snprintf(host, sizeof host, "/dev/%s", name);
	snprintf(path, sizeof path, "dev/%s", name);
	file = openat(me.root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	/* Devices are written to all the same; the node itself is not. */
	if (file < 0 || bind(host, me.root, path, MOUNT_ATTR_RDONLY) < 0)
		return world_fails(me.w, "device %s", host);
	return 0;
}

static int
place_devices(void)
{
	static const char *const device[] = {
	    "null", "zero", "full", "random", "urandom", "tty"};
	static const char *const link[][2] = {{"/proc/self/fd", "dev/fd"},
	    {"fd/0", "dev/stdin"}, {"fd/1", "dev/stdout"},
	    {"fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"}};
	char path[64];

	for (size_t i = 0; i < COUNT(device); i++)
		if (place_device(device[i]) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(link); i++)
		if (symlinkat(link[i][0], me.root, link[i][1]) < 0)
			return world_fails(me.w, "link /%s", link[i][1]);
	if (mkdirat(me.root, "dev/shm", 01777) < 0 ||
	    mkdirat(me.root, "dev/pts", 0755) < 0)
		return world_fails(me.w, "directory /dev/shm");
	snprintf(path, sizeof path, "%s/r/dev/pts", me.base);
	if (mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
		"newinstance,ptmxmode=0666,mode=0620") < 0)
		return world_fails(me.w, "devpts");
	return 0;
}

static int
mount_proc(const char *path)
{
	struct world *w = me.w;

	w->has_own_proc = true;
	if (w->level != SANDBOX_NO_PROC &&
	    !mount(
		"proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return 0;
	if (w->level == SANDBOX_FULL)
		return -1;
	w->has_own_proc = false;
	if (w->level == SANDBOX_NO_NET)
		world_note(
		    w, "/proc is the machine's: %s", strerrorname_np(errno));
	return mount("/proc", path, NULL, MS_BIND | MS_REC, NULL);
}

/*
 * The kernel's own files answer to the outer root: where that is who we are,
 * all that take words from him are shut, else those that tell too much.
 */
static const struct {
	const char *name;
	bool is_hidden; /* else read-only */
	bool for_root;	/* matters for the outer root alone */
} guarded[] = {
    {"sys", false, false},
    {"kcore", true, false},
    {"keys", true, false},
    {"sysrq-trigger", true, false},
    {"timer_list", true, false},
    {"latency_stats", true, true},
    {"mtrr", true, true},
    {"acpi", false, true},
    {"bus", false, true},
    {"driver", false, true},
    {"fs", false, true},
    {"irq", false, true},
    {"scsi", false, true},
};

static int
guard(const char *name, bool is_hidden)
{
	char path[64];
	int got;

	snprintf(path, sizeof path, "%s/r/proc/%s", me.base, name);
	got = is_hidden ? bind("/dev/null", AT_FDCWD, path, 0)
			: bind(path, AT_FDCWD, path, MOUNT_ATTR_RDONLY);
	if (got < 0 && errno != ENOENT)
		return world_fails(me.w, "guard of /proc/%s", name);
	return 0;
}

static int
place_proc(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s/r/proc", me.base);
	if (mount_proc(path) < 0)
		return world_fails(me.w, "proc");
	for (size_t i = 0; i < COUNT(guarded); i++)
		if ((!guarded[i].for_root || me.w->is_outer_root) &&
		    guard(guarded[i].name, guarded[i].is_hidden) < 0)
			return -1;
	return 0;
}

/* The base, and the way in. */

static int
choose_base(void)
{
	static const char *const base[] = {
	    "/tmp", "/run", "/var/tmp", "/dev/shm"};
	struct stat st;

	for (size_t i = 0; i < COUNT(base); i++)
		if (!lstat(base[i], &st) && S_ISDIR(st.st_mode)) {
			me.base = base[i];
			return 0;
		}
	return world_fails(me.w, "base directory");
}

static int
make_base(void)
{
	char options[64], path[32];

	snprintf(options, sizeof options, "mode=755");
	if (me.w->disk_bytes > 0)
		snprintf(options, sizeof options, "mode=755,size=%lld",
		    (long long)me.w->disk_bytes);
	if (mount("clnrm", me.base, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return world_fails(me.w, "tmpfs on %s", me.base);
	for (const char *name = "fmuwr"; *name; name++) {
		snprintf(path, sizeof path, "%s/%c", me.base, *name);
		if (mkdir(path, 0755) < 0)
			return world_fails(me.w, "tmpfs on %s", me.base);
	}
	me.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/u", me.base);
	me.upper = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/w", me.base);
	me.work = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (me.root < 0 || me.upper < 0 || me.work < 0)
		return world_fails(me.w, "tmpfs on %s", me.base);
	return 0;
}

static int
enter(void)
{
	if (fchdir(me.root) < 0)
		return world_fails(me.w, "pivot_root");
	if (!syscall(SYS_pivot_root, ".", ".")) {
		if (umount2(".", MNT_DETACH) < 0)
			return world_fails(me.w, "detach of the old root");
	} else if (errno != EPERM || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
		   chroot(".") < 0) {
		/* Profiles of containers know only the older way. */
		return world_fails(me.w, "pivot_root");
	}
	if (chdir("/") < 0)
		return world_fails(me.w, "pivot_root");
	return 0;
}

/* What /etc/hosts says, where that is asked for. */
static int
place_hosts(void)
{
	const char *text = me.w->hosts;
	char path[32];
	AUTO_FD etc = -1;
	AUTO_FD fd = -1;

	if (!text)
		return 0;
	etc = root_make_dir(&me, "etc");
	snprintf(path, sizeof path, "%s/hosts", me.base);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (etc < 0 || fd < 0 || fd_write(fd, text, strlen(text)) < 0)
		return world_fails(me.w, "/etc/hosts");
	fd_close(&fd);
	fd = openat(
	    etc, "hosts", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	/* A file of the host's that is not ours can be covered all the same. */
	if (fd < 0 && errno != EACCES && errno != EPERM && errno != EROFS)
		return world_fails(me.w, "/etc/hosts");
	if (bind(path, etc, "hosts", MOUNT_ATTR_RDONLY) < 0)
		return world_fails(me.w, "/etc/hosts");
	return 0;
}

/* What is mounted on must be a directory and no link. */
static int
make_place(const char *name, mode_t mode)
{
	struct stat st;

	if (!fstatat(me.root, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISDIR(st.st_mode) && unlinkat(me.root, name, 0) < 0)
		return world_fails(me.w, "/%s", name);
	if (mkdirat(me.root, name, mode) < 0 && errno != EEXIST)
		return world_fails(me.w, "/%s", name);
	return 0;
}

/* What is mounted there by now becomes the root. */
static int
open_root(void)
{
	char path[32];

	fd_close(&me.root);
	snprintf(path, sizeof path, "%s/r", me.base);
	me.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return me.root < 0 ? world_fails(me.w, "root") : 0;
}

/* A directory below a private layer becomes the root. */
static int
lay_root(int dir, const char *path)
{
	if (dir < 0 || tree_overlay(dir, me.root, "", "", false) < 0)
		return world_fails(me.w, "overlay of %s", path);
	return open_root();
}

/* The host's files: in one piece, with what is fresh laid over it, … */
static int
place_host_whole(void)
{
	AUTO_FD host = tree_open("/");
	char path[64];
	AUTO_FD at = -1;

	snprintf(path, sizeof path, "%s/f", me.base);
	at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return world_fails(me.w, "fresh directories");
	if (make_fresh(at) < 0 || lay_root(host, "/") < 0)
		return -1;
	for (size_t i = 0; i < COUNT(fresh); i++) {
		const char *name = fresh[i].name;

		snprintf(path, sizeof path, "%s/f/%s", me.base, name);
		if (make_place(name, fresh[i].mode) < 0)
			return -1;
		if (strcmp(name, "proc") != 0 &&
		    bind(path, me.root, name, 0) < 0)
			return world_fails(me.w, "directory /%s", name);
	}
	return tree_place_tops();
}

/* … or, where mounts are locked to it, in parts. */
static int
place_host_parts(void)
{
	char path[32];

	/* pivot_root takes nothing but a mount point. */
	snprintf(path, sizeof path, "%s/r", me.base);
	if (mount(path, path, NULL, MS_BIND, NULL) < 0)
		return world_fails(me.w, "bind of %s", path);
	if (open_root() < 0 || make_fresh(me.root) < 0)
		return -1;
	return tree_place_host();
}

static void
forget(struct world *w)
{
	id_drop_trees(w);
	tree_forget();
	fd_close(&me.host);
	fd_close(&me.root);
	fd_close(&me.upper);
	fd_close(&me.work);
	umask(022);
}

static int
begin(struct world *w)
{
	me.w = w;
	umask(0); /* what is made has the mode that it is given */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return world_fails(w, "private mounts");
	me.host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree_look(&me);
}

static void
note_layers(void)
{
	if (!me.w->trees)
		layer_note("", me.host, me.root, false);
	for (size_t i = 0; i < COUNT(fresh); i++) {
		char path[16];
		AUTO_FD dir =
		    openat(me.root, fresh[i].name, O_PATH | O_CLOEXEC);

		snprintf(path, sizeof path, "/%s", fresh[i].name);
		if (!fresh[i].is_open)
			layer_note(path, -1, dir, false);
	}
}

int
root_enter(struct world *w)
{
	if (begin(w) < 0 || choose_base() < 0 || make_base() < 0 ||
	    tree_attach() < 0 ||
	    (w->trees ? place_host_whole() : place_host_parts()) < 0 ||
	    empty_var_tmp() < 0 || tree_place_project() < 0 ||
	    place_devices() < 0 || place_proc() < 0 || place_hosts() < 0 ||
	    shut_world(&me, NULL) < 0 || enter() < 0)
		return -1;
	note_layers();
	forget(w);
	return 0;
}

/* Rooms: an image in place of the host's files. */

int
root_make_dir(const struct root *r, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char so_far[PATH_MAX];
	int at = dup(r->root);

	while (*path == '/')
		path++;
	for (size_t n = 0; at >= 0 && path[n];) {
		size_t start = n + strspn(path + n, "/");
		int next;

		n = start + strcspn(path + start, "/");
		if (n >= sizeof so_far) {
			errno = ENAMETOOLONG;
			fd_close(&at);
			break;
		}
		snprintf(so_far, sizeof so_far, "%.*s", (int)n, path);
		mkdirat(at, so_far + start, 0755);
		next = (int)syscall(
		    SYS_openat2, r->root, so_far, &how, sizeof how);
		close(at);
		at = next;
	}
	return at;
}

static int
make_places(void)
{
	char dev[32];
	AUTO_FD home = -1;

	if (make_place("proc", 0555) < 0 || make_place("sys", 0555) < 0 ||
	    make_place("dev", 0755) < 0 || make_place("tmp", 01777) < 0 ||
	    fchmodat(me.root, "tmp", 01777, 0) < 0)
		return -1;
	snprintf(dev, sizeof dev, "%s/r/dev", me.base);
	if (mount("clnrm", dev, "tmpfs", MS_NOSUID, "mode=755,size=64m") < 0)
		return world_fails(me.w, "/dev of the image");
	home = root_make_dir(&me, "home/clnrm");
	return home < 0 ? world_fails(me.w, "/home/clnrm of the image") : 0;
}

/* A directory below a private layer, or a copy of a file. */
static int
place_source(const struct world_source *s, const char *inside, bool read_only)
{
	const char *name = strrchr(inside, '/') + 1;
	char above[PATH_MAX];
	AUTO_FD to = -1;
	struct stat st;
	bool is_dir;

	if (fstat(s->fd, &st) < 0 || strlen(inside) >= sizeof above)
		return world_fails(me.w, "volume %s", s->path);
	is_dir = S_ISDIR(st.st_mode);
	snprintf(above, sizeof above, "%.*s",
	    (int)(is_dir ? strlen(inside) : (size_t)(name - inside)), inside);
	to = root_make_dir(&me, above);
	if (to < 0 || (is_dir ? tree_overlay(s->fd, to, "", NULL, read_only)
			      : tree_place_file(s->fd, to, name)) < 0)
		return world_fails(me.w, "volume %s at %s", s->path, inside);
	return 0;
}

static int
open_all(struct world_room *r, int (*open_one)(struct world_source *))
{
	if (open_one(&r->root) < 0 || open_one(&r->project) < 0)
		return -1;
	for (size_t i = 0; i < r->volumes; i++)
		if (open_one(&r->volume[i]) < 0)
			return -1;
	return 0;
}

static int
place_all(struct world_room *r)
{
	if (lay_root(r->root.fd, r->root.path) < 0 || make_places() < 0 ||
	    place_source(&r->project, r->project.path, false) < 0)
		return -1;
	for (size_t i = 0; i < r->volumes; i++)
		if (place_source(
			&r->volume[i], r->inside[i], r->is_read_only[i]) < 0)
			return -1;
	return 0;
}

static void
close_all(struct world_room *r)
{
	fd_close(&r->root.fd);
	fd_close(&r->project.fd);
	for (size_t i = 0; i < r->volumes; i++)
		fd_close(&r->volume[i].fd);
}

int
root_enter_room(struct world *w, struct world_room *r)
{
	if (begin(w) < 0 || open_all(r, tree_open_path) < 0 ||
	    choose_base() < 0 || make_base() < 0 ||
	    open_all(r, tree_open_tree) < 0 || place_all(r) < 0 ||
	    place_devices() < 0 || place_proc() < 0 || place_hosts() < 0 ||
	    shut_world(&me, r) < 0 || enter() < 0)
		return -1;
	close_all(r);
	forget(w);
	return 0;
}
