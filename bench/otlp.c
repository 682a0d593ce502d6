/*
 * otlp protobuf RECORDS: takes spans in, from the requests that their records
 * make, and so does libprotobuf with an arena, in turn; then the same, each
 * span printed as the canonical text that records have.
 *
 * otlp json REQUESTS: the same of OTLP in JSON, a request a line; the peer is a
 * pass of yajl that keeps nothing.
 *
 * otlp yajl FILE: that pass over a file, and no more.
 *
 * otlp send PORT RECORDS: sends the requests over HTTP on one connection, and
 * prints how long it took, in ns.
 *
 * otlp none: what it costs a scenario to be heard that sends nothing: sockets
 * for HTTP and gRPC on both loopbacks, and all that waits behind them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "core/collector.h"
#include "data/json.h"
#include "data/otlp.h"
#include "data/otlp_write.h"
#include "figure.h"

enum { ROUNDS = 21, EACH = 512 };

/* In C++, beside: the spans that it has read. */
size_t peer_decode(const char *s, size_t n);

struct request {
	const char *s;
	size_t n, spans;
	struct buf post; /* the same as it is sent over HTTP */
};

static struct buf text = BUF_INIT, wire = BUF_INIT;
static struct request *request;
static size_t requests, requests_cap, spans;

static void
add_request(const char *s, size_t n, size_t holds)
{
	request = mem_more(request, requests, &requests_cap, sizeof *request);
	request[requests++] = (struct request){s, n, holds, BUF_INIT};
	spans += holds;
}

static void
read_text(const char *path)
{
	struct err e = {0};

	if (file_read(path, &text, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

/* One request of the records on some lines; in wire, at an offset. */
static const char *
write_request(const char *line, size_t *at, size_t *holds)
{
	struct otlp_write w = {0};
	struct err e = {0};
	const char *end;

	for (*holds = 0; *holds < EACH && (end = strchr(line, '\n'));
	     ++*holds) {
		AUTO_ARENA a = {0};
		struct value *v =
		    json_parse(&a, line, (size_t)(end - line), &e);

		if (!v)
			die(EXIT_RUN, "%s", e.text);
		otlp_write_add(&w, v);
		line = end + 1;
	}
	*at = wire.len;
	otlp_write_put(&w, &wire);
	otlp_write_reset(&w);
	return line;
}

static void
read_records(const char *path)
{
	const char *line;
	size_t at, holds;

	read_text(path);
	for (line = text.s; *line;) {
		line = write_request(line, &at, &holds);
		add_request((char *)at, wire.len - at, holds);
	}
	for (size_t i = 0; i < requests; i++)
		request[i].s = wire.s + (size_t)request[i].s;
}

static size_t
count_spans(const char *s, const char *end)
{
	size_t n = 0;

	while ((s = memmem(s, (size_t)(end - s), "\"spanId\"", 8))) {
		s++;
		n++;
	}
	return n;
}

static void
read_requests(const char *path)
{
	const char *end;

	read_text(path);
	for (const char *s = text.s; (end = strchr(s, '\n')); s = end + 1)
		add_request(s, (size_t)(end - s), count_spans(s, end));
}

/* ---- what is timed: requests to a number of spans */

static void
count(void *arg, const struct otlp_span *s)
{
	(void)s;
	++*(size_t *)arg;
}

static struct buf line = BUF_INIT;

static void
print(void *arg, const struct otlp_span *s)
{
	buf_reset(&line);
	otlp_span_print(s, &line);
	++*(size_t *)arg;
}

static size_t
our_decode(enum otlp_form form, const char *s, size_t n, otlp_fn *fn)
{
	struct otlp_result r;
	struct err e = {0};
	size_t got = 0;

	if (otlp_decode(form, s, n, fn, &got, &r, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	return got;
}

static size_t
our_protobuf(const char *s, size_t n)
{
	return our_decode(OTLP_PROTOBUF, s, n, count);
}

static size_t
our_protobuf_lines(const char *s, size_t n)
{
	return our_decode(OTLP_PROTOBUF, s, n, print);
}

static size_t
our_json(const char *s, size_t n)
{
	return our_decode(OTLP_JSON, s, n, count);
}

static size_t
our_json_lines(const char *s, size_t n)
{
	return our_decode(OTLP_JSON, s, n, print);
}

static size_t
yajl_pass(const char *s, size_t n)
{
	yajl_handle h = yajl_alloc(NULL, NULL, NULL);

	yajl_config(h, yajl_allow_multiple_values, 1);
	if (yajl_parse(h, (const unsigned char *)s, n) != yajl_status_ok ||
	    yajl_complete_parse(h) != yajl_status_ok)
		die(EXIT_RUN, "yajl does not read it");
	yajl_free(h);
	return 0;
}

static void
pass_file(const char *path)
{
	static unsigned char part[1 << 16];
	yajl_handle h = yajl_alloc(NULL, NULL, NULL);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	yajl_config(h, yajl_allow_multiple_values, 1);
	while ((got = read(fd, part, sizeof part)) > 0)
		if (yajl_parse(h, part, (size_t)got) != yajl_status_ok)
			die(EXIT_RUN, "yajl does not read it");
	if (got < 0)
		die(EXIT_RUN, "%s:", path);
	yajl_free(h);
}

/* ns for one span */
static double
turn(size_t (*decode)(const char *, size_t), bool counts)
{
	int64_t from = clock_mono_ns();
	size_t got = 0;

	for (size_t i = 0; i < requests; i++)
		got += decode(request[i].s, request[i].n);
	if (counts && got != spans)
		die(EXIT_RUN, "%zu spans, not %zu", got, spans);
	return (double)(clock_mono_ns() - from) / (double)spans;
}

static void
race(const char *name, size_t (*ours)(const char *, size_t),
    size_t (*theirs)(const char *, size_t), bool counts)
{
	static double a[ROUNDS], b[ROUNDS];

	for (int i = -1; i < ROUNDS; i++) { /* the first one warms */
		double x = turn(ours, true), y = turn(theirs, counts);

		if (i >= 0) {
			a[i] = x;
			b[i] = y;
		}
	}
	figure_tell(name, a, b, ROUNDS);
}

/* ---- over HTTP */

static int
call(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = -1;

	for (int try = 0; fd < 0; try++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (!connect(fd, (struct sockaddr *)&to, sizeof to))
			break;
		if (try == 500)
			die(EXIT_RUN, "cannot connect:");
		close(fd);
		fd = -1;
		usleep(10000);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

/* What is sent is made before any clock runs: no client is measured. */
static void
prepare(struct request *r)
{
	buf_addf(&r->post,
	    "POST /v1/traces HTTP/1.1\r\nHost: b\r\nContent-Type: "
	    "application/x-protobuf\r\nContent-Length: %zu\r\n\r\n",
	    r->n);
	buf_add(&r->post, r->s, r->n);
}

static void
post(int fd, const struct buf *b)
{
	char answer[512];
	ssize_t got;

	for (size_t at = 0; at < b->len; at += (size_t)got)
		if ((got = write(fd, b->s + at, b->len - at)) < 0)
			die(EXIT_RUN, "cannot send:");
	got = read(fd, answer, sizeof answer);
	if (got < 12 || memcmp(answer, "HTTP/1.1 200", 12))
		die(EXIT_RUN, "the answer is not 200");
}

static void
send_all(const char *port)
{
	int fd = call(port);
	int64_t from;

	for (size_t i = 0; i < requests; i++)
		prepare(&request[i]);
	from = clock_mono_ns();
	for (size_t i = 0; i < requests; i++)
		post(fd, &request[i].post);
	printf("%lld\n", (long long)(clock_mono_ns() - from));
	close(fd);
}

/* ---- nothing is sent */

static int
open_port(int family)
{
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in v4 = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    (family == AF_INET
		    ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
		    : bind(fd, (struct sockaddr *)&v6, sizeof v6)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		die(EXIT_RUN, "cannot listen:");
	return fd;
}

/* As lib/core/scenario.c has it. ns for one scenario */
static double
hear_nothing(struct loop *l, struct stage *stage)
{
	static const struct {
		int family;
		enum collector_port port;
	} at[] = {{AF_INET, COLLECTOR_HTTP}, {AF_INET6, COLLECTOR_HTTP},
	    {AF_INET, COLLECTOR_GRPC}, {AF_INET6, COLLECTOR_GRPC}};
	struct collector_config config = {.stage = stage,
	    .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
	    .parent_id = "00f067aa0ba902b7",
	    .run_id = "r1",
	    .trusts_listener = true,
	    .drops_signals = true};
	int64_t from = clock_mono_ns();
	struct collector *c = collector_new(l, &config);

	for (size_t i = 0; i < COUNT(at); i++)
		collector_listen(c, open_port(at[i].family), at[i].port);
	loop_once(l, 0);
	if (collector_drain(c))
		die(EXIT_RUN, "somebody called");
	collector_del(c);
	return (double)(clock_mono_ns() - from);
}

static void
tell_none(void)
{
	static double x[ROUNDS * 10];
	static char *none[] = {NULL};
	struct loop l = {0};
	struct stage stage = {0};
	struct out out = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	int n = COUNT(x);

	stage_source(&stage, "exec", &out, none);
	for (int i = -1; i < n; i++) { /* the first one warms */
		double took = hear_nothing(&l, &stage);

		if (i >= 0)
			x[i] = took;
	}
	printf("{\"name\":\"otlp.none\",\"runs\":%d,\"a_ns\":%.0f,"
	       "\"low\":%.0f,\"high\":%.0f}\n",
	    n, figure_quantile(x, n, 0.5), figure_quantile(x, n, 0.25),
	    figure_quantile(x, n, 0.75));
	loop_free(&l);
	out_free(&out);
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	bool has_file = argc > 2;

	if (!strcmp(what, "none")) {
		tell_none();
	} else if (has_file && !strcmp(what, "protobuf")) {
		read_records(argv[2]);
		race("otlp.decode.protobuf", our_protobuf, peer_decode, true);
		race("otlp.print.protobuf", our_protobuf_lines, peer_decode,
		    true);
	} else if (has_file && !strcmp(what, "json")) {
		read_requests(argv[2]);
		race("otlp.decode.json", our_json, yajl_pass, false);
		race("otlp.print.json", our_json_lines, yajl_pass, false);
	} else if (has_file && !strcmp(what, "yajl")) {
		pass_file(argv[2]);
	} else if (!strcmp(what, "send") && argc > 3) {
		read_records(argv[3]);
		send_all(argv[2]);
	} else
		die(EXIT_INPUT, "usage: otlp protobuf|json|none|yajl|send ...");
	return 0;
}
