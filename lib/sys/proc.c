#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/kin.h"
#include "sys/stop.h"

/* What the helper is told: a command's bytes, a schedule's numbers, or to
 * count. */
struct order {
	enum { ORDER_COMMAND, ORDER_RUN, ORDER_COUNT } kind;
	uint32_t len;
	int64_t timeout_ns;
	enum proc_output output;
};

/* ---- the helper */

struct known {
	char **argv;
	const char *path;
	int in;
	enum proc_output output;
	int64_t timeout_ns;
};

enum {
	AGAIN_NS = 20000000, /* a signal that came too early is repeated */
	ROUNDS = 500,	     /* so often we try to end what is left */
};

static struct known known[PROC_COMMANDS];
static struct buf kept = BUF_INIT;
static volatile sig_atomic_t running, timed_out, ending;
static int null_fd, counter = -1;

static void
set_alarm(int64_t ns)
{
	struct itimerval t = {.it_interval = {0, AGAIN_NS / 1000},
	    .it_value = {ns / 1000000000, ns % 1000000000 / 1000 + 1}};

	if (ns <= 0)
		memset(&t, 0, sizeof t);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void
on_signal(int number)
{
	if (number == SIGINT)
		return; /* who asked us to run decides */
	if (number == SIGALRM)
		timed_out = 1;
	else
		ending = 1;
	if (ending)
		set_alarm(AGAIN_NS);
	if (running)
		kill(-running, SIGKILL);
}

static void
catch_signals(void)
{
	/* Caught, and not ignored, since programs inherit what is ignored. */
	static const int numbers[] = {
	    SIGINT, SIGALRM, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction a = {.sa_handler = on_signal};

	for (size_t i = 0; i < COUNT(numbers); i++)
		sigaction(numbers[i], &a, NULL);
}

static bool
has_children(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return !pid;
}

/* Also what has left its group, and what others have left behind. */
static void
end_kin(void)
{
	for (int i = 0; i < ROUNDS && has_children(); i++) {
		kin_signal(getpid(), SIGKILL);
		poll(NULL, 0, AGAIN_NS / 1000000);
	}
}

static void
become(const struct known *k, int out)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(k->in, 0);
	dup2(out, 1);
	dup2(k->output == PROC_INHERIT || k->output == PROC_KEEP ? 2 : null_fd,
	    2);
	execv(k->path, k->argv);
}

static int
take(const char *s, size_t n, bool keeps, struct proc_run *run)
{
	/* Byte by byte: pieces come cut anywhere. */
	for (size_t i = 0; i < n; i++)
		run->sum = run->sum * 0x100000001b3U + (unsigned char)s[i] + 1;
	run->output += (int64_t)n;
	if (!keeps)
		return 0;
	if (kept.len + n > PROC_KEPT)
		return EFBIG;
	buf_add(&kept, s, n);
	run->kept += (int64_t)n;
	return 0;
}

/* Read all that it writes; what has left the group may hold the pipe open. */
static int
sum_up(int fd, bool keeps, struct proc_run *run)
{
	char chunk[16 << 10];
	int error = 0;
	ssize_t n;

	while (!timed_out && !ending && !error &&
	       ((n = read(fd, chunk, sizeof chunk)) > 0 ||
		   (n < 0 && errno == EINTR)))
		if (n > 0)
			error = take(chunk, (size_t)n, keeps, run);
	return error;
}

/* Of this process and those that it will start. */
static int
open_counter(void)
{
	struct perf_event_attr a = {.type = PERF_TYPE_HARDWARE,
	    .size = sizeof a,
	    .config = PERF_COUNT_HW_INSTRUCTIONS,
	    .disabled = 1,
	    .inherit = 1,
	    .exclude_kernel = 1,
	    .exclude_hv = 1};

	counter = (int)syscall(
	    SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return counter < 0 ? errno : 0;
}

static void
start_counter(void)
{
	if (counter < 0)
		return;
	ioctl(counter, PERF_EVENT_IOC_RESET, 0);
	ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
}

static int64_t
stop_counter(void)
{
	int64_t n;

	if (counter < 0 || ioctl(counter, PERF_EVENT_IOC_DISABLE, 0) < 0 ||
	    read(counter, &n, sizeof n) != sizeof n)
		return -1;
	return n;
}

static int64_t
in_ns(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

static void
reap(pid_t pid, struct proc_run *run)
{
	struct rusage u;

	while (wait4(pid, &run->status, 0, &u) < 0 && errno == EINTR)
		;
	run->user_ns = in_ns(u.ru_utime);
	run->system_ns = in_ns(u.ru_stime);
	run->peak_kb = u.ru_maxrss;
}

static bool
is_read(const struct known *k)
{
	return k->output == PROC_PIPE || k->output == PROC_KEEP;
}

/* From its start until it was reaped; why it did not start, or 0. */
static int
start(const struct known *k, int out[2], struct proc_run *run)
{
	volatile int why = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		become(k, out[1]);
		why = errno;
		_exit(127);
	}
	if (pid < 0)
		why = errno;
	running = pid > 0 ? pid : 0;
	if (running && ending)
		kill(-pid, SIGKILL);
	if (is_read(k)) {
		close(out[1]);
		run->error = sum_up(out[0], k->output == PROC_KEEP, run);
		close(out[0]);
	}
	if (running && run->error)
		kill(-pid, SIGKILL);
	if (running)
		reap(pid, run);
	return why;
}

static void
run_one(const struct known *k, struct proc_run *run)
{
	int out[2] = {-1, k->output == PROC_INHERIT ? 2 : null_fd}, why;

	*run = (struct proc_run){0};
	if (is_read(k) && pipe2(out, O_CLOEXEC) < 0) {
		run->error = errno;
		return;
	}
	lseek(k->in, 0, SEEK_SET);
	timed_out = 0;
	if (k->timeout_ns)
		set_alarm(k->timeout_ns);
	start_counter();
	run->wall_ns = clock_mono_ns();
	why = start(k, out, run);
	run->wall_ns = clock_mono_ns() - run->wall_ns;
	run->instructions = stop_counter();
	if (k->timeout_ns)
		set_alarm(0);
	if (running)
		kill(-running, SIGKILL); /* strays would disturb the next */
	running = 0;
	if (has_children() && timed_out)
		end_kin();
	if (why)
		run->error = why;
	run->timed_out = timed_out;
}

static int
read_all(int fd, void *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)to + at, n - at);

		if (got < 0 && errno == EINTR && !ending)
			continue;
		if (got <= 0)
			return -1;
		at += (size_t)got;
	}
	return 0;
}

static _Noreturn void
leave(void)
{
	end_kin();
	_exit(0);
}

/* The bytes: path, input, then the words, each with its NUL. */
static int
learn(int fd, const struct order *o, struct known *k)
{
	char *text = mem_new(o->len + 1, 1), *at = text;
	size_t words = 0;
	int error = 0;

	if (read_all(fd, text, o->len) < 0)
		leave();
	k->output = o->output;
	k->timeout_ns = o->timeout_ns;
	k->path = at;
	at += strlen(at) + 1;
	k->in = *at ? open(at, O_RDONLY | O_CLOEXEC) : null_fd;
	if (k->in < 0)
		error = errno;
	k->argv = mem_new(o->len + 1, sizeof *k->argv);
	for (at += strlen(at) + 1; at < text + o->len; at += strlen(at) + 1)
		k->argv[words++] = at;
	return error;
}

/* Its answer goes when all is done, since a reader would wake up and work. */
static int
follow(int fd, uint32_t n)
{
	unsigned char *number = mem_new(n, 1);
	struct proc_run *run = mem_new(n, sizeof *run);
	int rc = read_all(fd, number, n);

	buf_reset(&kept);
	for (uint32_t i = 0; i < n && !rc; i++) {
		run_one(&known[number[i]], &run[i]);
		rc = ending ? -1 : 0;
	}
	if (rc || fd_write(fd, (char *)run, n * sizeof *run) < 0 ||
	    fd_write(fd, kept.s, kept.len) < 0)
		rc = -1;
	free(number);
	free(run);
	return rc;
}

static void
serve(int fd)
{
	struct order o;
	unsigned n = 0;
	int error;

	while (read_all(fd, &o, sizeof o) == 0) {
		if (o.kind == ORDER_RUN) {
			if (follow(fd, o.len) < 0)
				return;
			continue;
		}
		error = o.kind == ORDER_COUNT ? open_counter()
					      : learn(fd, &o, &known[n++]);
		if (fd_write(fd, (char *)&error, sizeof error) < 0)
			return;
	}
}

static _Noreturn void
help(int fd, int cpu, pid_t parent)
{
	cpu_set_t set;

	/* Who kills a whole group is to leave one that cleans up. */
	setpgid(0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	catch_signals();
	if (getppid() != parent)
		_exit(0);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CPU_ZERO(&set);
	if (cpu >= 0) {
		CPU_SET((size_t)cpu, &set);
		sched_setaffinity(0, sizeof set, &set);
	}
	serve(fd);
	leave();
}

/* ---- the other side */

int
proc_open(struct proc *p, int cpu, struct err *e)
{
	int pair[2];
	pid_t parent = getpid();
	cpu_set_t all;

	*p = (struct proc){.fd = -1, .kept = BUF_INIT};
	if (cpu >= 0 &&
	    (cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof all, &all) < 0 ||
		!CPU_ISSET((size_t)cpu, &all)))
		return err_set(e, "processor %d is not ours to run on", cpu);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, "cannot make a socket pair:");
	p->pid = fork();
	if (p->pid == 0) {
		close(pair[0]);
		help(pair[1], cpu, parent);
	}
	close(pair[1]);
	p->fd = pair[0];
	if (p->pid < 0) {
		fd_close(&p->fd);
		return err_set(e, "cannot fork:");
	}
	return 0;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

int
proc_find(const char *name, char *path, size_t size, struct err *e)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/')) {
		if (access(name, X_OK))
			return err_set(e, "cannot run %s:", name);
		snprintf(path, size, "%s", name);
		return 0;
	}
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *name && *dirs;) {
		size_t n = strcspn(dirs, ":");

		snprintf(
		    path, size, "%.*s%s%s", (int)n, dirs, n ? "/" : "", name);
		if (is_program(path))
			return 0;
		dirs += n + (dirs[n] == ':');
	}
	return err_set(e, "cannot run %s: it is not in PATH", name);
}

static int
gone(struct err *e)
{
	return err_set(e, errno == EINTR
			      ? "interrupted"
			      : "the helper that runs programs died");
}

/* A signal to us ends the wait. */
static int
hear(struct proc *p, void *to, size_t n, struct err *e)
{
	struct pollfd any[] = {{p->fd, POLLIN, 0}, {stop_fd(), POLLIN, 0}};

	for (size_t at = 0; at < n;) {
		ssize_t got = poll(any, 2, -1);

		if (got > 0 && any[1].revents) {
			got = -1;
			errno = EINTR;
		} else if (got > 0) {
			got = read(p->fd, (char *)to + at, n - at);
		}
		if (got == 0)
			errno = EPIPE;
		if (got <= 0)
			return gone(e);
		at += (size_t)got;
	}
	return 0;
}

int
proc_add(struct proc *p, const struct proc_command *c, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	struct order o = {.kind = ORDER_COMMAND,
	    .timeout_ns = c->timeout_ns,
	    .output = c->output};
	char path[PATH_MAX];
	int error;

	if (p->commands == PROC_COMMANDS)
		return err_set(e, "more than %d commands", PROC_COMMANDS);
	if (proc_find(
		c->program ? c->program : c->argv[0], path, sizeof path, e) < 0)
		return -1;
	buf_add(&text, path, strlen(path) + 1);
	buf_add(&text, c->input ? c->input : "",
	    c->input ? strlen(c->input) + 1 : 1);
	for (const char *const *word = c->argv; *word; word++)
		buf_add(&text, *word, strlen(*word) + 1);
	o.len = (uint32_t)text.len;
	if (fd_write(p->fd, (char *)&o, sizeof o) < 0 ||
	    fd_write(p->fd, text.s, text.len) < 0)
		return gone(e);
	if (hear(p, &error, sizeof error, e) < 0)
		return -1;
	if (error) {
		errno = error;
		return err_set(e, "cannot read %s:", c->input);
	}
	return (int)p->commands++;
}

int
proc_run(struct proc *p, const unsigned char number[], size_t n,
    struct proc_run run[], struct err *e)
{
	struct order o = {.kind = ORDER_RUN, .len = (uint32_t)n};

	if (fd_write(p->fd, (char *)&o, sizeof o) < 0 ||
	    fd_write(p->fd, (const char *)number, n) < 0)
		return gone(e);
	if (hear(p, run, n * sizeof *run, e) < 0)
		return -1;
	buf_reset(&p->kept);
	for (size_t i = 0; i < n; i++) {
		size_t more = (size_t)run[i].kept;

		if (more && hear(p, buf_room(&p->kept, more), more, e) < 0)
			return -1;
		p->kept.len += more;
		p->kept.s[p->kept.len] = 0;
	}
	return 0;
}

int
proc_count(struct proc *p, struct err *e)
{
	struct order o = {.kind = ORDER_COUNT};
	int error;

	if (fd_write(p->fd, (char *)&o, sizeof o) < 0)
		return gone(e);
	if (hear(p, &error, sizeof error, e) < 0)
		return -1;
	errno = error;
	if (error)
		return err_set(e, "this machine counts no instructions:");
	p->has_counters = true;
	return 0;
}

void
proc_close(struct proc *p)
{
	buf_free(&p->kept);
	if (p->fd < 0 || p->pid <= 0)
		return;
	fd_close(&p->fd);
	kill(p->pid, SIGTERM);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
}
