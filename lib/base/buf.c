#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"

char buf_empty[1];

char *
buf_room(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need < more)
		die(EXIT_RUN, "out of memory");
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need)
			cap += cap / 2 + 64;
		b->s = mem_resize(b->cap ? b->s : NULL, cap);
		b->cap = cap;
		b->s[b->len] = 0;
	}
	return b->s + b->len;
}

void
buf_add(struct buf *b, const char *s, size_t n)
{
	if (!n)
		return;
	memcpy(buf_room(b, n), s, n);
	b->len += n;
	b->s[b->len] = 0;
}

void
buf_addc(struct buf *b, char c)
{
	char *p = buf_room(b, 1);

	p[0] = c;
	p[1] = 0;
	b->len++;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	BUG_IF(n < 0);
	va_start(ap, fmt);
	vsnprintf(buf_room(b, (size_t)n), (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (!n)
		return;
	memmove(b->s, b->s + n, b->len - n + 1);
	b->len -= n;
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n >= b->len)
		return;
	b->len = n;
	b->s[n] = 0;
}

void
buf_reset(struct buf *b)
{
	buf_cut(b, 0);
}

char *
buf_steal(struct buf *b)
{
	char *s = b->cap ? b->s : mem_dup("", 0);

	*b = (struct buf)BUF_INIT;
	return s;
}

void
buf_free(struct buf *b)
{
	if (b->cap)
		free(b->s);
	*b = (struct buf)BUF_INIT;
}
