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

/* Room for `more` bytes behind len, to be filled by hand; len is unchanged. */
char *buf_room(struct buf *b, size_t more);

/* Append s[n]. */
void buf_add(struct buf *b, const char *s, size_t n);

/* Append one byte; a whole number; a string; a formatted text. */
void buf_addc(struct buf *b, char c);
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
void buf_cut(struct buf *b, size_t n);

/* Empty, memory kept. */
void buf_reset(struct buf *b);

/* Hand the string over; free() it. *b is empty again. */
char *buf_steal(struct buf *b);

void buf_free(struct buf *b);

#endif
