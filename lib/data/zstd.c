#include "data/zstd.h"

#include <stdbool.h>
#include <zstd.h>

#include "base/die.h"
#include "base/mem.h"

enum { STEP = 64 << 10, WINDOW_LOG = 27 };

struct unpacking {
	struct source base;
	ZSTD_DCtx *ctx;
	ZSTD_inBuffer in;
	bool is_within; /* a frame has begun and not ended */
	bool is_full;	/* it may hold back what had no room */
	char chunk[STEP];
};

static ssize_t
refill(struct unpacking *u, struct err *e)
{
	ssize_t got = source_read(u->base.in, u->chunk, sizeof u->chunk, e);

	u->in = (ZSTD_inBuffer){u->chunk, got > 0 ? (size_t)got : 0, 0};
	return got;
}

static ssize_t
read_unpacked(struct source *s, char *to, size_t n, struct err *e)
{
	struct unpacking *u = (struct unpacking *)s;
	ZSTD_outBuffer out = {to, n, 0};

	while (!out.pos) {
		size_t rc;
		ssize_t got = 1;

		if (u->in.pos == u->in.size && !u->is_full)
			got = refill(u, e);
		if (got < 0)
			return -1;
		if (!got && u->is_within)
			return err_set(
			    e, "%s: malformed zstd: it was cut", s->name);
		if (!got)
			break;
		rc = ZSTD_decompressStream(u->ctx, &out, &u->in);
		if (ZSTD_isError(rc))
			return err_set(e, "%s: malformed zstd: %s", s->name,
			    ZSTD_getErrorName(rc));
		u->is_within = rc != 0;
		u->is_full = rc && out.pos == n;
	}
	return (ssize_t)out.pos;
}

static void
end(struct source *s)
{
	ZSTD_freeDCtx(((struct unpacking *)s)->ctx);
}

struct source *
zstd_source(struct source *in)
{
	struct unpacking *u = mem_new(1, sizeof *u);

	u->base.read = read_unpacked;
	u->base.close = end;
	u->base.in = in;
	u->base.name = in->name;
	u->ctx = ZSTD_createDCtx();
	if (!u->ctx)
		die(EXIT_RUN, "out of memory");
	ZSTD_DCtx_setParameter(u->ctx, ZSTD_d_windowLogMax, WINDOW_LOG);
	return &u->base;
}
