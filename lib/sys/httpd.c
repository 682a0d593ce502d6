#include "sys/httpd_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/server.h"

enum {
	CHUNK = 64 << 10,   /* bytes a read */
	PENDING = 64 << 10, /* of answers nobody takes: then we stop reading */
};

struct conn {
	struct client client;
	struct httpd_reader reader;
	bool is_last;  /* nothing more is read as a request */
	bool was_amid; /* in a header at the last turn */
	bool is_known; /* to speak no HTTP/2 */
};

struct httpd {
	struct server server;
	httpd_fn *fn;
	void *arg;
	httpd_other_fn *other; /* for HTTP/2; may be NULL */
	void *other_arg;
};

static struct httpd *
httpd_of(const struct conn *c)
{
	return (struct httpd *)c->client.server;
}

static void
open_conn(struct client *client)
{
	((struct conn *)client)->reader =
	    (struct httpd_reader)HTTPD_READER_INIT;
}

static void
close_conn(struct client *client)
{
	httpd_reader_free(&((struct conn *)client)->reader);
}

/* Does it begin with "PRI"? Then it is somebody else's, and gone. No method
 * of HTTP/1 begins so. */
static bool
divert(struct conn *c)
{
	static const char pri[] = "PRI";
	struct httpd *h = httpd_of(c);
	char seen[sizeof pri - 1];
	int fd = c->client.fd;
	ssize_t n;

	if (c->is_known || !h->other)
		return false;
	n = recv(fd, seen, sizeof seen, MSG_PEEK);
	c->is_known = n >= 0;
	if (n < (ssize_t)sizeof seen || memcmp(seen, pri, sizeof seen))
		return false;
	client_release(&c->client);
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
	struct buf *to = &c->client.out;

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
	httpd_of(c)->fn(httpd_of(c)->arg, rq, &rs);
	if (rq->refused)
		rs.status = rq->refused;
	if (rs.status == 503 && !rs.retry_after_s)
		rs.retry_after_s = 1;
	if (!c->client.is_deaf)
		put_answer(c, &rs);
	buf_free(&rs.body);
}

static void
refuse(struct conn *c, int status, const char *why)
{
	httpd_reader_refuse(&c->reader, status, why);
	answer(c);
}

/* What was read, or will not be, holds no memory. */
static void
forget(struct httpd_reader *r)
{
	buf_free(&r->in);
	buf_free(&r->body);
	r->at = r->scanned = 0;
}

/* Answer what has been read. */
static void
serve(struct conn *c)
{
	struct httpd_reader *r = &c->reader;
	int got = 1;

	while (got && !c->is_last && !client_is_blocked(&c->client)) {
		got = httpd_reader_next(r);
		if (got)
			answer(c);
	}
	if (c->is_last) {
		forget(r);
		return;
	}
	if (r->wants_100) {
		buf_adds(&c->client.out, "HTTP/1.1 100 Continue\r\n\r\n");
		r->wants_100 = false;
	}
	if (!got && c->client.has_end && httpd_reader_is_amid(r))
		refuse(c, 400, "the request is cut off");
}

/* Who takes something is not quiet. */
static void
flush(struct client *client)
{
	size_t left = client->out.len - client->sent;

	client_write(client);
	if (!client->is_deaf && client->out.len - client->sent < left)
		client->deadline = clock_mono_ns() + SERVER_QUIET_NS;
}

/* Answer and write until one of them waits for the other side. */
static void
respond(struct conn *c)
{
	struct client *client = &c->client;
	bool again;

	do {
		serve(c);
		again = client_is_blocked(client);
		flush(client);
	} while (again && !client_is_blocked(client));
}

static bool
speak(struct client *client)
{
	struct conn *c = (struct conn *)client;

	if (divert(c))
		return false;
	flush(client);
	respond(c);
	return true;
}

static void
hold(struct conn *c)
{
	struct httpd_reader *r = &c->reader;

	client_hold(&c->client, r->in.len + r->body.len);
	if (c->client.server->held <= HTTPD_HELD || c->is_last)
		return;
	refuse(c, 503, "too much is on its way at once");
	forget(r);
	client_hold(&c->client, 0);
	flush(&c->client);
}

/* The clock of a header runs from its first byte, else from the last. */
static void
progress(struct conn *c)
{
	bool is_amid =
	    c->reader.phase == HTTPD_HEAD && httpd_reader_is_amid(&c->reader);

	if (!is_amid || !c->was_amid)
		c->client.deadline = clock_mono_ns() + SERVER_QUIET_NS;
	c->was_amid = is_amid;
}

static bool
hear(struct client *client)
{
	struct conn *c = (struct conn *)client;
	struct buf *in = &c->reader.in;
	ssize_t n = client_read(client, buf_room(in, CHUNK), CHUNK);

	if (n < 0)
		return false;
	if (n && !c->is_last) {
		in->len += (size_t)n;
		in->s[in->len] = 0;
	}
	respond(c);
	hold(c);
	if (n && !c->is_last)
		progress(c);
	return n > 0;
}

/* Idle, deaf to its answers, or too slow with a request. */
static void
tire(struct client *client)
{
	struct conn *c = (struct conn *)client;

	if (c->is_last || client->sent < client->out.len ||
	    !httpd_reader_is_amid(&c->reader)) {
		client_drop(client);
		return;
	}
	refuse(c, 408, "the request came too slowly");
	client->deadline = clock_mono_ns() + SERVER_LINGER_NS;
	client_turn(client, 1);
}

static bool
is_over(const struct client *client)
{
	return ((const struct conn *)client)->is_last;
}

struct httpd *
httpd_new(struct loop *l, httpd_fn *handler, void *arg)
{
	static const struct server_protocol http = {
	    .client_size = sizeof(struct conn),
	    .clients = HTTPD_CONNECTIONS,
	    .pending = PENDING,
	    .open = open_conn,
	    .close = close_conn,
	    .speak = speak,
	    .hear = hear,
	    .tire = tire,
	    .is_over = is_over,
	};
	struct httpd *h = mem_new(1, sizeof *h);

	server_init(&h->server, l, &http);
	h->fn = handler;
	h->arg = arg;
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
	return h->server.clients;
}

void
httpd_listen(struct httpd *h, int fd)
{
	server_listen(&h->server, fd);
}

size_t
httpd_drain(struct httpd *h)
{
	return server_drain(&h->server);
}

void
httpd_del(struct httpd *h)
{
	if (!h)
		return;
	server_end(&h->server);
	free(h);
}
