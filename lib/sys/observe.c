#include "sys/observe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/openat2.h>
#include <linux/seccomp.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

enum { PAGE = 4096, MESSAGES_MAX = 16, NONE = -1 };

/* A call, and which of its arguments is what. */
static const struct call {
	int number;
	enum observe_kind kind;
	int at, path, flags;
} calls[] = {
    {SYS_openat, OBSERVE_OPEN, 0, 1, 2},
    {SYS_openat2, OBSERVE_OPEN, 0, 1, 2},
    {SYS_execve, OBSERVE_RUN, NONE, 0, NONE},
    {SYS_execveat, OBSERVE_RUN, 0, 1, NONE},
    {SYS_newfstatat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_statx, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_faccessat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_faccessat2, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_readlinkat, OBSERVE_LINK, 0, 1, NONE},
    {SYS_chdir, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_mkdirat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_mknodat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_unlinkat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_linkat, OBSERVE_NAME, 0, 1, NONE},
    {SYS_renameat2, OBSERVE_NAME, 0, 1, NONE},
    {SYS_truncate, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_fchmodat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_fchownat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_utimensat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_getxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_lgetxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_listxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_llistxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_setxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_lsetxattr, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_inotify_add_watch, OBSERVE_LOOK, NONE, 1, NONE},
    {SYS_statfs, OBSERVE_LOOK, NONE, 0, NONE},
    /* `path` is what the link is to name, `flags` the link. */
    {SYS_symlinkat, OBSERVE_NAME, 1, 0, 2},
#ifdef SYS_open
    {SYS_open, OBSERVE_OPEN, NONE, 0, 1},
    {SYS_creat, OBSERVE_OPEN, NONE, 0, NONE},
    {SYS_stat, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_lstat, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_access, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_readlink, OBSERVE_LINK, NONE, 0, NONE},
    {SYS_mkdir, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_rmdir, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_mknod, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_unlink, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_link, OBSERVE_NAME, NONE, 0, NONE},
    {SYS_rename, OBSERVE_NAME, NONE, 0, NONE},
    {SYS_chmod, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_chown, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_lchown, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_utime, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_utimes, OBSERVE_LOOK, NONE, 0, NONE},
    {SYS_futimesat, OBSERVE_LOOK, 0, 1, NONE},
    {SYS_symlink, OBSERVE_NAME, NONE, 0, 1},
#endif
#ifdef SYS_renameat
    {SYS_renameat, OBSERVE_NAME, 0, 1, NONE},
#endif
    /* `path` is the address, `flags` its length. */
    {SYS_connect, OBSERVE_CALL, 0, 1, 2},
    {SYS_bind, OBSERVE_CALL, 0, 1, 2},
    {SYS_sendto, OBSERVE_CALL, 0, 4, 5},
    {SYS_sendmsg, OBSERVE_CALL, 0, 1, NONE},
    {SYS_sendmmsg, OBSERVE_CALL, 0, 1, NONE},
};

union address {
	sa_family_t family;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

pid_t
observe_pid(int pidfd)
{
	AUTO_BUF text = BUF_INIT;
	char path[64];
	const char *at;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	if (file_read(path, &text, NULL) < 0)
		return -1;
	at = strstr(text.s, "Pid:");
	return at ? (pid_t)strtol(at + strlen("Pid:"), NULL, 10) : -1;
}

/* ---- the memory of the process */

static ssize_t
read_slowly(pid_t pid, uint64_t from, void *to, size_t n)
{
	char path[32];
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : pread(fd, to, n, (off_t)from);
}

/* As much as there is, up to n bytes; a page may be the last one. */
static ssize_t
peek(pid_t pid, uint64_t from, void *to, size_t n)
{
	size_t first = PAGE - from % PAGE;
	struct iovec in = {to, n}, out[2];
	ssize_t got;

	first = first < n ? first : n;
	out[0] = (struct iovec){(void *)(uintptr_t)from, first};
	out[1] = (struct iovec){(void *)(uintptr_t)(from + first), n - first};
	got = process_vm_readv(pid, &in, 1, out, n > first ? 2 : 1, 0);
	return got < 0 ? read_slowly(pid, from, to, n) : got;
}

static bool
peek_all(pid_t pid, uint64_t from, void *to, size_t n)
{
	return peek(pid, from, to, n) == (ssize_t)n;
}

static bool
peek_path(pid_t pid, uint64_t from, char to[PATH_MAX])
{
	ssize_t n = peek(pid, from, to, PATH_MAX);

	return n > 0 && memchr(to, 0, (size_t)n);
}

/* ---- files */

static bool
read_link(char *to, size_t size, const char *fmt, pid_t pid, int n)
{
	char path[64];
	ssize_t got;

	snprintf(path, sizeof path, fmt, (int)pid, n);
	got = readlink(path, to, size - 1);
	if (got < 0)
		return false;
	to[got] = 0;
	return *to == '/';
}

static void
set_open(const struct call *c, const struct seccomp_notif *n, pid_t pid,
    struct observe_seen *seen)
{
	uint64_t flags = O_CREAT | O_WRONLY | O_TRUNC;
	struct open_how how = {0};

	if (c->number == SYS_openat2)
		flags = peek_all(pid, n->data.args[2], &how, sizeof how)
			  ? how.flags
			  : 0;
	else if (c->flags != NONE)
		flags = n->data.args[c->flags];
	seen->is_place = flags & O_PATH;
	seen->is_made = flags & O_TRUNC && !(flags & O_EXCL);
	/* It must not be there: so that is what was asked. */
	seen->is_place |= (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

/* What a link is to name is named as from the link's directory. */
static bool
peek_link(const struct call *c, const struct seccomp_notif *n, char *path)
{
	char link[PATH_MAX], whole[2 * PATH_MAX];
	char *slash;

	if (c->kind != OBSERVE_NAME || c->flags == NONE || *path == '/')
		return true;
	if (!peek_path((pid_t)n->pid, n->data.args[c->flags], link))
		return false;
	slash = strrchr(link, '/');
	if (!slash)
		return true;
	snprintf(
	    whole, sizeof whole, "%.*s/%s", (int)(slash - link), link, path);
	if (strlen(whole) >= PATH_MAX)
		return false;
	memcpy(path, whole, strlen(whole) + 1);
	return true;
}

/* 1, 0 for none, or -2. */
static int
see_file(const struct call *c, const struct seccomp_notif *n,
    struct observe_seen *seen)
{
	pid_t pid = (pid_t)n->pid;
	int at = c->at == NONE ? AT_FDCWD : (int)n->data.args[c->at];
	char path[PATH_MAX];
	size_t len;
	bool ok;

	/* Some calls take an open file instead of a name. */
	if (!n->data.args[c->path])
		return 0;
	if (!peek_path(pid, n->data.args[c->path], path))
		/* Of a step's own program others know. */
		return c->kind == OBSERVE_RUN ? 0 : -2;
	if (!*path)
		return 0;
	if (!peek_link(c, n, path))
		return -2;
	if (c->kind == OBSERVE_OPEN)
		set_open(c, n, pid, seen);
	if (*path == '/') {
		memcpy(seen->path, path, strlen(path) + 1);
		return 1;
	}
	ok = at == AT_FDCWD
	       ? read_link(seen->path, PATH_MAX, "/proc/%d/cwd", pid, 0)
	       : read_link(seen->path, PATH_MAX, "/proc/%d/fd/%d", pid, at);
	if (!ok)
		return at == AT_FDCWD ? -2 : 0; /* a bad number is no place */
	len = strlen(seen->path);
	snprintf(seen->path + len, sizeof seen->path - len, "/%s", path);
	return 1;
}

/* ---- addresses */

static bool
is_inside_v4(struct in_addr a)
{
	uint32_t n = ntohl(a.s_addr);

	return n >> 24 == 127 || !n;
}

static bool
is_outside(const union address *a)
{
	struct in_addr mapped;

	if (a->family == AF_INET)
		return !is_inside_v4(a->v4.sin_addr);
	if (a->family != AF_INET6)
		return false;
	memcpy(&mapped, &a->v6.sin6_addr.s6_addr[12], sizeof mapped);
	if (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
		return !is_inside_v4(mapped);
	return !IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) &&
	       !IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

/* Where a message of these calls goes to. */
static void
find_address(
    const struct seccomp_notif *n, pid_t pid, uint64_t *at, uint64_t *len)
{
	struct mmsghdr m[MESSAGES_MAX] = {0};
	size_t count = 1;

	*at = *len = 0;
	if (n->data.nr == SYS_sendmmsg)
		count = n->data.args[2] < MESSAGES_MAX ? n->data.args[2]
						       : MESSAGES_MAX;
	if (!peek_all(pid, n->data.args[1], m,
		n->data.nr == SYS_sendmmsg ? count * sizeof *m
					   : sizeof m->msg_hdr))
		return;
	for (size_t i = 0; i < count && !*at; i++) {
		*at = (uintptr_t)m[i].msg_hdr.msg_name;
		*len = m[i].msg_hdr.msg_namelen;
	}
}

static bool
is_datagram(pid_t pid, int fd)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, pid, 0);
	AUTO_FD copy = -1;
	int type = 0;
	socklen_t size = sizeof type;

	if (process < 0)
		return false;
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	return copy >= 0 &&
	       !getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &size) &&
	       type == SOCK_DGRAM;
}

static int
see_address(const struct call *c, const struct seccomp_notif *n,
    struct observe_seen *seen)
{
	pid_t pid = (pid_t)n->pid;
	uint64_t at = n->data.args[c->path], len = 0;
	const char *udp;
	union address a = {0};
	char text[INET6_ADDRSTRLEN];

	if (c->flags == NONE)
		find_address(n, pid, &at, &len);
	else
		len = n->data.args[c->flags];
	len = len < sizeof a ? len : sizeof a;
	if (!at || len < sizeof a.v4)
		return 0;
	if (!peek_all(pid, at, &a, len))
		return -2;
	if (!is_outside(&a))
		return 0;
	udp = is_datagram(pid, (int)n->data.args[0]) ? "/udp" : "";
	if (a.family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof text);
		snprintf(seen->target, sizeof seen->target, "%s:%u%s", text,
		    ntohs(a.v4.sin_port), udp);
	} else {
		inet_ntop(AF_INET6, &a.v6.sin6_addr, text, sizeof text);
		snprintf(seen->target, sizeof seen->target, "[%s]:%u%s", text,
		    ntohs(a.v6.sin6_port), udp);
	}
	if (!read_link(seen->path, PATH_MAX, "/proc/%d/exe", pid, 0))
		seen->path[0] = 0;
	return 1;
}

/* ---- the listener */

static int
see(const struct seccomp_notif *n, struct observe_seen *seen)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].number != n->data.nr)
			continue;
		seen->kind = calls[i].kind;
		seen->pid = (pid_t)n->pid;
		seen->is_made = seen->is_place = false;
		return calls[i].kind == OBSERVE_CALL
			 ? see_address(&calls[i], n, seen)
			 : see_file(&calls[i], n, seen);
	}
	return 0;
}

int
observe_next(int listener, pid_t own, struct observe_seen *seen)
{
	/* A newer kernel's may be larger. */
	union {
		struct seccomp_notif n;
		char room[256];
	} u = {.room = {0}};
	struct seccomp_notif_resp answer = {
	    .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int got = 0;

	/* Who was killed meanwhile asks no more. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &u.n) < 0)
		return errno == ENOENT || errno == EINTR ? 0 : -1;
	if ((pid_t)u.n.pid != own)
		got = see(&u.n, seen);
	/* Its number may be another's by now: then nothing was read. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &u.n.id) < 0)
		return 0;
	answer.id = u.n.id;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return got;
}
