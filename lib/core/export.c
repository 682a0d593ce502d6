#include "core/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/export_int.h"
#include "data/gzip.h"
#include "data/otlp_metric.h"
#include "data/otlp_write.h"

enum {
	MAX_SPANS = 512,	/* of a request */
	MAX_BYTES = 4 << 20,	/* of a request, about */
	MAX_WAITING = 64 << 20, /* bytes of all that waits */
	MAX_TRIES = 5,
};

#define SECOND INT64_C(1000000000)
#define LINGER SECOND	   /* until a batch that is not full goes too */
#define GRACE (2 * SECOND) /* after the end of the stream */

/* One request, ready to be sent. */
struct batch {
	struct batch *next;
	struct buf body;
	size_t spans; /* 0: of metrics */
	int tries;
	int64_t until_ns;
};

struct export
{
	struct loop *loop;
	struct stage *stage;
	struct http *http, *metrics_http;
	struct export_setting how;
	bool is_flushing;
	bool is_down; /* the last try found nobody who answers */
	int64_t end_ns;
	struct otlp_write filling;
	struct otlp_metric metrics;
	struct arena mem;
	struct value *root;	     /* clnrm.run, off mem, until its verdict */
	struct batch *first, **last; /* in the order they go */
	size_t waiting;		     /* bytes */
	uint64_t linger, again;	     /* timers */
	size_t sent, rejected, dropped;
	char why[320]; /* the last trouble */
};

static void send_next(struct export *x);

/* ---- sending */

static void
drop_first(struct export *x)
{
	struct batch *b = x->first;

	x->first = b->next;
	if (!x->first)
		x->last = &x->first;
	x->waiting -= b->body.len;
	buf_free(&b->body);
	free(b);
}

static void
give_up(struct export *x, const char *why)
{
	if (why != x->why)
		snprintf(x->why, sizeof x->why, "%s", why);
	x->dropped += x->first->spans;
	drop_first(x);
}

static void
drop_all(struct export *x)
{
	while (x->first)
		give_up(x, *x->why ? x->why : "no answer in time");
}

static void
on_again(void *arg)
{
	struct export *x = arg;

	x->again = 0;
	send_next(x);
}

/* 1 s, half as much again each time, 5 s at most, and up to a fifth less. */
static int64_t
pause_ns(const struct batch *b, long retry_after)
{
	int64_t ns = SECOND;
	unsigned char jitter = 0;

	if (retry_after >= 0)
		return retry_after * SECOND;
	for (int i = 1; i < b->tries; i++)
		ns += ns / 2;
	if (ns > 5 * SECOND)
		ns = 5 * SECOND;
	if (getrandom(&jitter, 1, GRND_NONBLOCK) != 1)
		jitter = 0;
	return ns - ns * jitter / 256 / 5;
}

static bool
may_try_again(int status)
{
	return !status || status == 429 || (status >= 502 && status <= 504);
}

static void
try_again(struct export *x, const char *why, long retry_after)
{
	struct batch *b = x->first;
	int64_t at = clock_mono_ns() + pause_ns(b, retry_after);

	if (b->tries >= MAX_TRIES || at >= b->until_ns ||
	    (x->is_flushing && (x->is_down || at >= x->end_ns))) {
		give_up(x, why);
		return;
	}
	snprintf(x->why, sizeof x->why, "%s", why);
	x->again = loop_at(x->loop, at, on_again, x);
}

/* A varint, past which *s goes; false: it was cut. */
static bool
take_varint(const unsigned char **s, const unsigned char *end, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; *s < end && shift < 64; shift += 7) {
		unsigned char c = *(*s)++;

		*v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

/* The last varint of field `number`, and the last bytes of field `text`. */
struct reply_part {
	uint64_t number;
	const char *text;
	size_t len;
};

static struct reply_part
part_of(const char *body, size_t n, uint64_t number, uint64_t text)
{
	const unsigned char *s = (const void *)body, *end = s + n;
	struct reply_part p = {.text = ""};
	uint64_t tag, v;

	while (s < end && take_varint(&s, end, &tag)) {
		if ((tag & 7) != 0 && (tag & 7) != 2)
			break;
		if (!take_varint(&s, end, &v))
			break;
		if ((tag & 7) == 0) {
			if (tag >> 3 == number)
				p.number = v;
			continue;
		}
		if (v > (uint64_t)(end - s))
			break;
		if (tag >> 3 == text) {
			p.text = (const char *)s;
			p.len = v;
		}
		s += v;
	}
	return p;
}

static void
take_success(struct export *x, const struct http_reply *r)
{
	struct reply_part partial = part_of(r->body, r->len, 0, 1), said;
	size_t spans = x->first->spans, rejected;

	said = part_of(partial.text, partial.len, 1, 2);
	rejected = said.number > spans ? spans : (size_t)said.number;
	if (said.number || said.len)
		snprintf(x->why, sizeof x->why, "it says: %.*s",
		    said.len < 250 ? (int)said.len : 250, said.text);
	x->rejected += rejected;
	x->sent += spans - rejected;
	drop_first(x);
}

static void
on_reply(void *arg, const struct http_reply *r)
{
	struct export *x = arg;
	struct reply_part said = part_of(r->body, r->len, 1, 2);
	char why[320];

	x->is_down = !r->status;
	if (r->status >= 200 && r->status < 300) {
		take_success(x, r);
	} else {
		if (r->status)
			snprintf(why, sizeof why, "it answered %d%s%.*s",
			    r->status, said.len ? ": " : "",
			    said.len < 250 ? (int)said.len : 250, said.text);
		else
			snprintf(why, sizeof why, "%s", r->why);
		if (may_try_again(r->status))
			try_again(x, why, r->retry_after);
		else
			give_up(x, why);
	}
	if (!x->again)
		x->again = loop_at(x->loop, 0, on_again, x);
}

static void
send_next(struct export *x)
{
	struct batch *b = x->first;
	int64_t now = clock_mono_ns(), until;

	if (!b || x->again || http_is_busy(x->http) ||
	    http_is_busy(x->metrics_http))
		return;
	if (!b->tries++)
		b->until_ns = now + x->how.timeout_ns;
	until = b->until_ns;
	if (x->is_flushing && until > x->end_ns)
		until = x->end_ns;
	http_post(b->spans ? x->http : x->metrics_http, x->how.headers,
	    b->body.s, b->body.len, until);
}

/* ---- batches */

/* To the end of those that wait; `plain` is freed. */
static void
queue(struct export *x, struct buf *plain, size_t spans)
{
	struct batch *b = mem_new(1, sizeof *b);

	*b = (struct batch){.body = BUF_INIT, .spans = spans};
	if (x->how.is_gzip) {
		gzip_deflate(plain->s, plain->len, &b->body);
		buf_free(plain);
	} else {
		b->body = *plain;
		*plain = (struct buf)BUF_INIT;
	}
	x->waiting += b->body.len;
	*x->last = b;
	x->last = &b->next;
	send_next(x);
}

static void
close_batch(struct export *x)
{
	size_t spans = x->filling.spans;
	AUTO_BUF plain = BUF_INIT;

	loop_cancel(x->loop, x->linger);
	x->linger = 0;
	if (!spans)
		return;
	if (x->waiting > MAX_WAITING) {
		x->dropped += spans;
		snprintf(x->why, sizeof x->why,
		    "more than %d MiB wait to be sent", MAX_WAITING >> 20);
		otlp_write_reset(&x->filling);
		return;
	}
	otlp_write_put(&x->filling, &plain);
	otlp_write_reset(&x->filling);
	queue(x, &plain, spans);
}

static void
close_metrics(struct export *x)
{
	AUTO_BUF plain = BUF_INIT;

	if (!x->metrics.n)
		return;
	otlp_metric_put(&x->metrics, VERSION, &plain);
	otlp_metric_reset(&x->metrics);
	queue(x, &plain, 0);
}

static void
on_linger(void *arg)
{
	struct export *x = arg;

	x->linger = 0;
	close_batch(x);
}

static bool
is_word(const struct value *v, const char *word)
{
	return !strcmp(value_str_or(v, ""), word);
}

/* Our own spans say by which SDK they were made. */
static void
add_identity(struct arena *a, struct value *span)
{
	struct value *attrs = value_find(span, "resource.attributes");

	if (!is_word(value_get(span, "via"), "clnrm") || !attrs)
		return;
	value_put(a, attrs, "telemetry.sdk.language", value_text(a, "c"));
	value_put(a, attrs, "telemetry.sdk.name", value_text(a, "clnrm"));
	value_put(a, attrs, "telemetry.sdk.version", value_text(a, VERSION));
}

static void
add_span(struct export *x, const struct value *span)
{
	otlp_write_add(&x->filling, span);
	if (x->filling.spans >= MAX_SPANS || x->filling.bytes >= MAX_BYTES)
		close_batch(x);
	else if (!x->linger)
		x->linger =
		    loop_at(x->loop, clock_mono_ns() + LINGER, on_linger, x);
}

static void
send_root(struct export *x)
{
	if (x->root)
		add_span(x, x->root);
	x->root = NULL;
	arena_free(&x->mem);
}

/*
 * What came into a run and is not of it stays here. The root waits for what
 * is said of its run.
 */
static void
take_span(struct export *x, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *span = record_value(r, &a);

	if (is_word(value_get(span, "bound"), "no") &&
	    value_str_or(value_get(span, "id"), NULL))
		return;
	if (!is_word(value_get(span, "via"), "clnrm") ||
	    !is_word(value_get(span, "name"), "clnrm.run")) {
		add_identity(&a, span);
		add_span(x, span);
		return;
	}
	send_root(x);
	x->root = record_value(r, &x->mem);
	add_identity(&x->mem, x->root);
}

/* The steps may have been content with what proves nothing. */
static void
take_verdict(struct export *x, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a), *why;
	const char *id = value_str_or(value_get(v, "id"), "");
	const char *word = value_str_or(value_get(v, "verdict"), "");
	struct value *attrs = value_get(x->root, "attributes"), *status;

	if (!x->root || !is_word(value_get(x->root, "id"), id) || !attrs)
		return;
	value_put(&x->mem, attrs, "result", value_text(&x->mem, word));
	status = value_get(x->root, "status");
	why = value_find(v, "first_failure.message");
	if (status && why) {
		value_put(
		    &x->mem, status, "code", value_text(&x->mem, "ERROR"));
		value_put(&x->mem, status, "message",
		    value_text(&x->mem, value_str_or(why, "")));
	}
	send_root(x);
	close_batch(x);
}

/* Of the stages before us, once each; a stream has no more than a few. */
static void
take_metric(struct export *x, const struct record *r)
{
	AUTO_ARENA a = {0};

	if (x->metrics.metrics.len < MAX_BYTES)
		otlp_metric_add(&x->metrics, record_value(r, &a));
}

/* ---- from outside */

struct export *
export_new(struct loop *l, struct stage *st, const char *text, struct err *e)
{
	struct http_url url, metrics;
	struct export *x;

	if (http_url(text, &url, e) < 0)
		return NULL;
	metrics = url;
	if (export_path(&url, "/v1/traces", e) < 0 ||
	    export_path(&metrics, "/v1/metrics", e) < 0)
		return NULL;
	x = mem_new(1, sizeof *x);
	x->metrics = (struct otlp_metric)OTLP_METRIC_INIT;
	x->loop = l;
	x->stage = st;
	x->last = &x->first;
	if (export_setting(&x->how, e) < 0) {
		free(x);
		return NULL;
	}
	x->http = http_new(l, &url, on_reply, x);
	x->metrics_http = http_new(l, &metrics, on_reply, x);
	return x;
}

void
export_take(struct export *x, const struct record *r)
{
	if (r->type == RECORD_SPAN)
		take_span(x, r);
	else if (r->type == RECORD_METRIC)
		take_metric(x, r);
	else if (r->type == RECORD_VERDICT)
		take_verdict(x, r);
	else if (r->type == RECORD_SCENARIO_END && !x->root)
		close_batch(x);
	else if (r->type == RECORD_END)
		close_batch(x);
}

static void
on_end(void *arg)
{
	(void)arg; /* whoever waits is woken */
}

void
export_flush(struct export *x)
{
	x->is_flushing = true;
	x->end_ns = clock_mono_ns() + GRACE;
	loop_at(x->loop, x->end_ns, on_end, NULL);
	send_root(x);
	close_batch(x);
	close_metrics(x);
	if (x->is_down && x->again)
		drop_all(x); /* nobody waits for it to come up */
}

bool
export_is_done(const struct export *x)
{
	return !x->first || (x->is_flushing && clock_mono_ns() >= x->end_ns);
}

static void
tell(const struct export *x)
{
	struct err e = {0};

	if (!x->dropped && !x->rejected && !*x->why)
		return;
	if (x->dropped || x->rejected)
		err_set(&e,
		    "export: %zu spans sent, %zu rejected, %zu dropped: %s",
		    x->sent, x->rejected, x->dropped, x->why);
	else
		err_set(&e, "export: %zu spans sent; on the way: %s", x->sent,
		    x->why);
	stage_diagnose(x->stage, NULL, "note", "W417", &e);
}

void
export_close(struct export *x)
{
	drop_all(x);
	tell(x);
	loop_cancel(x->loop, x->again);
	loop_cancel(x->loop, x->linger);
	http_del(x->http);
	http_del(x->metrics_http);
	otlp_metric_reset(&x->metrics);
	otlp_write_reset(&x->filling);
	arena_free(&x->mem);
	free(x->how.headers);
	free(x);
}
