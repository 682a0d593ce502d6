/*
 * What stands in a container in init's place: it takes the orders of a runner
 * outside from its standard input, and answers on its standard output.
 *
 *	the runner <-> clnrm-contain <-> the engine <-> relay (pid 1) <-> init
 *
 * Init is that of the sandbox, to which nothing is another; the relay only
 * carries. When its input ends nobody is left outside, and all of it ends.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox.h"
#include "sys/tunnel.h"

enum { IN, INIT, CHANNELS, POLLS = 4096, PIECE = 64 << 10 };

static int control = -1; /* to init */

/* A second message is for init; the first one makes it. */
static int
begin(struct wire *w)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(EXIT_RUN, "init's socket: %s", strerror(errno));
	control = pair[0];
	switch (fork()) {
	case 0:
		sandbox_guest(pair[1], w);
	case -1:
		die(EXIT_RUN, "init: %s", strerror(errno));
	}
	close(pair[1]);
	return 0;
}

static int
take(void *arg, struct wire *w)
{
	(void)arg;
	if (control < 0)
		return begin(w);
	return wire_send(control, w, 0);
}

static void
write_out(struct tunnel *t)
{
	if (fd_write(STDOUT_FILENO, t->out.s, t->out.len) < 0)
		exit(EXIT_RUN);
	buf_reset(&t->out);
}

static void
read_in(struct tunnel *t)
{
	static char piece[PIECE];
	ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
	struct err e = {0};

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		exit(EXIT_YES);
	if (tunnel_feed(t, piece, (size_t)n, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

/* What was written before the message goes before it. */
static void
pass_on(struct tunnel *t)
{
	AUTO_WIRE w = WIRE_INIT;

	if (wire_receive(control, &w, MSG_DONTWAIT) <= 0) {
		if (errno != EAGAIN)
			exit(EXIT_RUN);
		return;
	}
	tunnel_drain(t);
	tunnel_send(t, &w);
}

static void
reap(int sig)
{
	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int
main(void)
{
	struct tunnel t = {
	    .is_far = true, .in = BUF_INIT, .out = BUF_INIT, .take = take};
	static struct pollfd p[POLLS];

	die_name("clnrm-guest");
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, reap);
	for (;;) {
		size_t n;

		write_out(&t);
		p[IN] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
		p[INIT] = (struct pollfd){.fd = control, .events = POLLIN};
		n = tunnel_poll(&t, p + CHANNELS, POLLS - CHANNELS);
		if (poll(p, CHANNELS + n, -1) < 0)
			continue;
		tunnel_serve(&t, p + CHANNELS, n);
		if (p[INIT].revents)
			pass_on(&t);
		if (p[IN].revents)
			read_in(&t);
	}
}
