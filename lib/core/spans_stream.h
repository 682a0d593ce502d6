/*
 * The text of a trace while it comes: what of it is whole, lines and objects.
 */
#ifndef CORE_SPANS_STREAM_H
#define CORE_SPANS_STREAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct spans_stream {
	struct buf text; /* what was read, and not taken */
	size_t looked;	 /* of that: */
	size_t whole;	 /* lines that end outside of all brackets */
	unsigned depth;
	bool is_in_string, is_escaped;
};

/*
 * Read once.
 *
 * out: 1, 0 at the end, where all is whole
 * err: -1 and *e
 */
int spans_stream_read(
    struct spans_stream *s, int fd, const char *name, struct err *e);

/* Drop what is whole, text.s[whole], once it was taken. */
void spans_stream_drop(struct spans_stream *s);

void spans_stream_free(struct spans_stream *s);

#endif
