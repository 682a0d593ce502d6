#include "base/out.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/file.h"

enum { GATHER = 64 << 10 };

struct out out_std = {.fd = 1, .pending = BUF_INIT};

void
out_add(struct out *o, const char *s, size_t n)
{
	if (!o->lost)
		buf_add(&o->pending, s, n);
	if (!o->is_held && out_pending(o) >= GATHER)
		out_flush(o);
}

static void
forget(struct out *o)
{
	buf_reset(&o->pending);
	o->done = 0;
}

static int
lose(struct out *o)
{
	o->lost = errno ? errno : EIO;
	forget(o);
	return -1;
}

int
out_flush(struct out *o)
{
	if (fd_write(o->fd, o->pending.s + o->done, out_pending(o)) < 0)
		return lose(o);
	forget(o);
	return o->lost ? -1 : 0;
}

int
out_trickle(struct out *o)
{
	size_t n = out_pending(o) < PIPE_BUF ? out_pending(o) : PIPE_BUF;
	ssize_t did;

	if (o->lost)
		return -1;
	if (!n)
		return 0;
	did = write(o->fd, o->pending.s + o->done, n);
	if (did < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : lose(o);
	o->done += (size_t)did;
	if (o->done == o->pending.len)
		forget(o);
	return 0;
}

void
out_free(struct out *o)
{
	buf_free(&o->pending);
	o->done = 0;
}
