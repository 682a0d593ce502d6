#include "sys/seccomp.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/mem.h"

#if defined(__x86_64__)
enum { X32 = 0x40000000 };
static const uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const uint32_t machine = AUDIT_ARCH_AARCH64;
#else
static const uint32_t machine;
#endif

/* Newer than the headers of some systems; the numbers are the same on all. */
enum { OPEN_TREE_ATTR = 467, CLONE_TIME = 0x80, CALL_ARGUMENT_SIZE = 8 };

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
		     CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
};

static const struct {
	unsigned group;
	int call;
} denied[] = {
    {SECCOMP_DENY_KERNEL, SYS_bpf},
    {SECCOMP_DENY_KERNEL, SYS_perf_event_open},
    {SECCOMP_DENY_KERNEL, SYS_userfaultfd},
    {SECCOMP_DENY_KERNEL, SYS_io_uring_setup},
    {SECCOMP_DENY_KERNEL, SYS_io_uring_enter},
    {SECCOMP_DENY_KERNEL, SYS_io_uring_register},
    {SECCOMP_DENY_KERNEL, SYS_kexec_load},
    {SECCOMP_DENY_KERNEL, SYS_init_module},
    {SECCOMP_DENY_KERNEL, SYS_finit_module},
    {SECCOMP_DENY_KERNEL, SYS_delete_module},
#ifdef SYS_kexec_file_load
    {SECCOMP_DENY_KERNEL, SYS_kexec_file_load},
#endif
#ifdef SYS_iopl
    {SECCOMP_DENY_KERNEL, SYS_iopl},
    {SECCOMP_DENY_KERNEL, SYS_ioperm},
    {SECCOMP_DENY_KERNEL, SYS_modify_ldt},
    {SECCOMP_DENY_KERNEL, SYS_create_module},
    {SECCOMP_DENY_KERNEL, SYS_uselib},
#endif
    {SECCOMP_DENY_MACHINE, SYS_swapon},
    {SECCOMP_DENY_MACHINE, SYS_swapoff},
    {SECCOMP_DENY_MACHINE, SYS_reboot},
    {SECCOMP_DENY_MACHINE, SYS_settimeofday},
    {SECCOMP_DENY_MACHINE, SYS_clock_settime},
    {SECCOMP_DENY_MACHINE, SYS_syslog},
    {SECCOMP_DENY_MACHINE, SYS_acct},
    {SECCOMP_DENY_MACHINE, SYS_quotactl},
    {SECCOMP_DENY_MACHINE, SYS_vhangup},
    {SECCOMP_DENY_MACHINE, SYS_sethostname},
    {SECCOMP_DENY_MACHINE, SYS_setdomainname},
#ifdef SYS_quotactl_fd
    {SECCOMP_DENY_MACHINE, SYS_quotactl_fd},
#endif
    {SECCOMP_DENY_TRACE, SYS_ptrace},
    {SECCOMP_DENY_TRACE, SYS_process_vm_readv},
    {SECCOMP_DENY_TRACE, SYS_process_vm_writev},
    {SECCOMP_DENY_TRACE, SYS_pidfd_getfd},
    {SECCOMP_DENY_TRACE, SYS_kcmp},
    {SECCOMP_DENY_KEYS, SYS_add_key},
    {SECCOMP_DENY_KEYS, SYS_request_key},
    {SECCOMP_DENY_KEYS, SYS_keyctl},
    {SECCOMP_DENY_MOUNTS, SYS_mount},
    {SECCOMP_DENY_MOUNTS, SYS_umount2},
    {SECCOMP_DENY_MOUNTS, SYS_pivot_root},
    {SECCOMP_DENY_MOUNTS, SYS_chroot},
    {SECCOMP_DENY_MOUNTS, SYS_fsopen},
    {SECCOMP_DENY_MOUNTS, SYS_fsconfig},
    {SECCOMP_DENY_MOUNTS, SYS_fsmount},
    {SECCOMP_DENY_MOUNTS, SYS_fspick},
    {SECCOMP_DENY_MOUNTS, SYS_move_mount},
    {SECCOMP_DENY_MOUNTS, SYS_open_tree},
    {SECCOMP_DENY_MOUNTS, OPEN_TREE_ATTR},
    {SECCOMP_DENY_MOUNTS, SYS_mount_setattr},
    {SECCOMP_DENY_MOUNTS, SYS_open_by_handle_at},
    {SECCOMP_DENY_NAMESPACES, SYS_setns},
};

/* But for sendmsg. */
static const int heard[] = {
    SYS_openat,
    SYS_openat2,
    SYS_execve,
    SYS_execveat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_chdir,
    SYS_mkdirat,
    SYS_mknodat,
    SYS_unlinkat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_renameat2,
    SYS_truncate,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_utimensat,
    SYS_getxattr,
    SYS_lgetxattr,
    SYS_listxattr,
    SYS_llistxattr,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_inotify_add_watch,
    SYS_statfs,
    SYS_connect,
    SYS_bind,
    SYS_sendto,
    SYS_sendmmsg,
#ifdef SYS_open
    SYS_open,
    SYS_creat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_mkdir,
    SYS_rmdir,
    SYS_mknod,
    SYS_unlink,
    SYS_link,
    SYS_symlink,
    SYS_rename,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
};

/* Newer than the headers of some systems. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 32UL
#endif

struct filter {
	struct sock_filter *to;
	size_t n;
};

static void
add(struct filter *f, int code, uint32_t k, int yes, int no)
{
	if (f->n < SECCOMP_MAX)
		f->to[f->n++] = (struct sock_filter){
		    (uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
}

static void
load(struct filter *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The kernel, too, looks at the lower half of these only. */
static void
load_argument(struct filter *f, size_t i)
{
	load(f, offsetof(struct seccomp_data, args) + i * CALL_ARGUMENT_SIZE);
}

static void
answer(struct filter *f, uint32_t what)
{
	add(f, BPF_RET | BPF_K, what, 0, 0);
}

static void
refuse(struct filter *f, int error)
{
	answer(f, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* Go on with the next `n` instructions for this call only. */
static void
for_call(struct filter *f, int call, int n)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, n);
}

static void
check_machine(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0);
	answer(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	add(f, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	refuse(f, EPERM);
#endif
}

static void
check_namespaces(struct filter *f)
{
	for_call(f, SYS_clone3, 1);
	refuse(f, ENOSYS);
	for_call(f, SYS_clone, 4);
	load_argument(f, 0);
	add(f, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	refuse(f, EPERM);
	answer(f, SECCOMP_RET_ALLOW);
	for_call(f, SYS_unshare, 4);
	load_argument(f, 0);
	add(f, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES | CLONE_TIME, 0, 1);
	refuse(f, EPERM);
	answer(f, SECCOMP_RET_ALLOW);
}

static void
check_terminal(struct filter *f)
{
	for_call(f, SYS_ioctl, 5);
	load_argument(f, 1);
	add(f, BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
	add(f, BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
	refuse(f, EPERM);
	answer(f, SECCOMP_RET_ALLOW);
}

/* AF_VSOCK, for one, reaches the host from every network namespace. */
static void
check_families(struct filter *f)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int n = (int)COUNT(families);

	for_call(f, SYS_socket, n + 3);
	load_argument(f, 0);
	for (int i = 0; i < n; i++)
		add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)families[i], n - i,
		    0);
	refuse(f, EAFNOSUPPORT);
	answer(f, SECCOMP_RET_ALLOW);
}

size_t
seccomp_build(const struct seccomp_rules *r, struct sock_filter to[SECCOMP_MAX])
{
	struct filter f = {to, 0};

	check_machine(&f);
	for (size_t i = 0; i < COUNT(denied); i++)
		if (r->deny & denied[i].group) {
			for_call(&f, denied[i].call, 1);
			refuse(&f, EPERM);
		}
	if (r->deny & SECCOMP_DENY_NAMESPACES)
		check_namespaces(&f);
	if (r->deny & SECCOMP_DENY_TERMINAL)
		check_terminal(&f);
	if (r->deny & SECCOMP_DENY_FAMILIES)
		check_families(&f);
	answer(&f, SECCOMP_RET_ALLOW);
	return f.n;
}

int
seccomp_enter(const struct seccomp_rules *r)
{
	struct sock_filter filter[SECCOMP_MAX];
	struct sock_fprog program = {.filter = filter};

	if (!machine) {
		errno = ENOTSUP;
		return -1;
	}
	program.len = (unsigned short)seccomp_build(r, filter);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static size_t
build_listener(struct sock_filter to[SECCOMP_MAX])
{
	struct filter f = {to, 0};

	load(&f, offsetof(struct seccomp_data, arch));
	add(&f, BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0);
	answer(&f, SECCOMP_RET_ALLOW);
	load(&f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(heard); i++) {
		for_call(&f, heard[i], 1);
		answer(&f, SECCOMP_RET_USER_NOTIF);
	}
	for_call(&f, SYS_sendmsg, 5);
	load_argument(&f, 2);
	add(&f, BPF_ALU | BPF_AND | BPF_K, SECCOMP_UNHEARD, 0, 0);
	add(&f, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_UNHEARD, 1, 0);
	answer(&f, SECCOMP_RET_USER_NOTIF);
	answer(&f, SECCOMP_RET_ALLOW);
	answer(&f, SECCOMP_RET_ALLOW);
	return f.n;
}

int
seccomp_listen(void)
{
	struct sock_filter filter[SECCOMP_MAX];
	struct sock_fprog program = {.filter = filter};
	int fd;

	if (!machine) {
		errno = ENOTSUP;
		return -1;
	}
	program.len = (unsigned short)build_listener(filter);
	/* Else a signal would make a call that waits begin anew, for ever. */
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER |
		SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	    &program);
	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd;
}
