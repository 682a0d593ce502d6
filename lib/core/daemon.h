/*
 * A container engine, Docker's or Podman's, spoken to by the API that Docker
 * began: over a unix socket of this machine, or TCP with or without TLS.
 *
 * src: Docker Engine API 1.41 and later; docker(1), podman-system-service(1)
 */
#ifndef CORE_DAEMON_H
#define CORE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/value.h"
#include "sys/transfer.h"

struct daemon {
	struct arena a; /* all texts */
	struct transfer *transfer;
	const char *kind;   /* as it was asked for */
	const char *place;  /* as it was named: "unix:///run/docker.sock" */
	const char *origin; /* "http://localhost" */
	const char *socket; /* NULL: it need not be on this machine */
	const char *ca, *cert, *key;
	bool is_unchecked;
	const char *api;     /* the version that is spoken, "1.41" */
	const char *version; /* of the engine */
	bool is_podman;
};

/*
 * Find the engine, and agree on a version with it.
 *
 * in:  kind, "docker" (DOCKER_HOST, else the context, else its sockets),
 *      "podman" (CONTAINER_HOST, else its sockets), or "auto": either
 * err: -1 and *e: none is there, it does not answer, or it is too old
 * mem: daemon_free() it, in any case
 */
int daemon_find(struct daemon *d, const char *kind, struct err *e);

/* In a child of ours: our parent's connections are not ours. */
void daemon_renew(struct daemon *d);

/* Another way to the same engine, for a thread of its own, while d is there. */
void daemon_twin(const struct daemon *d, struct daemon *to);

void daemon_free(struct daemon *d);

/*
 * Look for engines, and append what they are and hold, a line a finding, to
 * *out: words for a person, what is missing with its cure.
 *
 * in:  kind, as of daemon_find(); "auto" needs none
 * out: the number of things that are missing
 */
int daemon_look(const char *kind, struct buf *out);

/* "docker" or "podman". */
const char *daemon_name(const struct daemon *d);

struct daemon_call {
	const char *method; /* NULL: POST with `json`, else GET */
	const char *path;   /* from the version on: "/containers/json?all=1" */
	const char *json;
	const int *upload;  /* a tar is read from it, and put */
	int64_t wait_ns;    /* 0: 30 s */
	const char *header; /* one more, "NAME: VALUE", or NULL */
	/*
	 * Gets the body of a 200, as it comes; -1 ends it. Then wait_ns is the
	 * silence that is borne, however long it goes on.
	 */
	int (*take)(void *arg, bool is_part, const char *s, size_t n);
	bool (*is_over)(void *arg); /* asked now and then: give it up? */
	void *arg;
};

/*
 * Make a call.
 *
 * out: the status; the body as it came. From 400 on *e is what it says.
 * err: -1 and *e: no answer
 */
int daemon_call(struct daemon *d, const struct daemon_call *call,
    struct buf *body, struct err *e);

/* The same with the body parsed, NULL where it is no JSON. */
int daemon_ask(struct daemon *d, const struct daemon_call *call,
    struct arena *a, struct value **reply, struct err *e);

/*
 * What the engine tells of an image that it has.
 *
 * out: 1 and *to; 0 and *e, with the cure: it has none
 * err: -1 and *e
 */
int daemon_image(struct daemon *d, const char *name, struct arena *a,
    struct value **to, struct err *e);

/* Open the streams of a container; its first process reads and writes them. */
struct transfer_stream *daemon_attach(
    struct daemon *d, const char *container, struct err *e);

/* Append a text as a part of a path or query. */
void daemon_escape(struct buf *to, const char *text);

#endif
