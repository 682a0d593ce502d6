/*
 * Which system calls the processes of a cleanroom may make: a filter in plain
 * BPF. It needs no library and no rights but no_new_privs.
 */
#ifndef SYS_SECCOMP_H
#define SYS_SECCOMP_H

#include <stddef.h>

#include <linux/filter.h>

/* What is denied, with EPERM where nothing else is said. */
enum seccomp_deny {
	SECCOMP_DENY_KERNEL = 1,      /* its inside: modules, bpf, perf, … */
	SECCOMP_DENY_MACHINE = 2,     /* clocks, swap, reboot, its log, … */
	SECCOMP_DENY_TRACE = 4,	      /* ptrace and the memory of others */
	SECCOMP_DENY_KEYS = 8,	      /* keyrings, which have no namespace */
	SECCOMP_DENY_MOUNTS = 16,     /* every call that mounts */
	SECCOMP_DENY_NAMESPACES = 32, /* clone3 is ENOSYS: libc has another */
	SECCOMP_DENY_TERMINAL = 64,   /* putting words into its input */
	SECCOMP_DENY_FAMILIES = 128,  /* sockets but of unix, inet, inet6 and
					 netlink: EAFNOSUPPORT */
	SECCOMP_DENY_ALL = 255,
};

/* Calls of another architecture kill, those of x32 are denied, always. */
struct seccomp_rules {
	unsigned deny; /* enum seccomp_deny */
};

enum { SECCOMP_MAX = 256 };

/*
 * Write the filter for these rules.
 *
 * out: to[n], n the result
 */
size_t seccomp_build(
    const struct seccomp_rules *r, struct sock_filter to[SECCOMP_MAX]);

/*
 * Put this thread, and all that it will start, under the rules; for ever.
 *
 * err: -1 with errno: EACCES without no_new_privs, EINVAL where the kernel
 *      knows no filters, ENOTSUP where we do not know the machine
 * src: seccomp(2)
 */
int seccomp_enter(const struct seccomp_rules *r);

/* A sendmsg with all of these flags, which mean nothing to it, is not heard: by
 * one a listener is handed over. */
enum { SECCOMP_UNHEARD = 0x600 /* MSG_SYN | MSG_FIN */ };

/*
 * Let a listener hear, from here on, of each call of this thread and those it
 * will start, that opens, runs or looks at a file by name, or names an address;
 * they wait until it answers. See sys/observe.h.
 *
 * out: its descriptor, close-on-exec
 * err: -1 with errno, as of seccomp_enter(); EBUSY when there is one already
 */
int seccomp_listen(void);

#endif
