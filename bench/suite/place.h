/*
 * A place to work in, below /tmp, and programs that work there: the ones that
 * were built beside the suite, first in PATH.
 */
#ifndef BENCH_PLACE_H
#define BENCH_PLACE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "kit.h"

extern char **environ;

enum { PLACE_PATIENCE_MS = 60000 };

static char place_dir[] = "/tmp/clnrm-bench-XXXXXX";

static inline void
place_remove(void)
{
	if (chdir("/") == 0)
		file_remove_tree(place_dir);
}

static inline void
place_path(void)
{
	char exe[PATH_MAX] = "", *slash;
	AUTO_BUF path = BUF_INIT;

	if (readlink("/proc/self/exe", exe, sizeof exe - 16) < 0)
		die(EXIT_RUN, "who am I?");
	slash = strrchr(exe, '/');
	strcpy(slash ? slash : exe, "/../bin");
	buf_addf(&path, "%s:%s", exe, getenv("PATH") ? getenv("PATH") : "");
	setenv("PATH", path.s, 1);
}

/* Make it, with an empty clnrm.conf, and go there. */
static inline void
place_make(void)
{
	place_path();
	if (!mkdtemp(place_dir) || chdir(place_dir) < 0)
		die(EXIT_RUN, "cannot make %s", place_dir);
	atexit(place_remove);
	fclose(fopen("clnrm.conf", "we"));
}

/* Write a file as editors do that write in place. */
static inline void
place_write(const char *path, const char *s, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write(fd, s, n) < 0)
		die(EXIT_RUN, "cannot write %s", path);
	close(fd);
}

/* The same of what printf() would print, and of the directories above it. */
static inline void
place_put(const char *path, const char *fmt, ...)
{
	char some[16 << 10];
	struct err e = {0};
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(some, sizeof some, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof some || file_mkparent(path, &e) < 0)
		die(EXIT_RUN, "cannot write %s", path);
	place_write(path, some, (size_t)n);
}

/* ---- programs */

struct place_program {
	pid_t pid;
	int in, out; /* its standard input and output */
	struct buf heard;
};

static inline void
place_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		die(EXIT_RUN, "no pipe");
}

/* Start it, in a process group of its own. */
static inline struct place_program
place_start(const char *const argv[])
{
	struct place_program p = {.heard = BUF_INIT};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	int in[2], out[2];

	place_pipe(in);
	place_pipe(out);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], 0);
	posix_spawn_file_actions_adddup2(&files, out[1], 1);
	posix_spawnattr_init(&how);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
	if (posix_spawnp(&p.pid, argv[0], &files, &how, (char *const *)argv,
		environ) != 0)
		die(EXIT_RUN, "cannot start %s", argv[0]);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	close(in[0]);
	close(out[1]);
	p.in = in[1];
	p.out = out[0];
	return p;
}

/* Read on; false: there is nothing more, or nothing for a long time. */
static inline bool
place_hear(struct place_program *p)
{
	struct pollfd fd = {p->out, POLLIN, 0};
	ssize_t n;

	if (poll(&fd, 1, PLACE_PATIENCE_MS) <= 0)
		return false;
	n = read(p->out, buf_room(&p->heard, 64 << 10), 64 << 10);
	if (n <= 0)
		return false;
	p->heard.len += (size_t)n;
	p->heard.s[p->heard.len] = 0;
	return true;
}

/* Read until `many` lines were read that hold the text; forget them. */
static inline bool
place_await(struct place_program *p, const char *text, long many)
{
	size_t at = 0;

	for (;;) {
		char *found = strstr(p->heard.s + at, text), *lf;

		lf = found ? strchr(found, '\n') : NULL;
		if (lf) {
			at = (size_t)(lf + 1 - p->heard.s);
			if (--many > 0)
				continue;
			buf_drop(&p->heard, at);
			return true;
		}
		if (!place_hear(p))
			return false;
	}
}

/* End it and its group; what it held at most is noted. */
static inline void
place_stop(struct place_program *p)
{
	long kb = kit_peak_of_kb(p->pid);
	int status;

	if (kb > kit_others_kb)
		kit_others_kb = kb;
	kill(-p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(p->in);
	close(p->out);
	buf_free(&p->heard);
}

/* Run it to its end; its exit status, or -1. What it printed is in *said. */
static inline int
place_run(const char *const argv[], struct buf *said)
{
	struct place_program p = place_start(argv);
	struct rusage usage;
	int status = -1;

	close(p.in);
	while (place_hear(&p))
		;
	while (wait4(p.pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	if (usage.ru_maxrss > kit_others_kb)
		kit_others_kb = usage.ru_maxrss;
	close(p.out);
	if (said)
		buf_add(said, p.heard.s, p.heard.len);
	buf_free(&p.heard);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
