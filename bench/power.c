/*
 * power busy PIECES | power forks PIECES
 *
 * A program with so many equal pieces of work, so that a known difference can
 * be planted: digests of a text, or children that are started and awaited.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "data/hash.h"

static void
work(void)
{
	static char text[4096];
	char hex[HASH_HEX];

	hash_hex(text, sizeof text, hex);
	memcpy(text, hex, HASH_HEX); /* each depends on the one before */
}

static void
start_child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die(EXIT_RUN, "cannot fork");
}

int
main(int argc, char *argv[])
{
	bool forks = argc > 1 && !strcmp(argv[1], "forks");
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

	if (n <= 0)
		die(EXIT_INPUT, "usage: power busy|forks PIECES");
	for (long i = 0; i < n; i++) {
		if (forks)
			start_child();
		else
			work();
	}
	return 0;
}
