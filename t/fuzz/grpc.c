/*
 * Any bytes as what a client of gRPC sends: the first one says in pieces of
 * which size, and whether a preface goes before them. A call is answered once
 * at most, and holds no more than came.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "sys/h2d_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

static const char hello[] =
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

static void
on_call(void *arg, const struct h2d_request *rq, struct h2d_response *rs)
{
	BUG_IF(!rq->path || !rq->encoding || !rq->message || !rq->why);
	BUG_IF(rq->refused && rq->len);
	++*(size_t *)arg;
	if (rq->len % 3 == 1) {
		rs->status = H2D_INVALID_ARGUMENT;
		buf_adds(&rs->why, "100 % no\n");
	}
	buf_add(&rs->message, rq->message, rq->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	size_t calls = 0, piece;
	struct h2d_session *h = h2d_session_new(on_call, &calls);
	AUTO_BUF out = BUF_INIT;

	if (n && *s & 1)
		h2d_session_read(h, hello, sizeof hello - 1);
	piece = n ? (size_t)(*s >> 1) + 1 : 1;
	for (size_t at = 1; at < n; at += piece) {
		size_t len = n - at < piece ? n - at : piece;

		h2d_session_read(h, (const char *)s + at, len);
		BUG_IF(h2d_session_held(h) > at + len);
		h2d_session_write(h, &out);
		BUG_IF(out.len > H2D_PENDING + (64 << 10));
		if (at % 3)
			buf_reset(&out);
	}
	if (n % 2)
		h2d_session_refuse(h, H2D_UNAVAILABLE, "later");
	h2d_session_leave(h);
	buf_reset(&out);
	h2d_session_write(h, &out);
	BUG_IF(calls > n);
	h2d_session_del(h);
	return 0;
}
