/*
 * What is wrong at a place, a `diagnostic` or a `check` that does not hold, as
 * a person or an editor reads it.
 */
#ifndef CORE_FINDING_H
#define CORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "data/value.h"

struct finding {
	const char *severity, *message;
	const char *code, *file;       /* NULL: none */
	const char *expected, *actual; /* may be NULL */
	const char *hint; /* or NULL; lines may begin "seen:", "note:" */
	const char
	    *rendered;	/* the line of a template once rendered, or NULL */
	const char *in; /* the test that it is of, or NULL */
	unsigned line, column; /* 0: unknown */
	unsigned end;	       /* the column behind it on that line, or 0 */
};

/*
 * What a record says; what it leaves out has the usual value.
 *
 * in:  the tree of a `diagnostic` or `check`; its `file` goes before `source`
 * mem: copied into the arena
 */
struct finding finding_of(struct arena *a, const struct value *record);

/* The text of one file, kept from a finding to the next. */
struct finding_source {
	char *path; /* NULL: none yet */
	struct buf text;
};

#define FINDING_SOURCE_INIT    \
	{                      \
		NULL, BUF_INIT \
	}

/* The text of a file that was read anyhow. */
void finding_source_set(
    struct finding_source *src, const char *path, const char *s, size_t n);

/* The same, and *text is empty then. */
void finding_source_take(
    struct finding_source *src, const char *path, struct buf *text);

/* Forget the text, and so read the file anew for the next finding. */
void finding_source_free(struct finding_source *src);

/* Is it about the stream (E5xx), and so of no file? */
bool finding_is_about_stream(const struct finding *f);

/*
 * Append a finding as a block with its line of the source, and an empty line
 * behind. What is about the stream has no source, and is one line with its
 * notes.
 *
 * in:  the source's line is read when it is not at hand; a file that is no
 *      regular one is not opened
 */
void finding_print(struct buf *b, const struct finding *f,
    struct finding_source *src, bool has_color);

/* As one line, path:line:column: severity: message [CODE]. */
void finding_print_line(struct buf *b, const struct finding *f);

#endif
