/*
 * What the files of core/collector share: the spans that came, and the ways in.
 */
#ifndef CORE_COLLECTOR_INT_H
#define CORE_COLLECTOR_INT_H

#include "base/slots.h"
#include "core/collector.h"
#include "data/otlp.h"
#include "sys/h2d.h"
#include "sys/httpd.h"

enum {
	COLLECTOR_BODY = 64 << 20, /* bytes of a request, inflated */
	COLLECTOR_TRACE = 16,
	COLLECTOR_SPAN = 8,
	COLLECTOR_ID = COLLECTOR_TRACE + COLLECTOR_SPAN,
};

/* What is told in a diagnostic, a few times of each. */
enum collector_tale {
	COLLECTOR_CONFLICT,
	COLLECTOR_FULL,
	COLLECTOR_REJECTED,
	COLLECTOR_REFUSED,
	COLLECTOR_LENIENT,
	COLLECTOR_LOST,
	COLLECTOR_REPLAY,
	COLLECTOR_TALES
};

struct collector {
	struct stage *stage;
	struct httpd *httpd;
	struct h2d *h2d;
	struct record_key key;
	unsigned char trace_id[COLLECTOR_TRACE];
	bool has_trace, trusts_listener, drops_signals, only_counts, is_lost;
	char *run_id;
	int64_t from_ns;
	const struct earlier *earlier;
	struct collector_node *node; /* node[nodes], as they came */
	size_t nodes, cap;
	struct slots by_id; /* of nodes: index + 1 */
	struct json line; /* of a span; its first `head` bytes are always so */
	size_t head;
	size_t missing; /* named as a parent and not seen */
	void (*on_span)(void *arg, const char *span, size_t n);
	void *arg;
	struct collector_counts counts;
	unsigned told[COLLECTOR_TALES];
};

void collector_tell(
    struct collector *c, enum collector_tale t, const struct err *e);

/* Count and tell a request that was not taken. */
void collector_refuse(
    struct collector *c, const char *kind, int status, const char *why);

/* Take in a span; form NULL for what came over OTLP (via "otlp"). */
void collector_add(struct collector *c, const struct otlp_span *s,
    const char *via, const char *form);

/*
 * Take in all spans of a request.
 *
 * out: 0, *r, and in *message what the sender should know, or nothing
 * err: -1 and *e: no span of it was taken; r->is_too_large may be why
 */
int collector_take(struct collector *c, enum otlp_form form, const char *s,
    size_t n, struct otlp_result *r, struct buf *message, struct err *e);

/* Append an ExportTraceServiceResponse; empty when the message is. */
void collector_put_response(
    struct buf *b, size_t rejected, const struct buf *message);

/* The handlers of the two listeners; arg is the collector. */
void collector_on_request(
    void *arg, const struct httpd_request *rq, struct httpd_response *rs);
void collector_on_call(
    void *arg, const struct h2d_request *rq, struct h2d_response *rs);

#endif
