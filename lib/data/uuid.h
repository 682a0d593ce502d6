/*
 * Identifiers: UUIDs, ULIDs, and those of traces.
 *
 * src: RFC 9562; github.com/ulid/spec; W3C Trace Context, level 1
 */
#ifndef DATA_UUID_H
#define DATA_UUID_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "data/rng.h"

/* Sizes with the NUL. */
enum {
	UUID_TEXT = 37,
	UUID_ULID = 27,
	UUID_TRACE = 33,
	UUID_SPAN = 17,
	UUID_PARENT = 56,
};

/* Version 4: all of it drawn. */
void uuid_v4(char to[UUID_TEXT], struct rng *r);

/* Version 7: a time in milliseconds since 1970, of which 48 bits count. */
void uuid_v7(char to[UUID_TEXT], struct rng *r, int64_t unix_ms);

/*
 * Version 5: from a name in a name space.
 *
 * in:  space, a UUID of any version, in either case; name[n]
 * err: -1 and *e: the name space is no UUID
 */
int uuid_v5(char to[UUID_TEXT], const char *space, const char *name, size_t n,
    struct err *e);

/* A ULID: 48 bits of milliseconds since 1970, 80 that are drawn. */
void uuid_ulid(char to[UUID_ULID], struct rng *r, int64_t unix_ms);

void uuid_trace_id(char to[UUID_TRACE], struct rng *r);
void uuid_span_id(char to[UUID_SPAN], struct rng *r);

/*
 * The header that hands a trace on: 00-TRACE-SPAN-01.
 *
 * in:  flags, of which 8 bits count; 1 is "sampled"
 * err: -1 and *e: an id is not so many lower-case hex digits, or all zero
 */
int uuid_traceparent(char to[UUID_PARENT], const char *trace_id,
    const char *span_id, unsigned flags, struct err *e);

#endif
