/*
 * The normal form of a trace: a line of JSON a span, parents before their
 * children, without ids and times. Children stand in the order of what they
 * are, so that the same behaviour is the same text on every machine.
 *
 * src: clnrm-records(7), baseline and node
 */
#ifndef CORE_NORMAL_H
#define CORE_NORMAL_H

#include "core/spans.h"
#include "data/hash.h"

/* From now on the names that are other in each run are ignored. */
void normal_ignore(struct span_keys *keys);

/*
 * Append the `node` records. Names that are ignored are left out.
 *
 * in:  has_runs: durations of several runs are told, too
 */
void normal_print(const struct spans *t, bool has_runs, struct buf *b);

/*
 * The SHA-256 of that text of the spans that count; that of no span is the one
 * of the empty text.
 */
void normal_digest(const struct spans *t, char hex[HASH_HEX]);

#endif
