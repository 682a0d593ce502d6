/*
 * A small strict HTTP/1.1 server in the caller's loop: keep-alive, pipelining,
 * chunked bodies, Expect: 100-continue, HTTP/1.0. Whatever is framed in a
 * doubtful way is refused and the connection closed.
 *
 * Bounds: HTTPD_* below. A connection that neither asks nor hears anything for
 * 30 s is closed; so is a request that takes longer to arrive.
 *
 * src: RFC 9110, RFC 9112
 */
#ifndef SYS_HTTPD_H
#define SYS_HTTPD_H

#include <stddef.h>

#include "base/buf.h"
#include "sys/loop.h"

enum {
	HTTPD_HEADERS = 64 << 10, /* bytes; more is 431 */
	HTTPD_BODY = 64 << 20,	  /* bytes; more is 413 */
	HTTPD_HELD = 256 << 20,	  /* of all bodies on their way; more is 503 */
	HTTPD_CONNECTIONS = 256,  /* more wait in the backlog */
};

/* Texts are never NULL; "" stands for what did not come. */
struct httpd_request {
	const char *method, *path; /* path: without query and host */
	const char *content_type, *content_encoding;
	const char *body; /* body[len] */
	size_t len;
	int refused;	 /* not 0: this status goes out; only word the body */
	const char *why; /* it was refused */
};

struct httpd_response {
	int status; /* 200 unless the handler says otherwise */
	const char *content_type;
	const char *allow; /* for a 405; else NULL */
	int retry_after_s; /* 0: none */
	struct buf body;
};

/* Answers one request; everything in the request is borrowed. */
typedef void httpd_fn(
    void *arg, const struct httpd_request *rq, struct httpd_response *rs);

struct httpd;

struct httpd *httpd_new(struct loop *l, httpd_fn *handler, void *arg);

/* Takes over a connection of which nothing has been read. */
typedef void httpd_other_fn(void *arg, int fd);

/* Hand over connections that begin as HTTP/2 does; without it they are 505. */
void httpd_divert(struct httpd *h, httpd_other_fn *fn, void *arg);

/* Serve a listening socket, which is made non-blocking and is closed by
 * httpd_del(). */
void httpd_listen(struct httpd *h, int fd);

size_t httpd_open_connections(const struct httpd *h);

/*
 * Accept what is pending and read every connection until it would block or
 * ends.
 *
 * out: how many remain open
 */
size_t httpd_drain(struct httpd *h);

void httpd_del(struct httpd *h);

#endif
