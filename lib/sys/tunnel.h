/*
 * Messages and their descriptors over a stream of bytes, where no descriptor
 * can travel: what is written to one side's comes out of the other's.
 *
 * Pipes, regular files (as they are), connections, and sockets that listen: a
 * connection to the far one becomes a connection to the near one.
 *
 * Who reads from a pipe or a connection must go on reading: what comes for
 * it waits in front of all else.
 */
#ifndef SYS_TUNNEL_H
#define SYS_TUNNEL_H

#include <poll.h>

#include "base/buf.h"
#include "base/err.h"
#include "sys/wire.h"

struct tunnel_channel;

struct tunnel {
	bool is_far;	/* two sides, that number theirs apart */
	struct buf in;	/* what came, and is not yet whole */
	struct buf out; /* to be written to the stream by the caller */
	struct tunnel_channel *channel;
	size_t n, cap;
	uint32_t last;
	int (*take)(void *arg, struct wire *w); /* a message came */
	void *arg;
};

/* Close all. */
void tunnel_free(struct tunnel *t);

/* Append a message to `out`. Its descriptors are the tunnel's now. */
void tunnel_send(struct tunnel *t, struct wire *w);

/*
 * Bytes came: see to them, and call take() with each message.
 *
 * err: -1 and *e: they make no sense, or take() gave -1
 */
int tunnel_feed(struct tunnel *t, const char *s, size_t n, struct err *e);

/* Append what is to be polled; then see to what came of poll[n]. */
size_t tunnel_poll(const struct tunnel *t, struct pollfd *poll, size_t room);
void tunnel_serve(struct tunnel *t, const struct pollfd *poll, size_t n);

/* What has been written to our side, up to now, is appended to `out`. */
void tunnel_drain(struct tunnel *t);

/* Wait until all that came has been taken by those it is for. */
void tunnel_flush(struct tunnel *t);

#endif
