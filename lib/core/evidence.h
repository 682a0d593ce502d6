/*
 * What a saved file tells of a run, whatever its shape, as records.
 *
 *	records		a stream that a stage wrote
 *	OTLP/JSON	one request a line, or one that is the whole file
 *	plain spans	an object a line, or arrays of such: trace_id, span_id,
 *			name, ... in snake_case or camelCase
 *	console forms	as data/console.h has them, between log lines
 *
 * src: clnrm-verify(1)
 */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include "core/record.h"

/* Who is told. Spans that were no records have `id` null and `bound` "no". */
struct evidence_user {
	void (*record)(void *arg, const struct record *r);
	void (*lost)(void *arg, const struct err *e); /* what cannot be read */
	void *arg;
};

/*
 * Read a file or a kept run (core/runs.h); "-" is no name for standard input
 * here.
 *
 * err: -1 and *e: it cannot be read
 */
int evidence_read(
    const char *path, const struct evidence_user *user, struct err *e);

#endif
