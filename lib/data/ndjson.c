#include "data/ndjson.h"

#include <errno.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

void
ndjson_open(struct ndjson *in, int fd, const char *name)
{
	*in = (struct ndjson){
	    .fd = fd, .name = name, .limit = NDJSON_LIMIT, .text = BUF_INIT};
}

int
ndjson_fill(struct ndjson *in, struct err *e)
{
	ssize_t n;

	/* What was handed out is done with; keep the unfinished line. */
	if (in->start) {
		buf_drop(&in->text, in->start);
		in->scanned -= in->start;
		in->start = 0;
	}
	do
		n = read(in->fd, buf_room(&in->text, CHUNK), CHUNK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, "%s:", in->name);
	if (!n) {
		in->is_eof = true;
		return 0;
	}
	in->text.len += (size_t)n;
	in->text.s[in->text.len] = 0;
	return 1;
}

static int
refuse(struct ndjson *in, unsigned long line, struct err *e)
{
	err_at(e, in->name, (unsigned)line, 0, "line longer than %zu MiB",
	    in->limit >> 20);
	err_hint(e, "write large bodies to a file and name it by path");
	return 2;
}

/* A line past the limit is dropped as it comes. */
static int
too_long(struct ndjson *in, struct err *e)
{
	buf_cut(&in->text, in->start);
	in->scanned = in->start;
	if (in->is_skipping)
		return 0;
	in->is_skipping = true;
	return refuse(in, in->line + 1, e);
}

static int
last_line(struct ndjson *in, const char **line, size_t *len)
{
	if (!in->is_eof || in->start == in->text.len || in->is_skipping)
		return 0;
	*line = in->text.s + in->start;
	*len = in->text.len - in->start;
	in->start = in->scanned = in->text.len;
	in->line++;
	return 1;
}

int
ndjson_pull(struct ndjson *in, const char **line, size_t *len, struct err *e)
{
	for (;;) {
		char *from = in->text.s + in->scanned;
		char *end = memchr(from, '\n', in->text.len - in->scanned);

		if (!end) {
			in->scanned = in->text.len;
			if (in->text.len - in->start > in->limit)
				return too_long(in, e);
			return last_line(in, line, len);
		}
		*line = in->text.s + in->start;
		*len = (size_t)(end - *line);
		in->start = in->scanned = (size_t)(end + 1 - in->text.s);
		in->line++;
		if (in->is_skipping) {
			in->is_skipping = false;
			continue;
		}
		if (*len > in->limit)
			return refuse(in, in->line, e);
		if (*len && (*line)[*len - 1] == '\r')
			--*len;
		if (*len)
			return 1;
	}
}

void
ndjson_free(struct ndjson *in)
{
	buf_free(&in->text);
}
