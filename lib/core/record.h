/*
 * Every type of record: one JSON object a line, "type" first.
 *
 * src: clnrm-records(7)
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/out.h"
#include "data/json.h"
#include "data/value.h"

enum { RECORD_VERSION = 1 };

enum record_type {
	RECORD_OTHER, /* passed on, byte for byte */
	RECORD_BEGIN,
	RECORD_CHANGE,
	RECORD_BATCH,
	RECORD_READY,
	RECORD_REQUEST,
	RECORD_AFFECTED,
	RECORD_ATTEMPTS,
	RECORD_RENDERED,
	RECORD_DIAGNOSTIC,
	RECORD_PLAN,
	RECORD_SCENARIO_START,
	RECORD_SERVICE,
	RECORD_STEP,
	RECORD_LOG,
	RECORD_SPAN,
	RECORD_VIOLATION,
	RECORD_INPUT,
	RECORD_ARTIFACT,
	RECORD_SCENARIO_END,
	RECORD_CHECK,
	RECORD_VERDICT,
	RECORD_DIFF,
	RECORD_DIFF_SUMMARY,
	RECORD_RECORDED,
	RECORD_LISTENING,
	RECORD_COLLECTED,
	RECORD_METRIC,
	RECORD_END,
};

struct record {
	enum record_type type;
	const char *line; /* line[len], without LF; borrowed from the reader */
	size_t len;
	unsigned long number; /* of the line, from 1 */
	/* Members as they stand; NULL: there is none. */
	struct pull_text id, source, gen, variant, via, bound, name;
};

/* What belongs to one running of one scenario carries these. */
struct record_key {
	const char *id, *source;
	int64_t gen;
	const char *variant; /* matrix cell, or NULL */
};

/*
 * Check a line and find its type.
 *
 * err: -1 and *e with its column: no JSON object, or no "type"
 */
int record_read(const char *line, size_t len, struct record *r, struct err *e);

/* Its whole tree; *e cannot happen for a record that record_read() took. */
struct value *record_value(const struct record *r, struct arena *a);

/* Write the line on as it came. */
void record_pass(const struct record *r, struct out *out);

/*
 * Begin a record of a type; add members with json_*(), then record_end().
 *
 *	AUTO_JSON j = record_begin("diagnostic");
 */
struct json record_begin(const char *type);
void record_key(struct json *j, const struct record_key *key);
void record_end(struct json *j, struct out *out);

/* The key of a record that was only looked at. */
struct record_key record_key_read(const struct record *r, struct arena *a);

/* The key of a parsed record; texts are borrowed from the tree. */
struct record_key record_key_of(const struct value *v);

#endif
