/*
 * Posting over HTTP/1.1 without waiting: one request at a time, over one
 * connection that is kept, in the caller's loop. No TLS.
 *
 * src: RFC 9110, RFC 9112
 */
#ifndef SYS_HTTP_H
#define SYS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"

struct http_url {
	char host[256]; /* a name or an address, without brackets */
	char port[6];
	char path[1024]; /* with the query */
};

/*
 * Parse http://host[:port][/path].
 *
 * err: -1 and *e, also for https, which is not spoken
 */
int http_url(const char *text, struct http_url *url, struct err *e);

struct http_reply {
	int status; /* 0: none came, and `why` says so */
	char why[200];
	const char *body; /* body[len], borrowed for the call */
	size_t len;
	long retry_after; /* seconds, at most 65535, or -1 */
};

typedef void http_fn(void *arg, const struct http_reply *reply);

struct http;

/* fn is called once for each http_post(), at times before that returns. */
struct http *http_new(
    struct loop *l, const struct http_url *url, http_fn *fn, void *arg);

/*
 * Send body[n]; the one before must have been answered.
 *
 * in:  headers, whole lines with CRLF, without Host and Content-Length;
 *      until_ns, of clock_mono_ns(): a reply later than that does not count
 * mem: headers and body are copied
 */
void http_post(struct http *h, const char *headers, const char *body, size_t n,
    int64_t until_ns);

/* Is a reply awaited? */
bool http_is_busy(const struct http *h);

/* Drop the connection, and what is under way. NULL is fine. */
void http_del(struct http *h);

#endif
