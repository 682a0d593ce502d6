#include "data/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

/* Stands for a colon within a key, where inih would end it. */
enum { COLON = 1 };

struct reading {
	struct arena *a;
	struct conf *c;
	const char *at; /* inih does not tell lines: where we look next */
	unsigned line;
};

/* inih hands out entries in order; find the line on which this one stands. */
static unsigned
line_of(struct reading *r, const char *key)
{
	size_t n = strlen(key);

	while (*r->at) {
		const char *s = r->at;
		const char *end = strchr(r->at, '\n');
		bool found = !strncmp(s, key, n) && strchr(" \t=:", s[n]);

		r->at = end ? end + 1 : r->at + strlen(r->at);
		r->line++;
		if (found)
			return r->line;
	}
	return 0;
}

static void
swap(char *s, size_t n, char from, char to)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == from)
			s[i] = to;
}

/* The name of an image as a key, alpine:3 = …; but `key: a=b` is older. */
static void
hide_colons(char *line, size_t n)
{
	char *equals = memchr(line, '=', n);
	char *colon = memchr(line, ':', n);

	if (equals && colon && colon < equals && *line != '#' && *line != ';' &&
	    !strchr(" \t", colon[1]))
		swap(line, (size_t)(equals - line), ':', COLON);
}

static int
take(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *r = arg;
	struct conf *c = r->c;
	char *shown = arena_str(r->a, key);

	swap(shown, strlen(shown), COLON, ':');
	c->entry = arena_more(r->a, c->entry, c->n, &c->cap, sizeof *c->entry);
	c->entry[c->n++] = (struct conf_entry){arena_str(r->a, section), shown,
	    arena_str(r->a, value), line_of(r, key)};
	return 1;
}

/*
 * Keys may be indented; inih would take such a line for more of the value
 * before it.
 */
static void
unindent(struct buf *text)
{
	char *to = text->s;

	for (const char *s = text->s; *s;) {
		size_t n;

		s += strspn(s, " \t");
		n = strcspn(s, "\n") + 1;
		if (!s[n - 1])
			n--;
		memmove(to, s, n);
		hide_colons(to, n);
		to += n;
		s += n;
	}
	buf_cut(text, (size_t)(to - text->s));
}

int
conf_read(const char *path, struct arena *a, struct conf *c, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	struct reading r = {.a = a, .c = c};
	int bad;

	if (file_read(path, &text, e) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (memchr(text.s, 0, text.len))
		return err_at(e, path, 1, 0, "holds a NUL byte");
	unindent(&text);
	r.at = text.s;
	bad = ini_parse_string(text.s, take, &r);
	if (bad > 0)
		return err_at(e, path, (unsigned)bad, 1,
		    "neither a [section] nor a key = value");
	if (bad < 0)
		return err_at(e, path, 0, 0, "could not be parsed");
	return 1;
}
