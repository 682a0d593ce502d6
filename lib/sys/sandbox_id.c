#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/idmap.h"
#include "sys/sandbox_int.h"

/*
 * As root, the ids inside are none that the machine uses, and its files are
 * shown through mounts that map them back. What was found not to work is not
 * tried again in this run.
 */
static struct {
	bool has_looked;
	bool cannot;
	char why[320];
	struct idmap_range users, groups;
} me;

static void
give_up(const char *what)
{
	me.cannot = true;
	snprintf(me.why, sizeof me.why, "%s: %s", what, strerrorname_np(errno));
}

/* A range for all ids, that root was given or that nobody uses. */
static void
choose(const char *file, struct idmap_range *r)
{
	if (!idmap_subordinate(file, 0, r) || r->count < IDMAP_IDS)
		r->first = IDMAP_FIRST;
	r->count = IDMAP_IDS;
}

static void
look(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	me.has_looked = true;
	choose("/etc/subuid", &me.users);
	choose("/etc/subgid", &me.groups);
	/* Before that, overlays take no such mount. */
	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2 ||
	    major < 5 || (major == 5 && minor < 19)) {
		me.cannot = true;
		snprintf(me.why, sizeof me.why, "Linux older than 5.19");
	}
}

static int
add_tree(struct world *w, const char *path, const char *as, int userns)
{
	struct world_tree *t = &w->tree[w->trees];

	if (w->trees == WORLD_TREES) {
		errno = EMFILE;
		return -1;
	}
	t->fd = idmap_clone(path, userns);
	if (t->fd < 0)
		return -1;
	snprintf(t->path, sizeof t->path, "%s", as);
	w->trees++;
	return 0;
}

/* Of which mount is it? 0 when it is not there. */
static uint64_t
mount_of(const char *path, bool *is_top)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		STATX_TYPE | STATX_MNT_ID, &st) < 0)
		return 0;
	*is_top =
	    S_ISDIR(st.stx_mode) && st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return st.stx_mnt_id;
}

/* What is mounted right below "/" is shown too; deeper down nothing is. */
static int
add_mounts(struct world *w, int userns)
{
	DIR *d = opendir("/");
	struct dirent *ent;
	int got = d ? 0 : -1;

	while (!got && (ent = readdir(d))) {
		char path[NAME_MAX + 2];
		bool is_top = false;

		snprintf(path, sizeof path, "/%s", ent->d_name);
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..") ||
		    sandbox_is_fresh(ent->d_name) || !mount_of(path, &is_top) ||
		    !is_top || !add_tree(w, path, path, userns))
			continue;
		if (!strcmp(path, "/usr"))
			got = -1;
		else
			world_note(w, "%s: cannot be id-mapped: %s: not shown",
			    path, strerrorname_np(errno));
	}
	if (d)
		closedir(d);
	return got;
}

static void
clone_source(void *userns, struct world_source *s)
{
	s->tree = idmap_clone(s->path, *(int *)userns);
	if (s->tree < 0 && errno != ENOENT)
		give_up("id-mapping an image or a volume");
}

static int
add_project(struct world *w, int userns)
{
	char top[NAME_MAX + 2];
	bool is_top;

	snprintf(top, sizeof top, "%.*s", (int)strcspn(w->project + 1, "/") + 1,
	    w->project);
	if (!sandbox_is_fresh(top + 1) &&
	    strncmp(w->project, "/var/tmp/", 9) != 0 &&
	    mount_of(top, &is_top) == mount_of(w->project, &is_top))
		return 0;
	return add_tree(w, w->project, "", userns);
}

static int
add_trees(pid_t pid, struct world *w)
{
	char path[64];
	AUTO_FD userns = -1;

	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	if (userns < 0 || add_tree(w, "/", "/", userns) < 0 ||
	    add_mounts(w, userns) < 0)
		give_up("id-mapping the machine's files");
	/* That the project is not there is init's to tell. */
	else if (add_project(w, userns) < 0 && errno != ENOENT)
		give_up("id-mapping the project");
	else
		world_each_source(w, clone_source, &userns);
	return me.cannot ? -1 : 0;
}

static void
say(struct world *w, const char *kind, const struct idmap_range *r,
    unsigned from)
{
	snprintf(w->ids, sizeof w->ids, "%s: %u-%u are %u-%u of the machine",
	    kind, from, from + r->count - 1, r->first, r->first + r->count - 1);
}

/* 0, ID_AGAIN, or -1 when nothing is mapped yet. */
static int
shift(pid_t pid, struct world *w)
{
	bool is_begun;

	if (!me.has_looked)
		look();
	if (me.cannot)
		return -1;
	if (idmap_write(pid, &me.users, &me.groups, &is_begun) < 0)
		give_up("uid_map");
	if (!is_begun)
		return -1;
	if (me.cannot || add_trees(pid, w) < 0)
		return ID_AGAIN;
	w->is_shifted = true;
	say(w, "users, files id-mapped", &me.users, 0);
	return 0;
}

static int
map_same(pid_t pid, struct world *w)
{
	static const struct idmap_range all = {0, IDMAP_IDS};
	bool is_begun;

	if (idmap_write(pid, &all, &all, &is_begun) < 0)
		return -1;
	snprintf(w->ids, sizeof w->ids,
	    "users: 0-65535 are those of the machine (%.300s)", me.why);
	return 0;
}

static int
map_own(pid_t pid, struct world *w)
{
	const char *what;
	struct idmap_range users;
	bool is_begun;

	w->is_root = false;
	if (!idmap_write_helped(pid, &users, &is_begun)) {
		w->has_ids = true;
		say(w, "users", &users, 1);
		return 0;
	}
	if (is_begun)
		return world_fails(w, "newgidmap");
	if (idmap_write_one(pid, &what) < 0)
		return world_fails(w, "%s", what);
	snprintf(w->ids, sizeof w->ids, "users: 0 is %u of the machine, alone",
	    (unsigned)geteuid());
	return 0;
}

int
id_map(pid_t pid, struct world *w)
{
	size_t noted = strlen(w->notes);
	int got;

	if (!w->has_userns) {
		if (w->level != SANDBOX_PROCESS)
			snprintf(w->ids, sizeof w->ids,
			    "users: those of the machine");
		return 0;
	}
	got = w->is_root ? shift(pid, w) : -1;
	if (!got)
		return 0;
	w->notes[noted] = 0;
	if (got > 0)
		return got;
	if (w->is_root && !map_same(pid, w))
		return 0;
	/* Not root, or root of a container, with fewer ids. */
	return map_own(pid, w);
}

int
id_join(pid_t pid, struct world *w)
{
	return w->is_shifted && add_trees(pid, w) < 0
		 ? world_fails(w, "%s", me.why)
		 : 0;
}

static void
drop_source(void *arg, struct world_source *s)
{
	(void)arg;
	fd_close(&s->tree);
}

void
id_drop_trees(struct world *w)
{
	world_each_source(w, drop_source, NULL);
	while (w->trees)
		fd_close(&w->tree[--w->trees].fd);
}
