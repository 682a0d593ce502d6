#include "data/packing.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/gzip_source.h"
#include "data/zstd.h"

struct packing {
	const char *magic;
	size_t len;
	struct source *(*open)(struct source *in);
};

static const struct packing packings[] = {
    {"\x1f\x8b", 2, gzip_source},
    {"\x28\xb5\x2f\xfd", 4, zstd_source},
};

/* 1 and *p (NULL: plain), or -1. */
static int
find(int fd, uint64_t at, const char *name, const struct packing **p,
    struct err *e)
{
	char head[4];
	ssize_t n = pread(fd, head, sizeof head, (off_t)at);

	*p = NULL;
	if (n < 0)
		return err_set(e, "%s:", name);
	for (size_t i = 0; i < COUNT(packings) && !*p; i++)
		if ((size_t)n >= packings[i].len &&
		    !memcmp(head, packings[i].magic, packings[i].len))
			*p = &packings[i];
	return 1;
}

int
packing_is_at(int fd, uint64_t at, const char *name, struct err *e)
{
	const struct packing *p;

	return find(fd, at, name, &p, e) < 0 ? -1 : p != NULL;
}

struct source *
packing_open(int fd, uint64_t at, uint64_t len, const char *name,
    struct hash_stream *within, struct err *e)
{
	const struct packing *p;
	struct source *s;

	if (find(fd, at, name, &p, e) < 0)
		return NULL;
	s = source_fd(fd, at, len, name);
	s->hash = within;
	return p ? p->open(s) : s;
}
