/*
 * Spans that arrive over OTLP/HTTP and OTLP/gRPC, or that are printed: taken
 * in, tied to a run, written as `span` records. One collector a scenario, or
 * one for all of clnrm-collect.
 *
 * It lives in the caller's loop: records leave through the stage while
 * loop_once() runs; flush before waiting.
 *
 * src: OTLP specification 1.11; clnrm-collect(1)
 */
#ifndef CORE_COLLECTOR_H
#define CORE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/earlier.h"
#include "core/stage.h"
#include "sys/loop.h"

enum { COLLECTOR_SPANS = 1000000 }; /* ids that are remembered */

/* Texts are copied. */
struct collector_config {
	struct stage *stage;   /* where records and diagnostics go */
	struct record_key key; /* id NULL: nobody's, every span is bound "no" */
	const char *trace_id;  /* 32 hex, of TRACEPARENT; or NULL */
	const char *parent_id; /* 16 hex, of TRACEPARENT; counts as found */
	const char *run_id;    /* of the resource attribute test.run.id */
	bool trusts_listener;  /* own network and true clock: arrival binds a
				  span whose times lie inside the run */
	int64_t from_unix_nano;	       /* when the run began */
	const struct earlier *earlier; /* by arrival none of these traces is
					  bound; borrowed, or NULL */
	bool only_counts;	       /* no span is written */
	bool drops_signals; /* metrics and logs: 200 and away, not 404 */
	/* Called with each canonical span that is written; or NULL. */
	void (*on_span)(void *arg, const char *span, size_t n);
	void *arg;
};

struct collector_counts {
	uint64_t requests;   /* answered, with whatever status */
	uint64_t refused;    /* of them with 4xx or 5xx */
	uint64_t spans;	     /* taken in: records, where they are written */
	uint64_t duplicates; /* sent again with equal bytes: left out */
	uint64_t conflicts;  /* sent again with other bytes: taken in */
	uint64_t rejected;   /* ids that cannot be */
};

struct collector;

struct collector *collector_new(
    struct loop *l, const struct collector_config *config);

/* What is spoken at a port; at the one of HTTP also gRPC, which is told by its
 * first bytes. */
enum collector_port { COLLECTOR_HTTP, COLLECTOR_GRPC };

/* Serve a listening socket; the collector closes it. */
void collector_listen(struct collector *c, int fd, enum collector_port port);

/*
 * Take all that has arrived: accept what is pending, read every connection
 * until it would block or ends.
 *
 * out: connections that are still open. 0 once the processes at the other ends
 *      are gone: then everything that they sent has been written.
 */
size_t collector_drain(struct collector *c);

/* A span that is found without having arrived: 32 and 16 hex digits. */
void collector_known(
    struct collector *c, const char *trace_id, const char *span_id);

/*
 * Has every parent arrived (or is it known) that a span of this run names?
 * False also when there were more spans than can be remembered.
 */
bool collector_parents_found(const struct collector *c);

/*
 * A log in which spans are printed, as data/console.h has them; several may
 * run at a time. Such a span is bound by its trace or its run id only.
 *
 * in:  via, the member of the records: "stdout" or "file"; borrowed
 * mem: collector_log_del() it before the collector; what is cut off is told
 *      then, and NULL is fine
 */
struct collector_log;
struct collector_log *collector_log_new(struct collector *c, const char *via);
void collector_log_feed(struct collector_log *l, const char *s, size_t n);
void collector_log_del(struct collector_log *l);

struct collector_counts collector_counts(const struct collector *c);

/* Close every socket; answers not yet sent are lost. NULL is fine. */
void collector_del(struct collector *c);

#endif
