/*
 * The messages between a runner, who makes and who is the init of a sandbox:
 * packets of a SOCK_SEQPACKET socket, with descriptors.
 */
#ifndef SYS_WIRE_H
#define SYS_WIRE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum wire_type {
	WIRE_PLAN = 1, /* runner to spawner */
	WIRE_AHEAD,    /* the same; what is the machine's waits for GO */
	WIRE_GO,       /* runner to spawner, spawner to init */
	WIRE_RUN,      /* runner to init … */
	WIRE_SIGNAL,
	WIRE_FINISH,
	WIRE_DIAL,
	WIRE_OPEN,
	WIRE_READY, /* … and back */
	WIRE_FAILED,
	WIRE_STEP,
	WIRE_GONE,
	WIRE_DIALED,
	WIRE_OPENED,
	WIRE_STRAYS,
	WIRE_WRITES,
	WIRE_GUEST, /* host to guest: its world, before all else */
	WIRE_COUNT, /* host to guest, and back: what went outside is told */
	WIRE_IMAGE, /* runner to host, and back */
	WIRE_USERS,
};

enum { WIRE_FDS = 128 };

struct wire {
	uint32_t type;
	struct buf body;
	size_t at;   /* what was read of it */
	bool is_bad; /* it was read past its end */
	bool is_own; /* it was received: the descriptors are its own */
	int fd[WIRE_FDS];
	size_t fds;
};

#define WIRE_INIT                \
	{                        \
		.body = BUF_INIT \
	}
#define AUTO_WIRE __attribute__((cleanup(wire_free))) struct wire

void wire_free(struct wire *w);

/* Append a number, a string (NULL stays NULL), raw bytes, a list of strings
 * ended by NULL, a descriptor (borrowed). */
void wire_int(struct wire *w, int64_t v);
void wire_str(struct wire *w, const char *s);
void wire_raw(struct wire *w, const void *p, size_t n);
void wire_list(struct wire *w, char *const *list);
void wire_fd(struct wire *w, int fd);

/* Take them back in the same order. Strings live in the message; a list is
 * one malloc; a descriptor is the taker's. */
int64_t wire_get_int(struct wire *w);
const char *wire_get_str(struct wire *w);
void wire_get_raw(struct wire *w, void *p, size_t n);
char **wire_get_list(struct wire *w);
int wire_get_fd(struct wire *w);

/* Send it as one packet; what is too large goes by a memfd. -1 with errno. */
int wire_send(int sock, const struct wire *w, int flags);

/* Receive one: 1, 0 when the other side has gone, -1 with errno. */
int wire_receive(int sock, struct wire *w, int flags);

/* Has the other side of what was polled gone? */
static inline bool
wire_has_hung_up(const struct pollfd *p)
{
	return p->revents & (POLLHUP | POLLRDHUP | POLLERR);
}

#endif
