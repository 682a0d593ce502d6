#include "sys/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

/* The name of a user; the library's own way may ask the network. */
static void
name_of(uid_t user, char *to, size_t size)
{
	AUTO_BUF text = BUF_INIT;
	char *save = NULL, *line;

	*to = 0;
	if (file_read("/etc/passwd", &text, NULL) < 0)
		return;
	line = strtok_r(text.s, "\n", &save);
	for (; line && !*to; line = strtok_r(NULL, "\n", &save)) {
		unsigned id;

		if (sscanf(line, "%*[^:]:%*[^:]:%u:", &id) == 1 && id == user)
			snprintf(
			    to, size, "%.*s", (int)strcspn(line, ":"), line);
	}
}

bool
idmap_subordinate(const char *file, uid_t user, struct idmap_range *r)
{
	AUTO_BUF text = BUF_INIT;
	char *save = NULL, *line, name[256], number[16];

	*r = (struct idmap_range){0};
	if (file_read(file, &text, NULL) < 0)
		return false;
	name_of(user, name, sizeof name);
	snprintf(number, sizeof number, "%u", (unsigned)user);
	line = strtok_r(text.s, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		struct idmap_range got;
		char whose[256];

		if (sscanf(line, "%255[^:]:%u:%u", whose, &got.first,
			&got.count) == 3 &&
		    (!strcmp(whose, number) || !strcmp(whose, name)) &&
		    got.count > r->count && got.first)
			*r = got;
	}
	return r->count > 0;
}

static int
put(pid_t pid, const char *name, const char *text)
{
	char path[64];
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : fd_write(fd, text, strlen(text));
}

static int
put_range(pid_t pid, const char *name, const struct idmap_range *r)
{
	char text[64];

	snprintf(text, sizeof text, "0 %u %u\n", r->first, r->count);
	return put(pid, name, text);
}

int
idmap_write(pid_t pid, const struct idmap_range *users,
    const struct idmap_range *groups, bool *is_begun)
{
	*is_begun = !put_range(pid, "uid_map", users);
	return *is_begun ? put_range(pid, "gid_map", groups) : -1;
}

int
idmap_write_one(pid_t pid, const char **what)
{
	const struct idmap_range user = {geteuid(), 1}, group = {getegid(), 1};

	*what = "setgroups";
	if (put(pid, *what, "deny") < 0 && errno != ENOENT)
		return -1;
	*what = "uid_map";
	if (put_range(pid, *what, &user) < 0)
		return -1;
	*what = "gid_map";
	return put_range(pid, *what, &group);
}

/* TOOL PID 0 OWN 1 1 FIRST COUNT */
static int
help(const char *tool, pid_t pid, unsigned own, const struct idmap_range *r)
{
	char number[4][16];
	const char *const argv[] = {tool, number[0], "0", number[1], "1", "1",
	    number[2], number[3], NULL};
	pid_t helper;
	int status;

	snprintf(number[0], sizeof *number, "%d", (int)pid);
	snprintf(number[1], sizeof *number, "%u", own);
	snprintf(number[2], sizeof *number, "%u", r->first);
	snprintf(number[3], sizeof *number, "%u", r->count);
	helper = vfork();
	if (!helper) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execv(tool, (char *const *)argv);
		_exit(127);
	}
	if (helper < 0)
		return -1;
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	errno = EPERM;
	return status ? -1 : 0;
}

int
idmap_write_helped(pid_t pid, struct idmap_range *users, bool *is_begun)
{
	static const char *const tool[] = {
	    "/usr/bin/newuidmap", "/usr/bin/newgidmap"};
	struct idmap_range groups;

	*is_begun = false;
	errno = ENOENT;
	if (access(tool[0], X_OK) < 0 || access(tool[1], X_OK) < 0 ||
	    !idmap_subordinate("/etc/subuid", geteuid(), users) ||
	    !idmap_subordinate("/etc/subgid", geteuid(), &groups))
		return -1;
	*is_begun = !help(tool[0], pid, geteuid(), users);
	return *is_begun ? help(tool[1], pid, getegid(), &groups) : -1;
}

int
idmap_clone(const char *path, int userns)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP |
					   MOUNT_ATTR_RDONLY |
					   MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID,
	    .userns_fd = (uint64_t)userns};
	AUTO_FD tree =
	    open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH, &a, sizeof a) < 0)
		return -1;
	return fd_steal(&tree);
}
