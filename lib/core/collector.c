#include "core/collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/gzip.h"
#include "data/otlp.h"
#include "sys/httpd.h"

enum {
	BODY = 64 << 20, /* bytes of a request, inflated */
	TELL = 8,	 /* diagnostics of one kind; then silence */
	TRACE = 16,
	SPAN = 8,
};

/* Clocks that SDKs read are coarser than ours. */
#define SLACK INT64_C(10000000)

enum tale { CONFLICT, FULL, REJECTED, REFUSED, LENIENT, TALES };

static const char *const code[TALES] = {"W411", "W412", "W413", "W414", "W415"};

/* A span that was seen, or one that others name as their parent. */
struct node {
	unsigned char id[TRACE + SPAN];
	uint64_t digest; /* of its bytes; 0: none came */
	bool is_used, is_seen, is_wanted;
};

struct collector {
	struct stage *stage;
	struct httpd *httpd;
	struct record_key key;
	unsigned char trace_id[TRACE];
	bool has_trace, trusts_listener, drops_signals, is_lost;
	char *run_id;
	int64_t from_ns;
	struct node *node; /* open addressing; node[slots] */
	size_t slots, nodes;
	size_t missing; /* named as a parent and not seen */
	struct collector_counts counts;
	unsigned told[TALES];
};

static bool
unhex(const char *s, unsigned char *to, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		static const char digit[] = "0123456789abcdef";
		const char *d = s[i] ? strchr(digit, s[i] | 0x20) : NULL;

		if (!d)
			return false;
		to[i / 2] = (unsigned char)(to[i / 2] << 4 | (d - digit));
	}
	return true;
}

/* FNV-1a, by words where it can; never 0. */
static uint64_t
digest(const char *s, size_t n)
{
	uint64_t h = 14695981039346656037u, word;

	for (; n >= sizeof word; s += sizeof word, n -= sizeof word) {
		memcpy(&word, s, sizeof word);
		h = (h ^ word) * 1099511628211u;
		h ^= h >> 32;
	}
	for (; n; s++, n--)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h ? h : 1;
}

static struct node *
find(const struct collector *c, const unsigned char id[TRACE + SPAN])
{
	size_t mask = c->slots - 1;
	size_t i = digest((const char *)id, TRACE + SPAN) & mask;

	while (c->node[i].is_used && memcmp(c->node[i].id, id, TRACE + SPAN))
		i = (i + 1) & mask;
	return &c->node[i];
}

static void
grow(struct collector *c)
{
	struct node *old = c->node;
	size_t n = c->slots;

	c->slots = n ? n * 2 : 64;
	c->node = mem_new(c->slots, sizeof *c->node);
	for (size_t i = 0; i < n; i++)
		if (old[i].is_used)
			*find(c, old[i].id) = old[i];
	free(old);
}

static void
tell(struct collector *c, enum tale t, const struct err *e)
{
	if (c->told[t]++ < TELL)
		stage_diagnose(c->stage, c->key.source, "warning", code[t], e);
}

/* The node of these ids, made if need be; NULL when the limit is reached. */
static struct node *
node(struct collector *c, const unsigned char trace[TRACE],
    const unsigned char span[SPAN])
{
	unsigned char id[TRACE + SPAN];
	struct err e = {0};
	struct node *n;

	memcpy(id, trace, TRACE);
	memcpy(id + TRACE, span, SPAN);
	if (c->nodes * 2 >= c->slots)
		grow(c);
	n = find(c, id);
	if (n->is_used)
		return n;
	if (c->nodes >= COLLECTOR_SPANS) {
		err_set(&e,
		    "more than %d spans: from here on spans sent "
		    "twice are not noticed, nor are missing parents",
		    COLLECTOR_SPANS);
		if (!c->is_lost)
			tell(c, FULL, &e);
		c->is_lost = true;
		return NULL;
	}
	n->is_used = true;
	memcpy(n->id, id, sizeof id);
	c->nodes++;
	return n;
}

static void
see(struct collector *c, struct node *n)
{
	c->missing -= n->is_wanted && !n->is_seen;
	n->is_seen = true;
}

static void
want(struct collector *c, struct node *n)
{
	c->missing += !n->is_wanted && !n->is_seen;
	n->is_wanted = true;
}

static void
tell_conflict(struct collector *c, const struct otlp_span *s)
{
	struct err e = {0};
	char id[2 * SPAN + 1];

	for (size_t i = 0; i < SPAN; i++)
		snprintf(id + 2 * i, 3, "%02x", s->span_id[i]);
	err_set(&e, "span %s came again with other contents", id);
	err_hint(&e, "two spans of one trace must not share an id");
	tell(c, CONFLICT, &e);
}

/* Remember it. False: it has been here, byte for byte. */
static bool
is_new(struct collector *c, const struct otlp_span *s)
{
	struct node *n = node(c, s->trace_id, s->span_id);
	uint64_t d;

	if (!n)
		return true;
	d = digest(s->text, s->len);
	if (n->digest == d) {
		c->counts.duplicates++;
		return false;
	}
	if (n->digest) {
		c->counts.conflicts++;
		tell_conflict(c, s);
	}
	n->digest = d;
	see(c, n);
	return true;
}

static bool
is_within(const struct collector *c, uint64_t ns)
{
	return ns && ns + SLACK >= (uint64_t)c->from_ns &&
	       ns <= (uint64_t)clock_wall_ns() + SLACK;
}

/* The tie to this run; src: clnrm-records(7), the member `bound` */
static const char *
bound(const struct collector *c, const struct otlp_span *s)
{
	if (!c->key.id)
		return "no";
	if (c->has_trace && !memcmp(s->trace_id, c->trace_id, TRACE))
		return "trace";
	if (s->run && c->run_id) /* another run's id is no tie at all */
		return s->run_len == strlen(c->run_id) &&
			       !memcmp(s->run, c->run_id, s->run_len)
			 ? "run"
			 : "no";
	if (c->trusts_listener && is_within(c, s->start_ns) &&
	    is_within(c, s->end_ns))
		return "listener";
	return "no";
}

static void
on_span(void *arg, const struct otlp_span *s)
{
	struct collector *c = arg;
	const char *tie = bound(c, s);
	struct node *parent = NULL;

	if (!is_new(c, s))
		return;
	if (s->has_parent && strcmp(tie, "no"))
		parent = node(c, s->trace_id, s->parent_id);
	if (parent)
		want(c, parent);
	AUTO_JSON j = stage_record(c->stage, "span");
	record_key(&j, &c->key);
	json_null(&j, "service");
	json_str(&j, "via", "otlp");
	json_str(&j, "bound", tie);
	buf_addc(&j.text, ',');
	buf_add(&j.text, s->text, s->len);
	stage_put(c->stage, &j);
	c->counts.spans++;
}

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

static void
put_varint(struct buf *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static void
put_bytes(struct buf *b, int field, const struct buf *bytes)
{
	put_varint(b, (uint64_t)field << 3 | 2);
	put_varint(b, bytes->len);
	buf_add(b, bytes->s, bytes->len);
}

/* An ExportTraceServiceResponse; the message is empty when all is well. */
static void
succeed(const struct httpd_request *rq, struct httpd_response *rs,
    size_t rejected, const struct buf *message)
{
	AUTO_BUF partial = BUF_INIT;

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
	if (!message->len)
		return;
	if (rejected) {
		put_varint(&partial, 1 << 3);
		put_varint(&partial, rejected);
	}
	put_bytes(&partial, 2, message);
	put_bytes(&rs->body, 1, &partial);
}

/* A google.rpc.Status. */
static void
refuse(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs, int status, const char *why)
{
	struct err e = {0};
	AUTO_BUF message = BUF_INIT;

	c->counts.refused++;
	rs->status = status;
	err_set(&e, "an export was refused with status %d: %s", status, why);
	tell(c, REFUSED, &e);
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
	put_bytes(&rs->body, 2, &message);
}

static void
list(struct buf *to, const char *item)
{
	if (to->len)
		buf_adds(to, "; ");
	buf_adds(to, item);
}

/* What the sender should know, in a sentence; nothing when all is well. */
static void
word_partial(
    struct collector *c, const struct otlp_result *r, struct buf *message)
{
	size_t reasons =
	    r->rejected < OTLP_REASONS ? r->rejected : OTLP_REASONS;
	struct err e = {0};
	AUTO_BUF text = BUF_INIT;

	for (size_t i = 0; i < reasons; i++)
		if (!strstr(text.s, r->reason[i]))
			list(&text, r->reason[i]);
	if (r->rejected) {
		buf_addf(message, "%zu span%s rejected: %s", r->rejected,
		    r->rejected == 1 ? "" : "s", text.s);
		err_set(&e, "%s", message->s);
		tell(c, REJECTED, &e);
	}
	buf_reset(&text);
	for (unsigned bit = 1; bit <= r->warnings; bit <<= 1)
		if (r->warnings & bit)
			list(&text, otlp_warning(bit));
	if (text.len) {
		list(message, text.s);
		err_set(&e, "%s", text.s);
		tell(c, LENIENT, &e);
	}
}

static void
take(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs, const char *s, size_t n)
{
	struct otlp_result r;
	struct err e = {0};
	AUTO_BUF message = BUF_INIT;

	if (otlp_decode(is_json(rq) ? OTLP_JSON : OTLP_PROTOBUF, s, n, on_span,
		c, &r, &e) < 0) {
		refuse(c, rq, rs, r.is_too_large ? 413 : 400, e.text);
		return;
	}
	c->counts.rejected += r.rejected;
	word_partial(c, &r, &message);
	succeed(rq, rs, r.rejected, &message);
}

static void
inflate(struct collector *c, const struct httpd_request *rq,
    struct httpd_response *rs)
{
	AUTO_BUF body = BUF_INIT;
	struct err e = {0};
	enum gzip_result got = gzip_inflate(rq->body, rq->len, BODY, &body, &e);

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

static void
on_request(void *arg, const struct httpd_request *rq, struct httpd_response *rs)
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

struct collector *
collector_new(struct loop *l, const struct collector_config *config)
{
	struct collector *c = mem_new(1, sizeof *c);

	c->stage = config->stage;
	c->key = (struct record_key){mem_str(config->key.id),
	    mem_str(config->key.source), config->key.gen,
	    mem_str(config->key.variant)};
	c->run_id = mem_str(config->run_id);
	c->trusts_listener = config->trusts_listener;
	c->drops_signals = config->drops_signals;
	c->from_ns = config->from_unix_nano;
	c->has_trace =
	    config->trace_id && unhex(config->trace_id, c->trace_id, TRACE);
	c->httpd = httpd_new(l, on_request, c);
	if (config->trace_id && config->parent_id)
		collector_known(c, config->trace_id, config->parent_id);
	return c;
}

void
collector_listen(struct collector *c, int fd)
{
	httpd_listen(c->httpd, fd);
}

size_t
collector_drain(struct collector *c)
{
	return httpd_drain(c->httpd);
}

void
collector_known(struct collector *c, const char *trace_id, const char *span_id)
{
	unsigned char trace[TRACE] = {0}, span[SPAN] = {0};
	struct node *n;

	if (!unhex(trace_id, trace, TRACE) || !unhex(span_id, span, SPAN))
		return;
	n = node(c, trace, span);
	if (n)
		see(c, n);
}

bool
collector_parents_found(const struct collector *c)
{
	return !c->missing && !c->is_lost;
}

struct collector_counts
collector_counts(const struct collector *c)
{
	return c->counts;
}

void
collector_del(struct collector *c)
{
	if (!c)
		return;
	httpd_del(c->httpd);
	free((char *)c->key.id);
	free((char *)c->key.source);
	free((char *)c->key.variant);
	free(c->run_id);
	free(c->node);
	free(c);
}
