/*
 * Clients that are served in the caller's loop, whatever they speak: listening
 * sockets, who has connected, what is pending for whom, and who has been quiet
 * for too long. A protocol's server and client begin with these.
 */
#ifndef SYS_SERVER_H
#define SYS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "sys/loop.h"

/* A client that is quiet for so long is told to go; it is awaited for so long
 * when all is said. */
#define SERVER_QUIET_NS INT64_C(30000000000)
#define SERVER_LINGER_NS INT64_C(2000000000)

struct client {
	struct server *server;
	struct client *next, *prev;
	int fd;
	struct buf out; /* the first `sent` bytes are written */
	size_t sent;
	size_t held; /* bytes of its requests: its part of server.held */
	int64_t deadline;
	bool is_shut; /* all was said; only the end is awaited */
	bool is_deaf; /* it takes no more answers */
	bool has_end; /* it sends no more */
};

/* What a protocol does with a client. */
struct server_protocol {
	size_t client_size;
	size_t clients; /* more wait in the backlog */
	size_t pending; /* bytes of answers nobody takes: then reading stops */
	void (*open)(struct client *c);	 /* the rest of it is zero */
	void (*close)(struct client *c); /* free what is the protocol's */
	bool (*speak)(struct client *c); /* answer, write; false: it is gone */
	bool (*hear)(struct client *c);	 /* read once; false: no more for now */
	void (*tire)(struct client *c);	 /* its deadline is over */
	bool (*is_over)(
	    const struct client *c); /* nothing more is to be said */
};

struct server {
	struct loop *loop;
	const struct server_protocol *protocol;
	int *fd; /* fd[n], listening */
	size_t n, cap;
	struct client *first;
	size_t clients, held;
	uint64_t timer;
	int64_t timer_at;
	bool is_full; /* not accepting for now */
};

void server_init(
    struct server *s, struct loop *l, const struct server_protocol *p);

/* Serve a listening socket, which is made non-blocking and is closed by
 * server_end(). */
void server_listen(struct server *s, int fd);

/* Serve a connection of which nothing has been read. It is closed by us: at
 * once where there are too many. */
void server_adopt(struct server *s, int fd);

/*
 * Accept what is pending, and read every client until it would block or ends.
 *
 * out: how many remain open
 */
size_t server_drain(struct server *s);

/* Drop all clients, and close the sockets. */
void server_end(struct server *s);

/* ---- for the protocol */

/* Hear and answer a client, as far as it goes; false: it is gone. */
bool client_turn(struct client *c, int rounds);

/* Is so much pending that nothing more is to be read? */
bool client_is_blocked(const struct client *c);

/* Write what is pending; false: it takes no more for now. One that is gone is
 * still read from. */
bool client_write(struct client *c);

/*
 * Read once into to[n].
 *
 * out: bytes; 0: the end, which is noted; -1: nothing for now
 */
ssize_t client_read(struct client *c, char *to, size_t n);

/* So many bytes of its requests are held now. */
void client_hold(struct client *c, size_t bytes);

/* Forget a client, whose connection stays open; or close that, too. */
void client_release(struct client *c);
void client_drop(struct client *c);

#endif
