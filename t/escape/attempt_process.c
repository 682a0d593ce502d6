#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "attempt.h"

/* A new process that waits, for what is done to others. */
static pid_t
victim(void)
{
	char word = 0;
	int pair[2];
	pid_t pid = pipe(pair) < 0 ? -1 : fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(pair[1], &word, 1) == 1)
			pause();
		_exit(0);
	}
	/* Once the word is there, it will not outlive us. */
	return read(pair[0], &word, 1) == 1 ? pid : -1;
}

/* Other processes. */

static long
trace(void)
{
	return ptrace(PTRACE_ATTACH, victim(), NULL, NULL);
}

static long
trace_init(void)
{
	return ptrace(PTRACE_SEIZE, 1, NULL, NULL);
}

static long
read_memory(void)
{
	char to;
	struct iovec near = {&to, 1}, far = {(void *)&host_pid, 1};

	return process_vm_readv(victim(), &near, 1, &far, 1, 0);
}

static long
open_init_memory(void)
{
	return may_open("/proc/1/mem", O_RDWR);
}

static long
open_init_root(void)
{
	return may_open("/proc/1/root/etc/passwd", O_RDONLY);
}

static long
open_init_program(void)
{
	return may_open("/proc/1/exe", O_RDONLY);
}

static long
open_init_descriptor(void)
{
	return may_open("/proc/1/fd/0", O_RDONLY);
}

static long
signal_host(void)
{
	return kill(host_pid, 0);
}

static long
hold_host(void)
{
	return syscall(SYS_pidfd_open, host_pid, 0);
}

static long
read_host_process(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/environ", (int)host_pid);
	return may_open(path, O_RDONLY);
}

static long
kill_init(void)
{
	return kill(1, SIGKILL); /* is taken, and does nothing */
}

static long
take_descriptor(void)
{
	int pid = (int)syscall(SYS_pidfd_open, victim(), 0);

	return syscall(SYS_pidfd_getfd, pid, 1, 0);
}

static long
run_at_real_time(void)
{
	struct sched_param p = {.sched_priority = 1};

	return sched_setscheduler(0, SCHED_FIFO, &p);
}

/* Users and rights. */

static long
regain_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct some[2] = {
	    {.effective = 1 << CAP_CHOWN, .permitted = 1 << CAP_CHOWN}};

	return syscall(SYS_capset, &head, some);
}

static long
become_another(void)
{
	return setresuid(1000, 1000, 1000);
}

static long
join_groups(void)
{
	gid_t group = 1000;

	return setgroups(1, &group);
}

static long
raise_limit(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &r);
}

/* Run by another's set-user-id program. */
static long
use_set_user_id(void)
{
	const char *const argv[] = {"./set-user-id", "-u", NULL};
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], (char *const *)argv);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	errno = EPERM;
	return WEXITSTATUS(status) ? 0 : -1;
}

const struct attempt attempt_processes[] = {
    {"ptrace", trace},
    {"ptrace-init", trace_init},
    {"process-memory", read_memory},
    {"init-memory", open_init_memory},
    {"init-root", open_init_root},
    {"init-program", open_init_program},
    {"init-descriptor", open_init_descriptor},
    {"signal-host", signal_host},
    {"pidfd-host", hold_host},
    {"environ-host", read_host_process},
    {"kill-init", kill_init},
    {"pidfd-getfd", take_descriptor},
    {"real-time", run_at_real_time},
    {"capset", regain_capabilities},
    {"setuid", become_another},
    {"setgroups", join_groups},
    {"rlimit", raise_limit},
    {"set-user-id", use_set_user_id},
    {NULL, NULL},
};
