/*
 * A trace in memory: its spans as a tree, whatever form they came in.
 *
 *	OTLP in JSON, documents or lines
 *	records of type "span", or those alone; "baseline" with "node" records
 *	snake_case and camelCase spans: a line each, in lists, below "spans"
 *	what data/console finds between the lines of a log
 *
 * Values of attributes are canonical texts of JSON, so that equal bytes are
 * equal values.
 *
 * src: clnrm-records(7), the span
 */
#ifndef CORE_SPANS_H
#define CORE_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "data/match.h"
#include "data/pull.h"

/* A name of attributes, the same for all traces of one table. */
struct span_key {
	const char *s;
	size_t n;
	uint64_t hash;
	bool is_ignored;
};

/* All names of attributes, and globs of those that do not count. */
struct span_keys {
	struct map map;
	struct arena arena;
	struct match **ignore;
	size_t ignores, ignores_cap;
};

struct span_attr {
	const struct span_key *key;
	struct pull_text value; /* canonical JSON */
	uint64_t hash;		/* of key and value */
};

struct span_attrs {
	struct span_attr *item; /* by the bytes of the keys, each once */
	uint32_t n;
	uint64_t hash; /* of those that count */
};

struct span_event {
	struct pull_text name;
	struct span_attrs attrs;
	uint64_t hash;
};

struct span_resource {
	struct span_attrs attrs;
	struct pull_text service; /* as text, not as JSON */
};

enum { SPAN_NONE = UINT32_MAX };

enum span_state { SPAN_GOOD, SPAN_ORPHAN, SPAN_CIRCLE };

struct span {
	struct pull_text trace, id, parent; /* ids in lower case; "" is none */
	struct pull_text name, kind, code, message;
	struct pull_text said;	   /* the kind as it was told; "" for none */
	uint64_t start_ns, end_ns; /* 0: not given */
	uint64_t *runs; /* runs_n durations of several runs, or NULL */
	uint32_t runs_n;
	struct span_attrs attrs;
	struct span_event *event, *link;
	uint32_t events, links;
	const struct span_resource *resource;
	struct pull_text scope;
	enum span_state state;
	bool is_stranger;   /* our own, or not bound to the run it came in */
	bool is_whole;	    /* has a name and an id */
	uint32_t up;	    /* SPAN_NONE: a root */
	uint32_t kid, kids; /* spans.order[kid, kid + kids), by start */
	uint32_t room;	    /* for so many kids */
	uint32_t depth;
};

struct spans {
	const char *name;   /* of the file, for messages */
	const char *source; /* of records, only those of this test; or NULL */
	struct span_keys *keys;
	struct arena arena;
	struct buf text; /* what was read; spans borrow from it */
	struct span *span;
	size_t n, cap;
	uint32_t *order;		 /* children of one parent together */
	uint32_t root, roots, root_room; /* order[root, root + roots) */
	uint32_t *walk;			 /* walk[n]: in reading order */
	struct spans_links *links;	 /* while it grows */
	size_t grown;			 /* bytes, by spans_grow() */
	size_t repeated; /* spans that came again, the same bytes */
	size_t clashes;	 /* ids that came again with other contents */
	size_t orphans, circles;
	size_t lost; /* texts that begin as JSON and are malformed */
	struct err first_lost;
	bool has_json; /* some object was whole */
	struct spans_reader *reader;
};

/*
 * Read all of a file, - is standard input; of a directory, all its files that
 * end in .json, .jsonl, .ndjson or .log, by name; or the stream of a kept run
 * (core/runs.h).
 *
 * err: -1 and *e: cannot be read, is not UTF-8, or holds no span
 */
int spans_read(struct spans *t, const char *path, struct err *e);

/* The same of a text, which is handed over. */
int spans_parse(
    struct spans *t, const char *name, struct buf *text, struct err *e);

/*
 * A trace that grows: what came next of its text, whole lines, and whole
 * objects where they are longer; logs are not looked into.
 *
 * err: -1 and *e: it is not UTF-8, or is too much
 */
int spans_grow(struct spans *t, const char *s, size_t n, struct err *e);

/*
 * Hang what came into the tree. The walk and the depths are not known before
 * spans_settle(), the end of growing.
 *
 * out: list[*n], good until the next time: what came and all above it,
 *      children first; the last one is t->n, which stands above the roots
 */
const uint32_t *spans_hang(struct spans *t, size_t *n);
void spans_settle(struct spans *t);

/* Both at once, for a trace that is whole. */
void spans_tree(struct spans *t);

/*
 * Read a record of type "span", one after another, to t->span[t->n]; their tree
 * is made by spans_tree().
 *
 * in:  line[n], which record_read() took
 * out: texts of the span have a NUL behind them
 * err: -1 and *e: a value that is no value of OTLP
 * mem: keeps what is read, not the line
 */
int spans_add(struct spans *t, const char *line, size_t n, struct err *e);

/*
 * The same trace without strangers; what is below one is a root.
 *
 * mem: borrows from t; spans_free() it before t
 */
void spans_counted(const struct spans *t, struct spans *to);

/* Nanoseconds from start to end; negative: not known. */
int64_t span_took(const struct span *s);

/* "1.5 ms", for a person; "-" of a negative one. */
void span_took_print(struct buf *b, double ns);

/* The name of an attribute in the table of names. */
const struct span_key *span_key(
    struct span_keys *keys, const char *s, size_t n);

/*
 * From now on attributes whose names the glob takes do not count. A recorded
 * trace says so of some itself, before its spans.
 *
 * err: -1 and *e: no glob
 */
int span_keys_ignore(
    struct span_keys *keys, const char *glob, size_t n, struct err *e);

/* The value of that name, or a NULL text. */
struct pull_text span_attr(const struct span_attrs *a, const char *key);

/* The same by the name's place in the table of names. */
struct pull_text span_attr_by(
    const struct span_attrs *a, const struct span_key *key);

void span_keys_free(struct span_keys *keys);
void spans_free(struct spans *t);

#endif
