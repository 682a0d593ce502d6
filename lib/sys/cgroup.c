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
#include "base/mem.h"

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

static const char *const controllers[CGROUP_KINDS] = {
    [CGROUP_PIDS] = "pids",
    [CGROUP_MEMORY] = "memory",
    [CGROUP_CPU] = "cpu",
};

/* The file that takes the limit, in v1 and in v2. */
static const char *const files[CGROUP_KINDS][2] = {
    [CGROUP_PIDS] = {"pids.max", "pids.max"},
    [CGROUP_MEMORY] = {"memory.limit_in_bytes", "memory.max"},
    [CGROUP_CPU] = {"cpu.cfs_quota_us", "cpu.max"},
};

static bool
offers(const char *dir, const char *controller)
{
	AUTO_BUF text = BUF_INIT;
	char path[640];

	snprintf(path, sizeof path, "%s/cgroup.subtree_control", dir);
	return !file_read(path, &text, NULL) &&
	       has_word(text.s, controller, " \n");
}

/*
 * The path of our own group, from /proc/self/cgroup: "8:pids:/a" in v1,
 * "0::/a" in v2, where `controller` is NULL.
 */
static bool
own_path(const char *text, const char *controller, char *to, size_t size)
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
		if (controller ? has_word(list, controller, ",") : !*list) {
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
mount_of(
    const char *text, const char *controller, char root[256], char point[256])
{
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *dash = strstr(line, " - ");
		char type[32], options[256];

		if (dash && dash < end &&
		    sscanf(line, "%*s %*s %*s %255s %255s", root, point) == 2 &&
		    sscanf(dash, " - %31s %*s %255s", type, options) == 2 &&
		    (controller ? !strcmp(type, "cgroup") &&
				      has_word(options, controller, ",")
				: !strcmp(type, "cgroup2")))
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
can_make(const char *dir, const char *file)
{
	char probe[640], path[704];
	bool has;

	snprintf(probe, sizeof probe, "%s/clnrm-%d-0", dir, (int)getpid());
	if (mkdir(probe, 0755) < 0 && errno != EEXIST)
		return false;
	snprintf(path, sizeof path, "%s/%s", probe, file);
	has = !access(path, W_OK);
	rmdir(probe);
	return has;
}

static bool
find_in(struct cgroup_home *home, enum cgroup_kind kind, const char *mounts,
    const char *own, bool is_v2)
{
	const char *controller = is_v2 ? NULL : controllers[kind];
	char root[256], point[256], path[256];
	char *dir = home->of[kind].dir;

	if (!own_path(own, controller, path, sizeof path) ||
	    !mount_of(mounts, controller, root, point))
		return false;
	snprintf(dir, sizeof home->of->dir, "%s%s", point, below(path, root));
	home->of[kind].is_v2 = is_v2;
	/* v2: a group with processes has no limits for its children, except
	 * at the root. Those beside it may be ours too. */
	if (is_v2 && !offers(dir, controllers[kind]) &&
	    strlen(dir) > strlen(point))
		*strrchr(dir, '/') = 0;
	if (can_make(dir, files[kind][is_v2]))
		return true;
	*dir = 0;
	return false;
}

int
cgroup_find(struct cgroup_home *home, struct err *e)
{
	AUTO_BUF mounts = BUF_INIT;
	AUTO_BUF own = BUF_INIT;
	bool has_any = false;

	*home = (struct cgroup_home){0};
	if (file_read("/proc/self/mountinfo", &mounts, e) < 0 ||
	    file_read("/proc/self/cgroup", &own, e) < 0)
		return -1;
	for (int kind = 0; kind < CGROUP_KINDS; kind++) {
		if (!find_in(home, kind, mounts.s, own.s, false) &&
		    !find_in(home, kind, mounts.s, own.s, true))
			continue;
		has_any = true;
		sweep(home->of[kind].dir);
	}
	if (has_any)
		return 0;
	err_set(e, "no cgroup is writable");
	return err_hint(e, "run it below a delegated cgroup: systemd-run "
			   "--user --scope -p Delegate=yes COMMAND");
}

const char *
cgroup_name(const struct cgroup_home *home, enum cgroup_kind kind)
{
	static const char *const names[CGROUP_KINDS][2] = {
	    [CGROUP_PIDS] = {"cgroup v1 pids", "cgroup v2 pids"},
	    [CGROUP_MEMORY] = {"cgroup v1 memory", "cgroup v2 memory"},
	    [CGROUP_CPU] = {"cgroup v1 cpu", "cgroup v2 cpu"}};

	return names[kind][home->of[kind].is_v2];
}

/* ---- limits */

enum { CPU_PERIOD_US = 100000 };

static void
limit_text(char text[48], enum cgroup_kind kind, bool is_v2, int64_t most)
{
	long long n = most;

	if (kind == CGROUP_CPU)
		n = most * CPU_PERIOD_US / 1000;
	if (kind == CGROUP_CPU && is_v2)
		snprintf(text, 48, "%lld %d", n, CPU_PERIOD_US);
	else
		snprintf(text, 48, "%lld", n);
}

/* What goes with a limit, where the kernel has it. */
static void
put_rest(const char *dir, enum cgroup_kind kind, bool is_v2, const char *text)
{
	char period[16];

	if (kind == CGROUP_MEMORY && is_v2) {
		put(dir, "memory.swap.max", "0");
		put(dir, "memory.oom.group", "1");
	} else if (kind == CGROUP_MEMORY) {
		put(dir, "memory.memsw.limit_in_bytes", text);
	} else if (kind == CGROUP_CPU && !is_v2) {
		snprintf(period, sizeof period, "%d", CPU_PERIOD_US);
		put(dir, "cpu.cfs_period_us", period);
	}
}

static int
make_one(const struct cgroup_home *home, enum cgroup_kind kind, int64_t most,
    unsigned n, struct cgroup *g, struct err *e)
{
	bool is_v2 = home->of[kind].is_v2;
	const char *file = files[kind][is_v2];
	char *dir = g->dir[kind], text[48];

	snprintf(dir, sizeof g->dir[kind], "%s/clnrm-%d-%u", home->of[kind].dir,
	    (int)getpid(), n);
	limit_text(text, kind, is_v2, most);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_set(e, "%s:", dir);
	if (put(dir, file, text) < 0)
		return err_set(e, "%s/%s:", dir, file);
	put_rest(dir, kind, is_v2, text);
	return 0;
}

int
cgroup_make(const struct cgroup_home *home, const int64_t most[CGROUP_KINDS],
    struct cgroup *g, struct err *e)
{
	static unsigned n;

	*g = (struct cgroup){0};
	n++;
	for (int kind = 0; kind < CGROUP_KINDS; kind++) {
		if (!most[kind] || !*home->of[kind].dir ||
		    !make_one(home, kind, most[kind], n, g, e))
			continue;
		cgroup_remove(g);
		return -1;
	}
	return 0;
}

/* Is this group one of those before it? Then it has been seen to. */
static bool
is_twin(const struct cgroup *g, int kind)
{
	for (int i = 0; i < kind; i++)
		if (!strcmp(g->dir[i], g->dir[kind]))
			return true;
	return false;
}

int
cgroup_add(const struct cgroup *g, pid_t pid, struct err *e)
{
	char text[32];

	snprintf(text, sizeof text, "%d", (int)pid);
	for (int kind = 0; kind < CGROUP_KINDS; kind++)
		if (*g->dir[kind] && !is_twin(g, kind) &&
		    put(g->dir[kind], "cgroup.procs", text) < 0)
			return err_set(e, "%s/cgroup.procs:", g->dir[kind]);
	return 0;
}

int64_t
cgroup_out_of_memory(const char *dir)
{
	static const char *const names[] = {
	    "memory.events", "memory.oom_control"};
	const char *at = NULL;
	char path[640];

	for (size_t i = 0; i < COUNT(names) && !at; i++) {
		AUTO_BUF text = BUF_INIT;

		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (file_read(path, &text, NULL) < 0)
			continue;
		at = strstr(text.s, "oom_kill ");
		if (at)
			return strtoll(at + strlen("oom_kill "), NULL, 10);
	}
	return 0;
}

static int
remove_one(const char *dir)
{
	int got = 0;

	for (int i = 0; i < 20; i++) {
		got = rmdir(dir);
		if (!got || errno != EBUSY)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return got < 0 && errno == ENOENT ? 0 : got;
}

int
cgroup_remove(struct cgroup *g)
{
	int got = 0;

	for (int kind = 0; kind < CGROUP_KINDS; kind++)
		if (*g->dir[kind] && !is_twin(g, kind) &&
		    remove_one(g->dir[kind]) < 0)
			got = -1;
	*g = (struct cgroup){0};
	return got;
}
