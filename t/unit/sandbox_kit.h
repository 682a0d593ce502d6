/*
 * A sandbox to try things in: begin(), sh() or start(), next(), end().
 */
#ifndef UNIT_SANDBOX_KIT_H
#define UNIT_SANDBOX_KIT_H

#include <dirent.h>
#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sys/sandbox.h"
#include "tap.h"

enum { SECOND = 1000000000, NOBODY = 65534, PATIENCE_MS = 20000 };

static struct {
	struct sandbox_spawner spawner;
	struct sandbox_plan plan;
	struct sandbox *s;
	struct sandbox_event ready, last;
	char dir[64];
	struct buf out; /* of the last step */
	const char *env[8];
	char home[300], tmpdir[300];
} t;

static const uint16_t ports[] = {4318};

/* The next event; LOST when none comes. */
static inline enum sandbox_kind
next(struct sandbox *s)
{
	struct pollfd p = {.fd = sandbox_fd(s), .events = POLLIN};
	struct err e = {0};
	int got;

	/* After the last event the socket only says that it has hung up. */
	for (int idle = 0; !(got = sandbox_event(s, &t.last, &e)) && idle < 3;
	     idle += (p.revents & POLLHUP) != 0)
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			break;
	if (got > 0)
		return t.last.kind;
	printf("# no event: %s\n", e.text);
	return SANDBOX_LOST;
}

static inline void
fill_env(void)
{
	snprintf(t.home, sizeof t.home, "HOME=%s", t.ready.home);
	snprintf(t.tmpdir, sizeof t.tmpdir, "TMPDIR=%s", t.ready.tmpdir);
	t.env[0] = "PATH=/usr/local/bin:/usr/bin:/bin";
	t.env[1] = t.home;
	t.env[2] = t.tmpdir;
	t.env[3] = NULL;
}

static inline void
prepare(enum sandbox_level level)
{
	struct err e = {0};

	t.out = (struct buf)BUF_INIT;
	strcpy(t.dir, "/tmp/clnrm-unit.XXXXXX");
	is_true(mkdtemp(t.dir) && !chmod(t.dir, 0755));
	t.plan = (struct sandbox_plan){
	    .level = level, .project = t.dir, .port = ports, .ports = 1};
	is_true(!sandbox_start(&t.spawner, &e));
}

static inline bool
build(void)
{
	static char why[700];
	struct err e = {0};

	t.s = sandbox_new(&t.spawner, &t.plan, &e);
	if (!is_true(t.s))
		return false;
	if (next(t.s) == SANDBOX_READY) {
		t.ready = t.last;
		fill_env();
		return true;
	}
	snprintf(why, sizeof why, "%s: %s; %s", t.last.what,
	    strerror(t.last.error), t.last.hint);
	tap_skip(why);
	return false;
}

static inline void
drop(struct sandbox_event *ev)
{
	for (size_t i = 0; i < ev->listeners; i++)
		close(ev->listener[i].fd);
	ev->listeners = 0;
}

static inline void
end(void)
{
	drop(&t.ready);
	sandbox_del(t.s);
	t.s = NULL;
	sandbox_stop(&t.spawner);
	file_remove_tree(t.dir);
	buf_free(&t.out);
}

static inline bool
begin(enum sandbox_level level)
{
	prepare(level);
	if (build())
		return true;
	end();
	return false;
}

static inline void
start_as(uint32_t id, const char *const argv[], const char *cwd, int out)
{
	struct sandbox_step step = {.id = id,
	    .argv = (char *const *)argv,
	    .env = (char *const *)t.env,
	    .cwd = cwd,
	    .in = -1,
	    .out = out,
	    .err = out};
	struct err e = {0};

	if (!is_true(!sandbox_run(t.s, &step, &e)))
		printf("# %s\n", e.text);
}

static inline void
start(uint32_t id, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	start_as(id, argv, NULL, -1);
}

/* Run to its end; its exit status, 128 + signal, or minus its errno. */
static inline int
run(const char *const argv[], const char *cwd)
{
	AUTO_FD out = memfd_create("out", MFD_CLOEXEC);

	start_as(1, argv, cwd, out);
	buf_reset(&t.out);
	if (!is_int(next(t.s), SANDBOX_STEP_DONE) || !is_int(t.last.step, 1))
		return -1000;
	is_true(lseek(out, 0, SEEK_SET) == 0 &&
		!fd_drain(out, "out", 0, &t.out, NULL));
	if (t.last.error)
		return -t.last.error;
	if (WIFSIGNALED(t.last.status))
		return 128 + WTERMSIG(t.last.status);
	return WEXITSTATUS(t.last.status);
}

static inline int
sh(const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	return run(argv, NULL);
}

static inline enum sandbox_gone
finish(int64_t linger_ns, int64_t grace_ns)
{
	struct err e = {0};

	is_true(!sandbox_finish(t.s, linger_ns, grace_ns, &e));
	while (next(t.s) == SANDBOX_STEP_DONE)
		;
	is_int(t.last.kind, SANDBOX_GONE);
	return t.last.gone;
}

static inline int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Try a test again as a user without rights. */
static inline void
as_a_user(void (*test)(void))
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0) {
		tap_skip("needs root to become another");
		return;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(2);
		prctl(PR_SET_DUMPABLE, 1);
		test();
		if (tap_skipped && !tap_failed)
			printf("# %s\n", tap_skipped);
		fflush(stdout);
		_exit(tap_failed ? 1 : tap_skipped ? 77 : 0);
	}
	is_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		tap_skip("not for a user");
	else
		is_int(WEXITSTATUS(status), 0);
}

#define AS_A_USER(test)                    \
	static void test##_as_a_user(void) \
	{                                  \
		as_a_user(test);           \
	}

#endif
