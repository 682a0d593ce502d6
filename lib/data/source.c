#include "data/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { CHUNK = 64 << 10 };

struct part {
	struct source base;
	int fd;
	uint64_t at, end;
};

static size_t
at_most(uint64_t n, uint64_t max)
{
	return (size_t)(n < max ? n : max);
}

static ssize_t
read_part(struct source *s, char *to, size_t n, struct err *e)
{
	struct part *p = (struct part *)s;
	ssize_t got;

	n = at_most(n, p->end - p->at);
	if (!n)
		return 0;
	do {
		got = pread(p->fd, to, n, (off_t)p->at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(e, "%s:", s->name);
	if (!got)
		return err_set(e, "%s: it became shorter meanwhile", s->name);
	p->at += (uint64_t)got;
	return got;
}

static uint64_t
skip_part(struct source *s, uint64_t n)
{
	struct part *p = (struct part *)s;

	if (n > p->end - p->at)
		n = p->end - p->at;
	p->at += n;
	return n;
}

struct source *
source_fd(int fd, uint64_t at, uint64_t len, const char *name)
{
	struct part *p = mem_new(1, sizeof *p);

	p->base.read = read_part;
	p->base.skip = skip_part;
	p->base.name = name;
	p->fd = fd;
	p->at = at;
	p->end = at + len;
	return &p->base;
}

struct bytes {
	struct source base;
	const char *s;
	size_t n;
};

static ssize_t
read_bytes(struct source *s, char *to, size_t n, struct err *e)
{
	struct bytes *b = (struct bytes *)s;

	(void)e;
	n = at_most(n, b->n);
	memcpy(to, b->s, n);
	b->s += n;
	b->n -= n;
	return (ssize_t)n;
}

struct source *
source_bytes(const char *s, size_t n, const char *name)
{
	struct bytes *b = mem_new(1, sizeof *b);

	b->base.read = read_bytes;
	b->base.name = name;
	b->s = s;
	b->n = n;
	return &b->base;
}

static int
check_limit(const struct source *s, struct err *e)
{
	if (!s->limit || s->done <= s->limit)
		return 0;
	return err_set(e, "%s: more than %llu bytes come out of it", s->name,
	    (unsigned long long)s->limit);
}

ssize_t
source_read(struct source *s, char *to, size_t n, struct err *e)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = s->read(s, to + have, n - have, e);

		if (got < 0)
			return -1;
		if (!got)
			break;
		have += (size_t)got;
	}
	if (s->hash)
		hash_stream_add(s->hash, to, have);
	s->done += have;
	return check_limit(s, e) < 0 ? -1 : (ssize_t)have;
}

int
source_skip(struct source *s, uint64_t n, struct err *e)
{
	char chunk[CHUNK];

	if (s->skip && !s->hash) {
		uint64_t did = s->skip(s, n);

		s->done += did;
		return check_limit(s, e) < 0 ? -1 : did == n;
	}
	while (n) {
		size_t want = at_most(n, sizeof chunk);
		ssize_t got = source_read(s, chunk, want, e);

		if (got < 0)
			return -1;
		if ((size_t)got < want)
			return 0;
		n -= want;
	}
	return 1;
}

int
source_drain(struct source *s, struct err *e)
{
	return source_skip(s, UINT64_MAX, e) < 0 ? -1 : 0;
}

void
source_close(struct source *s)
{
	if (!s)
		return;
	source_close(s->in);
	if (s->close)
		s->close(s);
	free(s);
}
