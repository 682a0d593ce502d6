#include "core/collector_int.h"

#include <string.h>
#include <strings.h>

#include "data/gzip.h"

#define SERVICE "/opentelemetry.proto.collector."

/* src: gRPC over HTTP2, status codes as OTLP 1.11 uses them */

static void
refuse(struct collector *c, struct h2d_response *rs, enum h2d_status status,
    const char *why)
{
	collector_refuse(c, "gRPC status", (int)status, why);
	rs->status = status;
	buf_adds(&rs->why, why);
}

static void
take(struct collector *c, struct h2d_response *rs, const char *s, size_t n)
{
	struct otlp_result r;
	struct err e = {0};
	AUTO_BUF message = BUF_INIT;

	if (collector_take(c, OTLP_PROTOBUF, s, n, &r, &message, &e) < 0) {
		refuse(c, rs,
		    r.is_too_large ? H2D_RESOURCE_EXHAUSTED
				   : H2D_INVALID_ARGUMENT,
		    e.text);
		return;
	}
	collector_put_response(&rs->message, r.rejected, &message);
}

static void
inflate(
    struct collector *c, const struct h2d_request *rq, struct h2d_response *rs)
{
	AUTO_BUF body = BUF_INIT;
	struct err e = {0};
	enum gzip_result got =
	    gzip_inflate(rq->message, rq->len, COLLECTOR_BODY, &body, &e);

	if (got == GZIP_DONE)
		take(c, rs, body.s, body.len);
	else
		refuse(c, rs,
		    got == GZIP_TOO_LARGE ? H2D_RESOURCE_EXHAUSTED
					  : H2D_INTERNAL,
		    e.text);
}

static void export(
    struct collector *c, const struct h2d_request *rq, struct h2d_response *rs)
{
	bool is_gzip = !strcasecmp(rq->encoding, "gzip");
	bool is_plain = !*rq->encoding || !strcasecmp(rq->encoding, "identity");

	if (!is_gzip && !is_plain)
		refuse(c, rs, H2D_UNIMPLEMENTED, "the encoding is not gzip");
	else if (!rq->is_compressed)
		take(c, rs, rq->message, rq->len);
	else if (is_gzip)
		inflate(c, rq, rs);
	else
		refuse(c, rs, H2D_INTERNAL,
		    "a compressed message without grpc-encoding");
}

void
collector_on_call(
    void *arg, const struct h2d_request *rq, struct h2d_response *rs)
{
	struct collector *c = arg;
	bool is_signal =
	    !strcmp(rq->path, SERVICE "metrics.v1.MetricsService/Export") ||
	    !strcmp(rq->path, SERVICE "logs.v1.LogsService/Export");

	c->counts.requests++;
	if (rq->refused) {
		collector_refuse(c,
		    rq->refused >= 400 ? "status" : "gRPC status", rq->refused,
		    rq->why);
	} else if (is_signal && !c->drops_signals) {
		refuse(c, rs, H2D_UNIMPLEMENTED,
		    "only traces are collected: set "
		    "OTEL_METRICS_EXPORTER=none and OTEL_LOGS_EXPORTER=none");
	} else if (is_signal) {
		return;
	} else if (strcmp(rq->path, SERVICE "trace.v1.TraceService/Export")) {
		refuse(c, rs, H2D_UNIMPLEMENTED,
		    "traces are collected by TraceService/Export, and nothing "
		    "else is here");
	} else {
		export(c, rq, rs);
	}
}
