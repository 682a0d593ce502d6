#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/transfer_int.h"

enum { HEAD_MAX = 64 << 10, NS_OF_MS = 1000000 };

struct transfer_stream {
	CURL *curl;
	int fd;
	struct buf early; /* what came with the answer */
};

static void
set(CURL *c, const struct transfer_request *r)
{
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->stall_ns / NS_OF_MS));
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* What is upgraded is HTTP/1.1. */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
	if (r->ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, r->is_unchecked ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, r->is_unchecked ? 0L : 2L);
	transfer_set_near(c, r);
}

static int
connect_to(
    struct transfer_stream *s, const struct transfer_request *r, struct err *e)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code;

	s->curl = transfer_curl();
	set(s->curl, r);
	code = curl_easy_perform(s->curl);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
	s->fd = fd;
	return code == CURLE_OK ? 0
				: err_set(e, "%s", curl_easy_strerror(code));
}

static int
await(struct transfer_stream *s, short events, int64_t ns, struct err *e)
{
	struct pollfd p = {.fd = s->fd, .events = events};

	return poll(&p, 1, (int)(ns / NS_OF_MS)) > 0
		 ? 0
		 : err_set(e, "no answer to an upgrade");
}

static int
ask(struct transfer_stream *s, const struct transfer_request *r,
    const char *path, struct err *e)
{
	AUTO_BUF head = BUF_INIT;

	buf_addf(&head,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
	    "Upgrade: tcp\r\nContent-Length: 0\r\n\r\n",
	    path);
	for (size_t at = 0; at < head.len;) {
		ssize_t n =
		    transfer_stream_write(s, head.s + at, head.len - at);

		if (n < 0)
			return err_set(e, "an upgrade:");
		if (!n && await(s, POLLOUT, r->stall_ns, e) < 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

/* Read past the answer's head; what follows it is the stream's. */
static int
answer(
    struct transfer_stream *s, const struct transfer_request *r, struct err *e)
{
	AUTO_BUF head = BUF_INIT;
	const char *end;
	int status = 0;

	while (!(end = strstr(head.s, "\r\n\r\n"))) {
		char piece[4096];
		ssize_t n = transfer_stream_read(s, piece, sizeof piece);

		if (!n || (n < 0 && errno != EAGAIN) || head.len > HEAD_MAX)
			return err_set(e, "an upgrade was broken off");
		if (n < 0 && await(s, POLLIN, r->stall_ns, e) < 0)
			return -1;
		if (n > 0)
			buf_add(&head, piece, (size_t)n);
	}
	end += 4;
	if (sscanf(head.s, "HTTP/1.%*d %d", &status) != 1 ||
	    (status != 101 && status != 200))
		return err_set(
		    e, "an upgrade was answered with %d: %.200s", status, end);
	buf_add(&s->early, end, head.len - (size_t)(end - head.s));
	return 0;
}

struct transfer_stream *
transfer_open(
    const struct transfer_request *request, const char *path, struct err *e)
{
	struct transfer_stream *s = mem_new(1, sizeof *s);

	s->early = (struct buf)BUF_INIT;
	if (!connect_to(s, request, e) && !ask(s, request, path, e) &&
	    !answer(s, request, e))
		return s;
	transfer_close(s);
	return NULL;
}

int
transfer_stream_fd(const struct transfer_stream *s)
{
	return s->fd;
}

ssize_t
transfer_stream_read(struct transfer_stream *s, char *to, size_t n)
{
	size_t got = 0;
	CURLcode code;

	if (s->early.len) {
		n = n < s->early.len ? n : s->early.len;
		memcpy(to, s->early.s, n);
		buf_drop(&s->early, n);
		return (ssize_t)n;
	}
	code = curl_easy_recv(s->curl, to, n, &got);
	if (code == CURLE_OK)
		return (ssize_t)got;
	errno = code == CURLE_AGAIN ? EAGAIN : EIO;
	return -1;
}

ssize_t
transfer_stream_write(struct transfer_stream *s, const char *from, size_t n)
{
	size_t sent = 0;
	CURLcode code = curl_easy_send(s->curl, from, n, &sent);

	if (code == CURLE_OK || code == CURLE_AGAIN)
		return (ssize_t)sent;
	errno = EPIPE;
	return -1;
}

void
transfer_close(struct transfer_stream *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->curl);
	buf_free(&s->early);
	free(s);
}
