/*
 * The folder of a scenario that did not pass, out of the stream of its run:
 *
 *	plan.json		what ran, a record
 *	repeat			a script that runs it again
 *	verdict.json		a record
 *	checks.txt		what does not hold, and where it is asked
 *	steps/01-NAME.out, .err	what each step printed
 *	logs/SERVICE.log	what each service printed
 *	spans.ndjson		records
 *	environment.txt		where it ran
 */
#ifndef CORE_BUNDLE_H
#define CORE_BUNDLE_H

#include <stdbool.h>

#include "core/record.h"

/* Which one; texts are borrowed. Begin with the rest zeroed. */
struct bundle {
	struct record_key key; /* id NULL: any */
	const char *scenario;  /* NULL: all of the file */
	const char *test;      /* its name */
	const char *path;      /* the folder */
	struct arena a;
	struct buf spans, checks; /* not written yet */
	const char *backend;
	bool is_degraded; /* it ran below full isolation */
	int failed;	  /* errno of the first write that failed, or 0 */
};

/* A name that is one part of a path, and no hidden one. */
void bundle_name(struct buf *b, const char *name);

/*
 * Write the folders of bundle[n], in one reading of a stream.
 *
 * in:  run, what the run is called
 * err: -1 and *e: the stream cannot be read, or a folder not be written
 */
int bundle_write(struct bundle bundle[], size_t n, const char *stream,
    const char *run, struct err *e);

#endif
