#include "core/capture.h"

void
capture_open(struct capture *c, size_t limit)
{
	*c = (struct capture){
	    .limit = limit, .head = BUF_INIT, .tail = BUF_INIT};
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Overwrite the oldest bytes of the full ring; n is at most its length. */
static void
turn(struct capture *c, const char *s, size_t n)
{
	size_t first = least(n, c->tail.len - c->turn);

	memcpy(c->tail.s + c->turn, s, first);
	memcpy(c->tail.s, s + first, n - first);
	c->turn = (c->turn + n) % c->tail.len;
}

void
capture_add(struct capture *c, const char *s, size_t n)
{
	size_t half = c->limit / 2, room = half - least(half, c->head.len);
	size_t size = c->limit - half, part = least(n, room);

	buf_add(&c->head, s, part);
	s += part, n -= part;
	part = least(n, size - c->tail.len);
	buf_add(&c->tail, s, part);
	s += part, n -= part;
	c->dropped += n;
	if (n > size) {
		s += n - size;
		n = size;
	}
	if (n)
		turn(c, s, n);
}

void
capture_text(const struct capture *c, struct buf *out)
{
	buf_add(out, c->head.s, c->head.len);
	buf_add(out, c->tail.s + c->turn, c->tail.len - c->turn);
	buf_add(out, c->tail.s, c->turn);
}

void
capture_free(struct capture *c)
{
	buf_free(&c->head);
	buf_free(&c->tail);
}
