#include "core/collector_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/key.h"
#include "base/mem.h"
#include "data/protobuf.h"

enum { TELL = 8 }; /* diagnostics of one kind; then silence */

/* Clocks that SDKs read are coarser than ours. */
#define SLACK INT64_C(10000000)

static const char *const code[COLLECTOR_TALES] = {
    "W411", "W412", "W413", "W414", "W415", "W416", "W418"};

/* A span that was seen, or one that others name as their parent. */
struct collector_node {
	unsigned char id[COLLECTOR_ID];
	uint64_t digest; /* of its bytes; 0: none came */
	bool is_seen, is_wanted;
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

/* Where it is, or would be. */
static struct slot *
find(const struct collector *c, const unsigned char id[COLLECTOR_ID])
{
	uint32_t hash = key_hash((const char *)id, COLLECTOR_ID);
	struct slot *s = slots_first(&c->by_id, hash);

	while (s->number &&
	       memcmp(c->node[s->number - 1].id, id, COLLECTOR_ID) != 0)
		s = slots_next(&c->by_id, s);
	return s;
}

void
collector_tell(struct collector *c, enum collector_tale t, const struct err *e)
{
	if (c->told[t]++ < TELL)
		stage_diagnose(c->stage, c->key.source, "warning", code[t], e);
}

static void
lose_count(struct collector *c)
{
	struct err e = {0};

	err_set(&e,
	    "more than %d spans: from here on spans sent twice are not "
	    "noticed, nor are missing parents",
	    COLLECTOR_SPANS);
	if (!c->is_lost)
		collector_tell(c, COLLECTOR_FULL, &e);
	c->is_lost = true;
}

/* The node of these ids, made if need be; NULL when the limit is reached. */
static struct collector_node *
node(struct collector *c, const unsigned char trace[COLLECTOR_TRACE],
    const unsigned char span[COLLECTOR_SPAN])
{
	unsigned char id[COLLECTOR_ID];
	struct slot *slot;

	memcpy(id, trace, COLLECTOR_TRACE);
	memcpy(id + COLLECTOR_TRACE, span, COLLECTOR_SPAN);
	slots_make_room(&c->by_id, 1);
	slot = find(c, id);
	if (slot->number)
		return &c->node[slot->number - 1];
	if (c->nodes >= COLLECTOR_SPANS) {
		lose_count(c);
		return NULL;
	}
	c->node = mem_more(c->node, c->nodes, &c->cap, sizeof *c->node);
	memcpy(c->node[c->nodes].id, id, sizeof id);
	slots_put(&c->by_id, slot, (uint32_t)++c->nodes);
	return &c->node[c->nodes - 1];
}

static void
see(struct collector *c, struct collector_node *n)
{
	c->missing -= n->is_wanted && !n->is_seen;
	n->is_seen = true;
}

static void
want(struct collector *c, struct collector_node *n)
{
	c->missing += !n->is_wanted && !n->is_seen;
	n->is_wanted = true;
}

static void
tell_conflict(struct collector *c, const struct otlp_span *s)
{
	struct err e = {0};
	char id[2 * COLLECTOR_SPAN + 1];

	for (size_t i = 0; i < COLLECTOR_SPAN; i++)
		snprintf(id + 2 * i, 3, "%02x", s->span_id[i]);
	err_set(&e, "span %s came again with other contents", id);
	err_hint(&e, "two spans of one trace must not share an id");
	collector_tell(c, COLLECTOR_CONFLICT, &e);
}

/* Remember it. False: it has been here, byte for byte. */
static bool
is_new(struct collector *c, const struct otlp_span *s)
{
	struct collector_node *n = node(c, s->trace_id, s->span_id);
	uint64_t d;

	if (!n)
		return true;
	d = otlp_span_digest(s);
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

/* Its trace was seen in an earlier run: told once, of the first. */
static bool
is_replay(struct collector *c, const struct otlp_span *s)
{
	struct err e = {0};
	char id[2 * COLLECTOR_TRACE + 1];

	if (!c->earlier || !earlier_has(c->earlier, s->trace_id))
		return false;
	for (size_t i = 0; i < COLLECTOR_TRACE; i++)
		snprintf(id + 2 * i, 3, "%02x", s->trace_id[i]);
	err_set(&e,
	    "spans of trace %s do not count: an earlier run had it already",
	    id);
	err_hint(&e, "take the trace of TRACEPARENT, or a new one in each run");
	if (!c->told[COLLECTOR_REPLAY])
		collector_tell(c, COLLECTOR_REPLAY, &e);
	return true;
}

/* The tie to this run; src: clnrm-records(7), the member `bound` */
static const char *
bound(struct collector *c, const struct otlp_span *s, bool came_by_net)
{
	if (!c->key.id)
		return "no";
	if (c->has_trace && !memcmp(s->trace_id, c->trace_id, COLLECTOR_TRACE))
		return "trace";
	if (s->run && c->run_id) /* another run's id is no tie at all */
		return s->run_len == strlen(c->run_id) &&
			       !memcmp(s->run, c->run_id, s->run_len)
			 ? "run"
			 : "no";
	if (came_by_net && c->trusts_listener && is_within(c, s->start_ns) &&
	    is_within(c, s->end_ns) && !is_replay(c, s))
		return "listener";
	return "no";
}

/* s[n]: what was printed of it */
static void
give(struct collector *c, const char *s, size_t n)
{
	AUTO_BUF text = BUF_INIT;

	buf_addc(&text, '{');
	buf_add(&text, s, n);
	buf_addc(&text, '}');
	c->on_span(c->arg, text.s, text.len);
}

static void
write_span(struct collector *c, const struct otlp_span *s, const char *via,
    const char *form, const char *tie)
{
	struct json *j = &c->line;
	size_t at;

	buf_cut(&j->text, c->head);
	c->stage->records++;
	json_str(j, "via", via);
	if (form)
		json_str(j, "form", form);
	json_str(j, "bound", tie);
	buf_addc(&j->text, ',');
	at = j->text.len;
	otlp_span_print(s, &j->text);
	if (c->on_span)
		give(c, j->text.s + at, j->text.len - at);
	stage_put(c->stage, j);
}

void
collector_add(struct collector *c, const struct otlp_span *s, const char *via,
    const char *form)
{
	const char *tie = bound(c, s, !form);
	struct collector_node *parent = NULL;

	if (!is_new(c, s))
		return;
	if (s->has_parent && strcmp(tie, "no"))
		parent = node(c, s->trace_id, s->parent_id);
	if (parent)
		want(c, parent);
	c->counts.spans++;
	if (!c->only_counts)
		write_span(c, s, via, form, tie);
}

void
collector_put_response(
    struct buf *b, size_t rejected, const struct buf *message)
{
	AUTO_BUF partial = BUF_INIT;

	if (!message->len)
		return;
	protobuf_number(&partial, 1, (int64_t)rejected);
	protobuf_bytes(&partial, 2, message->s, message->len);
	protobuf_bytes(b, 1, partial.s, partial.len);
}

void
collector_refuse(
    struct collector *c, const char *kind, int status, const char *why)
{
	struct err e = {0};

	c->counts.refused++;
	err_set(&e, "an export was refused with %s %d: %s", kind, status, why);
	collector_tell(c, COLLECTOR_REFUSED, &e);
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
		collector_tell(c, COLLECTOR_REJECTED, &e);
	}
	buf_reset(&text);
	for (unsigned bit = 1; bit <= r->warnings; bit <<= 1)
		if (r->warnings & bit)
			list(&text, otlp_warning(bit));
	if (text.len) {
		list(message, text.s);
		err_set(&e, "%s", text.s);
		collector_tell(c, COLLECTOR_LENIENT, &e);
	}
}

static void
on_span(void *arg, const struct otlp_span *s)
{
	collector_add(arg, s, "otlp", NULL);
}

int
collector_take(struct collector *c, enum otlp_form form, const char *s,
    size_t n, struct otlp_result *r, struct buf *message, struct err *e)
{
	if (otlp_decode(form, s, n, on_span, c, r, e) < 0)
		return -1;
	c->counts.rejected += r->rejected;
	word_partial(c, r, message);
	return 0;
}

/* What begins as HTTP/2 where HTTP/1.1 is awaited: an SDK is told one
 * endpoint for both. */
static void
on_http2(void *arg, int fd)
{
	struct collector *c = arg;

	h2d_adopt(c->h2d, fd);
}

/* What all records begin with. */
static void
begin_line(struct collector *c)
{
	c->line = record_begin("span");
	record_key(&c->line, &c->key);
	json_null(&c->line, "service");
	c->head = c->line.text.len;
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
	c->only_counts = config->only_counts;
	c->on_span = config->on_span;
	c->arg = config->arg;
	c->from_ns = config->from_unix_nano;
	c->earlier = config->earlier;
	c->has_trace = config->trace_id &&
		       unhex(config->trace_id, c->trace_id, COLLECTOR_TRACE);
	begin_line(c);
	c->httpd = httpd_new(l, collector_on_request, c);
	c->h2d = h2d_new(l, collector_on_call, c);
	httpd_divert(c->httpd, on_http2, c);
	if (config->trace_id && config->parent_id)
		collector_known(c, config->trace_id, config->parent_id);
	return c;
}

void
collector_listen(struct collector *c, int fd, enum collector_port port)
{
	if (port == COLLECTOR_GRPC)
		h2d_listen(c->h2d, fd);
	else
		httpd_listen(c->httpd, fd);
}

size_t
collector_drain(struct collector *c)
{
	size_t open = httpd_drain(c->httpd);

	/* The second, for the first may hand connections over to it. */
	return open + h2d_drain(c->h2d);
}

void
collector_known(struct collector *c, const char *trace_id, const char *span_id)
{
	unsigned char trace[COLLECTOR_TRACE] = {0}, span[COLLECTOR_SPAN] = {0};
	struct collector_node *n;

	if (!unhex(trace_id, trace, COLLECTOR_TRACE) ||
	    !unhex(span_id, span, COLLECTOR_SPAN))
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
	h2d_del(c->h2d);
	free((char *)c->key.id);
	free((char *)c->key.source);
	free((char *)c->key.variant);
	free(c->run_id);
	json_free(&c->line);
	free(c->node);
	slots_free(&c->by_id);
	free(c);
}
