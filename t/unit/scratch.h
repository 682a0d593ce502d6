/*
 * An empty directory to work in, and children to try in it what ends a
 * process.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char scratch_path[64];

static void
scratch_remove(void)
{
	file_remove_tree(scratch_path);
}

/* Go to a directory of our own, which is removed when the process ends. */
static inline void
scratch_enter(void)
{
	if (*scratch_path)
		return;
	strcpy(scratch_path, "/tmp/clnrm-unit.XXXXXX");
	if (!mkdtemp(scratch_path) || chdir(scratch_path) < 0)
		abort();
	atexit(scratch_remove);
}

/* Write a text to a file there. */
static inline void
scratch_write(const char *path, const char *text)
{
	AUTO_FD fd = -1;

	scratch_enter();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || fd_write(fd, text, strlen(text)) < 0)
		abort();
}

/* A descriptor from which this text is read. */
static inline int
scratch_input(const char *text, size_t n)
{
	char name[] = "/tmp/clnrm-unit.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || fd_write(fd, text, n) < 0 || lseek(fd, 0, SEEK_SET))
		abort();
	unlink(name);
	return fd;
}

/*
 * Call fn(arg) in a child.
 *
 * out: its exit status (what fn returned, when it did), or 128 + a signal;
 *      *said: what it wrote on standard output and standard error
 */
static inline int
scratch_child(int (*fn)(void *arg), void *arg, struct buf *said)
{
	int pair[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(pair) < 0 || (pid = fork()) < 0)
		abort();
	if (!pid) {
		dup2(pair[1], 1);
		dup2(pair[1], 2);
		close(pair[0]);
		close(pair[1]);
		*scratch_path = 0;
		exit(fn(arg));
	}
	close(pair[1]);
	buf_reset(said);
	fd_drain(pair[0], "child", 0, said, NULL);
	close(pair[0]);
	if (waitpid(pid, &status, 0) < 0)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
