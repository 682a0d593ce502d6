#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "sys/sandbox_int.h"

/*
 * A room is a process of its own in another mount namespace, which starts the
 * steps in there. Init hands orders on to it, and what it says to the runner.
 */

void
world_each_source(
    struct world *w, void (*fn)(void *arg, struct world_source *s), void *arg)
{
	for (size_t i = 0; i < w->rooms; i++) {
		struct world_room *r = &w->room[i];

		fn(arg, &r->root);
		fn(arg, &r->project);
		for (size_t k = 0; k < r->volumes; k++)
			fn(arg, &r->volume[k]);
	}
}

static _Noreturn void
enter(struct world *w, struct world_room *r, int control)
{
	w->notes[0] = 0;
	/* A copy of init's end would keep the others from seeing it go. */
	for (size_t i = 0; i < w->rooms; i++)
		fd_close(&w->room[i].fd);
	if (!root_enter_room(w, r))
		init_room(w, control);
	world_send_failure(w, control, errno);
	_exit(EXIT_FAILURE);
}

int
room_begin_all(struct world *w)
{
	for (size_t i = 0; i < w->rooms; i++) {
		struct world_room *r = &w->room[i];
		int pair[2];
		pid_t pid;

		if (socketpair(
			AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return world_fails(w, "the socket of a room");
		/* Its mounts are copied now, before ours change. */
		r->fd = pair[0];
		pid = (pid_t)syscall(
		    SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0);
		if (!pid)
			enter(w, r, pair[1]);
		close(pair[1]);
		if (pid < 0)
			return world_fails(w, "the process of a room");
	}
	return 0;
}

/* All are observed, or none is. */
static void
take_observer(struct world *w, struct wire *m, size_t room)
{
	if (!wire_get_int(m)) {
		w->is_observed = false;
		return;
	}
	w->observer[room].listener = wire_get_fd(m);
	w->observer[room].pidfd = wire_get_fd(m);
}

int
room_await_all(struct world *w)
{
	for (size_t i = 0; i < w->rooms; i++) {
		AUTO_WIRE m = WIRE_INIT;
		const char *said;

		if (wire_receive(w->room[i].fd, &m, 0) <= 0)
			return world_fails(w, "the process of a room");
		said = wire_get_str(&m);
		if (m.type != WIRE_READY) {
			errno = (int)wire_get_int(&m);
			return world_fails(w, "%s", said ? said : "room");
		}
		if (said && *said)
			world_note(w, "%s", said);
		layer_take(&m, (unsigned)i + 1);
		take_observer(w, &m, i + 1);
	}
	return 0;
}
