/*
 * harness RUNS PROGRAM: a bare loop that starts a program and waits for its
 * end.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/die.h"

extern char **environ;

static void
run(char *const argv[])
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid || status != 0)
		die(EXIT_RUN, "%s does not run", argv[0]);
}

int
main(int argc, char *argv[])
{
	long n = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

	if (n <= 0)
		die(EXIT_INPUT, "usage: harness RUNS PROGRAM");
	for (long i = 0; i < n; i++)
		run(argv + 2);
	return 0;
}
