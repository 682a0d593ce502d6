#include "sys/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	ROUNDS = 16,	     /* reads before others have their turn */
	DRAIN = 4096,	     /* the same where all is to be read */
	RETRY_NS = 200000000 /* where no descriptor was left */
};

static void arm(struct server *s);

static void
set_full(struct server *s, bool is_full)
{
	s->is_full = is_full;
	for (size_t i = 0; i < s->n; i++)
		loop_set(s->loop, s->fd[i], is_full ? 0 : POLLIN);
}

/* ---- clients */

void
client_release(struct client *c)
{
	struct server *s = c->server;

	loop_drop(s->loop, c->fd);
	s->held -= c->held;
	s->clients--;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->protocol->close(c);
	buf_free(&c->out);
	free(c);
	if (s->is_full)
		set_full(s, false);
}

void
client_drop(struct client *c)
{
	int fd = c->fd;

	client_release(c);
	close(fd);
}

bool
client_is_blocked(const struct client *c)
{
	return c->out.len - c->sent >= c->server->protocol->pending;
}

bool
client_write(struct client *c)
{
	while (!c->is_deaf && c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.s + c->sent,
		    c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			c->is_deaf = true;
			break;
		}
		c->sent += (size_t)n;
	}
	buf_reset(&c->out);
	c->sent = 0;
	return true;
}

ssize_t
client_read(struct client *c, char *to, size_t size)
{
	ssize_t n;

	do {
		n = recv(c->fd, to, size, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return n;
	/* A reset: what came before it has been read by now. */
	c->is_deaf = c->is_deaf || n < 0;
	c->has_end = true;
	return 0;
}

void
client_hold(struct client *c, size_t bytes)
{
	c->server->held += bytes - c->held;
	c->held = bytes;
}

/* All is said: say so, and wait for the other's end, or the last of it might
 * be lost in a reset. */
static void
shut(struct client *c)
{
	if (c->is_shut || c->sent < c->out.len ||
	    !c->server->protocol->is_over(c))
		return;
	c->is_shut = true;
	shutdown(c->fd, SHUT_WR);
	c->deadline = clock_mono_ns() + SERVER_LINGER_NS;
	arm(c->server);
}

bool
client_turn(struct client *c, int rounds)
{
	const struct server_protocol *p = c->server->protocol;

	if (!p->speak(c))
		return false;
	while (rounds-- && !c->has_end && !client_is_blocked(c))
		if (!p->hear(c))
			break;
	if (c->has_end && c->sent == c->out.len) {
		client_drop(c);
		return false;
	}
	shut(c);
	loop_set(c->server->loop, c->fd,
	    (short)((c->has_end || client_is_blocked(c) ? 0 : POLLIN) |
		    (c->sent < c->out.len ? POLLOUT : 0)));
	return true;
}

static void
on_client(void *arg, int events)
{
	(void)events;
	client_turn(arg, ROUNDS);
}

/* ---- time */

/* Was it something other than the limit that made us stop accepting? */
static bool
has_room(const struct server *s)
{
	return s->is_full && s->clients < s->protocol->clients;
}

static void
on_time(void *arg)
{
	struct server *s = arg;
	int64_t now = clock_mono_ns();
	struct client *next;

	s->timer = 0;
	for (struct client *c = s->first; c; c = next) {
		next = c->next;
		if (c->deadline <= now)
			s->protocol->tire(c);
	}
	if (has_room(s))
		set_full(s, false);
	arm(s);
}

static void
arm(struct server *s)
{
	int64_t at = INT64_MAX;

	for (struct client *c = s->first; c; c = c->next)
		if (c->deadline < at)
			at = c->deadline;
	if (has_room(s) && clock_mono_ns() + RETRY_NS < at)
		at = clock_mono_ns() + RETRY_NS;
	if (s->timer && s->timer_at <= at)
		return;
	loop_cancel(s->loop, s->timer);
	s->timer = at == INT64_MAX ? 0 : loop_at(s->loop, at, on_time, s);
	s->timer_at = at;
}

/* ---- sockets */

void
server_init(struct server *s, struct loop *l, const struct server_protocol *p)
{
	*s = (struct server){.loop = l, .protocol = p};
}

static void
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
server_adopt(struct server *s, int fd)
{
	struct client *c;

	if (s->clients >= s->protocol->clients) {
		close(fd);
		return;
	}
	set_nonblocking(fd);
	c = mem_new(1, s->protocol->client_size);
	*c = (struct client){.server = s,
	    .fd = fd,
	    .next = s->first,
	    .out = BUF_INIT,
	    .deadline = clock_mono_ns() + SERVER_QUIET_NS};
	s->protocol->open(c);
	if (s->first)
		s->first->prev = c;
	s->first = c;
	s->clients++;
	loop_add(s->loop, fd, POLLIN, on_client, c);
	arm(s);
	if (s->clients >= s->protocol->clients && !s->is_full)
		set_full(s, true);
}

/* Accept what waits at one socket; how many. */
static size_t
take_in(struct server *s, int listener)
{
	size_t n = 0;

	while (!s->is_full) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0) { /* no descriptors left, say: try again soon */
			set_full(s, true);
			arm(s);
			break;
		}
		server_adopt(s, fd);
		n++;
	}
	return n;
}

static size_t
take_in_all(struct server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += take_in(s, s->fd[i]);
	return n;
}

static void
on_listener(void *arg, int events)
{
	(void)events;
	take_in_all(arg);
}

void
server_listen(struct server *s, int fd)
{
	set_nonblocking(fd);
	s->fd = mem_more(s->fd, s->n, &s->cap, sizeof *s->fd);
	s->fd[s->n++] = fd;
	loop_add(s->loop, fd, s->is_full ? 0 : POLLIN, on_listener, s);
}

size_t
server_drain(struct server *s)
{
	struct client *next;
	size_t fresh;

	do {
		fresh = take_in_all(s);
		for (struct client *c = s->first; c; c = next) {
			next = c->next;
			fresh += !client_turn(c, DRAIN);
		}
	} while (fresh);
	return s->clients;
}

void
server_end(struct server *s)
{
	while (s->first)
		client_drop(s->first);
	for (size_t i = 0; i < s->n; i++) {
		loop_drop(s->loop, s->fd[i]);
		close(s->fd[i]);
	}
	loop_cancel(s->loop, s->timer);
	free(s->fd);
}
