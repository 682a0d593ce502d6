/*
 * Fetching over HTTP and HTTPS, in the thread that asks: bodies are handed on
 * as they come, redirects are followed, and whoever answers is bounded.
 *
 * Credentials in a header go to the host that was asked, and to no other that
 * it sends us to; nor is a secure way ever left for one that is not. Proxies
 * are those of the environment, see curl(1).
 *
 * src: RFC 9110; libcurl
 */
#ifndef SYS_TRANSFER_H
#define SYS_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Why no whole reply came. */
enum transfer_why {
	TRANSFER_DONE,
	TRANSFER_REFUSED, /* no host, no connection */
	TRANSFER_TLS,	  /* nobody we trust, or no TLS at all */
	TRANSFER_CUT,	  /* it began, and broke off or fell silent */
	TRANSFER_WRONG,	  /* too long, too many redirects, no HTTP */
	TRANSFER_TAKER,	  /* take() gave -1 */
	TRANSFER_STOPPED, /* by a signal, or is_over() */
};

struct transfer_request {
	const char *url;
	const char *accept, *authorization; /* header values, or NULL */
	const char *form;		    /* is posted; NULL: a GET */
	const char *method;		    /* NULL: by what is sent */
	const char *socket;	/* a unix socket that is spoken to, or NULL */
	const char *json;	/* is posted, or sent as `method` */
	const int *upload;	/* a tar is read from it, and put; or NULL */
	const char *cert, *key; /* files of who we are, or NULL */
	const char *ca;	    /* a file of certificates, or NULL: the system's */
	bool is_unchecked;  /* any certificate will do */
	bool is_direct;	    /* by no proxy */
	uint64_t from, end; /* bytes wanted, when end > 0: [from, end) */
	const char *header; /* one more, "NAME: VALUE", or NULL */
	int64_t connect_ns; /* until it is connected; 0: as for silence */
	int64_t stall_ns;   /* silence that is borne; 0: any */
	bool is_terse;	    /* a byte now and then is no silence */
	int64_t whole_ns;   /* for all of it; 0: as long as it goes on */
	size_t limit;	    /* of a body that is kept; 0: 64 KiB */
	/*
	 * Gets the body of a 200 or a 206, told by is_part; such a body is not
	 * kept then. -1 ends it. NULL: the body is kept.
	 */
	int (*take)(void *arg, bool is_part, const char *s, size_t n);
	bool (*is_over)(void *arg); /* asked now and then: give it up? */
	void *arg;
};

struct transfer_reply {
	enum transfer_why why;
	int status;
	char *url;	 /* of the last one asked, where that is another */
	struct buf body; /* as far as it is kept */
	struct buf type, challenge, digest; /* headers; a line a challenge */
	long retry_after;		    /* seconds, or -1 */
};

#define TRANSFER_REPLY_INIT                                                \
	{                                                                  \
		.body = BUF_INIT, .type = BUF_INIT, .challenge = BUF_INIT, \
		.digest = BUF_INIT, .retry_after = -1                      \
	}
#define AUTO_REPLY \
	__attribute__((cleanup(transfer_reply_free))) struct transfer_reply

void transfer_reply_free(struct transfer_reply *r);

/* Connections that are kept for the next request; one thread at a time. */
struct transfer;

struct transfer *transfer_new(void);
void transfer_del(struct transfer *t);

/*
 * Ask, and wait for all of the reply. *to begins anew.
 *
 * out: 0, and *to, of whatever status
 * err: -1, *e, and to->why
 */
int transfer_run(struct transfer *t, const struct transfer_request *request,
    struct transfer_reply *to, struct err *e);

/*
 * A stream in both directions, in place of a reply: what HTTP/1.1 upgrades to.
 */
struct transfer_stream;

/*
 * Ask for one, and wait until it is there.
 *
 * in:  of the request its url, socket, certificates and stall_ns; path, with
 *      the query, is posted to
 * err: NULL and *e: also any answer but 101 and 200
 * mem: transfer_close() it
 */
struct transfer_stream *transfer_open(
    const struct transfer_request *request, const char *path, struct err *e);

/* To be polled; what has come may all have been read from it already. */
int transfer_stream_fd(const struct transfer_stream *s);

/*
 * Read or write what can be now.
 *
 * out: bytes; 0, at the end of what is read, else when nothing can be written
 * err: -1 with errno, EAGAIN when there is nothing to read
 */
ssize_t transfer_stream_read(struct transfer_stream *s, char *to, size_t n);
ssize_t transfer_stream_write(
    struct transfer_stream *s, const char *from, size_t n);

void transfer_close(struct transfer_stream *s);

#endif
