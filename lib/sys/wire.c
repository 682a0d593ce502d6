#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/seccomp.h"
#include "sys/wire.h"

/* A packet must fit the socket's buffer, which is 208 KiB by default. */
enum { INLINE_MAX = 48 << 10, NO_STRING = -1 };

struct head {
	uint32_t type;
	uint32_t is_blob; /* the body is in the last descriptor */
};

void
wire_free(struct wire *w)
{
	for (size_t i = 0; w->is_own && i < w->fds; i++)
		fd_close(&w->fd[i]);
	buf_free(&w->body);
	*w = (struct wire)WIRE_INIT;
}

void
wire_raw(struct wire *w, const void *p, size_t n)
{
	buf_add(&w->body, p, n);
}

void
wire_int(struct wire *w, int64_t v)
{
	wire_raw(w, &v, sizeof v);
}

void
wire_str(struct wire *w, const char *s)
{
	wire_int(w, s ? (int64_t)strlen(s) : NO_STRING);
	if (s)
		wire_raw(w, s, strlen(s) + 1);
}

void
wire_list(struct wire *w, char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	wire_int(w, (int64_t)n);
	for (size_t i = 0; i < n; i++)
		wire_str(w, list[i]);
}

void
wire_fd(struct wire *w, int fd)
{
	if (w->fds < WIRE_FDS - 1)
		w->fd[w->fds++] = fd;
}

static const void *
take(struct wire *w, size_t n)
{
	const char *p = w->body.s + w->at;

	if (w->is_bad || n > w->body.len - w->at) {
		w->is_bad = true;
		return NULL;
	}
	w->at += n;
	return p;
}

void
wire_get_raw(struct wire *w, void *to, size_t n)
{
	const void *p = take(w, n);

	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

int64_t
wire_get_int(struct wire *w)
{
	int64_t v;

	wire_get_raw(w, &v, sizeof v);
	return v;
}

const char *
wire_get_str(struct wire *w)
{
	int64_t n = wire_get_int(w);
	const char *s;

	if (w->is_bad || n == NO_STRING)
		return NULL;
	s = n < 0 ? NULL : take(w, (size_t)n + 1);
	if (!s || s[n])
		w->is_bad = true;
	return w->is_bad ? NULL : s;
}

char **
wire_get_list(struct wire *w)
{
	int64_t n = wire_get_int(w);
	char **list;

	if (n < 0 || (uint64_t)n > w->body.len / sizeof(int64_t)) {
		w->is_bad = true;
		n = 0;
	}
	list = mem_new((size_t)n + 1, sizeof *list);
	for (int64_t i = 0; i < n; i++)
		list[i] = (char *)wire_get_str(w);
	return list;
}

int
wire_get_fd(struct wire *w)
{
	for (size_t i = 0; i < w->fds; i++)
		if (w->fd[i] >= 0)
			return fd_steal(&w->fd[i]);
	w->is_bad = true;
	return -1;
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(WIRE_FDS * sizeof(int))];
};

static int
send_packet(int sock, const struct wire *w, int blob, int flags)
{
	struct head head = {w->type, blob >= 0};
	struct iovec part[] = {
	    {&head, sizeof head}, {w->body.s, blob >= 0 ? 0 : w->body.len}};
	union control c = {.room = {0}};
	struct msghdr m = {.msg_iov = part, .msg_iovlen = 2};
	size_t n = w->fds + (blob >= 0);
	int fd[WIRE_FDS];
	ssize_t did;

	if (n) {
		memcpy(fd, w->fd, w->fds * sizeof *fd);
		if (blob >= 0)
			fd[w->fds] = blob;
		m.msg_control = &c;
		m.msg_controllen = CMSG_SPACE(n * sizeof *fd);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(n * sizeof *fd);
		memcpy(CMSG_DATA(&c.head), fd, n * sizeof *fd);
	}
	do
		did = sendmsg(sock, &m, flags | MSG_NOSIGNAL | SECCOMP_UNHEARD);
	while (did < 0 && errno == EINTR);
	return did < 0 ? -1 : 0;
}

int
wire_send(int sock, const struct wire *w, int flags)
{
	AUTO_FD blob = -1;

	if (w->body.len <= INLINE_MAX)
		return send_packet(sock, w, -1, flags);
	blob = memfd_create("clnrm", MFD_CLOEXEC);
	if (blob < 0 || fd_write(blob, w->body.s, w->body.len) < 0)
		return -1;
	return send_packet(sock, w, blob, flags);
}

static void
keep_fds(struct wire *w, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		w->fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(w->fd, CMSG_DATA(c), w->fds * sizeof(int));
	}
}

static int
fetch_blob(struct wire *w)
{
	AUTO_FD fd = w->fds ? fd_steal(&w->fd[--w->fds]) : -1;
	struct stat st;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	buf_room(&w->body, (size_t)st.st_size);
	while (got < (size_t)st.st_size) {
		ssize_t n = pread(
		    fd, w->body.s + got, (size_t)st.st_size - got, (off_t)got);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	w->body.len = got;
	w->body.s[got] = 0;
	return 0;
}

int
wire_receive(int sock, struct wire *w, int flags)
{
	struct head head = {0};
	union control c;
	struct iovec part[2] = {{&head, sizeof head}};
	struct msghdr m = {.msg_iov = part,
	    .msg_iovlen = 2,
	    .msg_control = &c,
	    .msg_controllen = sizeof c};
	ssize_t n;

	wire_free(w);
	w->is_own = true;
	part[1].iov_base = buf_room(&w->body, INLINE_MAX);
	part[1].iov_len = INLINE_MAX;
	do
		n = recvmsg(sock, &m, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		n = 0; /* it died before it read what we had sent */
	if (n <= 0)
		return (int)n;
	keep_fds(w, &m);
	w->type = head.type;
	if ((size_t)n > sizeof head)
		w->body.len = (size_t)n - sizeof head;
	w->body.s[w->body.len] = 0;
	if (head.is_blob && fetch_blob(w) < 0)
		w->is_bad = true;
	return 1;
}
