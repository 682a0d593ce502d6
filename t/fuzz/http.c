/*
 * Any bytes as what a client of HTTP sends: pieces of any size tell the same
 * requests as the whole, and no body is longer than what came. The first byte
 * says of which size.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "sys/httpd_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

struct heard {
	struct buf text;
	bool is_over; /* refused, or the last request */
};

static void
hear(struct heard *h, const struct httpd_request *rq)
{
	BUG_IF(!rq->method || !rq->path || !rq->content_type ||
	       !rq->content_encoding);
	buf_addf(&h->text, "%s %s %s %s %zu ", rq->method, rq->path,
	    rq->content_type, rq->content_encoding, rq->len);
	buf_add(&h->text, rq->body, rq->len);
}

static void
read_on(struct heard *h, struct httpd_reader *r)
{
	int got = 0;

	while (!h->is_over && (got = httpd_reader_next(r)) > 0) {
		BUG_IF(r->rq.refused);
		hear(h, &r->rq);
		h->is_over = r->is_last;
	}
	if (got >= 0)
		return;
	BUG_IF(r->rq.refused < 400 || !r->rq.why || !*r->rq.why);
	buf_addf(&h->text, "!%d %s", r->rq.refused, r->rq.why);
	h->is_over = true;
}

static struct heard
read_stream(const char *s, size_t n, size_t piece)
{
	struct heard h = {.text = BUF_INIT};
	struct httpd_reader r = HTTPD_READER_INIT;

	for (size_t at = 0; at < n && !h.is_over; at += piece) {
		buf_add(&r.in, s + at, n - at < piece ? n - at : piece);
		read_on(&h, &r);
		BUG_IF(r.body.len > n);
	}
	httpd_reader_free(&r);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	const char *text = (const char *)s + 1;
	struct heard whole, parts;

	if (n < 2)
		return 0;
	whole = read_stream(text, n - 1, n);
	parts = read_stream(text, n - 1, (size_t)*s + 1);
	BUG_IF(whole.text.len != parts.text.len ||
	       memcmp(whole.text.s, parts.text.s, whole.text.len) != 0);
	buf_free(&whole.text);
	buf_free(&parts.text);
	return 0;
}
