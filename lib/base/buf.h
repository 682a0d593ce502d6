/*
 * A growing byte string, always followed by a NUL that is not counted.
 *
 *	AUTO_BUF text = BUF_INIT;
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *s;
	size_t len;
	size_t cap; /* 0 while nothing is allocated */
};

extern char buf_empty[1];
#define BUF_INIT                \
	{                       \
		buf_empty, 0, 0 \
	}
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

/* Make room for `more` bytes where there is none: buf_room() calls it. */
void buf_grow(struct buf *b, size_t more);

/* Room for `more` bytes behind len, to be filled by hand; len is unchanged. */
static inline char *
buf_room(struct buf *b, size_t more)
{
	if (b->cap - b->len <= more) /* len is below cap, or both are 0 */
		buf_grow(b, more);
	return b->s + b->len;
}

/* Append s[n]. */
static inline void
buf_add(struct buf *b, const char *s, size_t n)
{
	if (!n)
		return;
	memcpy(buf_room(b, n), s, n);
	b->len += n;
	b->s[b->len] = 0;
}

/* Append one byte; a whole number; a string; a formatted text. */
static inline void
buf_addc(struct buf *b, char c)
{
	char *p = buf_room(b, 1);

	p[0] = c;
	p[1] = 0;
	b->len++;
}
void buf_addi(struct buf *b, int64_t v);
static inline void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Drop the first n bytes. */
void buf_drop(struct buf *b, size_t n);

/* Keep the first n bytes. */
static inline void
buf_cut(struct buf *b, size_t n)
{
	if (n >= b->len)
		return;
	b->len = n;
	b->s[n] = 0;
}

/* Empty, memory kept. */
static inline void
buf_reset(struct buf *b)
{
	buf_cut(b, 0);
}

/* Hand the string over; free() it. *b is empty again. */
char *buf_steal(struct buf *b);

void buf_free(struct buf *b);

#endif
