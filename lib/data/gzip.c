#include "data/gzip.h"

#include <zlib.h>

#include "base/die.h"

enum { STEP = 64 << 10, GZIP_ONLY = 16 };

static enum gzip_result
malformed(const z_stream *z, struct err *e)
{
	err_set(e, "malformed gzip: %s", z->msg ? z->msg : "it was cut");
	return GZIP_MALFORMED;
}

/* One member. Bytes that follow it stay in the stream's input. */
static enum gzip_result
member(z_stream *z, size_t limit, struct buf *out, struct err *e)
{
	int rc = Z_OK;

	while (rc != Z_STREAM_END) {
		size_t step = limit - out->len + 1; /* one shows the excess */

		if (step > STEP)
			step = STEP;
		z->next_out = (Bytef *)buf_room(out, step);
		z->avail_out = (uInt)step;
		rc = inflate(z, Z_NO_FLUSH);
		out->len += step - z->avail_out;
		out->s[out->len] = 0;
		if (out->len > limit) {
			err_set(e, "more than %zu bytes inflated", limit);
			return GZIP_TOO_LARGE;
		}
		if (rc != Z_OK && rc != Z_STREAM_END)
			return malformed(z, e);
	}
	return GZIP_DONE;
}

enum gzip_result
gzip_inflate(
    const char *s, size_t n, size_t limit, struct buf *out, struct err *e)
{
	z_stream z = {.next_in = (Bytef *)s, .avail_in = (uInt)n};
	enum gzip_result got;

	if (n > (uInt)-1) {
		err_set(e, "more than 4 GiB of gzip");
		return GZIP_TOO_LARGE;
	}
	if (inflateInit2(&z, GZIP_ONLY + MAX_WBITS) != Z_OK)
		return malformed(&z, e);
	limit += out->len;
	do {
		got = member(&z, limit, out, e);
	} while (got == GZIP_DONE && z.avail_in && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	return got;
}

void
gzip_deflate(const char *s, size_t n, struct buf *out)
{
	z_stream z = {.next_in = (Bytef *)s, .avail_in = (uInt)n};
	int rc;

	BUG_IF(n > (uInt)-1);
	rc = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
	    GZIP_ONLY + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	BUG_IF(rc != Z_OK);
	z.avail_out = (uInt)deflateBound(&z, z.avail_in);
	z.next_out = (Bytef *)buf_room(out, z.avail_out);
	rc = deflate(&z, Z_FINISH);
	BUG_IF(rc != Z_STREAM_END);
	out->len += z.total_out;
	out->s[out->len] = 0;
	deflateEnd(&z);
}
