#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

/* The result of a clone: a child ends at once. */
static long
childless(long pid)
{
	if (!pid)
		_exit(0);
	return pid;
}

/* Mounts. */

static long
mount_tmpfs(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long
mount_proc(void)
{
	return mount("proc", "/mnt", "proc", 0, NULL);
}

static long
bind_root(void)
{
	return mount("/", "/mnt", NULL, MS_BIND | MS_REC, NULL);
}

static long
remount_sysctl(void)
{
	return mount(
	    NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL);
}

static long
unmount(void)
{
	return umount2("/proc/sys", MNT_DETACH) < 0 && errno == EINVAL
		 ? umount2("/proc", MNT_DETACH)
		 : -1;
}

static long
pivot(void)
{
	if (mount("none", "/mnt", "tmpfs", 0, NULL) < 0 || chdir("/mnt") < 0)
		return -1;
	return syscall(SYS_pivot_root, ".", ".");
}

static long
new_filesystem(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long
copy_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* CLONE */);
}

static long
change_root(void)
{
	return chroot("/usr");
}

static long
open_handle(void)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + 128];
	} u = {.h = {.handle_bytes = 128}};
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, "/usr", &u.h, &mount_id, 0) < 0)
		u.h.handle_bytes = 8; /* an overlay may have none: guess one */
	return open_by_handle_at(open("/usr", O_RDONLY), &u.h, O_RDONLY);
}

/* Namespaces. */

static long
new_users(void)
{
	return unshare(CLONE_NEWUSER);
}

static long
new_network(void)
{
	return unshare(CLONE_NEWNET);
}

static long
clone_users(void)
{
	return childless(syscall(
	    SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
}

static long
clone3_users(void)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal,
		    stack, stack_size, tls;
	} args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	return childless(syscall(SYS_clone3, &args, sizeof args));
}

static long
join_namespace(void)
{
	return setns(may_open("/proc/self/ns/uts", O_RDONLY), 0);
}

static long
join_init(void)
{
	int fd = may_open("/proc/1/ns/net", O_RDONLY);

	return fd < 0 ? -1 : setns(fd, 0);
}

static long
rewrite_map(void)
{
	int fd = may_open("/proc/self/uid_map", O_WRONLY);

	return fd < 0 ? -1 : write(fd, "0 0 1\n", 6);
}

const struct attempt attempt_mounts[] = {
    {"mount", mount_tmpfs},
    {"mount-proc", mount_proc},
    {"bind", bind_root},
    {"remount", remount_sysctl},
    {"unmount", unmount},
    {"pivot-root", pivot},
    {"fsopen", new_filesystem},
    {"open-tree", copy_tree},
    {"chroot", change_root},
    {"open-handle", open_handle},
    {"unshare-users", new_users},
    {"unshare-network", new_network},
    {"clone", clone_users},
    {"clone3", clone3_users},
    {"setns", join_namespace},
    {"setns-init", join_init},
    {"uid-map", rewrite_map},
    {NULL, NULL},
};
