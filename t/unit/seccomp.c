#include "sys/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { NO_FILTER = 255, KILLED = 1000, X32 = 0x40000000 };

/* What errno does it give to a process under these rules? 0: it worked. */
static int
ask(int deny, long (*call)(void))
{
	struct seccomp_rules rules = {(unsigned)deny};
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (deny >= 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
				     seccomp_enter(&rules) < 0))
			_exit(NO_FILTER);
		_exit(call() < 0 ? errno : 0);
	}
	is_true(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		return KILLED + WTERMSIG(status);
	is_true(WEXITSTATUS(status) != NO_FILTER);
	return WEXITSTATUS(status);
}

enum { BARE = -1 }; /* no filter at all */

static long
trace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static long
list_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 1); /* the session's keyring */
}

static long
fork_anew(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long
new_users(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long
own_files(void)
{
	return syscall(SYS_unshare, CLONE_FILES);
}

static long
clone_users(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid;
}

static long
plain_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid;
}

static long
remount(void)
{
	return syscall(SYS_mount, "none", "/nonexistent", "tmpfs", 0, NULL);
}

static long
join_self(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY);

	return syscall(SYS_setns, fd, 0);
}

static long
ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long
set_clock(void)
{
	return syscall(SYS_clock_settime, 99, NULL);
}

/* The kernel takes the lower half of a command only, and so must we. */
static long
type_in(void)
{
	return syscall(
	    SYS_ioctl, 0, (unsigned long)TIOCSTI | 0xdead00000000, "x");
}

static long
ask_size(void)
{
	struct winsize size;

	return ioctl(-1, TIOCGWINSZ, &size) < 0 && errno == EBADF ? 0 : -1;
}

static long
packet(void)
{
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static long
plain_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0
		 ? -1
		 : socket(AF_UNIX, SOCK_STREAM, 0);
}

#ifdef __x86_64__
static long
of_x32(void)
{
	return syscall(X32 | SYS_getpid);
}

static long
of_i386(void)
{
	long got = 20; /* getpid */

	__asm__ volatile("int $0x80" : "+a"(got) : : "memory");
	return got;
}
#endif

static void
what_is_denied_fails_and_worked_otherwise(void)
{
	static const struct {
		int group;
		long (*call)(void);
		int bare, denied;
	} tries[] = {
	    {SECCOMP_DENY_TRACE, trace, 0, EPERM},
	    {SECCOMP_DENY_NAMESPACES, fork_anew, EINVAL, ENOSYS},
	    {SECCOMP_DENY_NAMESPACES, new_users, 0, EPERM},
	    {SECCOMP_DENY_NAMESPACES, clone_users, 0, EPERM},
	    {SECCOMP_DENY_NAMESPACES, own_files, 0, 0},
	    {SECCOMP_DENY_NAMESPACES, plain_fork, 0, 0},
	    {SECCOMP_DENY_KEYS, list_keys, 0, EPERM},
	    {SECCOMP_DENY_KERNEL, ring, EFAULT, EPERM},
	    {SECCOMP_DENY_MACHINE, set_clock, EINVAL, EPERM},
	    {SECCOMP_DENY_TERMINAL, ask_size, 0, 0},
	    {SECCOMP_DENY_FAMILIES, packet, 0, EAFNOSUPPORT},
	    {SECCOMP_DENY_FAMILIES, plain_socket, 0, 0},
	};

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int bare = ask(BARE, tries[i].call);

		/* Where it cannot be made at all it proves nothing. */
		if (bare != tries[i].bare) {
			printf("# call %zu gives %d here\n", i, bare);
			continue;
		}
		is_int(ask(SECCOMP_DENY_ALL, tries[i].call), tries[i].denied);
		is_int(ask(tries[i].group, tries[i].call), tries[i].denied);
		is_int(ask(SECCOMP_DENY_ALL & ~tries[i].group, tries[i].call),
		    bare);
	}
}

static void
mounts_and_namespaces_are_denied(void)
{
	is_true(ask(BARE, remount) == ENOENT || ask(BARE, remount) == EPERM);
	is_int(ask(SECCOMP_DENY_MOUNTS, remount), EPERM);
	is_true(ask(BARE, join_self) == 0 || ask(BARE, join_self) == EPERM);
	is_int(ask(SECCOMP_DENY_NAMESPACES, join_self), EPERM);
}

static void
only_the_lower_half_of_an_ioctl_counts(void)
{
	int bare = ask(BARE, type_in);

	is_true(bare == ENOTTY || bare == EIO || bare == EBADF || bare == 0);
	is_int(ask(SECCOMP_DENY_TERMINAL, type_in), EPERM);
}

static void
calls_of_another_machine_are_refused(void)
{
#ifdef __x86_64__
	is_int(ask(0, of_x32), EPERM);
	if (ask(BARE, of_i386) == 0)
		is_int(ask(0, of_i386), KILLED + SIGSYS);
	else
		tap_skip("no calls of 32 bits here");
#else
	tap_skip("there is no other machine");
#endif
}

static void
no_rules_deny_nothing(void)
{
	is_int(ask(0, own_files), ask(BARE, own_files));
	is_int(ask(0, trace), ask(BARE, trace));
	is_int(ask(0, packet), ask(BARE, packet));
}

static void
without_no_new_privs_only_root_may(void)
{
	struct seccomp_rules rules = {SECCOMP_DENY_ALL};
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(EACCES);
		_exit(seccomp_enter(&rules) < 0 ? errno : 0);
	}
	is_true(waitpid(pid, &status, 0) == pid);
	is_int(WEXITSTATUS(status), EACCES);
}

static void
the_filter_has_room_to_spare(void)
{
	struct sock_filter filter[SECCOMP_MAX];
	struct seccomp_rules rules = {SECCOMP_DENY_ALL};
	size_t n = seccomp_build(&rules, filter);

	is_true(n > 50 && n < SECCOMP_MAX);
	rules.deny = 0;
	is_true(seccomp_build(&rules, filter) < 10);
}

TAP_MAIN(TEST(what_is_denied_fails_and_worked_otherwise),
    TEST(mounts_and_namespaces_are_denied),
    TEST(only_the_lower_half_of_an_ioctl_counts),
    TEST(calls_of_another_machine_are_refused), TEST(no_rules_deny_nothing),
    TEST(without_no_new_privs_only_root_may),
    TEST(the_filter_has_room_to_spare))
