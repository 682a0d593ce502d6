#include "sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

static int
put(const char *dir, const char *name, const char *text)
{
	char path[640];
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : fd_write(fd, text, strlen(text));
}

/* Is `word` one of the words of `text`, which are parted by `by`? */
static bool
has_word(const char *text, const char *word, const char *by)
{
	size_t n = strlen(word);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, by);

		if (len == n && !memcmp(p, word, n))
			return true;
		p += len + (p[len] != 0);
	}
	return false;
}

static bool
offers_pids(const char *dir)
{
	AUTO_BUF text = BUF_INIT;
	char path[640];

	snprintf(path, sizeof path, "%s/cgroup.subtree_control", dir);
	return !file_read(path, &text, NULL) && has_word(text.s, "pids", " \n");
}

/*
 * The path of our own group, from /proc/self/cgroup: "8:pids:/a" in v1,
 * "0::/a" in v2.
 */
static bool
own_path(const char *text, bool is_v2, char *to, size_t size)
{
	for (const char *line = text; line && *line;) {
		const char *names = strchr(line, ':');
		const char *path = names ? strchr(names + 1, ':') : NULL;
		const char *end = strchrnul(line, '\n');
		char list[256];

		if (!path || path > end)
			return false;
		snprintf(list, sizeof list, "%.*s", (int)(path - names - 1),
		    names + 1);
		if (is_v2 ? !*list : has_word(list, "pids", ",")) {
			snprintf(
			    to, size, "%.*s", (int)(end - path - 1), path + 1);
			return true;
		}
		line = *end ? end + 1 : end;
	}
	return false;
}

/* Where the hierarchy is mounted, and which part of it. */
static bool
mount_of(const char *text, bool is_v2, char root[256], char point[256])
{
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *dash = strstr(line, " - ");
		char type[32], options[256];

		if (dash && dash < end &&
		    sscanf(line, "%*s %*s %*s %255s %255s", root, point) == 2 &&
		    sscanf(dash, " - %31s %*s %255s", type, options) == 2 &&
		    (is_v2 ? !strcmp(type, "cgroup2")
			   : !strcmp(type, "cgroup") &&
				 has_word(options, "pids", ",")))
			return true;
		line = *end ? end + 1 : end;
	}
	return false;
}

/* In a container our path may begin with the part that is mounted. */
static const char *
below(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (strcmp(root, "/") && !strncmp(path, root, n) &&
	    (!path[n] || path[n] == '/'))
		path += n;
	return strcmp(path, "/") ? path : "";
}

static void
sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	int pid, n;

	while (d && (ent = readdir(d)))
		if (sscanf(ent->d_name, "clnrm-%d-%d", &pid, &n) == 2 &&
		    pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
			unlinkat(dirfd(d), ent->d_name, AT_REMOVEDIR);
	if (d)
		closedir(d);
}

/* Only a try tells: a mount may be read-only, a directory not be ours. */
static bool
can_make(const char *dir)
{
	char probe[640];

	snprintf(probe, sizeof probe, "%s/clnrm-%d-0", dir, (int)getpid());
	if (mkdir(probe, 0755) < 0 && errno != EEXIST)
		return false;
	snprintf(
	    probe + strlen(probe), sizeof probe - strlen(probe), "/pids.max");
	bool has = !access(probe, W_OK);
	*strrchr(probe, '/') = 0;
	rmdir(probe);
	return has;
}

static int
find_in(
    struct cgroup_home *home, const char *mounts, const char *own, bool is_v2)
{
	char root[256], point[256], path[256];

	if (!own_path(own, is_v2, path, sizeof path) ||
	    !mount_of(mounts, is_v2, root, point))
		return -1;
	snprintf(home->dir, sizeof home->dir, "%s%s", point, below(path, root));
	home->is_v2 = is_v2;
	/* v2: a group with processes has no limits for its children, except
	 * at the root. Those beside it may be ours too. */
	if (is_v2 && !offers_pids(home->dir) &&
	    strlen(home->dir) > strlen(point))
		*strrchr(home->dir, '/') = 0;
	if (can_make(home->dir))
		return 0;
	home->dir[0] = 0;
	return -1;
}

int
cgroup_find(struct cgroup_home *home, struct err *e)
{
	AUTO_BUF mounts = BUF_INIT;
	AUTO_BUF own = BUF_INIT;

	*home = (struct cgroup_home){0};
	if (file_read("/proc/self/mountinfo", &mounts, e) < 0 ||
	    file_read("/proc/self/cgroup", &own, e) < 0)
		return -1;
	if (find_in(home, mounts.s, own.s, false) < 0 &&
	    find_in(home, mounts.s, own.s, true) < 0) {
		err_set(e, "no cgroup with a pids controller is writable");
		return err_hint(e,
		    "run it below a delegated cgroup: systemd-run --user "
		    "--scope -p Delegate=yes COMMAND");
	}
	sweep(home->dir);
	return 0;
}

int
cgroup_make(
    const struct cgroup_home *home, long most, struct cgroup *g, struct err *e)
{
	static unsigned n;
	char text[32];

	snprintf(g->dir, sizeof g->dir, "%s/clnrm-%d-%u", home->dir,
	    (int)getpid(), ++n);
	snprintf(text, sizeof text, "%ld", most);
	if (mkdir(g->dir, 0755) < 0 && errno != EEXIST)
		err_set(e, "%s:", g->dir);
	else if (put(g->dir, "pids.max", text) < 0)
		err_set(e, "%s/pids.max:", g->dir);
	else
		return 0;
	rmdir(g->dir);
	g->dir[0] = 0;
	return -1;
}

int
cgroup_add(const struct cgroup *g, pid_t pid, struct err *e)
{
	char text[32];

	snprintf(text, sizeof text, "%d", (int)pid);
	if (put(g->dir, "cgroup.procs", text) < 0)
		return err_set(e, "%s/cgroup.procs:", g->dir);
	return 0;
}

int
cgroup_remove(struct cgroup *g)
{
	int got = 0;

	for (int i = 0; *g->dir && i < 20; i++) {
		got = rmdir(g->dir);
		if (!got || errno != EBUSY)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (got < 0 && errno == ENOENT)
		got = 0;
	g->dir[0] = 0;
	return got;
}
