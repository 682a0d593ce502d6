/* What is left when a sandbox ends, as it should or not. */
#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "sandbox_kit.h"

static void
wait_a_little(void)
{
	poll(NULL, 0, 5);
}

/* How many processes of this host have `mark` among their arguments? */
static int
count_processes(const char *mark)
{
	DIR *d = opendir("/proc");
	struct dirent *ent;
	int n = 0;

	while ((ent = readdir(d))) {
		AUTO_BUF text = BUF_INIT;
		char path[300];

		snprintf(path, sizeof path, "/proc/%s/cmdline", ent->d_name);
		if (*ent->d_name >= '1' && *ent->d_name <= '9' &&
		    !file_read(path, &text, NULL))
			n += memmem(text.s, text.len, mark, strlen(mark)) !=
			     NULL;
	}
	closedir(d);
	return n;
}

/* Wait for that number of processes; false after a second. */
static bool
come_to_be(const char *mark, int n)
{
	int64_t until = clock_mono_ns() + SECOND;

	while (count_processes(mark) != n) {
		if (clock_mono_ns() > until)
			return false;
		wait_a_little();
	}
	return true;
}

/* A number that no other process has among its arguments. */
static const char *
mark(void)
{
	static char text[32];

	snprintf(text, sizeof text, "3%d.25", (int)getpid());
	return text;
}

/* Children, grandchildren and sessions that do not want to end. */
static const char *
stubborn(void)
{
	static char script[512];

	snprintf(script, sizeof script,
	    "trap '' TERM HUP INT; sleep %s & setsid sh -c "
	    "'setsid sleep %s & setsid sleep %s & exit' & exec sleep %s",
	    mark(), mark(), mark(), mark());
	return script;
}

static void
finish_as(enum sandbox_level level)
{
	if (!begin(level))
		return;
	is_int(finish(0, 0), SANDBOX_GONE_SELF);
	is_int(sh("sleep 0.05 & exit"), 0);
	is_int(finish(10ll * SECOND, 0), SANDBOX_GONE_SELF);
	is_int(sh("setsid sleep 30 & exit"), 0);
	is_int(finish(0, 10ll * SECOND), SANDBOX_GONE_TERM);
	is_int(sh("(trap '' TERM; : >deaf; exec setsid sleep 30) & "
		  "while ! test -e deaf; do sleep 0.01; done"),
	    0);
	is_int(finish(0, 20000000), SANDBOX_GONE_KILL);
	is_int(sh("ls deaf"), 0);
	end();
}

static void
a_finish_waits_then_asks_then_kills(void)
{
	finish_as(SANDBOX_FULL);
	finish_as(SANDBOX_PROCESS);
}

static void
nothing_survives_as(enum sandbox_level level)
{
	AUTO_BUF mounts = BUF_INIT;

	if (!begin(level))
		return;
	start(1, stubborn());
	is_true(come_to_be(mark(), 4));
	sandbox_kill(t.s);
	is_int(next(t.s), SANDBOX_CLOSED);
	is_int(count_processes(mark()), 0);
	if (level == SANDBOX_PROCESS)
		is_int(access(t.ready.home, F_OK), -1);
	sandbox_del(t.s);
	if (build()) {
		start(1, stubborn());
		is_true(come_to_be(mark(), 4));
	}
	end();
	is_int(count_processes(mark()), 0);
	is_true(!file_read("/proc/self/mountinfo", &mounts, NULL));
	is_null(strstr(mounts.s, "clnrm"));
}

static void
nothing_survives_an_end(void)
{
	nothing_survives_as(SANDBOX_FULL);
	nothing_survives_as(SANDBOX_PROCESS);
}

/* A runner that will be killed; it tells what it has made by a pipe. */
static void
be_killed(enum sandbox_level level, int tell)
{
	prepare(level);
	t.plan.limit[SANDBOX_PROCESSES] = 100;
	if (!build())
		_exit(1);
	start(1, stubborn());
	if (write(tell, &t, sizeof t) > 0)
		pause();
	_exit(1);
}

/* Is the cgroup or the fresh directory of that runner there? */
static bool
has_traces(pid_t spawner, const char *home)
{
	char group[64];

	snprintf(group, sizeof group, "/sys/fs/cgroup/pids/clnrm-%d-1",
	    (int)spawner);
	return !access(group, F_OK) || !access(home, F_OK);
}

static void
nothing_survives_a_killed_runner_as(enum sandbox_level level)
{
	int pair[2], tries = 200;
	char its[32];
	pid_t pid;

	is_true(!pipe(pair));
	fflush(stdout);
	pid = fork();
	if (!pid)
		be_killed(level, pair[1]);
	close(pair[1]);
	snprintf(its, sizeof its, "3%d.25", (int)pid); /* as mark() has it */
	if (read(pair[0], &t, sizeof t) == sizeof t) {
		is_true(come_to_be(its, 4));
		kill(pid, SIGKILL);
		is_true(come_to_be(its, 0));
		while (has_traces(t.spawner.pid, t.ready.home) && tries--)
			wait_a_little();
		is_true(tries > 0);
		file_remove_tree(t.dir);
	} else {
		tap_skip("no sandbox");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pair[0]);
}

static void
nothing_survives_a_killed_runner(void)
{
	nothing_survives_a_killed_runner_as(SANDBOX_FULL);
	nothing_survives_a_killed_runner_as(SANDBOX_PROCESS);
}

static void
a_sandbox_without_its_spawner_is_lost(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	start(1, stubborn());
	is_true(come_to_be(mark(), 4));
	kill(t.spawner.pid, SIGKILL);
	is_int(next(t.s), SANDBOX_LOST);
	is_true(come_to_be(mark(), 0));
	end();
}

/* The one process below the spawner. */
static pid_t
supervisor(void)
{
	AUTO_BUF text = BUF_INIT;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/children",
	    (int)t.spawner.pid, (int)t.spawner.pid);
	is_true(!file_read(path, &text, NULL));
	return atoi(text.s);
}

static void
nothing_survives_a_killed_supervisor(void)
{
	if (!begin(SANDBOX_PROCESS))
		return;
	start(1, stubborn());
	is_true(come_to_be(mark(), 4));
	is_true(supervisor() > 0 && !kill(supervisor(), SIGKILL));
	is_int(next(t.s), SANDBOX_LOST);
	is_int(count_processes(mark()), 0);
	is_int(access(t.ready.home, F_OK), -1);
	sandbox_del(t.s);
	/* The spawner goes on. */
	if (build())
		is_int(sh("true"), 0);
	end();
}

/* A thread of the runner, that asks for a sandbox and ends. */
static void *
ask(void *arg)
{
	(void)arg;
	is_true(build() || tap_skipped);
	return NULL;
}

static void
a_thread_that_ends_takes_no_sandbox_with_it(void)
{
	pthread_t thread;

	prepare(SANDBOX_FULL);
	is_int(pthread_create(&thread, NULL, ask, NULL), 0);
	pthread_join(thread, NULL);
	wait_a_little();
	if (!tap_skipped)
		is_int(sh("echo on"), 0);
	end();
}

static void
many_in_a_row_leave_no_descriptor_behind(void)
{
	char path[64];
	int spawner = 0, own = 0;

	prepare(SANDBOX_FULL);
	snprintf(path, sizeof path, "/proc/%d/fd", (int)t.spawner.pid);
	for (int i = 0; i < 100; i++) {
		if (!build()) {
			end();
			return;
		}
		is_int(sh("true"), 0);
		drop(&t.ready);
		sandbox_kill(t.s);
		is_int(next(t.s), SANDBOX_CLOSED);
		sandbox_del(t.s);
		t.s = NULL;
		if (!i)
			spawner = count_entries(path);
		if (!i)
			own = count_entries("/proc/self/fd");
		if (tap_failed)
			break;
	}
	is_int(count_entries(path), spawner);
	is_int(count_entries("/proc/self/fd"), own);
	end();
}

/* Each of these is tried again by a user without rights. */

AS_A_USER(a_finish_waits_then_asks_then_kills)
AS_A_USER(nothing_survives_an_end)
AS_A_USER(nothing_survives_a_killed_runner)
AS_A_USER(nothing_survives_a_killed_supervisor)
AS_A_USER(many_in_a_row_leave_no_descriptor_behind)

TAP_MAIN(TEST(a_finish_waits_then_asks_then_kills),
    TEST(nothing_survives_an_end), TEST(nothing_survives_a_killed_runner),
    TEST(nothing_survives_a_killed_supervisor),
    TEST(a_sandbox_without_its_spawner_is_lost),
    TEST(a_thread_that_ends_takes_no_sandbox_with_it),
    TEST(many_in_a_row_leave_no_descriptor_behind),
    TEST(a_finish_waits_then_asks_then_kills_as_a_user),
    TEST(nothing_survives_an_end_as_a_user),
    TEST(nothing_survives_a_killed_runner_as_a_user),
    TEST(nothing_survives_a_killed_supervisor_as_a_user),
    TEST(many_in_a_row_leave_no_descriptor_behind_as_a_user))
