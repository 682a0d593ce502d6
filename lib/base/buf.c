#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"

char buf_empty[1];

void
buf_grow(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;
	size_t cap = b->cap ? b->cap : 64;

	if (need < more)
		die(EXIT_RUN, "out of memory");
	while (cap < need)
		cap += cap / 2 + 64;
	b->s = mem_resize(b->cap ? b->s : NULL, cap);
	b->cap = cap;
	b->s[b->len] = 0;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	char *p = buf_room(b, 32);
	size_t left = b->cap - b->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p, left, fmt, ap);
	va_end(ap);
	BUG_IF(n < 0);
	if ((size_t)n >= left) {
		va_start(ap, fmt);
		vsnprintf(buf_room(b, (size_t)n), (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void
buf_addi(struct buf *b, int64_t v)
{
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (v < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof digits - at);
}

void
buf_drop(struct buf *b, size_t n)
{
	if (!n)
		return;
	memmove(b->s, b->s + n, b->len - n + 1);
	b->len -= n;
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
