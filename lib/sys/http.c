#include "sys/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

enum { MAX_REPLY = 4 << 20, MAX_ADDRESSES = 8 };

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

struct http {
	struct loop *loop;
	struct http_url url;
	http_fn *fn;
	void *arg;
	struct address address[MAX_ADDRESSES];
	size_t addresses, next; /* to be tried */
	pid_t resolver;
	struct buf names; /* what the resolver says */
	int fd;		  /* of the resolver, then of the connection; -1 */
	struct buf request, reply;
	size_t sent;
	uint64_t timer;
	bool is_busy, is_connected, is_reused;
};

/* ---- the address */

int
http_url(const char *text, struct http_url *url, struct err *e)
{
	const char *host = text + strlen("http://"), *end, *port;
	size_t n;

	if (!strncasecmp(text, "https://", 8)) {
		err_set(e, "%.200s: https is not spoken", text);
		return err_hint(e, "send to a collector on this machine, which "
				   "sends it on");
	}
	if (strncasecmp(text, "http://", 7) != 0 || strpbrk(text, " \t\r\n"))
		return err_set(e,
		    "%.200s is no URL such as "
		    "http://localhost:4318",
		    text);
	n = strcspn(host, "/?");
	end = host + n;
	port = memchr(host, *host == '[' ? ']' : ':', n);
	if (port && *port == ']')
		port = port[1] == ':' ? port + 1 : NULL;
	*url = (struct http_url){.port = "80", .path = "/"};
	if (port && (size_t)(end - port) - 1 < sizeof url->port)
		snprintf(url->port, sizeof url->port, "%.*s",
		    (int)(end - port) - 1, port + 1);
	else if (port)
		return err_set(e, "%.200s: the port is no number", text);
	n = (size_t)((port ? port : end) - host);
	if (n > 1 && *host == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (!n || n >= sizeof url->host ||
	    strspn(url->port, "0123456789") != strlen(url->port) ||
	    atoi(url->port) < 1 || atoi(url->port) > 65535 ||
	    strlen(end) >= sizeof url->path)
		return err_set(e, "%.200s: no host, or no port", text);
	memcpy(url->host, host, n);
	if (*end)
		snprintf(url->path, sizeof url->path, "%s%s",
		    *end == '?' ? "/" : "", end);
	return 0;
}

static bool
add_address(struct http *h, const char *text)
{
	struct address *a = &h->address[h->addresses];
	in_port_t port = htons((in_port_t)atoi(h->url.port));

	if (h->addresses == MAX_ADDRESSES)
		return false;
	*a = (struct address){.len = 0};
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = port;
		a->len = sizeof a->v4;
	} else if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = port;
		a->len = sizeof a->v6;
	}
	h->addresses += a->len > 0;
	return a->len > 0;
}

/* ---- one request */

static void connect_next(struct http *h);

static void
hang_up(struct http *h)
{
	if (h->fd >= 0)
		loop_drop(h->loop, h->fd);
	fd_close(&h->fd);
	h->is_connected = false;
	if (h->resolver > 0) {
		kill(h->resolver, SIGKILL);
		waitpid(h->resolver, NULL, 0);
	}
	h->resolver = 0;
}

static void
finish(struct http *h, struct http_reply *r)
{
	AUTO_BUF body = BUF_INIT;

	loop_cancel(h->loop, h->timer);
	h->timer = 0;
	h->is_busy = false;
	buf_add(&body, r->body ? r->body : "", r->len);
	r->body = body.s;
	buf_reset(&h->reply);
	h->fn(h->arg, r);
}

static void
fail(struct http *h, const char *what, int error)
{
	struct http_reply r = {.retry_after = -1};

	snprintf(r.why, sizeof r.why, "%.99s:%s: %s%s%s", h->url.host,
	    h->url.port, what, error ? ": " : "", error ? strerror(error) : "");
	hang_up(h);
	finish(h, &r);
}

static void
on_time(void *arg)
{
	struct http *h = arg;

	h->timer = 0;
	fail(h, "no answer in time", 0);
}

/* The value of a header in head[n], or NULL; up to the end of its line. */
static const char *
header(const char *head, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *end = head + n;

	for (const char *s = memchr(head, '\n', n); s && s + len + 1 < end;
	     s = memchr(s, '\n', (size_t)(end - s))) {
		s++;
		if ((size_t)(end - s) > len && !strncasecmp(s, name, len) &&
		    s[len] == ':')
			return s + len + 1 + strspn(s + len + 1, " \t");
	}
	return NULL;
}

/*
 * Join the chunks of s[n] in place.
 *
 * out: the length of the body; -1: there is more to come; -2: malformed
 */
static ssize_t
unchunk(char *s, size_t n)
{
	size_t at = 0, len = 0;

	for (;;) {
		char *lf = memchr(s + at, '\n', n - at), *end;
		unsigned long size;

		if (!lf)
			return -1;
		size = strtoul(s + at, &end, 16);
		if (end == s + at || size > MAX_REPLY)
			return -2;
		at = (size_t)(lf + 1 - s);
		if (!size)
			return (ssize_t)len;
		if (n - at < size + 2)
			return -1;
		memmove(s + len, s + at, size);
		len += size;
		at += size + 2;
	}
}

/* What is between the header and the end; -1 and -2 as above. */
static ssize_t
body_length(char *head, size_t head_len, size_t n, bool is_end)
{
	const char *length = header(head, head_len, "content-length");
	const char *coding = header(head, head_len, "transfer-encoding");
	unsigned long want;

	if (coding && !strncasecmp(coding, "chunked", 7)) {
		AUTO_BUF copy = BUF_INIT;
		ssize_t got;

		buf_add(&copy, head + head_len, n);
		got = unchunk(copy.s, n);
		if (got >= 0)
			memcpy(head + head_len, copy.s, (size_t)got);
		return got;
	}
	if (!length)
		return is_end ? (ssize_t)n : -1;
	want = strtoul(length, NULL, 10);
	if (want > MAX_REPLY)
		return -2;
	return n < want ? -1 : (ssize_t)want;
}

static bool
keeps_alive(const char *head, size_t n)
{
	const char *said = header(head, n, "connection");

	return !strncmp(head, "HTTP/1.1", 8) &&
	       (header(head, n, "content-length") ||
		   header(head, n, "transfer-encoding")) &&
	       (!said || strncasecmp(said, "close", 5) != 0);
}

static void
answer(struct http *h, size_t head_len, size_t n)
{
	const char *head = h->reply.s;
	const char *after = header(head, head_len, "retry-after");
	struct http_reply r = {
	    .status = atoi(head + 9),
	    .body = head + head_len,
	    .len = n,
	    .retry_after = -1,
	};

	if (after && *after >= '0' && *after <= '9')
		r.retry_after = (int)strtol(after, NULL, 10) & 0xffff;
	if (keeps_alive(head, head_len))
		h->is_reused = true;
	else
		hang_up(h);
	finish(h, &r);
}

/* The end of the header, past its empty line; 0: it did not come yet. */
static size_t
head_length(struct buf *b)
{
	char *end;

	for (;;) {
		end = memmem(b->s, b->len, "\r\n\r\n", 4);
		if (!end)
			return 0;
		if (b->len < 12 || strncmp(b->s + 9, "1", 1) != 0)
			return (size_t)(end + 4 - b->s);
		buf_drop(b, (size_t)(end + 4 - b->s)); /* 100 Continue */
	}
}

static void
take_reply(struct http *h, bool is_end)
{
	size_t head = head_length(&h->reply);
	ssize_t n = -1;

	if (head && strncmp(h->reply.s, "HTTP/1.", 7) != 0) {
		fail(h, "that is no HTTP", 0);
		return;
	}
	if (head)
		n = body_length(h->reply.s, head, h->reply.len - head, is_end);
	if (n >= 0)
		answer(h, head, (size_t)n);
	else if (n == -2 || h->reply.len > MAX_REPLY)
		fail(h, "the answer is malformed", 0);
	else if (is_end)
		fail(h, "it hung up without an answer", 0);
}

/* A connection that was kept may have been closed meanwhile: try another. */
static bool
is_stale(const struct http *h)
{
	return h->is_reused && !h->reply.len;
}

static void
start_again(struct http *h)
{
	hang_up(h);
	h->is_reused = false;
	h->next = 0;
	connect_next(h);
}

static void
read_reply(struct http *h)
{
	char chunk[16 << 10];
	ssize_t n = read(h->fd, chunk, sizeof chunk);

	if (n > 0) {
		buf_add(&h->reply, chunk, (size_t)n);
		if (h->is_busy)
			take_reply(h, false);
		else
			hang_up(h); /* nobody asked */
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (!h->is_busy)
		hang_up(h);
	else if (is_stale(h))
		start_again(h);
	else if (n < 0)
		fail(h, "it hung up", errno);
	else
		take_reply(h, true);
}

static void
write_request(struct http *h)
{
	ssize_t n = send(h->fd, h->request.s + h->sent,
	    h->request.len - h->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && is_stale(h)) {
		start_again(h);
		return;
	}
	if (n < 0) {
		fail(h, "it hung up", errno);
		return;
	}
	h->sent += (size_t)n;
	if (h->sent == h->request.len)
		loop_set(h->loop, h->fd, POLLIN);
}

static void
on_socket(void *arg, int events)
{
	struct http *h = arg;
	int error = 0;
	socklen_t len = sizeof error;

	if (!h->is_connected) {
		getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error) {
			errno = error;
			connect_next(h);
			return;
		}
		h->is_connected = true;
	}
	if (events & (POLLIN | POLLHUP | POLLERR))
		read_reply(h);
	else if (h->is_busy && events & POLLOUT && h->sent < h->request.len)
		write_request(h);
}

/* errno says why the one before could not be reached. */
static void
connect_next(struct http *h)
{
	int yes = 1, error = errno;
	struct address *a;

	if (h->fd >= 0)
		loop_drop(h->loop, h->fd);
	fd_close(&h->fd);
	if (h->next == h->addresses) {
		fail(h, "cannot connect", error);
		return;
	}
	a = &h->address[h->next++];
	h->fd = socket(
	    a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0 ||
	    (connect(h->fd, &a->any, a->len) < 0 && errno != EINPROGRESS)) {
		connect_next(h);
		return;
	}
	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	h->sent = 0;
	loop_add(h->loop, h->fd, POLLIN | POLLOUT, on_socket, h);
}

/* ---- names */

static void
take_names(struct http *h)
{
	char *line = h->names.s, *lf;
	const char *before = "";

	for (; (lf = strchr(line, '\n')); line = lf + 1) {
		line[strcspn(line, " \t\n")] = 0;
		if (strcmp(before, line) !=
		    0) /* once for each type of socket */
			add_address(h, line);
		before = line;
	}
}

static void
on_names(void *arg, int events)
{
	struct http *h = arg;
	char chunk[4096];
	ssize_t n = read(h->fd, chunk, sizeof chunk);

	(void)events;
	if (n > 0 && h->names.len < sizeof chunk) {
		buf_add(&h->names, chunk, (size_t)n);
		return;
	}
	if (n < 0 && errno == EINTR)
		return;
	hang_up(h);
	take_names(h);
	if (h->addresses)
		connect_next(h);
	else
		fail(h, "there is no host of this name", 0);
}

/*
 * A static program has no name service of its own: getent(1) comes with the
 * one of the machine. It is asked before the first request.
 */
static void
resolve(struct http *h)
{
	char getent[] = "getent", ahosts[] = "ahosts";
	char *argv[] = {getent, ahosts, h->url.host, NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], rc;

	if (pipe2(pipes, O_CLOEXEC) < 0) {
		fail(h, "cannot ask for its address", errno);
		return;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	rc = posix_spawnp(&h->resolver, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	h->fd = pipes[0];
	if (rc) {
		h->resolver = 0;
		fail(h, "cannot run getent(1) for its address", rc);
		return;
	}
	loop_add(h->loop, h->fd, POLLIN, on_names, h);
}

/* ---- from outside */

struct http *
http_new(struct loop *l, const struct http_url *url, http_fn *fn, void *arg)
{
	struct http *h = mem_new(1, sizeof *h);

	*h = (struct http){.loop = l,
	    .url = *url,
	    .fn = fn,
	    .arg = arg,
	    .fd = -1,
	    .names = BUF_INIT,
	    .request = BUF_INIT,
	    .reply = BUF_INIT};
	if (!strcasecmp(url->host, "localhost")) {
		add_address(h, "127.0.0.1");
		add_address(h, "::1");
	} else {
		add_address(h, url->host);
	}
	return h;
}

static void
write_head(struct http *h, const char *headers, size_t n)
{
	bool is_v6 = strchr(h->url.host, ':');

	buf_reset(&h->request);
	buf_addf(&h->request,
	    "POST %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n%sContent-Length: "
	    "%zu\r\n\r\n",
	    h->url.path, is_v6 ? "[" : "", h->url.host, is_v6 ? "]" : "",
	    h->url.port, headers, n);
}

void
http_post(struct http *h, const char *headers, const char *body, size_t n,
    int64_t until_ns)
{
	write_head(h, headers, n);
	buf_add(&h->request, body, n);
	buf_reset(&h->reply);
	h->is_busy = true;
	h->sent = 0;
	h->next = 0;
	h->timer = loop_at(h->loop, until_ns, on_time, h);
	if (h->is_connected) {
		loop_set(h->loop, h->fd, POLLIN | POLLOUT);
		return;
	}
	h->is_reused = false;
	if (h->addresses)
		connect_next(h);
	else
		resolve(h);
}

bool
http_is_busy(const struct http *h)
{
	return h->is_busy;
}

void
http_del(struct http *h)
{
	if (!h)
		return;
	loop_cancel(h->loop, h->timer);
	hang_up(h);
	buf_free(&h->names);
	buf_free(&h->request);
	buf_free(&h->reply);
	free(h);
}
