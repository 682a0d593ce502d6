#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "attempt.h"

/* Write to a file what stands in it. */
static long
rewrite(const char *path)
{
	char text[256];
	int fd = may_open(path, O_RDWR);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text, 0);

	return n < 0 ? -1 : write(fd, text, (size_t)n);
}

/* What the kernel keeps for all. */

static long
list_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 1);
}

static long
add_key(void)
{
	return syscall(
	    SYS_add_key, "user", "clnrm-escape", "x", 1, -3 /* session */);
}

static long
write_sysctl(void)
{
	return rewrite("/proc/sys/vm/swappiness");
}

static long
write_core_pattern(void)
{
	return rewrite("/proc/sys/kernel/core_pattern");
}

/* Hidden where it is the null device. */
static long
reach(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	errno = ENXIO;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? -1 : 0;
}

static long
reach_sysrq(void)
{
	return reach("/proc/sysrq-trigger");
}

static long
reach_kernel_memory(void)
{
	return reach("/proc/kcore");
}

static long
load_program(void)
{
	return syscall(SYS_bpf, 99, NULL, 0);
}

static long
count_events(void)
{
	struct perf_event_attr a = {.size = sizeof a,
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_CPU_CLOCK};

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static long
handle_faults(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC);
}

static long
make_ring(void)
{
	char room[256] = {0};

	return syscall(SYS_io_uring_setup, 1, room);
}

static long
load_module(void)
{
	return syscall(SYS_finit_module, -1, "", 0);
}

static long
load_kernel(void)
{
	return syscall(SYS_kexec_load, 0, 17, NULL, 0);
}

static long
restart(void)
{
	return syscall(SYS_reboot, 1, 2, 3, NULL); /* the magic is wrong */
}

static long
set_clock(void)
{
	return syscall(SYS_settimeofday, NULL, NULL); /* to nothing at all */
}

static long
swap(void)
{
	return swapoff("/nonexistent");
}

static long
read_kernel_log(void)
{
	return syscall(SYS_syslog, 10, NULL, 0); /* its size */
}

static long
rename_host(void)
{
	char name[65];

	return gethostname(name, sizeof name) < 0
		 ? -1
		 : sethostname(name, strlen(name));
}

/* Devices and terminals. */

static long
make_device(void)
{
	int got = mknod("clnrm-device", S_IFCHR | 0600, makedev(1, 1));

	if (!got)
		unlink("clnrm-device");
	return got;
}

static long
open_kernel_log(void)
{
	return may_open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
}

static long
change_device(void)
{
	return chmod("/dev/null", 0666);
}

/* A terminal of our own, so that nobody else's gets the word. */
static int
own_terminal(void)
{
	int near = posix_openpt(O_RDWR | O_NOCTTY), far;

	if (near < 0 || grantpt(near) < 0 || unlockpt(near) < 0)
		return -1;
	setsid();
	far = open(ptsname(near), O_RDWR);
	ioctl(far, TIOCSCTTY, 0);
	return far;
}

static long
type_in(void)
{
	return ioctl(own_terminal(), TIOCSTI, "x");
}

static long
type_in_disguise(void)
{
	return syscall(SYS_ioctl, own_terminal(),
	    (unsigned long)TIOCSTI | 0x100000000, "x");
}

static long
use_console(void)
{
	char what = 6; /* the state of the shift keys */

	return ioctl(own_terminal(), TIOCLINUX, &what);
}

const struct attempt attempt_kernel[] = {
    {"keyring", list_keys},
    {"add-key", add_key},
    {"swappiness", write_sysctl},
    {"core-pattern", write_core_pattern},
    {"sysrq", reach_sysrq},
    {"kcore", reach_kernel_memory},
    {"bpf", load_program},
    {"perf", count_events},
    {"userfaultfd", handle_faults},
    {"io-uring", make_ring},
    {"module", load_module},
    {"kexec", load_kernel},
    {"reboot", restart},
    {"clock", set_clock},
    {"swap", swap},
    {"syslog", read_kernel_log},
    {"hostname", rename_host},
    {"mknod", make_device},
    {"kmsg", open_kernel_log},
    {"chmod-device", change_device},
    {"tiocsti", type_in},
    {"tiocsti-wide", type_in_disguise},
    {"tioclinux", use_console},
    {NULL, NULL},
};
