/*
 * race RUNS NAME=PROGRAM [ARGUMENT]... [-- NAME=PROGRAM [ARGUMENT]...]...
 *
 * Runs the commands in strict turns, so that what else the machine does meets
 * all alike, and prints of each, as a record: the median of its times in ns,
 * the median of its ratios to the last one's in the same turn, and between
 * which ratios the middle half lies.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "figure.h"

enum { MOST = 16 };

struct racer {
	char *name;
	char **argv;
	double *ns;
};

static struct racer racer[MOST];
static int racers, runs;

static double
time_ns(char *const argv[])
{
	int64_t from = clock_mono_ns();
	pid_t pid = vfork();
	int status;

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die(EXIT_RUN, "%s: status %d", argv[0], status);
	return (double)(clock_mono_ns() - from);
}

static void
enter(char *argv[])
{
	struct racer *r = &racer[racers++];
	char *program = argv[0] ? strchr(argv[0], '=') : NULL;

	if (!program || racers == MOST)
		die(EXIT_INPUT, "usage: race RUNS NAME=PROGRAM ... -- ...");
	*program++ = 0;
	r->name = argv[0];
	argv[0] = program;
	r->argv = argv;
	r->ns = mem_new((size_t)runs, sizeof *r->ns);
}

static void
be_silent(int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
}

int
main(int argc, char *argv[])
{
	int out = fcntl(1, F_DUPFD_CLOEXEC, 3);

	runs = argc > 2 ? atoi(argv[1]) : 0;
	if (runs < 1)
		die(EXIT_INPUT, "usage: race RUNS NAME=PROGRAM ... -- ...");
	for (int i = 2, from = 2; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		enter(argv + from);
		from = i + 1;
	}
	be_silent(-1);
	for (int i = -1; i < runs; i++) /* the first turn warms up */
		for (int k = 0; k < racers; k++)
			racer[k].ns[i < 0 ? 0 : i] = time_ns(racer[k].argv);
	be_silent(out);
	for (int k = 0; k < racers; k++)
		figure_tell(
		    racer[k].name, racer[k].ns, racer[racers - 1].ns, runs);
	return EXIT_YES;
}
