/*
 * notice ROUNDS FILE NAME BAR_NS COMMAND [ARGUMENT]...
 *
 * From the close of a written FILE to the line that COMMAND prints of it, read
 * here without a buffer or a language between, as a record. The command has to
 * print a line when it is ready; rounds are apart, so that each meets a quiet
 * one.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "figure.h"

enum { LIMIT_MS = 30000, APART_NS = 20000000 };

static int
begin(char *argv[], pid_t *pid)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		die(EXIT_RUN, "pipe");
	*pid = fork();
	if (!*pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(p[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(p[1]);
	return p[0];
}

/* Read up to a line that has the word; when it came. */
static int64_t
await(int fd, const char *word)
{
	static char text[1 << 16];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	while (poll(&p, 1, LIMIT_MS) > 0) {
		ssize_t n = read(fd, text + len, sizeof text - 1 - len);
		int64_t now = clock_mono_ns();

		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = 0;
		if (strstr(text, word))
			return now;
		if (len == sizeof text - 1)
			len = 0;
	}
	die(EXIT_RUN, "no '%s' came", word);
}

/* When it was closed. */
static int64_t
save(const char *path, int round)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int64_t from;

	if (fd < 0 || dprintf(fd, "%d\n", round) < 0)
		die(EXIT_RUN, "%s cannot be written", path);
	from = clock_mono_ns();
	close(fd);
	return from;
}

int
main(int argc, char *argv[])
{
	int rounds = argc > 5 ? atoi(argv[1]) : 0, fd;
	struct timespec apart = {.tv_nsec = APART_NS};
	double *ns = mem_new((size_t)rounds + 1, sizeof *ns), bar, half;
	pid_t pid;

	if (rounds < 1)
		die(EXIT_INPUT,
		    "usage: notice ROUNDS FILE NAME BAR_NS COMMAND ...");
	bar = atof(argv[4]);
	fd = begin(argv + 5, &pid);
	await(fd, "\"ready\"");
	for (int i = 0; i < rounds; i++) {
		int64_t from;

		nanosleep(&apart, NULL);
		from = save(argv[2], i);
		ns[i] = (double)(await(fd, "\"change\"") - from);
	}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	half = figure_quantile(ns, rounds, 0.5);
	printf("{\"type\":\"sample\",\"name\":\"%s\",\"median_ns\":%.0f,"
	       "\"p95_ns\":%.0f,\"runs\":%d,\"bar_ns\":%.0f,\"holds\":%s}\n",
	    argv[3], half, figure_quantile(ns, rounds, 0.95), rounds, bar,
	    half <= bar ? "true" : "false");
	free(ns);
	return 0;
}
