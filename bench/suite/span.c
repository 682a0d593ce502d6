/*
 * Spans that are taken in: sent over HTTP to a collector, until their records
 * are there.
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "place.h"

static struct place_program collector;
static int wire;
static long sent, together;

static void
stop(void)
{
	place_stop(&collector);
}

/* The port that its first record names. */
static int
port_of(struct place_program *p)
{
	static const char before[] = "\"http\":\"127.0.0.1:";
	const char *at;

	while (!(at = strstr(p->heard.s, before)) || !strchr(at, '\n'))
		if (!place_hear(p))
			die(EXIT_RUN, "the collector does not listen");
	return (int)strtol(at + sizeof before - 1, NULL, 10);
}

static void
start_collector(int64_t spans)
{
	const char *argv[] = {"clnrm-collect", "--listen", "127.0.0.1:0", NULL};
	struct sockaddr_in to = {.sin_family = AF_INET};

	together = (long)spans;
	place_make();
	collector = place_start(argv);
	kit_other = collector.pid;
	atexit(stop);
	to.sin_port = htons((uint16_t)port_of(&collector));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (wire < 0 || connect(wire, (struct sockaddr *)&to, sizeof to) < 0)
		die(EXIT_RUN, "the collector does not answer");
}

static void
add_span(struct buf *b, long number)
{
	buf_addf(b,
	    "{\"traceId\":\"%032lx\",\"spanId\":\"%016lx\",\"name\":\"op\","
	    "\"kind\":1,\"startTimeUnixNano\":\"1700000000000000000\","
	    "\"endTimeUnixNano\":\"1700000000001000000\",\"attributes\":[",
	    number, number);
	for (int i = 0; i < 20; i++)
		buf_addf(b,
		    "%s{\"key\":\"k%d\",\"value\":{\"stringValue\":"
		    "\"value %d\"}}",
		    i ? "," : "", i, i);
	buf_adds(b, "]}");
}

static void
add_request(struct buf *b)
{
	AUTO_BUF body = BUF_INIT;

	buf_adds(&body, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
	for (long i = 0; i < together; i++) {
		if (i)
			buf_addc(&body, ',');
		add_span(&body, ++sent);
	}
	buf_adds(&body, "]}]}]}");
	buf_addf(b,
	    "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    body.len);
	buf_add(b, body.s, body.len);
}

/* Until its answer came, whole: it is one read. */
static bool
is_taken(void)
{
	char answer[1024];
	ssize_t n = read(wire, answer, sizeof answer - 1);

	return n > 12 && !memcmp(answer, "HTTP/1.1 200", 12);
}

static uint64_t
send_spans(void)
{
	AUTO_BUF b = BUF_INIT;

	add_request(&b);
	return fd_write(wire, b.s, b.len) == 0 &&
	       place_await(&collector, "\"type\":\"span\"", together) &&
	       is_taken();
}

static const struct kit_bench benches[] = {
    {"op/span_collect", .setup = start_collector, .op = send_spans, .size = 1,
	.target = MS(5), .acceptable = MS(20), .unacceptable = MS(50)},
    {"mem/rss/spans", .setup = start_collector, .op = send_spans, .size = 1000,
	.target = 51200, .acceptable = 512000, .metric = "peak_rss_kb"},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
