#include "core/container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "core/container_int.h"

struct server {
	struct container_session session;
	int control;
	unsigned last; /* number of a cleanroom */
	size_t running;
};

/* Who was killed has left his containers to us. */
static void
reap(struct server *s, int flags)
{
	int status;
	struct err e = {0};

	while (s->running && waitpid(-1, &status, flags) > 0) {
		s->running--;
		if (status && !s->running)
			container_session_end(&s->session, &e);
	}
}

static int
begin(struct server *s, struct wire *plan)
{
	pid_t pid = fork();

	if (!pid) {
		fd_close(&s->control);
		container_room(&s->session, s->last, plan);
	}
	s->last++;
	s->running += pid > 0;
	return 0;
}

/* False when the runner has gone. */
static bool
take_order(struct server *s)
{
	AUTO_WIRE w = WIRE_INIT;
	int got = wire_receive(s->control, &w, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return true;
	if (got <= 0)
		return false;
	if (w.type == WIRE_PLAN || w.type == WIRE_AHEAD)
		begin(s, &w);
	else if (w.type == WIRE_IMAGE)
		container_tell_image(s->session.daemon, s->control, &w);
	else if (w.type == WIRE_USERS)
		container_tell_users(&s->session, s->control, &w);
	return true;
}

/* It is told what it is served by. */
static void
welcome(struct server *s)
{
	const struct daemon *d = s->session.daemon;
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_READY;
	wire_str(&w, daemon_name(d));
	wire_send(s->control, &w, 0);
}

int
container_serve(struct daemon *d, int control, struct err *e)
{
	struct server s = {.control = control};
	struct pollfd p[2] = {{.fd = control, .events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	p[1].events = POLLIN;
	p[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (container_session_begin(&s.session, d, e) < 0) {
		container_refuse(control, e);
		return -1;
	}
	welcome(&s);
	do {
		while (poll(p, 2, -1) < 0)
			;
		if (p[1].revents && read(p[1].fd, &info, sizeof info) > 0)
			reap(&s, WNOHANG);
	} while (!p[0].revents || take_order(&s));
	reap(&s, 0);
	return container_session_end(&s.session, e) < 0 ? -1 : 0;
}
