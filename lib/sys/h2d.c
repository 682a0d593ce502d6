#include "sys/h2d_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	CHUNK = 64 << 10, /* bytes a read */
	ROUNDS = 16,	  /* reads before others have their turn */
	DRAIN = 4096,	  /* the same where all is to be read */
};

#define SECOND INT64_C(1000000000)
#define QUIET (30 * SECOND)
#define LINGER (2 * SECOND)
#define RETRY (SECOND / 5)

struct conn {
	struct h2d *h;
	struct conn *next, *prev;
	int fd;
	struct h2d_session *session;
	struct buf out; /* the first `sent` bytes are written */
	size_t sent;
	size_t held;	   /* its part of h->held */
	uint64_t progress; /* as of the last turn */
	int64_t deadline;
	bool is_leaving; /* told to go */
	bool is_shut;	 /* all was said; only the end is awaited */
	bool is_deaf;	 /* the other side takes no more answers */
	bool has_end;	 /* the other side sends no more */
};

struct h2d {
	struct loop *loop;
	h2d_fn *fn;
	void *arg;
	int *fd; /* fd[n], listening */
	size_t n, cap;
	struct conn *first;
	size_t conns, held;
	uint64_t timer;
	int64_t timer_at;
	bool is_full; /* not accepting for now */
};

static void arm(struct h2d *h);

struct h2d *
h2d_new(struct loop *l, h2d_fn *handler, void *arg)
{
	struct h2d *h = mem_new(1, sizeof *h);

	*h = (struct h2d){.loop = l, .fn = handler, .arg = arg};
	return h;
}

size_t
h2d_open_connections(const struct h2d *h)
{
	return h->conns;
}

static void
set_full(struct h2d *h, bool is_full)
{
	h->is_full = is_full;
	for (size_t i = 0; i < h->n; i++)
		loop_set(h->loop, h->fd[i], is_full ? 0 : POLLIN);
}

static void
drop(struct conn *c)
{
	struct h2d *h = c->h;

	loop_drop(h->loop, c->fd);
	close(c->fd);
	h->held -= c->held;
	h->conns--;
	if (c->prev)
		c->prev->next = c->next;
	else
		h->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	h2d_session_del(c->session);
	buf_free(&c->out);
	free(c);
	if (h->is_full)
		set_full(h, false);
}

static bool
is_blocked(const struct conn *c)
{
	return c->out.len - c->sent >= H2D_PENDING;
}

/* Write what is pending; false when the other side takes no more for now. */
static bool
put(struct conn *c)
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

/* Pull and write in turn. One that is gone is still read from. */
static void
flush(struct conn *c)
{
	do {
		h2d_session_write(c->session, &c->out);
	} while (c->sent < c->out.len && put(c));
}

static void
hold(struct conn *c)
{
	size_t now = h2d_session_held(c->session);

	c->h->held += now - c->held;
	c->held = now;
	if (c->h->held <= H2D_HELD)
		return;
	h2d_session_refuse(c->session, H2D_UNAVAILABLE,
	    "too much is on its way at once: try again");
	c->h->held -= c->held;
	c->held = 0;
}

static void
progress(struct conn *c)
{
	uint64_t now = h2d_session_progress(c->session);

	if (now != c->progress && !c->is_leaving)
		c->deadline = clock_mono_ns() + QUIET;
	c->progress = now;
}

/* Read once; false when there is nothing more to read now. */
static bool
fill(struct conn *c)
{
	char chunk[CHUNK];
	ssize_t n;

	do {
		n = recv(c->fd, chunk, sizeof chunk, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		/* A reset: what came before it has been read by now. */
		c->is_deaf = c->is_deaf || n < 0;
		c->has_end = true;
		return false;
	}
	h2d_session_read(c->session, chunk, (size_t)n);
	hold(c);
	flush(c);
	progress(c);
	return true;
}

/* All is said: say so, and wait for the other's end, or the last of it might
 * be lost in a reset. */
static void
shut(struct conn *c)
{
	if (c->is_shut || c->sent < c->out.len ||
	    !h2d_session_is_over(c->session))
		return;
	c->is_shut = true;
	c->is_leaving = true;
	shutdown(c->fd, SHUT_WR);
	c->deadline = clock_mono_ns() + LINGER;
	arm(c->h);
}

/* Read, answer, write, as far as it goes. False: the connection is gone. */
static bool
turn(struct conn *c, int rounds)
{
	flush(c);
	while (rounds-- && !c->has_end && !is_blocked(c))
		if (!fill(c))
			break;
	if (c->has_end && c->sent == c->out.len) {
		drop(c);
		return false;
	}
	shut(c);
	loop_set(c->h->loop, c->fd,
	    (short)((c->has_end || is_blocked(c) ? 0 : POLLIN) |
		    (c->sent < c->out.len ? POLLOUT : 0)));
	return true;
}

static void
on_conn(void *arg, int events)
{
	(void)events;
	turn(arg, ROUNDS);
}

/* Was it something other than the limit that made us stop accepting? */
static bool
has_room(const struct h2d *h)
{
	return h->is_full && h->conns < H2D_CONNECTIONS;
}

/* Nothing has come forward for long. */
static void
tire(struct conn *c)
{
	if (c->is_leaving || c->sent < c->out.len) {
		drop(c);
		return;
	}
	h2d_session_refuse(
	    c->session, H2D_UNAVAILABLE, "the call came too slowly");
	h2d_session_leave(c->session);
	c->is_leaving = true;
	c->deadline = clock_mono_ns() + LINGER;
	turn(c, 1);
}

static void
on_time(void *arg)
{
	struct h2d *h = arg;
	int64_t now = clock_mono_ns();
	struct conn *next;

	h->timer = 0;
	for (struct conn *c = h->first; c; c = next) {
		next = c->next;
		if (c->deadline <= now)
			tire(c);
	}
	if (has_room(h))
		set_full(h, false);
	arm(h);
}

static void
arm(struct h2d *h)
{
	int64_t at = INT64_MAX;

	for (struct conn *c = h->first; c; c = c->next)
		if (c->deadline < at)
			at = c->deadline;
	if (has_room(h) && clock_mono_ns() + RETRY < at)
		at = clock_mono_ns() + RETRY;
	if (h->timer && h->timer_at <= at)
		return;
	loop_cancel(h->loop, h->timer);
	h->timer = at == INT64_MAX ? 0 : loop_at(h->loop, at, on_time, h);
	h->timer_at = at;
}

static void
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
h2d_adopt(struct h2d *h, int fd)
{
	struct conn *c;

	if (h->conns >= H2D_CONNECTIONS) {
		close(fd);
		return;
	}
	set_nonblocking(fd);
	c = mem_new(1, sizeof *c);
	*c = (struct conn){.h = h,
	    .fd = fd,
	    .next = h->first,
	    .session = h2d_session_new(h->fn, h->arg),
	    .out = BUF_INIT,
	    .deadline = clock_mono_ns() + QUIET};
	if (h->first)
		h->first->prev = c;
	h->first = c;
	h->conns++;
	loop_add(h->loop, fd, POLLIN, on_conn, c);
	arm(h);
	if (h->conns >= H2D_CONNECTIONS && !h->is_full)
		set_full(h, true);
}

/* Accept what waits at one socket; how many. */
static size_t
take_in(struct h2d *h, int listener)
{
	size_t n = 0;

	while (!h->is_full) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0) { /* no descriptors left, say: try again soon */
			set_full(h, true);
			arm(h);
			break;
		}
		h2d_adopt(h, fd);
		n++;
	}
	return n;
}

static size_t
take_in_all(struct h2d *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += take_in(h, h->fd[i]);
	return n;
}

static void
on_listener(void *arg, int events)
{
	(void)events;
	take_in_all(arg);
}

void
h2d_listen(struct h2d *h, int fd)
{
	set_nonblocking(fd);
	h->fd = mem_more(h->fd, h->n, &h->cap, sizeof *h->fd);
	h->fd[h->n++] = fd;
	loop_add(h->loop, fd, h->is_full ? 0 : POLLIN, on_listener, h);
}

static void
leave(struct conn *c)
{
	if (c->is_leaving)
		return;
	c->is_leaving = true;
	h2d_session_leave(c->session);
	turn(c, 1);
}

size_t
h2d_drain(struct h2d *h)
{
	struct conn *next;
	size_t fresh;

	do {
		fresh = take_in_all(h);
		for (struct conn *c = h->first; c; c = next) {
			next = c->next;
			fresh += !turn(c, DRAIN);
		}
	} while (fresh);
	for (struct conn *c = h->first; c; c = next) {
		next = c->next;
		leave(c);
	}
	return h->conns;
}

void
h2d_del(struct h2d *h)
{
	if (!h)
		return;
	while (h->first)
		drop(h->first);
	for (size_t i = 0; i < h->n; i++) {
		loop_drop(h->loop, h->fd[i]);
		close(h->fd[i]);
	}
	loop_cancel(h->loop, h->timer);
	free(h->fd);
	free(h);
}
