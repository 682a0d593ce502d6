#include <errno.h>
#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/h2d_int.h"
#include "tap.h"

#define SECOND INT64_C(1000000000)
#define PATH "/s.S/Export"

/* What the handler was asked, "PATH BODY;", a refusal as "!CODE;". */
static struct buf asked = BUF_INIT;

/* What the client heard, "NAME=VALUE;" and "RST=CODE;", "GOAWAY=CODE;". */
static struct buf heard = BUF_INIT;

static nghttp2_session *client;
static bool holds_back; /* it does not end its message */
static struct h2d_session *server;

static void
on_call(void *arg, const struct h2d_request *rq, struct h2d_response *rs)
{
	(void)arg;
	if (rq->refused) {
		buf_addf(&asked, "!%d;", rq->refused);
		return;
	}
	buf_addf(&asked, "%s %.*s;", rq->path,
	    (int)(rq->len < 100 ? rq->len : 100), rq->message);
	if (rq->len == 2 && !memcmp(rq->message, "no", 2)) {
		rs->status = H2D_INVALID_ARGUMENT;
		buf_adds(&rs->why, "100 % \n");
	}
	buf_adds(&rs->message, "ok");
}

static int
on_header(nghttp2_session *ng, const nghttp2_frame *f, const uint8_t *name,
    size_t n, const uint8_t *value, size_t len, uint8_t flags, void *arg)
{
	(void)ng, (void)f, (void)flags, (void)arg;
	buf_addf(&heard, "%.*s=%.*s;", (int)n, name, (int)len, value);
	return 0;
}

static int
on_frame(nghttp2_session *ng, const nghttp2_frame *f, void *arg)
{
	(void)ng, (void)arg;
	if (f->hd.type == NGHTTP2_RST_STREAM)
		buf_addf(&heard, "RST=%u;", f->rst_stream.error_code);
	if (f->hd.type == NGHTTP2_GOAWAY)
		buf_addf(&heard, "GOAWAY=%u;", f->goaway.error_code);
	if (f->hd.type == NGHTTP2_PING)
		buf_adds(&heard, "PING;");
	return 0;
}

static int
on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *s,
    size_t n, void *arg)
{
	(void)ng, (void)flags, (void)id, (void)arg;
	buf_addf(&heard, "[%zu]", n);
	buf_add(&heard, (const char *)s + 5, n - 5);
	buf_addc(&heard, ';');
	return 0;
}

static void
start_client(void)
{
	nghttp2_session_callbacks *cb;

	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_client_new(&client, cb, NULL);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(client, 0, NULL, 0);
	buf_reset(&asked);
	buf_reset(&heard);
}

static void
start(void)
{
	server = h2d_session_new(on_call, NULL);
	start_client();
}

static void
stop(void)
{
	h2d_session_del(server);
	nghttp2_session_del(client);
	buf_free(&asked);
	buf_free(&heard);
}

/* Carry bytes to and fro, `piece` at a time, until neither has any. */
static void
carry(size_t piece)
{
	AUTO_BUF out = BUF_INIT;
	const uint8_t *s;
	ssize_t n;

	do {
		while ((n = nghttp2_session_mem_send(client, &s)) > 0)
			for (size_t at = 0; at < (size_t)n; at += piece)
				h2d_session_read(server, (const char *)s + at,
				    (size_t)n - at < piece ? (size_t)n - at
							   : piece);
		buf_reset(&out);
		h2d_session_write(server, &out);
		nghttp2_session_mem_recv(
		    client, (const uint8_t *)out.s, out.len);
	} while (out.len);
}

static ssize_t
read_body(nghttp2_session *ng, int32_t id, uint8_t *to, size_t n,
    uint32_t *flags, nghttp2_data_source *from, void *arg)
{
	struct buf *b = from->ptr;

	(void)ng, (void)id, (void)arg;
	if (!b->len && holds_back)
		return NGHTTP2_ERR_DEFERRED;
	n = n < b->len ? n : b->len;
	memcpy(to, b->s, n);
	buf_drop(b, n);
	if (!b->len && !holds_back)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define NV(name, value)                                              \
	{                                                            \
		(uint8_t *)(name), (uint8_t *)(value), strlen(name), \
		    strlen(value), 0                                 \
	}

/* Ask with a body as it goes over the wire; it is used up. */
static int32_t
call_as(const char *method, const char *type, struct buf *body)
{
	const nghttp2_nv nv[] = {NV(":method", method), NV(":scheme", "http"),
	    NV(":path", PATH), NV(":authority", "h"), NV("content-type", type)};
	nghttp2_data_provider from = {
	    .source.ptr = body, .read_callback = read_body};

	return nghttp2_submit_request(client, NULL, nv, 5, &from, NULL);
}

static int32_t
call(struct buf *body)
{
	return call_as("POST", "application/grpc", body);
}

/* Append the prefix for a message of n bytes. */
static void
prefix(struct buf *b, size_t n)
{
	const char p[] = {
	    0, (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

	buf_add(b, p, sizeof p);
}

static struct buf
framed(const char *message)
{
	struct buf b = BUF_INIT;

	prefix(&b, strlen(message));
	buf_adds(&b, message);
	return b;
}

#define OK_TEXT ":status=200;content-type=application/grpc;[7]ok;grpc-status=0;"

static void
a_call_is_answered_with_a_message_and_status_0(void)
{
	struct buf body = framed("hello");

	start();
	call(&body);
	carry(1 << 20);
	is_str(asked.s, PATH " hello;");
	is_str(heard.s, OK_TEXT);
	is_int(h2d_session_calls(server), 0);
	is_int(h2d_session_held(server), 0);
	buf_free(&body);
	stop();
}

static void
bytes_that_come_one_by_one_are_the_same_call(void)
{
	struct buf body = framed("hello");

	start();
	call(&body);
	carry(1);
	is_str(asked.s, PATH " hello;");
	is_str(heard.s, OK_TEXT);
	buf_free(&body);
	stop();
}

static void
a_refusal_says_why_in_a_header(void)
{
	struct buf body = framed("no");

	start();
	call(&body);
	carry(1 << 20);
	is_str(heard.s,
	    ":status=200;content-type=application/grpc;grpc-status=3;"
	    "grpc-message=100 %25 %0A;grpc-accept-encoding=identity,gzip;");
	buf_free(&body);
	stop();
}

static void
calls_are_answered_while_others_are_open(void)
{
	struct buf one = framed("one"), two = framed("two");

	start();
	call(&one);
	call(&two);
	carry(64);
	is_str(asked.s, PATH " one;" PATH " two;");
	buf_free(&one);
	buf_free(&two);
	stop();
}

static void
a_large_message_gets_its_windows(void)
{
	struct buf body = BUF_INIT;

	start();
	prefix(&body, 9 << 20);
	for (int i = 0; i < 9 << 20; i++)
		buf_addc(&body, 'x');
	call(&body);
	carry(1 << 16);
	is_int(asked.len, strlen(PATH) + 102);
	is_str(heard.s, OK_TEXT);
	is_int(h2d_session_held(server), 0);
	buf_free(&body);
	stop();
}

/* The framing `body` is refused with `code`, and no more of it is wanted. */
static void
is_refused(struct buf body, const char *code)
{
	char want[16];

	start();
	call(&body);
	carry(1 << 20);
	snprintf(want, sizeof want, "!%s;", code);
	is_str(asked.s, want);
	snprintf(want, sizeof want, "grpc-status=%s;", code);
	is_true(strstr(heard.s, want));
	is_int(h2d_session_held(server), 0);
	buf_free(&body);
	stop();
}

static void
what_is_framed_wrong_is_refused(void)
{
	struct buf none = BUF_INIT, cut = BUF_INIT, two = framed("a");
	struct buf flag = framed("a");

	prefix(&cut, 9);
	buf_adds(&cut, "short");
	prefix(&two, 0);
	*flag.s = 2;
	is_refused(none, "13");
	is_refused(cut, "13");
	is_refused(two, "13");
	is_refused(flag, "13");
}

static void
a_length_beyond_the_limit_is_refused_before_the_message(void)
{
	struct buf body = BUF_INIT;

	start();
	prefix(&body, H2D_MESSAGE + 1);
	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&body, 'x');
	call(&body);
	carry(1 << 14);
	is_str(asked.s, "!8;");
	is_true(strstr(heard.s, "grpc-status=8;"));
	is_true(strstr(heard.s, "RST=0;"));
	is_true(body.len > 0);
	buf_free(&body);
	stop();
}

static void
what_is_not_grpc_gets_a_status_of_http(void)
{
	struct buf body = framed("a"), other = framed("b");

	start();
	call_as("POST", "application/json", &body);
	carry(1 << 20);
	is_str(asked.s, "!415;");
	is_true(strstr(heard.s, ":status=415;"));
	call_as("PUT", "application/grpc", &other);
	carry(1 << 20);
	is_str(asked.s, "!415;!405;");
	buf_free(&body);
	buf_free(&other);
	stop();
}

static void
a_call_that_is_taken_back_is_forgotten(void)
{
	struct buf body = BUF_INIT;
	int32_t id;

	start();
	prefix(&body, 10 << 20);
	for (int i = 0; i < 100000; i++)
		buf_addc(&body, 'x');
	holds_back = true;
	id = call(&body);
	carry(1 << 20);
	is_int(h2d_session_held(server), 100000);
	nghttp2_submit_rst_stream(client, 0, id, NGHTTP2_CANCEL);
	carry(1 << 20);
	holds_back = false;
	is_int(h2d_session_calls(server), 0);
	is_int(h2d_session_held(server), 0);
	is_str(asked.s, "");
	buf_free(&body);
	stop();
}

static void
a_ping_is_answered(void)
{
	start();
	nghttp2_submit_ping(client, 0, (const uint8_t *)"12345678");
	carry(1 << 20);
	is_str(heard.s, "PING;");
	stop();
}

static void
headers_without_end_end_the_connection(void)
{
	static nghttp2_nv nv[2000] = {{0}};
	const nghttp2_nv first[] = {NV(":method", "POST"),
	    NV(":scheme", "http"), NV(":path", PATH), NV(":authority", "h")};

	memcpy(nv, first, sizeof first);
	for (size_t i = 4; i < 2000; i++)
		nv[i] = (nghttp2_nv)NV("x", "y");
	start();
	nghttp2_submit_request(client, NULL, nv, 2000, NULL, NULL);
	carry(1 << 20);
	is_str(heard.s, "GOAWAY=11;");
	is_true(h2d_session_is_over(server));
	stop();
}

static void
another_protocol_is_told_which_one_is_spoken(void)
{
	AUTO_BUF out = BUF_INIT;

	start();
	h2d_session_read(server, "POST /v1/traces HTTP/1.1\r\n", 26);
	h2d_session_write(server, &out);
	is_true(!strncmp(out.s, "HTTP/1.1 400 ", 13));
	is_true(strstr(out.s, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"));
	is_true(h2d_session_is_over(server));
	is_str(asked.s, "!400;");
	stop();
	start();
	buf_reset(&out);
	h2d_session_read(server, "\x16\x03\x01\x02", 4);
	h2d_session_write(server, &out);
	is_str(out.s, "");
	is_true(h2d_session_is_over(server));
	stop();
}

/* --- with sockets --- */

static struct loop loop;
static struct h2d *h2d;
static struct sockaddr_un address;
static socklen_t address_len;

static void
listen_here(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address = (struct sockaddr_un){.sun_family = AF_UNIX};
	address_len = sizeof address;
	if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
	    listen(fd, 512) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) < 0)
		abort();
	h2d = h2d_new(&loop, on_call, NULL);
	h2d_listen(h2d, fd);
	start_client();
}

static void
listen_no_more(void)
{
	clock_freeze(-1);
	h2d_del(h2d);
	nghttp2_session_del(client);
	loop_free(&loop);
	buf_free(&asked);
	buf_free(&heard);
}

static int
dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, address_len) < 0)
		abort();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* Let both work until they have nothing to do; false when the server has
 * closed. */
static bool
talk(int fd)
{
	uint8_t in[65536];
	const uint8_t *s;
	bool is_open = true;
	ssize_t n;

	for (int i = 0; i < 8; i++) {
		while ((n = nghttp2_session_mem_send(client, &s)) > 0)
			if (send(fd, s, (size_t)n, MSG_NOSIGNAL) != n)
				return false;
		loop_once(&loop, 0);
		while ((n = read(fd, in, sizeof in)) > 0)
			nghttp2_session_mem_recv(client, in, (size_t)n);
		is_open = n < 0;
	}
	return is_open;
}

static void
a_connection_without_calls_is_told_to_go(void)
{
	int fd;

	clock_freeze(100 * SECOND);
	listen_here();
	fd = dial();
	is_true(talk(fd));
	clock_freeze(125 * SECOND);
	nghttp2_submit_ping(client, 0, NULL);
	is_true(talk(fd));
	clock_freeze(131 * SECOND);
	is_true(!talk(fd));
	is_str(heard.s, "PING;GOAWAY=0;");
	close(fd);
	talk(fd);
	is_int(h2d_open_connections(h2d), 0);
	listen_no_more();
}

static void
a_call_that_comes_too_slowly_is_refused(void)
{
	struct buf body = BUF_INIT;
	int fd;

	prefix(&body, 100 << 10);
	for (int i = 0; i < 4096; i++)
		buf_addc(&body, 'x');
	clock_freeze(100 * SECOND);
	listen_here();
	fd = dial();
	holds_back = true;
	call(&body);
	is_true(talk(fd));
	is_int(h2d_open_connections(h2d), 1);
	clock_freeze(131 * SECOND);
	is_true(!talk(fd));
	is_str(asked.s, "!14;");
	is_true(strstr(heard.s, "grpc-status=14;"));
	holds_back = false;
	close(fd);
	buf_free(&body);
	listen_no_more();
}

static void
a_drain_answers_what_came_and_tells_the_others_to_go(void)
{
	struct buf body = framed("last");
	const uint8_t *s;
	ssize_t n;
	int fd, idle;

	listen_here();
	fd = dial();
	idle = dial();
	call(&body);
	while ((n = nghttp2_session_mem_send(client, &s)) > 0)
		is_int(send(fd, s, (size_t)n, MSG_NOSIGNAL), n);
	is_int(h2d_drain(h2d), 2);
	is_str(asked.s, PATH " last;");
	close(idle);
	is_true(!talk(fd));
	is_str(heard.s, OK_TEXT "GOAWAY=0;");
	close(fd);
	is_int(h2d_drain(h2d), 0);
	buf_free(&body);
	listen_no_more();
}

static void
connections_beyond_the_limit_wait_or_are_not_adopted(void)
{
	int fd[H2D_CONNECTIONS + 1], pair[2];

	listen_here();
	for (int i = 0; i <= H2D_CONNECTIONS; i++)
		fd[i] = dial();
	for (int i = 0; i < 8; i++)
		loop_once(&loop, 0);
	is_int(h2d_open_connections(h2d), H2D_CONNECTIONS);
	is_int(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	h2d_adopt(h2d, pair[0]);
	is_int(h2d_open_connections(h2d), H2D_CONNECTIONS);
	is_int(read(pair[1], &(char){0}, 1), 0);
	close(pair[1]);
	for (int i = 0; i <= H2D_CONNECTIONS; i++)
		close(fd[i]);
	listen_no_more();
}

TAP_MAIN(TEST(a_call_is_answered_with_a_message_and_status_0),
    TEST(bytes_that_come_one_by_one_are_the_same_call),
    TEST(a_refusal_says_why_in_a_header),
    TEST(calls_are_answered_while_others_are_open),
    TEST(a_large_message_gets_its_windows),
    TEST(what_is_framed_wrong_is_refused),
    TEST(a_length_beyond_the_limit_is_refused_before_the_message),
    TEST(what_is_not_grpc_gets_a_status_of_http),
    TEST(a_call_that_is_taken_back_is_forgotten), TEST(a_ping_is_answered),
    TEST(headers_without_end_end_the_connection),
    TEST(another_protocol_is_told_which_one_is_spoken),
    TEST(a_connection_without_calls_is_told_to_go),
    TEST(a_call_that_comes_too_slowly_is_refused),
    TEST(a_drain_answers_what_came_and_tells_the_others_to_go),
    TEST(connections_beyond_the_limit_wait_or_are_not_adopted))
