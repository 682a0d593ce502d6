/*
 * room PROJECT IMAGE COMMAND RUNS: what a cleanroom costs, in process.
 *
 * In strict turns: the command by vfork and exec; in a cleanroom that is made
 * for it, on the machine's root and on the image's; in one that was waiting;
 * and once more in that one. Then: how much memory one takes that waits, and
 * how long it takes until nothing is left of some whose runner is killed.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "figure.h"
#include "sys/sandbox.h"

enum { IDLE = 64, IDLE_TURNS = 9, KILL_TURNS = 15, KILLED = 4 };
enum { MS = 1000000, SETTLE_MS = 20, PATIENCE_MS = 30000 };

enum figure {
	PLAIN,
	COLD_HOST,
	COLD_IMAGE,
	READY_HOST,
	READY_IMAGE,
	AGAIN_HOST,
	AGAIN_IMAGE,
	FIGURES,
};

static const char *const names[FIGURES] = {
    [COLD_HOST] = "cold.host",
    [COLD_IMAGE] = "cold.image",
    [READY_HOST] = "ready.host",
    [READY_IMAGE] = "ready.image",
    [AGAIN_HOST] = "again.host",
    [AGAIN_IMAGE] = "again.image",
};

static struct sandbox_spawner spawner;
static struct sandbox_room room;
static struct sandbox_plan plan[2]; /* the machine's root, and the image */
static char *command[3];
static double *ns[FIGURES];
static int runs;

static struct sandbox *
begin(int image)
{
	struct err e = {0};
	struct sandbox *s = sandbox_new(&spawner, &plan[image], &e);

	if (!s)
		die(EXIT_RUN, "%s", e.text);
	return s;
}

static void
await(struct sandbox *s, enum sandbox_kind kind)
{
	struct pollfd p = {.fd = sandbox_fd(s), .events = POLLIN};
	struct sandbox_event ev;
	struct err e = {0};
	int got;

	while (!(got = sandbox_event(s, &ev, &e)))
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			die(EXIT_RUN, "a cleanroom does not answer");
	if (got < 0 || ev.kind != kind || ev.error)
		die(EXIT_RUN, "%s%s: %s", e.text, ev.what, strerror(ev.error));
	for (size_t i = 0; i < ev.listeners; i++)
		close(ev.listener[i].fd);
	if (kind == SANDBOX_STEP_DONE && ev.status)
		die(EXIT_RUN, "the command ends with %d", ev.status);
}

static void
start(struct sandbox *s, int image, char *const argv[])
{
	static char *const env[] = {"PATH=/bin:/usr/bin", NULL};
	struct sandbox_step step = {.argv = argv,
	    .env = env,
	    .room = (unsigned)image,
	    .in = -1,
	    .out = -1,
	    .err = -1};
	struct err e = {0};

	if (sandbox_run(s, &step, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

static void
run(struct sandbox *s, int image)
{
	start(s, image, command);
	await(s, SANDBOX_STEP_DONE);
}

static void
end(struct sandbox *s)
{
	sandbox_kill(s);
	await(s, SANDBOX_CLOSED);
	sandbox_del(s);
}

static double
since(int64_t from)
{
	return (double)(clock_mono_ns() - from);
}

static double
plain_ns(void)
{
	int64_t from = clock_mono_ns();
	pid_t pid = vfork();
	int status;

	if (!pid) {
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die(EXIT_RUN, "the command ends with %d", status);
	return since(from);
}

static double
cold_ns(int image)
{
	int64_t from = clock_mono_ns();
	struct sandbox *s = begin(image);
	double took;

	await(s, SANDBOX_READY);
	run(s, image);
	took = since(from);
	end(s);
	return took;
}

/* What a pool gives: a cleanroom that waits. */
static void
ready_ns(int image, double *ready, double *again)
{
	struct sandbox *s = begin(image);
	int64_t from;

	await(s, SANDBOX_READY);
	poll(NULL, 0, SETTLE_MS);
	from = clock_mono_ns();
	run(s, image);
	*ready = since(from);
	from = clock_mono_ns();
	run(s, image);
	*again = since(from);
	end(s);
}

static void
turn(int i)
{
	ns[PLAIN][i] = plain_ns();
	ns[COLD_HOST][i] = cold_ns(0);
	ns[COLD_IMAGE][i] = cold_ns(1);
	ready_ns(0, &ns[READY_HOST][i], &ns[AGAIN_HOST][i]);
	ready_ns(1, &ns[READY_IMAGE][i], &ns[AGAIN_IMAGE][i]);
}

/* Memory. */

/* The sum of numbers in a file of "NAME: NUMBER kB" lines, in KiB. */
static double
sum_kib(const char *path, const char *const key[])
{
	AUTO_BUF text = BUF_INIT;
	double sum = 0;

	if (file_read(path, &text, NULL) < 0)
		return 0;
	for (; *key; key++) {
		const char *at = strstr(text.s, *key);

		sum += at ? atof(at + strlen(*key)) : 0;
	}
	return sum;
}

/* Of the kernel's memory what grows with namespaces, mounts and processes. */
static double
kernel_kib(void)
{
	static const char *const key[] = {"\nSlab:", "\nKernelStack:",
	    "\nPageTables:", "\nPercpu:", "\nVmallocUsed:", NULL};

	return sum_kib("/proc/meminfo", key);
}

static double
available_kib(void)
{
	static const char *const key[] = {"\nMemAvailable:", NULL};

	return sum_kib("/proc/meminfo", key);
}

/* Calls fn with each process that a process has begun. */
static void
each_child(pid_t pid, void (*fn)(pid_t))
{
	AUTO_BUF text = BUF_INIT;
	char path[64];

	snprintf(
	    path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (file_read(path, &text, NULL) < 0)
		die(EXIT_RUN, "%s is not to be read", path);
	for (char *save, *word = strtok_r(text.s, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		fn(atoi(word));
}

static double pss_kib;

static void
add_pss(pid_t pid)
{
	static const char *const key[] = {"\nPss:", NULL};
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	pss_kib += sum_kib(path, key);
}

static void
idle_turn(double *pss, double *kernel, double *available)
{
	double kernel_was = kernel_kib(), available_was = available_kib();
	struct sandbox *s[IDLE];

	for (int i = 0; i < IDLE; i++) {
		s[i] = begin(0);
		await(s[i], SANDBOX_READY);
	}
	pss_kib = 0;
	each_child(spawner.pid, add_pss);
	*pss = pss_kib / IDLE;
	*kernel = (kernel_kib() - kernel_was) / IDLE;
	*available = (available_was - available_kib()) / IDLE;
	for (int i = 0; i < IDLE; i++)
		end(s[i]);
}

static void
tell_memory(void)
{
	double pss[IDLE_TURNS], kernel[IDLE_TURNS], available[IDLE_TURNS];

	for (int i = 0; i < IDLE_TURNS; i++)
		idle_turn(&pss[i], &kernel[i], &available[i]);
	printf("{\"name\":\"idle\",\"rooms\":%d,\"kib\":%.0f,\"pss_kib\":%.0f,"
	       "\"kernel_kib\":%.0f,\"available_kib\":%.0f}\n",
	    IDLE,
	    figure_quantile(pss, IDLE_TURNS, 0.5) +
		figure_quantile(kernel, IDLE_TURNS, 0.5),
	    figure_quantile(pss, IDLE_TURNS, 0.5),
	    figure_quantile(kernel, IDLE_TURNS, 0.5),
	    figure_quantile(available, IDLE_TURNS, 0.5));
}

/* The end of a killed runner. */

enum { MOST = 256 };

static struct pollfd left[MOST];
static int lefts;

static void
note(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0 && lefts < MOST)
		left[lefts++] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (fd >= 0)
		each_child(pid, note);
}

/* A runner with steps inside that will not go. */
static _Noreturn void
hold_on(int up)
{
	static char *const stay[] = {"sh", "-c",
	    "trap '' TERM; (trap '' TERM; setsid sleep 1000 & sleep 1000) & "
	    "sleep 1000",
	    NULL};
	struct err e = {0};

	if (sandbox_start(&spawner, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	for (int i = 0; i < KILLED; i++) {
		struct sandbox *s = begin(0);

		await(s, SANDBOX_READY);
		start(s, 0, stay);
	}
	if (write(up, "", 1) != 1)
		_exit(EXIT_RUN);
	for (;;)
		pause();
}

/* Until none of those that were noted is left. */
static void
await_end(void)
{
	for (int i = 0; i < lefts; i++) {
		if (poll(&left[i], 1, PATIENCE_MS) <= 0)
			die(EXIT_RUN, "some process stays");
		close(left[i].fd);
	}
}

static double
kill_ns(void)
{
	int64_t from;
	int pair[2];
	pid_t pid;
	char up;

	if (pipe2(pair, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		die(EXIT_RUN, "no process");
	if (!pid)
		hold_on(pair[1]);
	close(pair[1]);
	if (read(pair[0], &up, 1) != 1)
		die(EXIT_RUN, "the runner that is to be killed is gone");
	close(pair[0]);
	poll(NULL, 0, 5 * SETTLE_MS);
	lefts = 0;
	note(pid);
	from = clock_mono_ns();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	await_end();
	return since(from);
}

static void
tell_kill(void)
{
	double took[KILL_TURNS];

	for (int i = 0; i < KILL_TURNS; i++)
		took[i] = kill_ns();
	printf("{\"name\":\"kill\",\"runs\":%d,\"processes\":%d,"
	       "\"a_ns\":%.0f,\"worst_ns\":%.0f}\n",
	    KILL_TURNS, lefts, figure_quantile(took, KILL_TURNS, 0.5),
	    figure_quantile(took, KILL_TURNS, 1));
}

int
main(int argc, char *argv[])
{
	struct err e = {0};

	if (argc != 5)
		die(EXIT_INPUT, "usage: room PROJECT IMAGE COMMAND RUNS");
	room.root = argv[2];
	command[0] = argv[3];
	command[1] = "true"; /* of busybox; true itself does not listen */
	runs = atoi(argv[4]);
	plan[0] =
	    (struct sandbox_plan){.level = SANDBOX_FULL, .project = argv[1]};
	plan[1] = plan[0];
	plan[1].room = &room;
	plan[1].rooms = 1;
	if (runs < 1 || sandbox_start(&spawner, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	for (int f = 0; f < FIGURES; f++)
		ns[f] = mem_new((size_t)runs, sizeof *ns[f]);
	turn(0); /* the first one warms up */
	for (int i = 0; i < runs; i++)
		turn(i);
	for (int f = COLD_HOST; f < FIGURES; f++)
		figure_tell(names[f], ns[f], ns[PLAIN], runs);
	tell_memory();
	sandbox_stop(&spawner);
	fflush(stdout);
	tell_kill();
	return EXIT_YES;
}
