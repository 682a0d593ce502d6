#include "sys/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

enum {
	PIECE = 64 << 10,
	DRAIN_MAX = 2 << 20,   /* of one channel, at once */
	WAITING_MAX = 8 << 20, /* for one that does not take it */
	FRAME_MAX = 64 << 20,
};

enum frame { MESSAGE = 1, FILE_DATA, DATA, END, CLOSE, CONNECT };

struct head {
	uint32_t frame, channel, len;
};

/* How a descriptor goes on on the other side. */
enum nature { NOTHING, SINK, SOURCE, CONTENT, CONNECTION, LISTENER };

struct told {
	uint32_t nature, channel, mode;
};

struct tunnel_channel {
	uint32_t id;
	int fd;
	enum nature nature; /* SINK: we write to it; SOURCE: we read */
	bool has_ended;	    /* we have read its end */
	bool will_end;	    /* the other side has: no more comes to write */
	struct buf waiting; /* to be written */
};

static void
drop(struct tunnel_channel *c)
{
	fd_close(&c->fd);
	buf_free(&c->waiting);
	c->id = 0;
}

void
tunnel_free(struct tunnel *t)
{
	for (size_t i = 0; i < t->n; i++)
		drop(&t->channel[i]);
	free(t->channel);
	buf_free(&t->in);
	buf_free(&t->out);
	*t = (struct tunnel){.in = BUF_INIT, .out = BUF_INIT};
}

static void
put(struct tunnel *t, enum frame frame, uint32_t channel, const void *s,
    size_t n)
{
	struct head h = {frame, channel, (uint32_t)n};

	buf_add(&t->out, (const char *)&h, sizeof h);
	buf_add(&t->out, s, n);
}

/* ---- channels */

static uint32_t
new_id(struct tunnel *t)
{
	return t->last += t->last ? 2 : t->is_far ? 1 : 2;
}

static struct tunnel_channel *
find(struct tunnel *t, uint32_t id)
{
	for (size_t i = 0; id && i < t->n; i++)
		if (t->channel[i].id == id)
			return &t->channel[i];
	return NULL;
}

static struct tunnel_channel *
add(struct tunnel *t, uint32_t id, enum nature nature, int fd)
{
	struct tunnel_channel *c = NULL;

	for (size_t i = 0; i < t->n && !c; i++)
		if (!t->channel[i].id)
			c = &t->channel[i];
	if (!c) {
		t->channel =
		    mem_more(t->channel, t->n, &t->cap, sizeof *t->channel);
		c = &t->channel[t->n++];
	}
	*c = (struct tunnel_channel){
	    .id = id, .fd = fd, .nature = nature, .waiting = BUF_INIT};
	if (fd >= 0 && nature != CONTENT)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return c;
}

static bool
reads(const struct tunnel_channel *c)
{
	return c->id && !c->has_ended &&
	       (c->nature == SOURCE || c->nature == CONNECTION);
}

/* Both directions are over, or the only one. */
static void
drop_done(struct tunnel_channel *c)
{
	bool is_read = c->nature == SINK || c->has_ended;
	bool is_written =
	    c->nature == SOURCE || (c->will_end && !c->waiting.len);

	if (c->will_end && !c->waiting.len && c->nature == CONNECTION)
		shutdown(c->fd, SHUT_WR);
	if (is_read && is_written)
		drop(c);
}

/* Nobody takes it any more. */
static void
give_up(struct tunnel *t, struct tunnel_channel *c)
{
	put(t, CLOSE, c->id, NULL, 0);
	drop(c);
}

/* Write what the other side can take now. */
static void
push(struct tunnel *t, struct tunnel_channel *c)
{
	while (c->waiting.len) {
		ssize_t n = write(c->fd, c->waiting.s, c->waiting.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			give_up(t, c);
			return;
		}
		buf_drop(&c->waiting, (size_t)n);
	}
	drop_done(c);
}

/* Read once; false when there is nothing now. */
static bool
pull(struct tunnel *t, struct tunnel_channel *c, size_t *got)
{
	char piece[PIECE];
	ssize_t n = read(c->fd, piece, sizeof piece);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n > 0) {
		put(t, DATA, c->id, piece, (size_t)n);
		*got += (size_t)n;
		return true;
	}
	put(t, END, c->id, NULL, 0);
	c->has_ended = true;
	drop_done(c);
	return false;
}

static void
accept_all(struct tunnel *t, uint32_t listener)
{
	for (;;) {
		struct tunnel_channel *l = find(t, listener);
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
		uint32_t id;

		if (fd < 0)
			return;
		id = new_id(t);
		add(t, id, CONNECTION, fd);
		put(t, CONNECT, id, &listener, sizeof listener);
	}
}

/* ---- to the other side */

static enum nature
nature_of(int fd, uint32_t *mode)
{
	int listens = 0;
	socklen_t size = sizeof listens;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NOTHING;
	*mode = st.st_mode & 0777;
	if (S_ISREG(st.st_mode))
		return CONTENT;
	if (S_ISFIFO(st.st_mode))
		return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY ? SOURCE
								    : SINK;
	if (!S_ISSOCK(st.st_mode))
		return NOTHING;
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
	return listens ? LISTENER : CONNECTION;
}

static void
send_content(struct tunnel *t, uint32_t id, int fd)
{
	char piece[PIECE];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, piece, sizeof piece, at)) > 0) {
		put(t, FILE_DATA, id, piece, (size_t)n);
		at += n;
	}
}

static struct told
tell(struct tunnel *t, int fd)
{
	struct told told = {0};

	told.nature = nature_of(fd, &told.mode);
	if (told.nature == NOTHING) {
		fd_close(&fd);
		return told;
	}
	told.channel = new_id(t);
	if (told.nature == CONTENT) {
		send_content(t, told.channel, fd);
		close(fd);
	} else {
		add(t, told.channel, told.nature, fd);
	}
	return told;
}

void
tunnel_send(struct tunnel *t, struct wire *w)
{
	uint32_t head[2] = {w->type, (uint32_t)w->fds};
	struct told told[WIRE_FDS];
	struct head h = {.frame = MESSAGE};

	for (size_t i = 0; i < w->fds; i++)
		told[i] = tell(t, fd_steal(&w->fd[i]));
	h.len = (uint32_t)(sizeof head + w->fds * sizeof *told + w->body.len);
	buf_add(&t->out, (const char *)&h, sizeof h);
	buf_add(&t->out, (const char *)head, sizeof head);
	buf_add(&t->out, (const char *)told, w->fds * sizeof *told);
	buf_add(&t->out, w->body.s, w->body.len);
}

/* ---- from the other side */

static int
hand_pair(struct tunnel *t, const struct told *told)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	add(t, told->channel, CONNECTION, pair[0]);
	return pair[1];
}

/* What is a sink there is one here too: what is written goes there. */
static int
hand_pipe(struct tunnel *t, const struct told *told)
{
	bool is_sink = told->nature == SINK;
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return -1;
	add(t, told->channel, is_sink ? SOURCE : SINK, end[!is_sink]);
	return end[is_sink];
}

/* A name that nobody else has: the kernel chooses. */
static int
hand_listener(struct tunnel *t, const struct told *told)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof a.sun_family) < 0 ||
	    listen(fd, 128) < 0)
		return -1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	add(t, told->channel, LISTENER, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	return fd_steal(&fd);
}

/* It may be a program, which nobody may have open to write. */
static int
hand_content(struct tunnel *t, const struct told *told)
{
	struct tunnel_channel *c = find(t, told->channel);
	AUTO_FD fd = memfd_create("clnrm", MFD_CLOEXEC | MFD_EXEC);
	char path[40];

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("clnrm", MFD_CLOEXEC);
	if (fd < 0 || (c && fd_write(fd, c->waiting.s, c->waiting.len) < 0) ||
	    fchmod(fd, told->mode) < 0)
		return -1;
	if (c)
		drop(c);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int
hand(struct tunnel *t, const struct told *told)
{
	switch ((enum nature)told->nature) {
	case SINK:
	case SOURCE:
		return hand_pipe(t, told);
	case CONTENT:
		return hand_content(t, told);
	case CONNECTION:
		return hand_pair(t, told);
	case LISTENER:
		return hand_listener(t, told);
	default:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	}
}

static int
take_message(struct tunnel *t, const char *s, size_t n, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	uint32_t head[2];
	struct told told;

	if (n < sizeof head)
		return err_set(e, "a message that is cut off");
	memcpy(head, s, sizeof head);
	s += sizeof head;
	n -= sizeof head;
	if (head[1] >= WIRE_FDS || n < head[1] * sizeof told)
		return err_set(e, "a message that makes no sense");
	w.type = head[0];
	w.is_own = true;
	for (uint32_t i = 0; i < head[1]; i++) {
		memcpy(&told, s + i * sizeof told, sizeof told);
		w.fd[w.fds] = hand(t, &told);
		if (w.fd[w.fds++] < 0)
			return err_set(e, "a descriptor of a message:");
	}
	buf_add(&w.body, s + head[1] * sizeof told, n - head[1] * sizeof told);
	if (t->take(t->arg, &w) < 0)
		return err_set(e, "a message was not taken");
	return 0;
}

/* Of a file, before the message that it comes with. */
static void
take_file(struct tunnel *t, uint32_t id, const char *s, size_t n)
{
	struct tunnel_channel *c = find(t, id);

	if (!c)
		c = add(t, id, CONTENT, -1);
	if (c->nature == CONTENT)
		buf_add(&c->waiting, s, n);
}

static void
take_data(struct tunnel *t, struct tunnel_channel *c, const char *s, size_t n)
{
	if (!c || c->nature == CONTENT) /* closed on this side */
		return;
	buf_add(&c->waiting, s, n);
	push(t, c);
	if (c->id && c->waiting.len > WAITING_MAX && t->is_far)
		give_up(t, c);
}

static void
take_connect(struct tunnel *t, uint32_t id, const char *s, size_t n)
{
	struct sockaddr_un a = {0};
	socklen_t size = sizeof a;
	struct tunnel_channel *l;
	uint32_t listener = 0;
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (n == sizeof listener)
		memcpy(&listener, s, sizeof listener);
	l = find(t, listener);
	if (fd < 0 || !l || l->nature != LISTENER ||
	    getsockname(l->fd, (struct sockaddr *)&a, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&a, size) < 0)
		put(t, CLOSE, id, NULL, 0);
	else
		add(t, id, CONNECTION, fd_steal(&fd));
}

static int
take_frame(struct tunnel *t, const struct head *h, const char *s, struct err *e)
{
	struct tunnel_channel *c = find(t, h->channel);

	switch ((enum frame)h->frame) {
	case MESSAGE:
		return take_message(t, s, h->len, e);
	case FILE_DATA:
		take_file(t, h->channel, s, h->len);
		return 0;
	case DATA:
		take_data(t, c, s, h->len);
		return 0;
	case CONNECT:
		take_connect(t, h->channel, s, h->len);
		return 0;
	case END:
		if (c) {
			c->will_end = true;
			push(t, c);
		}
		return 0;
	case CLOSE:
		if (c)
			drop(c);
		return 0;
	}
	return err_set(e, "what came makes no sense");
}

int
tunnel_feed(struct tunnel *t, const char *s, size_t n, struct err *e)
{
	size_t at = 0;
	int got = 0;

	buf_add(&t->in, s, n);
	while (!got && t->in.len - at >= sizeof(struct head)) {
		struct head h;

		memcpy(&h, t->in.s + at, sizeof h);
		if (h.len > FRAME_MAX)
			return err_set(e, "what came makes no sense");
		if (t->in.len - at < sizeof h + h.len)
			break;
		got = take_frame(t, &h, t->in.s + at + sizeof h, e);
		at += sizeof h + h.len;
	}
	buf_drop(&t->in, at);
	return got;
}

/* ---- waiting */

size_t
tunnel_poll(const struct tunnel *t, struct pollfd *poll, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n && n < room; i++) {
		const struct tunnel_channel *c = &t->channel[i];
		short events = reads(c) ? POLLIN : 0;

		if (!c->id || c->fd < 0)
			continue;
		if (c->nature == LISTENER && t->is_far)
			events |= POLLIN;
		if (c->waiting.len)
			events |= POLLOUT;
		if (events)
			poll[n++] =
			    (struct pollfd){.fd = c->fd, .events = events};
	}
	return n;
}

static void
serve(struct tunnel *t, struct tunnel_channel *c, short events)
{
	uint32_t id = c->id;
	size_t got = 0;

	if (c->nature == LISTENER) {
		accept_all(t, id);
		return;
	}
	if (c->waiting.len && events & (POLLOUT | POLLERR))
		push(t, c);
	c = find(t, id);
	if (c && reads(c) && events & (POLLIN | POLLHUP | POLLERR))
		pull(t, c, &got);
}

void
tunnel_serve(struct tunnel *t, const struct pollfd *poll, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; poll[i].revents && k < t->n; k++)
			if (t->channel[k].id &&
			    t->channel[k].fd == poll[i].fd) {
				serve(t, &t->channel[k], poll[i].revents);
				break;
			}
}

void
tunnel_drain(struct tunnel *t)
{
	for (size_t i = 0; i < t->n && t->is_far; i++)
		if (t->channel[i].id && t->channel[i].nature == LISTENER)
			accept_all(t, t->channel[i].id);
	for (size_t i = 0; i < t->n; i++) {
		size_t got = 0;

		while (got < DRAIN_MAX && reads(&t->channel[i]) &&
		       pull(t, &t->channel[i], &got))
			;
	}
}

void
tunnel_flush(struct tunnel *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tunnel_channel *c = &t->channel[i];

		while (c->id && c->nature != CONTENT && c->waiting.len) {
			struct pollfd p = {.fd = c->fd, .events = POLLOUT};

			poll(&p, 1, -1);
			push(t, c);
		}
	}
}
