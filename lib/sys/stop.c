#include "sys/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t caught, seen[NSIG];
static int pipe_fd[2] = {-1, -1};

static void
on_signal(int sig)
{
	int saved = errno;

	/* After ^C the driver's own TERM follows: only a repeated one kills. */
	if (seen[sig]) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	seen[sig] = 1;
	if (!caught)
		caught = sig;
	if (write(pipe_fd[1], "", 1) < 0) {
		/* full: it is readable already */
	}
	errno = saved;
}

static bool
has_driver(void)
{
	const char *driver = getenv("CLNRM_DRIVER");

	return driver && getppid() == atoi(driver);
}

bool
stop_begin_anew(void)
{
	return has_driver() && kill(getppid(), SIGUSR1) == 0;
}

static void
die_with_driver(void)
{
	if (!has_driver())
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!has_driver()) /* it died just now */
		raise(SIGTERM);
}

void
stop_catch(bool is_source)
{
	static const int order[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction act = {
	    .sa_handler = on_signal, .sa_flags = is_source ? 0 : SA_RESTART};
	sigset_t all;

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&all);
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
		sigaction(order[i], &act, NULL);
		sigaddset(&all, order[i]);
	}
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	die_with_driver();
}

int
stop_signal(void)
{
	return caught;
}

int
stop_fd(void)
{
	return pipe_fd[0];
}
