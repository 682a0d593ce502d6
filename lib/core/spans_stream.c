#include "core/spans_stream.h"

#include <errno.h>
#include <unistd.h>

enum { PIECE = 1 << 17 };

static void
look_at(struct spans_stream *s, char c)
{
	if (s->is_escaped) {
		s->is_escaped = false;
	} else if (s->is_in_string) {
		s->is_escaped = c == '\\';
		/* no string goes over the end of a line: it is malformed */
		s->is_in_string = c != '"' && c != '\n';
	} else if (c == '"') {
		s->is_in_string = s->depth > 0;
	} else if (c == '{' || c == '[') {
		s->depth++;
	} else if ((c == '}' || c == ']') && s->depth) {
		s->depth--;
	}
}

static void
look(struct spans_stream *s)
{
	for (; s->looked < s->text.len; s->looked++) {
		char c = s->text.s[s->looked];

		look_at(s, c);
		if (c == '\n' && !s->depth)
			s->whole = s->looked + 1;
	}
}

int
spans_stream_read(
    struct spans_stream *s, int fd, const char *name, struct err *e)
{
	ssize_t n;

	do
		n = read(fd, buf_room(&s->text, PIECE), PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, "%s:", name);
	s->text.len += (size_t)n;
	s->text.s[s->text.len] = 0;
	look(s);
	if (!n)
		s->whole = s->text.len;
	return n > 0;
}

void
spans_stream_drop(struct spans_stream *s)
{
	buf_drop(&s->text, s->whole);
	s->looked -= s->whole;
	s->whole = 0;
}

void
spans_stream_free(struct spans_stream *s)
{
	buf_free(&s->text);
}
