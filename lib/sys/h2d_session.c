#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sys/h2d_int.h"

enum {
	PREFIX = 5,	      /* a flag and a length, before a message */
	WINDOW = 1 << 20,     /* of a call */
	WINDOW_ALL = 4 << 20, /* of a connection */
	VALUE = 256,	      /* kept of a header; nobody knows a longer one */
	FIELD = 32,	      /* what RFC 9113 adds to each header field */
};

static const char preface[] = NGHTTP2_CLIENT_MAGIC;

struct call {
	struct h2d_session *session;
	struct call *next, *prev;
	int32_t id;
	struct buf method, path, type, encoding;
	size_t headers; /* bytes */
	unsigned char prefix[PREFIX];
	size_t prefixed; /* bytes of it */
	size_t len;	 /* of the message, once the prefix is whole */
	struct buf message;
	bool is_answered;
	struct buf answer; /* prefix and message; `sent` bytes are gone */
	size_t sent;
};

struct h2d_session {
	nghttp2_session *ng;
	h2d_fn *fn;
	void *arg;
	struct call *first;
	size_t calls, held;
	uint64_t progress;
	int32_t last;	    /* number of a call that was begun */
	size_t greeted;	    /* bytes of the preface that came */
	bool is_dead;	    /* nothing that comes is read */
	struct buf goodbye; /* to a client that speaks something else */
};

/* An answered call holds no message. */
static void
let_go(struct call *c)
{
	c->session->held -= c->message.len;
	buf_free(&c->message);
}

static void
call_free(struct call *c)
{
	struct h2d_session *s = c->session;

	let_go(c);
	s->calls -= !c->is_answered;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	buf_free(&c->method);
	buf_free(&c->path);
	buf_free(&c->type);
	buf_free(&c->encoding);
	buf_free(&c->answer);
	free(c);
}

static struct call *
call_new(struct h2d_session *s, int32_t id)
{
	struct call *c = mem_new(1, sizeof *c);

	*c = (struct call){.session = s,
	    .next = s->first,
	    .id = id,
	    .method = BUF_INIT,
	    .path = BUF_INIT,
	    .type = BUF_INIT,
	    .encoding = BUF_INIT,
	    .message = BUF_INIT,
	    .answer = BUF_INIT};
	if (s->first)
		s->first->prev = c;
	s->first = c;
	s->calls++;
	return c;
}

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name),
	    strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* Percent-encoding, as grpc-message wants it. */
static void
encode(struct buf *to, const char *s)
{
	for (; *s; s++)
		if (*s >= ' ' && *s <= '~' && *s != '%')
			buf_addc(to, *s);
		else
			buf_addf(to, "%%%02X", (unsigned char)*s);
}

/* An answer that is a header and no more; http: its status. */
static void
submit_refusal(struct call *c, int http, int status, const char *why)
{
	AUTO_BUF message = BUF_INIT;
	char line[16], code[16];

	snprintf(line, sizeof line, "%d", http);
	snprintf(code, sizeof code, "%d", status);
	encode(&message, why);
	const nghttp2_nv nv[] = {field(":status", line),
	    field("content-type", "application/grpc"),
	    field("grpc-status", code), field("grpc-message", message.s),
	    field("grpc-accept-encoding", "identity,gzip")};
	nghttp2_submit_response(c->session->ng, c->id, nv, COUNT(nv), NULL);
}

static ssize_t
on_read_answer(nghttp2_session *ng, int32_t id, uint8_t *to, size_t n,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	const nghttp2_nv nv[] = {field("grpc-status", "0")};
	struct call *c = source->ptr;
	size_t left = c->answer.len - c->sent;

	(void)arg;
	if (n > left)
		n = left;
	memcpy(to, c->answer.s + c->sent, n);
	c->sent += n;
	if (n == left) {
		*flags |=
		    NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(ng, id, nv, COUNT(nv));
	}
	return (ssize_t)n;
}

static void
submit_answer(struct call *c, const struct buf *message)
{
	const nghttp2_nv nv[] = {
	    field(":status", "200"), field("content-type", "application/grpc")};
	const nghttp2_data_provider from = {
	    .source.ptr = c, .read_callback = on_read_answer};
	size_t n = message->len;

	const char prefix[PREFIX] = {
	    0, (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
	buf_add(&c->answer, prefix, PREFIX);
	buf_add(&c->answer, message->s, n);
	nghttp2_submit_response(c->session->ng, c->id, nv, COUNT(nv), &from);
}

static void
close_call(struct call *c)
{
	c->is_answered = true;
	c->session->calls--;
	c->session->progress++;
	let_go(c);
}

/* refused: a code of gRPC, or a status of HTTP. */
static void
refuse(struct call *c, int refused, const char *why)
{
	struct h2d_session *s = c->session;
	struct h2d_response rs = {.why = BUF_INIT, .message = BUF_INIT};
	bool is_http = refused >= 400;

	if (c->is_answered)
		return;
	s->fn(s->arg,
	    &(struct h2d_request){
		c->path.s, c->encoding.s, false, "", 0, refused, why},
	    &rs);
	buf_free(&rs.why);
	buf_free(&rs.message);
	submit_refusal(
	    c, is_http ? refused : 200, is_http ? H2D_INTERNAL : refused, why);
	close_call(c);
}

static void
answer(struct call *c)
{
	struct h2d_session *s = c->session;
	struct h2d_response rs = {.why = BUF_INIT, .message = BUF_INIT};

	s->fn(s->arg,
	    &(struct h2d_request){c->path.s, c->encoding.s, c->prefix[0] & 1,
		c->message.s, c->message.len, 0, ""},
	    &rs);
	if (rs.status)
		submit_refusal(c, 200, (int)rs.status, rs.why.s);
	else
		submit_answer(c, &rs.message);
	close_call(c);
	buf_free(&rs.why);
	buf_free(&rs.message);
}

/* The other side has said all of it. */
static void
end_call(struct call *c)
{
	if (c->is_answered)
		return;
	if (!c->prefixed)
		refuse(c, H2D_INTERNAL, "a call without a message");
	else if (c->prefixed < PREFIX || c->message.len < c->len)
		refuse(c, H2D_INTERNAL, "the message is cut off");
	else
		answer(c);
}

static bool
is_grpc(const char *type)
{
	static const char *const known[] = {
	    "application/grpc", "application/grpc+proto"};
	size_t n = strcspn(type, "; \t");

	for (size_t i = 0; i < COUNT(known); i++)
		if (n == strlen(known[i]) && !strncasecmp(type, known[i], n))
			return true;
	return false;
}

static void
begin_call(struct call *c)
{
	if (strcmp(c->method.s, "POST"))
		refuse(c, 405, "the method is not POST");
	else if (!is_grpc(c->type.s))
		refuse(c, 415, "the content type is not application/grpc");
}

/* The flag and the length; how many of the n bytes that were. */
static size_t
read_prefix(struct call *c, const uint8_t *bytes, size_t n)
{
	size_t take = PREFIX - c->prefixed;
	const unsigned char *p = c->prefix;

	if (take > n)
		take = n;
	memcpy(c->prefix + c->prefixed, bytes, take);
	c->prefixed += take;
	if (c->prefixed < PREFIX)
		return take;
	c->len =
	    (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	if (p[0] > 1)
		refuse(c, H2D_INTERNAL, "a flag that is neither 0 nor 1");
	else if (c->len > H2D_MESSAGE)
		refuse(
		    c, H2D_RESOURCE_EXHAUSTED, "a message of more than 64 MiB");
	return take;
}

static int
on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes,
    size_t n, void *arg)
{
	struct call *c = nghttp2_session_get_stream_user_data(ng, id);
	size_t take;

	(void)flags;
	(void)arg;
	if (!c || c->is_answered)
		return 0;
	c->session->progress++;
	if (c->prefixed < PREFIX) {
		take = read_prefix(c, bytes, n);
		bytes += take;
		n -= take;
	}
	if (c->is_answered || c->prefixed < PREFIX)
		return 0;
	if (n > c->len - c->message.len) {
		refuse(c, H2D_INTERNAL,
		    "more than one message in a call, or bytes behind it");
		return 0;
	}
	buf_add(&c->message, (const char *)bytes, n);
	c->session->held += n;
	return 0;
}

/*
 * A call's number is above all before it: nghttp2 passes over one that goes
 * back, though RFC 9113, 5.1.1, ends the connection.
 */
static int
on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2d_session *s = arg;

	if (hd->type != NGHTTP2_HEADERS || hd->stream_id % 2 == 0)
		return 0;
	if (hd->stream_id > s->last)
		s->last = hd->stream_id;
	else if (!nghttp2_session_find_stream(ng, hd->stream_id)) {
		s->is_dead = true;
		nghttp2_session_terminate_session(ng, NGHTTP2_PROTOCOL_ERROR);
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	return 0;
}

static int
on_begin_headers(nghttp2_session *ng, const nghttp2_frame *f, void *arg)
{
	struct h2d_session *s = arg;

	if (f->hd.type == NGHTTP2_HEADERS &&
	    f->headers.cat == NGHTTP2_HCAT_REQUEST) {
		nghttp2_session_set_stream_user_data(
		    ng, f->hd.stream_id, call_new(s, f->hd.stream_id));
		s->progress++;
	}
	return 0;
}

/* No call asks for so much; what is said twice in a header bomb is decoded
 * twice. */
static int
give_up(struct h2d_session *s)
{
	s->is_dead = true;
	nghttp2_session_terminate_session(s->ng, NGHTTP2_ENHANCE_YOUR_CALM);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int
on_header(nghttp2_session *ng, const nghttp2_frame *f, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t len, uint8_t flags, void *arg)
{
	struct call *c =
	    nghttp2_session_get_stream_user_data(ng, f->hd.stream_id);
	size_t i = 0;

	(void)flags;
	if (!c)
		return 0;
	c->headers += name_len + len + FIELD;
	if (c->headers > H2D_HEADERS)
		return give_up(arg);
	const struct {
		const char *name;
		struct buf *to;
	} known[] = {{":method", &c->method}, {":path", &c->path},
	    {"content-type", &c->type}, {"grpc-encoding", &c->encoding}};
	while (i < COUNT(known) && (strlen(known[i].name) != name_len ||
				       memcmp(known[i].name, name, name_len)))
		i++;
	if (i < COUNT(known)) {
		buf_reset(known[i].to);
		buf_add(known[i].to, (const char *)value,
		    len < VALUE ? len : VALUE);
	}
	return 0;
}

static int
on_frame(nghttp2_session *ng, const nghttp2_frame *f, void *arg)
{
	struct call *c =
	    nghttp2_session_get_stream_user_data(ng, f->hd.stream_id);

	(void)arg;
	if (!c)
		return 0;
	if (f->hd.type == NGHTTP2_HEADERS &&
	    f->headers.cat == NGHTTP2_HCAT_REQUEST)
		begin_call(c);
	if ((f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) &&
	    f->hd.flags & NGHTTP2_FLAG_END_STREAM)
		end_call(c);
	return 0;
}

/* An answer may be out before the question has been heard to its end. */
static int
on_sent(nghttp2_session *ng, const nghttp2_frame *f, void *arg)
{
	int32_t id = f->hd.stream_id;

	(void)arg;
	if (f->hd.type == NGHTTP2_HEADERS &&
	    f->hd.flags & NGHTTP2_FLAG_END_STREAM &&
	    nghttp2_session_get_stream_remote_close(ng, id) == 0)
		nghttp2_submit_rst_stream(
		    ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
	return 0;
}

static int
on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *arg)
{
	struct call *c = nghttp2_session_get_stream_user_data(ng, id);

	(void)code;
	(void)arg;
	if (c)
		call_free(c);
	return 0;
}

static int
new_session(struct h2d_session *s)
{
	nghttp2_session_callbacks *cb;
	nghttp2_option *option;
	int rc;

	if (nghttp2_session_callbacks_new(&cb))
		return -1;
	if (nghttp2_option_new(&option)) {
		nghttp2_session_callbacks_del(cb);
		return -1;
	}
	nghttp2_session_callbacks_set_on_begin_frame_callback(
	    cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	nghttp2_option_set_no_closed_streams(option, 1);
	rc = nghttp2_session_server_new2(&s->ng, cb, s, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	return rc ? -1 : 0;
}

struct h2d_session *
h2d_session_new(h2d_fn *fn, void *arg)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2D_STREAMS},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2D_HEADERS}};
	struct h2d_session *s = mem_new(1, sizeof *s);

	*s = (struct h2d_session){.fn = fn, .arg = arg, .goodbye = BUF_INIT};
	if (new_session(s) < 0) {
		s->is_dead = true;
		return s;
	}
	nghttp2_submit_settings(
	    s->ng, NGHTTP2_FLAG_NONE, settings, COUNT(settings));
	nghttp2_session_set_local_window_size(
	    s->ng, NGHTTP2_FLAG_NONE, 0, WINDOW_ALL);
	return s;
}

/* TLS, HTTP/1.1, or noise. */
static void
turn_away(struct h2d_session *s, bool is_tls)
{
	struct h2d_response rs = {.why = BUF_INIT, .message = BUF_INIT};
	const char *why =
	    is_tls ? "this port has no TLS: the endpoint must begin with "
		     "http://, or set OTEL_EXPORTER_OTLP_INSECURE=true"
		   : "this port speaks gRPC (HTTP/2), not HTTP/1.1: set "
		     "OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or send to the port of "
		     "OTLP/HTTP";

	s->is_dead = true;
	s->fn(
	    s->arg, &(struct h2d_request){"", "", false, "", 0, 400, why}, &rs);
	buf_free(&rs.why);
	buf_free(&rs.message);
	if (!is_tls)
		buf_addf(&s->goodbye,
		    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
		    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
		    strlen(why) + 1, why);
}

/* False: this is no HTTP/2. nghttp2 would say so too, but not to whom. */
static bool
greet(struct h2d_session *s, const char *bytes, size_t n)
{
	size_t want = sizeof preface - 1 - s->greeted;

	if (n > want)
		n = want;
	if (memcmp(preface + s->greeted, bytes, n)) {
		turn_away(s, !s->greeted && bytes[0] == 0x16);
		return false;
	}
	s->greeted += n;
	return true;
}

void
h2d_session_read(struct h2d_session *s, const char *bytes, size_t n)
{
	if (s->is_dead || !n || !greet(s, bytes, n))
		return;
	if (nghttp2_session_mem_recv(s->ng, (const uint8_t *)bytes, n) < 0)
		s->is_dead = true;
}

void
h2d_session_write(struct h2d_session *s, struct buf *out)
{
	const uint8_t *bytes;
	ssize_t n;

	buf_add(out, s->goodbye.s, s->goodbye.len);
	buf_reset(&s->goodbye);
	if (!s->ng || s->greeted < sizeof preface - 1)
		return;
	while (out->len < H2D_PENDING &&
	       (n = nghttp2_session_mem_send(s->ng, &bytes)) > 0)
		buf_add(out, (const char *)bytes, (size_t)n);
}

void
h2d_session_leave(struct h2d_session *s)
{
	if (s->is_dead || s->greeted < sizeof preface - 1)
		s->is_dead = true;
	else /* nghttp2 ends by itself once no stream is open */
		nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
		    nghttp2_session_get_last_proc_stream_id(s->ng),
		    NGHTTP2_NO_ERROR, NULL, 0);
}

void
h2d_session_refuse(
    struct h2d_session *s, enum h2d_status status, const char *why)
{
	for (struct call *c = s->first; c; c = c->next)
		refuse(c, (int)status, why);
}

bool
h2d_session_is_over(const struct h2d_session *s)
{
	bool has_more = s->ng && s->greeted == sizeof preface - 1 &&
			nghttp2_session_want_write(s->ng);

	if (has_more || s->goodbye.len)
		return false;
	return s->is_dead || !nghttp2_session_want_read(s->ng);
}

size_t
h2d_session_calls(const struct h2d_session *s)
{
	return s->calls;
}

size_t
h2d_session_held(const struct h2d_session *s)
{
	return s->held;
}

uint64_t
h2d_session_progress(const struct h2d_session *s)
{
	return s->progress;
}

void
h2d_session_del(struct h2d_session *s)
{
	nghttp2_session_del(s->ng);
	while (s->first)
		call_free(s->first);
	buf_free(&s->goodbye);
	free(s);
}
