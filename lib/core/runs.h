/*
 * The runs that a project keeps: below .clnrm/runs a directory each, named for
 * when and which it was, 20261121T093000.125Z-ab12cd34.
 *
 *	stream.ndjson	all records, as the report got them
 *	trace_ids	the ids of the traces that were seen, a line each
 *	failed/		what is needed to look at what did not pass
 */
#ifndef CORE_RUNS_H
#define CORE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define RUNS_STREAM "stream.ndjson"
#define RUNS_TRACES "trace_ids"

/*
 * Where the project of the working directory keeps them; it may not be there.
 *
 * err: -1 and *e: it has no project (core/project.h)
 */
int runs_directory(struct buf *path, struct err *e);

/* The kept runs of a directory. */
struct runs {
	char **name; /* name[n], the oldest first */
	size_t n;
};

/* mem: runs_free() it; a directory that is not there has none */
struct runs runs_list(const char *dir);
void runs_free(struct runs *r);

/* Append the name of a run; `id` is that of its `begin`, or NULL. */
void runs_name(struct buf *b, int64_t start_unix_ns, const char *id);

/*
 * The saved stream that an operand names: a file of that name, else `last`,
 * `last~N` (the Nth before it), or the beginning, of four characters at least
 * and no other's, of a run's id or of its directory.
 *
 * out: 1 and *path; 0: it is no run's name
 * err: -1 and *e: there is no such run, or there are several
 */
int runs_find(const char *name, struct buf *path, struct err *e);

/* Remove all but the newest, and what runs that were killed have left. */
void runs_prune(const char *dir, size_t keep);

#endif
