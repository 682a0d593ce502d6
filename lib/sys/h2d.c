#include "sys/h2d_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/server.h"

enum { CHUNK = 64 << 10 }; /* bytes a read */

struct conn {
	struct client client;
	struct h2d_session *session;
	uint64_t progress; /* as of the last turn */
	bool is_leaving;   /* told to go */
};

struct h2d {
	struct server server;
	h2d_fn *fn;
	void *arg;
};

static void
open_conn(struct client *client)
{
	struct conn *c = (struct conn *)client;
	struct h2d *h = (struct h2d *)client->server;

	c->session = h2d_session_new(h->fn, h->arg);
}

static void
close_conn(struct client *client)
{
	h2d_session_del(((struct conn *)client)->session);
}

/* Pull and write in turn. */
static bool
speak(struct client *client)
{
	struct h2d_session *session = ((struct conn *)client)->session;

	do {
		h2d_session_write(session, &client->out);
	} while (client->sent < client->out.len && client_write(client));
	return true;
}

static void
hold(struct conn *c)
{
	client_hold(&c->client, h2d_session_held(c->session));
	if (c->client.server->held <= H2D_HELD)
		return;
	h2d_session_refuse(c->session, H2D_UNAVAILABLE,
	    "too much is on its way at once: try again");
	client_hold(&c->client, 0);
}

static void
progress(struct conn *c)
{
	uint64_t now = h2d_session_progress(c->session);

	if (now != c->progress && !c->is_leaving && !c->client.is_shut)
		c->client.deadline = clock_mono_ns() + SERVER_QUIET_NS;
	c->progress = now;
}

static bool
hear(struct client *client)
{
	struct conn *c = (struct conn *)client;
	char chunk[CHUNK];
	ssize_t n = client_read(client, chunk, sizeof chunk);

	if (n <= 0)
		return false;
	h2d_session_read(c->session, chunk, (size_t)n);
	hold(c);
	speak(client);
	progress(c);
	return true;
}

static void
leave(struct conn *c)
{
	h2d_session_leave(c->session);
	c->is_leaving = true;
	client_turn(&c->client, 1);
}

/* Nothing has come forward for long. */
static void
tire(struct client *client)
{
	struct conn *c = (struct conn *)client;

	if (c->is_leaving || client->is_shut ||
	    client->sent < client->out.len) {
		client_drop(client);
		return;
	}
	h2d_session_refuse(
	    c->session, H2D_UNAVAILABLE, "the call came too slowly");
	client->deadline = clock_mono_ns() + SERVER_LINGER_NS;
	leave(c);
}

static bool
is_over(const struct client *client)
{
	return h2d_session_is_over(((const struct conn *)client)->session);
}

struct h2d *
h2d_new(struct loop *l, h2d_fn *handler, void *arg)
{
	static const struct server_protocol grpc = {
	    .client_size = sizeof(struct conn),
	    .clients = H2D_CONNECTIONS,
	    .pending = H2D_PENDING,
	    .open = open_conn,
	    .close = close_conn,
	    .speak = speak,
	    .hear = hear,
	    .tire = tire,
	    .is_over = is_over,
	};
	struct h2d *h = mem_new(1, sizeof *h);

	server_init(&h->server, l, &grpc);
	h->fn = handler;
	h->arg = arg;
	return h;
}

size_t
h2d_open_connections(const struct h2d *h)
{
	return h->server.clients;
}

void
h2d_listen(struct h2d *h, int fd)
{
	server_listen(&h->server, fd);
}

void
h2d_adopt(struct h2d *h, int fd)
{
	server_adopt(&h->server, fd);
}

size_t
h2d_drain(struct h2d *h)
{
	struct client *next;

	server_drain(&h->server);
	for (struct client *c = h->server.first; c; c = next) {
		next = c->next;
		if (!((struct conn *)c)->is_leaving && !c->is_shut)
			leave((struct conn *)c);
	}
	return h->server.clients;
}

void
h2d_del(struct h2d *h)
{
	if (!h)
		return;
	server_end(&h->server);
	free(h);
}
