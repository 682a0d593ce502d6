#include "sys/httpd_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

#define SECOND INT64_C(1000000000)
#define POST "POST /v1/traces HTTP/1.1\r\nHost: h\r\n"

static struct loop loop;
static struct httpd *server;
static struct sockaddr_un address;
static socklen_t address_len;

/* What the handler was asked, "PATH BODY;", a refusal as "!STATUS;". */
static struct buf asked = BUF_INIT;

static void
on_request(void *arg, const struct httpd_request *rq, struct httpd_response *rs)
{
	(void)arg;
	rs->content_type = "text/plain";
	buf_adds(&rs->body, "ok");
	if (rq->refused)
		buf_addf(&asked, "!%d;", rq->refused);
	else
		buf_addf(&asked, "%s %.*s;", rq->path,
		    (int)(rq->len < 100 ? rq->len : 100), rq->body);
}

/* A server at an address that the kernel makes up. */
static void
start(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address = (struct sockaddr_un){.sun_family = AF_UNIX};
	address_len = sizeof address;
	if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
	    listen(fd, 512) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) < 0)
		abort();
	server = httpd_new(&loop, on_request, NULL);
	httpd_listen(server, fd);
	buf_reset(&asked);
}

static void
stop(void)
{
	clock_freeze(-1);
	httpd_del(server);
	loop_free(&loop);
	buf_free(&asked);
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

static void
say(int fd, const char *s)
{
	while (*s) {
		ssize_t n = send(fd, s, strlen(s), MSG_NOSIGNAL);

		if (n < 0)
			return;
		s += n;
	}
}

/* Let the server work until it has nothing to do. */
static void
work(void)
{
	for (int i = 0; i < 8; i++)
		loop_once(&loop, 0);
}

/* Append what has come; false at the end of the connection. */
static bool
hear(int fd, struct buf *to)
{
	for (;;) {
		ssize_t n = read(fd, buf_room(to, 4096), 4096);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		to->len += (size_t)n;
		to->s[to->len] = 0;
	}
}

static size_t
count(const struct buf *b, const char *what)
{
	size_t n = 0;

	for (const char *s = b->s; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

static void
a_request_that_comes_byte_by_byte_is_one_request(void)
{
	static const char text[] =
	    POST "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n"
		 "0\r\nTrailer: t\r\n\r\n";
	struct buf heard = BUF_INIT;
	int fd;

	start();
	fd = dial();
	for (size_t i = 0; i < sizeof text - 1; i++) {
		say(fd, (char[]){text[i], 0});
		work();
	}
	is_str(asked.s, "/v1/traces abcde;");
	is_true(hear(fd, &heard));
	is_str(heard.s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
			"Content-Type: text/plain\r\n\r\nok");
	close(fd);
	buf_free(&heard);
	stop();
}

static void
what_is_pipelined_is_answered_in_order_until_the_close(void)
{
	struct buf heard = BUF_INIT;
	int fd;

	start();
	fd = dial();
	say(fd, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
		"GET http://h/b?q#f HTTP/1.1\r\nHost: h\r\n\r\n" POST
		"Connection: x, Close\r\nContent-Length: 1\r\n\r\ncGET /d");
	work();
	is_str(asked.s, "/a ;/b ;/v1/traces c;");
	is_true(!hear(fd, &heard));
	is_int(count(&heard, "200 OK"), 3);
	is_int(count(&heard, "Connection: close"), 1);
	close(fd);
	buf_free(&heard);
	stop();
}

static void
a_client_that_waits_is_told_to_go_on(void)
{
	struct buf heard = BUF_INIT;
	int fd;

	start();
	fd = dial();
	say(fd, POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
	work();
	hear(fd, &heard);
	is_str(heard.s, "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "ab");
	work();
	hear(fd, &heard);
	is_int(count(&heard, "100 Continue"), 1);
	is_int(count(&heard, "200 OK"), 1);
	close(fd);
	buf_free(&heard);
	stop();
}

static void
doubtful_framing_is_refused_and_ends_the_connection(void)
{
	static const struct {
		const char *text, *asked;
	} cases[] = {
	    {POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nxx", "!400;"},
	    {POST "Content-Length: 1, 1\r\n\r\nx", "!400;"},
	    {POST "Content-Length: +1\r\n\r\nx", "!400;"},
	    {POST "Content-Length: 67108865\r\n\r\n", "!413;"},
	    {POST "Transfer-Encoding: gzip, chunked\r\n\r\n", "!501;"},
	    {POST "Transfer-Encoding: chunked\r\n\r\n0x1\r\n", "!400;"},
	    {POST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "!400;"},
	    {POST "X: a\r b\r\n\r\n", "!400;"},
	    {POST "X: a\nY: b\r\n\r\n", "!400;"},
	    {POST "X : a\r\n\r\n", "!400;"},
	    {POST "Expect: x\r\n\r\n", "!417;"},
	    {"POST / HTTP/1.1\r\n\r\n", "!400;"},
	    {"POST  / HTTP/1.1\r\nHost: h\r\n\r\n", "!400;"},
	    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!505;"},
	    {"\r\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", "!400;"},
	    {"\x16\x03\x01", "!400;"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf heard = BUF_INIT;
		int fd;

		start();
		fd = dial();
		say(fd, cases[i].text);
		work();
		is_str(asked.s, cases[i].asked);
		is_true(!hear(fd, &heard));
		is_int(count(&heard, "Connection: close"), 1);
		close(fd);
		buf_free(&heard);
		stop();
	}
}

/* How a stream that is pushed in as one piece is refused. */
static int
refusal_of(const char *from, size_t filling, const char *to)
{
	struct httpd_reader r = HTTPD_READER_INIT;
	int status;

	buf_adds(&r.in, from);
	memset(buf_room(&r.in, filling), 'x', filling);
	r.in.len += filling;
	buf_adds(&r.in, to);
	status = httpd_reader_next(&r) < 0 ? r.rq.refused : 0;
	httpd_reader_free(&r);
	return status;
}

static void
a_line_too_long_is_refused_as_such_whatever_is_seen_of_its_end(void)
{
	static const char chunk[] = POST "Transfer-Encoding: chunked\r\n\r\n1;";

	is_int(refusal_of(POST "X: ", HTTPD_HEADERS, ""), 431);
	is_int(refusal_of(POST "X: ", HTTPD_HEADERS, "\nbare"), 431);
	is_int(refusal_of(POST "X: ", HTTPD_HEADERS, "\r\n\r\n"), 431);
	is_int(refusal_of(chunk, 5000, ""), 400);
	is_int(refusal_of(chunk, 5000, "\r\n"), 400);
	is_int(refusal_of(chunk, 50, "\r\n"), 0);
}

static void
a_body_that_is_cut_off_is_never_handed_over(void)
{
	int fd;

	start();
	fd = dial();
	say(fd, POST "Content-Length: 3\r\n\r\nab");
	shutdown(fd, SHUT_WR);
	is_int(httpd_drain(server), 0);
	is_str(asked.s, "!400;");
	close(fd);
	stop();
}

static void
draining_takes_what_a_client_sent_before_it_died(void)
{
	int fd[2];

	start();
	for (int i = 0; i < 2; i++) {
		fd[i] = dial();
		say(fd[i], POST "Content-Length: 1\r\n\r\nx");
	}
	close(fd[0]);
	is_int(httpd_drain(server), 1);
	is_str(asked.s, "/v1/traces x;/v1/traces x;");
	is_int(httpd_open_connections(server), 1);
	close(fd[1]);
	is_int(httpd_drain(server), 0);
	stop();
}

static void
a_client_that_takes_no_answer_is_read_to_its_end(void)
{
	struct buf text = BUF_INIT;
	int fd;

	start();
	fd = dial();
	for (int i = 0; i < 2; i++)
		buf_addf(
		    &text, POST "Content-Length: 80000\r\n\r\n%080000d", i);
	say(fd, text.s);
	close(fd);
	is_int(httpd_drain(server), 0);
	is_int(count(&asked, "/v1/traces 0"), 2);
	buf_free(&text);
	stop();
}

static void
a_client_that_reads_late_gets_every_answer(void)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	enum { TIMES = 20000 };
	struct buf heard = BUF_INIT, text = BUF_INIT;
	size_t sent = 0;
	int fd;

	start();
	fd = dial();
	for (int i = 0; i < TIMES; i++)
		buf_adds(&text, get);
	for (int still = 0; sent < text.len && still < 3; still++) {
		ssize_t n =
		    send(fd, text.s + sent, text.len - sent, MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			still = 0;
		}
		work();
	}
	is_true(sent < text.len); /* it stopped reading */
	for (int i = 0; i < 10000 && count(&asked, ";") < TIMES; i++) {
		ssize_t n =
		    send(fd, text.s + sent, text.len - sent, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		work();
		hear(fd, &heard);
	}
	work();
	hear(fd, &heard);
	is_int(count(&heard, "200 OK"), TIMES);
	close(fd);
	buf_free(&heard);
	buf_free(&text);
	stop();
}

static void
a_header_that_comes_too_slowly_is_given_up(void)
{
	struct buf heard = BUF_INIT;
	int fd;

	clock_freeze(100 * SECOND);
	start();
	fd = dial();
	say(fd, "GET / HTTP/1.1\r\n");
	work();
	clock_freeze(120 * SECOND);
	say(fd, "Host: h\r\n");
	work();
	is_str(asked.s, "");
	clock_freeze(131 * SECOND);
	work();
	is_str(asked.s, "!408;");
	is_true(!hear(fd, &heard));
	is_int(count(&heard, "HTTP/1.1 408 "), 1);
	close(fd);
	buf_free(&heard);
	stop();
}

static void
an_idle_connection_is_closed_without_a_word(void)
{
	struct buf heard = BUF_INIT;
	int fd;

	clock_freeze(100 * SECOND);
	start();
	fd = dial();
	work();
	is_int(httpd_open_connections(server), 1);
	clock_freeze(131 * SECOND);
	work();
	is_int(httpd_open_connections(server), 0);
	is_true(!hear(fd, &heard));
	is_str(heard.s, "");
	is_str(asked.s, "");
	close(fd);
	buf_free(&heard);
	stop();
}

static void
connections_beyond_the_limit_wait_their_turn(void)
{
	int fd[HTTPD_CONNECTIONS + 1];

	start();
	for (int i = 0; i <= HTTPD_CONNECTIONS; i++)
		fd[i] = dial();
	say(fd[HTTPD_CONNECTIONS], "GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
	work();
	is_int(httpd_open_connections(server), HTTPD_CONNECTIONS);
	is_str(asked.s, "");
	close(fd[0]);
	work();
	is_str(asked.s, "/last ;");
	for (int i = 1; i <= HTTPD_CONNECTIONS; i++)
		close(fd[i]);
	is_int(httpd_drain(server), 0);
	stop();
}

TAP_MAIN(TEST(a_request_that_comes_byte_by_byte_is_one_request),
    TEST(what_is_pipelined_is_answered_in_order_until_the_close),
    TEST(a_client_that_waits_is_told_to_go_on),
    TEST(doubtful_framing_is_refused_and_ends_the_connection),
    TEST(a_line_too_long_is_refused_as_such_whatever_is_seen_of_its_end),
    TEST(a_body_that_is_cut_off_is_never_handed_over),
    TEST(draining_takes_what_a_client_sent_before_it_died),
    TEST(a_client_that_takes_no_answer_is_read_to_its_end),
    TEST(a_client_that_reads_late_gets_every_answer),
    TEST(a_header_that_comes_too_slowly_is_given_up),
    TEST(an_idle_connection_is_closed_without_a_word),
    TEST(connections_beyond_the_limit_wait_their_turn))
