/*
 * The reader of one connection's requests: bytes are pushed in as they come,
 * requests are pulled out.
 */
#ifndef SYS_HTTPD_INT_H
#define SYS_HTTPD_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/httpd.h"

enum { HTTPD_IDLE = 256 << 10 }; /* bytes kept from request to request */

enum httpd_phase {
	HTTPD_HEAD,
	HTTPD_LENGTH,	  /* a body of known length */
	HTTPD_CHUNK,	  /* the line with a chunk's size */
	HTTPD_CHUNK_DATA, /* the chunk and the CRLF behind it */
	HTTPD_TRAILER,
	HTTPD_WHOLE, /* handed out; the next call begins anew */
	HTTPD_REFUSED,
};

struct httpd_reader {
	enum httpd_phase phase;
	struct buf in; /* what came, a body of known length with it; the first
			  `at` bytes are done with */
	size_t at, scanned;
	struct buf head; /* its texts, each ended by NUL */
	struct buf body; /* of chunks */
	uint64_t left;	 /* bytes of the body or the chunk still to come */
	size_t trailer;	 /* bytes of it */
	int minor;	 /* HTTP/1.minor */
	bool is_chunked, has_length, has_host, is_last;
	bool wants_100; /* the client waits to be told to go on */
	struct httpd_request rq;
};

#define HTTPD_READER_INIT                                          \
	{                                                          \
		.in = BUF_INIT, .head = BUF_INIT, .body = BUF_INIT \
	}

/*
 * Read on.
 *
 * out: 1: r->rq is a request, until the next call; 0: more bytes are needed;
 *      -1: r->rq.refused and .why say why not; nothing that follows is read
 */
int httpd_reader_next(struct httpd_reader *r);

/* Give up: as if it had been found wrong. Returns -1. */
int httpd_reader_refuse(struct httpd_reader *r, int status, const char *why);

/* Has a request begun that is not whole? */
bool httpd_reader_is_amid(const struct httpd_reader *r);

void httpd_reader_free(struct httpd_reader *r);

#endif
