#include "sys/httpd_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	CHUNK = 64 << 10,  /* bytes a read */
	ROUNDS = 16,	   /* reads before others have their turn */
	DRAIN = 4096,	   /* the same where all is to be read */
	PENDING = 64 << 10 /* of answers nobody takes: then we stop reading */
};

#define SECOND INT64_C(1000000000)
#define QUIET (30 * SECOND)
#define LINGER (2 * SECOND)
#define RETRY (SECOND / 5)

struct conn {
	struct httpd *h;
	struct conn *next, *prev;
	int fd;
	struct httpd_reader reader;
	struct buf out; /* the first `sent` bytes are written */
	size_t sent;
	size_t held; /* its part of h->held */
	int64_t deadline;
	bool is_last;  /* nothing more is read as a request */
	bool is_shut;  /* all was said; only the end is awaited */
	bool is_deaf;  /* the other side takes no more answers */
	bool has_end;  /* the other side sends no more */
	bool was_amid; /* in a header at the last turn */
	bool is_known; /* to speak no HTTP/2 */
};

struct httpd {
	struct loop *loop;
	httpd_fn *fn;
	void *arg;
	httpd_other_fn *other; /* for HTTP/2; may be NULL */
	void *other_arg;
	int *fd; /* fd[n], listening */
	size_t n, cap;
	struct conn *first;
	size_t conns, held;
	uint64_t timer;
	int64_t timer_at;
	bool is_full; /* not accepting for now */
};

static void arm(struct httpd *h);

struct httpd *
httpd_new(struct loop *l, httpd_fn *handler, void *arg)
{
	struct httpd *h = mem_new(1, sizeof *h);

	*h = (struct httpd){.loop = l, .fn = handler, .arg = arg};
	return h;
}

void
httpd_divert(struct httpd *h, httpd_other_fn *fn, void *arg)
{
	h->other = fn;
	h->other_arg = arg;
}

size_t
httpd_open_connections(const struct httpd *h)
{
	return h->conns;
}

static void
set_full(struct httpd *h, bool is_full)
{
	h->is_full = is_full;
	for (size_t i = 0; i < h->n; i++)
		loop_set(h->loop, h->fd[i], is_full ? 0 : POLLIN);
}

/* Forget the connection, which stays open. */
static void
release(struct conn *c)
{
	struct httpd *h = c->h;

	loop_drop(h->loop, c->fd);
	h->held -= c->held;
	h->conns--;
	if (c->prev)
		c->prev->next = c->next;
	else
		h->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	httpd_reader_free(&c->reader);
	buf_free(&c->out);
	free(c);
	if (h->is_full)
		set_full(h, false);
}

static void
drop(struct conn *c)
{
	int fd = c->fd;

	release(c);
	close(fd);
}

/* Does it begin with "PRI"? Then it is somebody else's, and gone. No method
 * of HTTP/1 begins so. */
static bool
divert(struct conn *c)
{
	static const char pri[] = "PRI";
	struct httpd *h = c->h;
	char seen[sizeof pri - 1];
	int fd = c->fd;
	ssize_t n;

	if (c->is_known || !h->other)
		return false;
	n = recv(fd, seen, sizeof seen, MSG_PEEK);
	c->is_known = n >= 0;
	if (n < (ssize_t)sizeof seen || memcmp(seen, pri, sizeof seen))
		return false;
	release(c);
	h->other(h->other_arg, fd);
	return true;
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {{200, "OK"}, {400, "Bad Request"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {408, "Request Timeout"},
	    {413, "Content Too Large"}, {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {431, "Request Header Fields Too Large"}, {501, "Not Implemented"},
	    {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].status == status)
			return known[i].text;
	return "Unknown";
}

static void
put_answer(struct conn *c, const struct httpd_response *rs)
{
	struct buf *to = &c->out;

	buf_addf(to, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", rs->status,
	    reason(rs->status), rs->body.len);
	if (rs->content_type)
		buf_addf(to, "Content-Type: %s\r\n", rs->content_type);
	if (rs->allow)
		buf_addf(to, "Allow: %s\r\n", rs->allow);
	if (rs->retry_after_s)
		buf_addf(to, "Retry-After: %d\r\n", rs->retry_after_s);
	if (c->is_last)
		buf_adds(to, "Connection: close\r\n");
	buf_adds(to, "\r\n");
	if (strcmp(c->reader.rq.method, "HEAD"))
		buf_add(to, rs->body.s, rs->body.len);
}

/* The handler words every answer, refusals too. */
static void
answer(struct conn *c)
{
	struct httpd_request *rq = &c->reader.rq;
	struct httpd_response rs = {
	    .status = rq->refused ? rq->refused : 200, .body = BUF_INIT};

	c->is_last = c->reader.is_last;
	c->h->fn(c->h->arg, rq, &rs);
	if (rq->refused)
		rs.status = rq->refused;
	if (rs.status == 503 && !rs.retry_after_s)
		rs.retry_after_s = 1;
	if (!c->is_deaf)
		put_answer(c, &rs);
	buf_free(&rs.body);
}

static void
refuse(struct conn *c, int status, const char *why)
{
	httpd_reader_refuse(&c->reader, status, why);
	answer(c);
}

static bool
is_blocked(const struct conn *c)
{
	return c->out.len - c->sent > PENDING;
}

/* Answer what has been read. */
static void
serve(struct conn *c)
{
	struct httpd_reader *r = &c->reader;
	int got = 1;

	while (got && !c->is_last && !is_blocked(c)) {
		got = httpd_reader_next(r);
		if (got)
			answer(c);
	}
	if (c->is_last) {
		/* A body that was read, or will not be, holds no memory. */
		buf_free(&r->in);
		buf_free(&r->body);
		r->at = r->scanned = 0;
		return;
	}
	if (r->wants_100) {
		buf_adds(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		r->wants_100 = false;
	}
	if (!got && c->has_end && httpd_reader_is_amid(r))
		refuse(c, 400, "the request is cut off");
}

/* Write what the other side takes. One that is gone is still read from. */
static void
flush(struct conn *c)
{
	while (!c->is_deaf && c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.s + c->sent,
		    c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			c->is_deaf = true;
			break;
		}
		c->sent += (size_t)n;
		c->deadline = clock_mono_ns() + QUIET;
	}
	buf_reset(&c->out);
	c->sent = 0;
}

static void
hold(struct conn *c)
{
	size_t now = c->reader.in.len + c->reader.body.len;

	c->h->held += now - c->held;
	c->held = now;
	if (c->h->held > HTTPD_HELD && !c->is_last) {
		refuse(c, 503, "too much is on its way at once");
		buf_free(&c->reader.in);
		buf_free(&c->reader.body);
		c->reader.at = c->reader.scanned = 0;
		hold(c);
	}
}

/* The clock of a header runs from its first byte, else from the last. */
static void
progress(struct conn *c)
{
	bool is_amid =
	    c->reader.phase == HTTPD_HEAD && httpd_reader_is_amid(&c->reader);

	if (!is_amid || !c->was_amid)
		c->deadline = clock_mono_ns() + QUIET;
	c->was_amid = is_amid;
}

/* Answer and write until one of them waits for the other side. */
static void
pump(struct conn *c)
{
	bool again;

	do {
		serve(c);
		again = is_blocked(c);
		flush(c);
	} while (again && !is_blocked(c));
}

/* Read once; false when there is nothing more to read now. */
static bool
fill(struct conn *c)
{
	struct buf *in = &c->reader.in;
	ssize_t n;

	do {
		n = recv(c->fd, buf_room(in, CHUNK), CHUNK, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		/* A reset: what came before it has been read by now. */
		c->is_deaf = c->is_deaf || n < 0;
		c->has_end = true;
	} else if (!c->is_last) {
		in->len += (size_t)n;
		in->s[in->len] = 0;
	}
	pump(c);
	hold(c);
	if (n > 0 && !c->is_last)
		progress(c);
	return !c->has_end;
}

static bool
is_done(const struct conn *c)
{
	return c->has_end && !is_blocked(c) && c->sent == c->out.len;
}

/* All that was asked is answered: say so, and wait for the other's end, or
 * the answer might be lost in a reset. */
static void
shut(struct conn *c)
{
	if (!c->is_last || c->is_shut || c->sent < c->out.len)
		return;
	c->is_shut = true;
	shutdown(c->fd, SHUT_WR);
	c->deadline = clock_mono_ns() + LINGER;
	arm(c->h);
}

/* Read, answer, write, as far as it goes. False: the connection is gone. */
static bool
turn(struct conn *c, int rounds)
{
	if (divert(c))
		return false;
	flush(c);
	pump(c);
	while (rounds-- && !c->has_end && !is_blocked(c))
		if (!fill(c))
			break;
	flush(c);
	if (is_done(c)) {
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
has_room(const struct httpd *h)
{
	return h->is_full && h->conns < HTTPD_CONNECTIONS;
}

static void
on_time(void *arg)
{
	struct httpd *h = arg;
	int64_t now = clock_mono_ns();
	struct conn *next;

	h->timer = 0;
	for (struct conn *c = h->first; c; c = next) {
		next = c->next;
		if (c->deadline > now)
			continue;
		if (c->is_last || c->sent < c->out.len ||
		    !httpd_reader_is_amid(&c->reader)) {
			drop(c);
			continue;
		}
		refuse(c, 408, "the request came too slowly");
		c->deadline = now + LINGER;
		turn(c, 1);
	}
	if (has_room(h))
		set_full(h, false);
	arm(h);
}

static void
arm(struct httpd *h)
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
adopt(struct httpd *h, int fd)
{
	struct conn *c = mem_new(1, sizeof *c);

	*c = (struct conn){.h = h,
	    .fd = fd,
	    .next = h->first,
	    .reader = HTTPD_READER_INIT,
	    .out = BUF_INIT,
	    .deadline = clock_mono_ns() + QUIET};
	if (h->first)
		h->first->prev = c;
	h->first = c;
	h->conns++;
	loop_add(h->loop, fd, POLLIN, on_conn, c);
	arm(h);
}

/* Accept what waits at one socket; how many. */
static size_t
take_in(struct httpd *h, int listener)
{
	size_t n = 0;

	while (!h->is_full) {
		int fd =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0) { /* no descriptors left, say: try again soon */
			set_full(h, true);
			arm(h);
			break;
		}
		adopt(h, fd);
		n++;
		if (h->conns >= HTTPD_CONNECTIONS)
			set_full(h, true);
	}
	return n;
}

static size_t
take_in_all(struct httpd *h)
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
httpd_listen(struct httpd *h, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	h->fd = mem_more(h->fd, h->n, &h->cap, sizeof *h->fd);
	h->fd[h->n++] = fd;
	loop_add(h->loop, fd, h->is_full ? 0 : POLLIN, on_listener, h);
}

size_t
httpd_drain(struct httpd *h)
{
	size_t fresh;

	do {
		struct conn *next;

		fresh = take_in_all(h);
		for (struct conn *c = h->first; c; c = next) {
			next = c->next;
			fresh += !turn(c, DRAIN);
		}
	} while (fresh);
	return h->conns;
}

void
httpd_del(struct httpd *h)
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
