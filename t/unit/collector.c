#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/collector.h"
#include "tap.h"

#define OURS "4bf92f3577b34da6a3ce929d0e0e4736"
#define OTHER "5bf92f3577b34da6a3ce929d0e0e4736"
#define INSIDE "1699999999500000000"
#define BEFORE "1699999990000000000" /* the run began nine seconds later */

static struct out out;
static struct stage stage;
static struct loop loop;
static struct collector *collector;
static struct sockaddr_in address;

static void
start(bool trusts_listener)
{
	static char *none[] = {NULL};
	struct collector_config config = {.stage = &stage,
	    .key = {"0123456789abcdef", "t.toml", 2, NULL},
	    .trace_id = OURS,
	    .parent_id = "00f067aa0ba902b7",
	    .run_id = "r1",
	    .trusts_listener = trusts_listener,
	    .from_unix_nano = 1699999999000000000,
	    .drops_signals = true};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof address;

	out = (struct out){.fd = -1, .pending = BUF_INIT, .is_held = true};
	clock_freeze(1700000000000000000);
	stage_source(&stage, "exec", &out, none);
	collector = collector_new(&loop, &config);
	address = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	is_int(bind(fd, (struct sockaddr *)&address, n), 0);
	is_int(listen(fd, 9), 0);
	getsockname(fd, (struct sockaddr *)&address, &n);
	collector_listen(collector, fd, COLLECTOR_HTTP);
}

static void
end(void)
{
	collector_del(collector);
	loop_free(&loop);
	out_free(&out);
	clock_freeze(-1);
}

/* Send one span on a connection of its own, which is returned open. */
static int
post(const char *trace, int id, const char *parent, const char *run,
    const char *time)
{
	char body[2048];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	snprintf(body, sizeof body,
	    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":"
	    "\"%s\",\"value\":{\"stringValue\":\"%s\"}}]},\"scopeSpans\":[{"
	    "\"spans\":[{\"traceId\":\"%s\",\"spanId\":\"%016x\","
	    "\"parentSpanId\":\"%s\",\"startTimeUnixNano\":\"%s\","
	    "\"endTimeUnixNano\":\"%s\"}]}]}]}",
	    run ? "test.run.id" : "x", run ? run : "", trace, (unsigned)id,
	    parent, time, time);
	is_int(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	dprintf(fd,
	    "POST /v1/traces HTTP/1.1\r\nHost: h\r\nContent-Type: "
	    "application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(body), body);
	return fd;
}

static void
take(const char *trace, int id, const char *parent, const char *time)
{
	close(post(trace, id, parent, NULL, time));
	collector_drain(collector);
}

static void
is_bound(bool trusts_listener, const char *trace, const char *run,
    const char *time, const char *want)
{
	char text[256];

	start(trusts_listener);
	close(post(trace, 1, "", run, time));
	is_int(collector_drain(collector), 0);
	snprintf(text, sizeof text,
	    "{\"type\":\"span\",\"id\":\"0123456789abcdef\",\"source\":"
	    "\"t.toml\",\"gen\":2,\"variant\":null,\"service\":null,\"via\":"
	    "\"otlp\",\"bound\":\"%s\",",
	    want);
	is_true(strstr(out.pending.s, text) != NULL);
	end();
}

static void
a_span_is_bound_by_its_trace_or_its_run_id(void)
{
	is_bound(false, OURS, NULL, BEFORE, "trace");
	is_bound(false, OTHER, "r1", BEFORE, "run");
	is_bound(false, OTHER, NULL, INSIDE, "no");
}

static void
arrival_binds_only_inside_the_run_at_a_listener_of_its_own(void)
{
	is_bound(true, OTHER, NULL, INSIDE, "listener");
	is_bound(true, OTHER, NULL, BEFORE, "no");
	is_bound(true, OTHER, NULL, "0", "no");
}

static void
a_span_of_another_run_is_never_bound(void)
{
	is_bound(true, OTHER, "r2", INSIDE, "no");
}

static void
a_parent_is_found_when_it_arrives_or_is_known(void)
{
	start(true);
	is_true(collector_parents_found(collector));
	take(OURS, 1, "00f067aa0ba902b7", INSIDE);
	is_true(collector_parents_found(collector));
	take(OURS, 3, "0000000000000002", INSIDE);
	is_true(!collector_parents_found(collector));
	take(OTHER, 2, "", INSIDE); /* the same id in another trace */
	is_true(!collector_parents_found(collector));
	collector_known(collector, OURS, "0000000000000002");
	is_true(collector_parents_found(collector));
	end();
}

static void
the_parent_of_a_span_that_is_not_ours_is_not_missed(void)
{
	start(true);
	take(OTHER, 9, "0000000000000007", BEFORE);
	is_true(collector_parents_found(collector));
	end();
}

static void
a_drain_tells_which_connections_are_still_open(void)
{
	int fd;

	start(true);
	fd = post(OURS, 5, "", NULL, INSIDE);
	is_int(collector_drain(collector), 1);
	is_int(collector_counts(collector).spans, 1);
	close(fd);
	is_int(collector_drain(collector), 0);
	end();
}

TAP_MAIN(TEST(a_span_is_bound_by_its_trace_or_its_run_id),
    TEST(arrival_binds_only_inside_the_run_at_a_listener_of_its_own),
    TEST(a_span_of_another_run_is_never_bound),
    TEST(a_parent_is_found_when_it_arrives_or_is_known),
    TEST(the_parent_of_a_span_that_is_not_ours_is_not_missed),
    TEST(a_drain_tells_which_connections_are_still_open))
