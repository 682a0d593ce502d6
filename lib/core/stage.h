/*
 * One filter of the pipe: its stream in, its stream out, its begin and end,
 * and what it owes the next one when its input was cut.
 */
#ifndef CORE_STAGE_H
#define CORE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cli.h"
#include "core/metric.h"
#include "core/record.h"
#include "data/ndjson.h"

struct stage {
	const char *name; /* "render": in `end` and `diagnostic` records */
	struct ndjson in;
	struct out *out;
	bool has_input, is_loose;
	bool last_was_end; /* of what came in */
	int64_t start_ns;
	uint64_t records; /* written by this stage itself */
	int status;	  /* the worst so far */
	/* Hears of each record that is put, a line with its LF; or NULL. */
	void (*hear)(void *arg, const char *line, size_t n);
	void *hear_arg;
	struct metrics *metrics; /* what it measures of itself; or NULL */
};

/* A stage that begins the stream: writes `begin` with argv. */
void stage_source(
    struct stage *s, const char *name, struct out *out, char *const argv[]);

/* Measure, and tell before `end`: after stage_source() or stage_filter(). */
void stage_measure(struct stage *s);

/*
 * Where a filter's records come from: the one operand, a file or a kept run
 * (core/runs.h); standard input where it is `-` or missing. What cannot be read
 * from is told, exit 2: a second operand, a file that does not open, and a
 * terminal (cli_misuse).
 *
 * out: a descriptor for stage_filter()
 */
int stage_input(const struct cli *tool, char **operand);

/*
 * A stage that reads records from fd. With `loose` an input without `end` is
 * taken as whole.
 */
void stage_filter(
    struct stage *s, const char *name, struct out *out, int fd, bool loose);

/*
 * The next record. Output is flushed before it waits. A malformed line is
 * told in a `diagnostic` (status 2) and passed over; a `begin` of a newer
 * version too. At the end of an input that was cut (no record, or the last
 * is no `end`), tells so in a `diagnostic` (status 3). When the reader of our
 * output has gone, that is the end too (status 128 + SIGPIPE).
 *
 * out: 1 and *r (borrowed until the next call), or 0 at the end
 */
int stage_next(struct stage *s, struct record *r);

/* The same among what was read already: 0 when no line is whole. */
int stage_pull(struct stage *s, struct record *r);

/*
 * Read on, after the output is flushed.
 *
 * out: 1, 0 at the end of the input, -1 when the reader of our output has gone
 */
int stage_fill(struct stage *s);

/* At end-of-file, for those who read with stage_pull(): see stage_next(). */
void stage_check_cut(struct stage *s);

/* Begin a record of this stage's own; stage_put() ends it and counts it. */
struct json stage_record(struct stage *s, const char *type);
void stage_put(struct stage *s, struct json *j);

/* Raise the status; the worse of the two stays. */
void stage_status(struct stage *s, int status);

/*
 * Write a `diagnostic` record.
 *
 * in:  source may be NULL; severity "error", "warning" or "note"; code such as
 *      "E301"; the message, place and hint are those of *e
 */
void stage_diagnose(struct stage *s, const char *source, const char *severity,
    const char *code, const struct err *e);

/* Write `end`; returns the status. The input is closed by ndjson_free(). */
int stage_end(struct stage *s);

#endif
