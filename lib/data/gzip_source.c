#include "data/gzip_source.h"

#include <stdbool.h>
#include <zlib.h>

#include "base/die.h"
#include "base/mem.h"

enum { STEP = 64 << 10, GZIP_ONLY = 16 };

struct inflating {
	struct source base;
	z_stream z;
	bool is_within; /* a member has begun and not ended */
	char chunk[STEP];
};

static ssize_t
refill(struct inflating *g, struct err *e)
{
	ssize_t got = source_read(g->base.in, g->chunk, sizeof g->chunk, e);

	g->z.next_in = (Bytef *)g->chunk;
	g->z.avail_in = got > 0 ? (uInt)got : 0;
	return got;
}

/* One call of zlib, in a member that has begun or begins here. */
static int
step(struct inflating *g, struct err *e)
{
	int rc;

	if (!g->is_within && inflateReset(&g->z) != Z_OK)
		return err_set(e, "%s: malformed gzip", g->base.name);
	g->is_within = true;
	rc = inflate(&g->z, Z_NO_FLUSH);
	if (rc == Z_STREAM_END)
		g->is_within = false;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		return err_set(e, "%s: malformed gzip: %s", g->base.name,
		    g->z.msg ? g->z.msg : "it makes no sense");
	return 0;
}

static ssize_t
read_inflated(struct source *s, char *to, size_t n, struct err *e)
{
	struct inflating *g = (struct inflating *)s;

	g->z.next_out = (Bytef *)to;
	g->z.avail_out = (uInt)(n < STEP ? n : STEP);
	n = g->z.avail_out;
	while (g->z.avail_out == n) {
		ssize_t got = g->z.avail_in ? 1 : refill(g, e);

		if (got < 0)
			return -1;
		if (!got && g->is_within)
			return err_set(
			    e, "%s: malformed gzip: it was cut", s->name);
		if (!got)
			break;
		if (step(g, e) < 0)
			return -1;
	}
	return (ssize_t)(n - g->z.avail_out);
}

static void
end(struct source *s)
{
	inflateEnd(&((struct inflating *)s)->z);
}

struct source *
gzip_source(struct source *in)
{
	struct inflating *g = mem_new(1, sizeof *g);

	g->base.read = read_inflated;
	g->base.close = end;
	g->base.in = in;
	g->base.name = in->name;
	if (inflateInit2(&g->z, GZIP_ONLY + MAX_WBITS) != Z_OK)
		die(EXIT_RUN, "out of memory");
	return &g->base;
}
