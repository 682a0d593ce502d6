#include "core/collector_int.h"

#include <string.h>
#include <strings.h>

#include "data/gzip.h"
#include "data/protobuf.h"

/* The media type of a Content-Type, without its parameters. */
static bool
is_type(const char *value, const char *type)
{
	size_t n = strcspn(value, "; \t");

	return n == strlen(type) && !strncasecmp(value, type, n);
}

static bool
is_json(const struct httpd_request *rq)
{
	return !is_type(rq->content_type, "application/x-protobuf");
}

/* An ExportTraceServiceResponse; the message is empty when all is well. */
static void
succeed(const struct httpd_request *rq, struct httpd_response *rs,
    size_t rejected, const struct buf *message)
{
	if (is_json(rq)) {
		AUTO_JSON j = JSON_INIT;

		rs->content_type = "application/json";
		json_open(&j, NULL, '{');
		if (message->len) {
			json_open(&j, "partialSuccess", '{');
			json_nano(&j, "rejectedSpans", rejected);
			json_strn(&j, "errorMessage", message->s, message->len);
			json_close(&j, '}');
		}
		json_close(&j, '}');
		buf_add(&rs->body, j.text.s, j.text.len);
		return;
	}
	rs->content_type = "application/x-protobuf";
	collector_put_response(&rs->body, rejected, message);
}

/* A google.rpc.Status. */
static void
refuse(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs, int status, const char *why)
{
	AUTO_BUF message = BUF_INIT;

	collector_refuse(c, "status", status, why);
	rs->status = status;
	buf_adds(&message, why);
	if (is_json(rq)) {
		AUTO_JSON j = JSON_INIT;

		rs->content_type = "application/json";
		json_open(&j, NULL, '{');
		json_strn(&j, "message", message.s, message.len);
		json_close(&j, '}');
		buf_add(&rs->body, j.text.s, j.text.len);
		return;
	}
	rs->content_type = "application/x-protobuf";
	protobuf_bytes(&rs->body, 2, message.s, message.len);
}

static void
take(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs, const char *s, size_t n)
{
	struct otlp_result r;
	struct err e = {0};
	AUTO_BUF message = BUF_INIT;

	if (collector_take(c, is_json(rq) ? OTLP_JSON : OTLP_PROTOBUF, s, n, &r,
		&message, &e) < 0) {
		refuse(c, rq, rs, r.is_too_large ? 413 : 400, e.text);
		return;
	}
	succeed(rq, rs, r.rejected, &message);
}

static void
inflate(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs)
{
	AUTO_BUF body = BUF_INIT;
	struct err e = {0};
	enum gzip_result got =
	    gzip_inflate(rq->body, rq->len, COLLECTOR_BODY, &body, &e);

	if (got == GZIP_DONE)
		take(c, rq, rs, body.s, body.len);
	else
		refuse(c, rq, rs, got == GZIP_TOO_LARGE ? 413 : 400, e.text);
}

static void
post(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs)
{
	const char *coding = rq->content_encoding;

	if (is_json(rq) && !is_type(rq->content_type, "application/json"))
		refuse(c, rq, rs, 415,
		    "the content type is neither application/x-protobuf nor "
		    "application/json");
	else if (!strcasecmp(coding, "gzip"))
		inflate(c, rq, rs);
	else if (*coding && strcasecmp(coding, "identity"))
		refuse(c, rq, rs, 415, "the content encoding is not gzip");
	else
		take(c, rq, rs, rq->body, rq->len);
}

void
collector_on_request(
    void *arg, const struct httpd_request *rq, struct httpd_response *rs)
{
	struct collector *c = arg;
	bool is_signal =
	    !strcmp(rq->path, "/v1/metrics") || !strcmp(rq->path, "/v1/logs");

	c->counts.requests++;
	if (rq->refused) {
		refuse(c, rq, rs, rq->refused, rq->why);
	} else if (is_signal && c->drops_signals) {
		succeed(rq, rs, 0, &(struct buf)BUF_INIT);
	} else if (is_signal) {
		refuse(c, rq, rs, 404,
		    "only traces are collected, at /v1/traces: set "
		    "OTEL_METRICS_EXPORTER=none and OTEL_LOGS_EXPORTER=none");
	} else if (strcmp(rq->path, "/v1/traces")) {
		refuse(c, rq, rs, 404,
		    "traces are collected at /v1/traces, not here");
	} else if (strcmp(rq->method, "POST")) {
		rs->allow = "POST";
		refuse(c, rq, rs, 405, "the method is not POST");
	} else {
		post(c, rq, rs);
	}
}
