/*
 * One JSON object to a line.
 *
 * Lines end in LF; a CR before it is dropped; blank lines are skipped. The
 * last line needs no LF.
 */
#ifndef DATA_NDJSON_H
#define DATA_NDJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { NDJSON_LIMIT = 64 << 20 }; /* bytes a line, unless set otherwise */

struct ndjson {
	int fd;
	const char *name; /* for messages; "-" is standard input */
	size_t limit;
	struct buf text; /* read and not yet handed out begins at `start` */
	size_t start, scanned;
	unsigned long line; /* number of the line handed out last */
	bool is_eof, is_skipping;
};

void ndjson_open(struct ndjson *in, int fd, const char *name);

/*
 * Read once.
 *
 * out: 1 bytes came, 0 the end
 * err: -1 and *e
 */
int ndjson_fill(struct ndjson *in, struct err *e);

/*
 * The next line among what was read, not checked.
 *
 * out: 1 and *line, *len (borrowed until the next call); 0: none is whole;
 *      2: a line longer than the limit was passed over, *e says so
 */
int ndjson_pull(
    struct ndjson *in, const char **line, size_t *len, struct err *e);

void ndjson_free(struct ndjson *in);

#endif
