/*
 * Unary gRPC calls over HTTP/2 with prior knowledge, served in the caller's
 * loop. Frames, windows, PING and header compression are nghttp2's.
 *
 * Bounds: H2D_* below. A connection on which no call comes forward for 30 s is
 * told to go (GOAWAY) and closed.
 *
 * src: RFC 9113; gRPC over HTTP2
 */
#ifndef SYS_H2D_H
#define SYS_H2D_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sys/loop.h"

enum {
	H2D_HEADERS = 64 << 10,	 /* bytes of a call; more ends the connection */
	H2D_MESSAGE = 64 << 20,	 /* bytes; more is RESOURCE_EXHAUSTED */
	H2D_HELD = 256 << 20,	 /* of all messages on their way; more is
				    UNAVAILABLE */
	H2D_CONNECTIONS = 256,	 /* more wait in the backlog */
	H2D_STREAMS = 100,	 /* calls at once on a connection */
	H2D_PENDING = 256 << 10, /* of answers nobody takes: then we stop
				    reading */
};

enum h2d_status {
	H2D_OK = 0,
	H2D_INVALID_ARGUMENT = 3,
	H2D_RESOURCE_EXHAUSTED = 8,
	H2D_UNIMPLEMENTED = 12,
	H2D_INTERNAL = 13,
	H2D_UNAVAILABLE = 14,
};

/* Texts are never NULL; "" stands for what did not come. */
struct h2d_request {
	const char *path, *encoding; /* encoding: of grpc-encoding */
	bool is_compressed;	     /* the flag before the message */
	const char *message;	     /* message[len] */
	size_t len;
	int refused; /* not 0: this goes out, a code of gRPC or, from 400 on, a
			status of HTTP; it is only to be counted */
	const char *why; /* it was refused */
};

struct h2d_response {
	enum h2d_status status; /* H2D_OK unless the handler says otherwise */
	struct buf why;		/* where it is not H2D_OK */
	struct buf message;	/* where it is */
};

/* Answers one call; everything in the request is borrowed. */
typedef void h2d_fn(
    void *arg, const struct h2d_request *rq, struct h2d_response *rs);

struct h2d;

struct h2d *h2d_new(struct loop *l, h2d_fn *handler, void *arg);

/* Serve a listening socket, which is made non-blocking and is closed by
 * h2d_del(). */
void h2d_listen(struct h2d *h, int fd);

/* Serve a connection of which nothing has been read. It is closed by us: at
 * once where there are too many. */
void h2d_adopt(struct h2d *h, int fd);

size_t h2d_open_connections(const struct h2d *h);

/*
 * Accept what is pending, read every connection until it would block or ends,
 * and tell those that remain that no more calls are taken.
 *
 * out: how many remain open
 */
size_t h2d_drain(struct h2d *h);

/* NULL is fine. */
void h2d_del(struct h2d *h);

#endif
