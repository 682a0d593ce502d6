/*
 * Take in spans from the network, or from a log in which they are printed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/collector.h"
#include "core/export.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/loop.h"
#include "sys/stop.h"

static struct cli_list listens, grpcs;
static const char *from, *export_to;
static int loose, only_count;
static long max_spans = -1;
static int64_t timeout_ns = -1;

static const struct cli_opt opts[] = {
    {0, "listen", "ADDR:PORT", "for OTLP/HTTP (127.0.0.1:4318); repeatable",
	CLI_LIST, &listens},
    {0, "grpc", "ADDR:PORT", "for OTLP/gRPC (127.0.0.1:4317); repeatable",
	CLI_LIST, &grpcs},
    {0, "from", "FILE", "read printed spans from it, - is stdin; do not listen",
	CLI_TEXT, &from},
    {0, "count", NULL, "write no spans, and at the end how many came", CLI_FLAG,
	&only_count},
    {0, "max-spans", "N", "end after so many spans", CLI_INT, &max_spans},
    {0, "timeout", "TIME", "end after so long", CLI_TIME, &timeout_ns},
    {0, "export", "URL",
	"be a filter that sends the spans of a stream on; do not listen",
	CLI_TEXT, &export_to},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-collect",
    .does = "take in spans from the network, or from a log",
    .operands = "",
    .examples = "  clnrm-collect >spans.ndjson\n"
		"  clnrm-collect --listen 127.0.0.1:0 --max-spans 1\n"
		"  program | clnrm-collect --from -\n"
		"  clnrm-verify <run.ndjson | clnrm-collect --export "
		"http://localhost:4318 | clnrm-report\n"
		"  clnrm-collect | jq -r 'select(.type == \"span\") | .name'\n",
    .opts = opts,
};

#define DEFAULT_PORT(port) ((port) == COLLECTOR_GRPC ? "4317" : "4318")

enum { PIPE = 256 << 10 }; /* bytes on their way to a reader that is busy */

static struct stage stage;
static struct loop loop;
static struct collector *collector;
static bool reader_is_gone, is_over, is_read;

struct address {
	const char *text;
	enum collector_port port;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	};
	socklen_t len;
};

static int
set_host(struct address *a, const char *host, in_port_t port)
{
	size_t n = strlen(host);
	char inside[INET6_ADDRSTRLEN];

	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		a->len = sizeof a->v4;
		return 0;
	}
	if (n < 3 || n > sizeof inside || *host != '[' || host[n - 1] != ']')
		return -1;
	snprintf(inside, sizeof inside, "%.*s", (int)n - 2, host + 1);
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	a->len = sizeof a->v6;
	return inet_pton(AF_INET6, inside, &a->v6.sin6_addr) == 1 ? 0 : -1;
}

/* 127.0.0.1:4318 or [::1]:4318 */
static int
parse_address(struct address *a)
{
	const char *text = a->text, *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;

	if (!colon || (size_t)(colon - text) >= sizeof host)
		return -1;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = 0;
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || port > 65535)
		return -1;
	return set_host(a, host, (in_port_t)port);
}

/* A listening socket; *a then says which port it got. */
static int
listen_at(struct address *a, struct err *e)
{
	const char *text = a->text;
	AUTO_FD fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return err_set(e, "cannot listen on %s:", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	if (bind(fd, &a->any, a->len) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, &a->any, &a->len) < 0) {
		err_set(e, "cannot listen on %s:", text);
		return err_hint(e, "%s 127.0.0.1:0 takes a free port",
		    a->port == COLLECTOR_GRPC ? "--grpc" : "--listen");
	}
	return fd_steal(&fd);
}

static void
tell_listening(const struct address *a)
{
	bool is_v6 = a->any.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN], where[80];

	inet_ntop(a->any.sa_family,
	    is_v6 ? (const void *)&a->v6.sin6_addr
		  : (const void *)&a->v4.sin_addr,
	    host, sizeof host);
	snprintf(where, sizeof where, is_v6 ? "[%s]:%u" : "%s:%u", host,
	    ntohs(is_v6 ? a->v6.sin6_port : a->v4.sin_port));
	AUTO_JSON j = stage_record(&stage, "listening");
	json_str(&j, a->port == COLLECTOR_GRPC ? "grpc" : "http", where);
	stage_put(&stage, &j);
}

/* All the sockets, or none: then no `listening` is told. */
static int
open_sockets(struct address address[], size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int fd = listen_at(&address[i], e);

		if (fd < 0)
			return -1;
		collector_listen(collector, fd, address[i].port);
	}
	for (size_t i = 0; i < n; i++)
		tell_listening(&address[i]);
	return 0;
}

static void
on_stop(void *arg, int events)
{
	(void)arg;
	(void)events;
}

static void
on_stdout(void *arg, int events)
{
	(void)arg;
	reader_is_gone = events & (POLLERR | POLLHUP | POLLNVAL);
}

static void
on_time(void *arg)
{
	(void)arg;
	is_over = true;
}

struct log {
	int fd;
	struct collector_log *spans;
};

static void
on_log(void *arg, int events)
{
	char chunk[64 << 10];
	struct log *log = arg;
	ssize_t n = read(log->fd, chunk, sizeof chunk);
	struct err e = {0};

	(void)events;
	if (n > 0) {
		collector_log_feed(log->spans, chunk, (size_t)n);
		return;
	}
	if (n < 0 && errno == EINTR)
		return;
	if (n < 0) {
		err_set(&e, "cannot read %s:", from);
		stage_diagnose(&stage, NULL, "error", "E407", &e);
		stage_status(&stage, EXIT_RUN);
	}
	loop_drop(&loop, log->fd);
	collector_log_del(log->spans); /* a last line may be a span */
	log->spans = NULL;
	is_read = true;
}

static void
tell_counts(void)
{
	struct collector_counts n = collector_counts(collector);

	AUTO_JSON j = stage_record(&stage, "collected");
	json_int(&j, "spans", (int64_t)n.spans);
	json_int(&j, "duplicates", (int64_t)n.duplicates);
	json_int(&j, "conflicts", (int64_t)n.conflicts);
	json_int(&j, "rejected", (int64_t)n.rejected);
	json_int(&j, "requests", (int64_t)n.requests);
	json_int(&j, "refused", (int64_t)n.refused);
	stage_put(&stage, &j);
}

static bool
has_enough(void)
{
	return max_spans >= 0 &&
	       collector_counts(collector).spans >= (uint64_t)max_spans;
}

static void
collect(void)
{
	struct err e = {0};

	loop_add(&loop, stop_fd(), POLLIN, on_stop, NULL);
	loop_add(&loop, out_std.fd, 0, on_stdout, NULL);
	if (timeout_ns >= 0)
		loop_at(&loop, clock_mono_ns() + timeout_ns, on_time, NULL);
	while (!stop_signal() && !reader_is_gone && !is_over && !is_read &&
	       !has_enough()) {
		if (out_flush(&out_std) < 0)
			return;
		if (loop_once(&loop, -1) < 0) {
			err_set(&e, "cannot wait:");
			stage_diagnose(&stage, NULL, "error", "E407", &e);
			stage_status(&stage, EXIT_RUN);
			return;
		}
	}
	/* What was sent before the end is taken. */
	if (!has_enough())
		collector_drain(collector);
	if ((is_over || is_read) && max_spans >= 0 && !has_enough())
		stage_status(&stage, EXIT_NO);
	if (stop_signal())
		stage_status(&stage, 128 + stop_signal());
}

static void
listen_all(struct address address[], size_t n)
{
	struct err e = {0};

	if (open_sockets(address, n, &e) == 0) {
		collect();
		return;
	}
	stage_diagnose(&stage, NULL, "error", "E407", &e);
	stage_status(&stage, EXIT_RUN);
}

static void
read_log(void)
{
	bool is_stdin = !strcmp(from, "-");
	AUTO_FD fd = is_stdin ? dup(0) : open(from, O_RDONLY | O_CLOEXEC);
	struct log log = {.fd = fd};
	struct err e = {0};

	if (fd < 0) {
		err_set(&e, "cannot read %s:", from);
		stage_diagnose(&stage, NULL, "error", "E101", &e);
		stage_status(&stage, EXIT_INPUT);
		return;
	}
	log.spans = collector_log_new(collector, is_stdin ? "stdout" : "file");
	loop_add(&loop, fd, POLLIN, on_log, &log);
	collect();
	collector_log_del(log.spans);
}

/* ---- the way out */

static void
take_exported(struct export *x)
{
	struct record r;

	while (stage_pull(&stage, &r)) {
		record_pass(&r, stage.out);
		export_take(x, &r);
	}
}

static void
on_input(void *arg, int events)
{
	struct err e = {0};

	(void)events;
	if (ndjson_fill(&stage.in, &e) < 0)
		stage.in.is_eof = true;
	take_exported(arg);
}

/* Records go on at once; what is sent, is sent meanwhile. */
static int
export_stream(void)
{
	struct err e = {0};
	struct export *x = export_new(&loop, &stage, export_to, &e);

	if (!x)
		die(EXIT_INPUT, "--export: %s%s%s", e.text, *e.hint ? "; " : "",
		    e.hint);
	if (isatty(0))
		cli_misuse(&tool);
	stop_catch(false);
	stage_filter(&stage, "export", &out_std, 0, loose);
	loop_add(&loop, stage.in.fd, POLLIN, on_input, x);
	while (!stage.in.is_eof && out_flush(&out_std) == 0 &&
	       loop_once(&loop, -1) == 0)
		;
	loop_drop(&loop, stage.in.fd);
	stage_check_cut(&stage);
	export_flush(x);
	while (!export_is_done(x) && out_flush(&out_std) == 0 &&
	       loop_once(&loop, -1) == 0)
		;
	export_close(x);
	loop_free(&loop);
	return cli_finish(stage_end(&stage));
}

static size_t
add_addresses(
    struct address *to, const struct cli_list *list, enum collector_port port)
{
	for (size_t i = 0; i < list->n; i++) {
		to[i] = (struct address){.text = list->item[i], .port = port};
		if (parse_address(&to[i]) < 0)
			die(EXIT_INPUT,
			    "--%s %s: not an address such as 127.0.0.1:%s or "
			    "[::1]:%s",
			    port == COLLECTOR_GRPC ? "grpc" : "listen",
			    to[i].text, DEFAULT_PORT(port), DEFAULT_PORT(port));
	}
	return list->n;
}

int
main(int argc, char *argv[])
{
	static const char *http[] = {"127.0.0.1:4318"};
	static const char *grpc[] = {"127.0.0.1:4317"};
	struct address *address;
	size_t n;

	if (*setting_start(&tool, argc, argv))
		cli_misuse(&tool);
	if (export_to)
		return export_stream();
	if (!listens.n && !grpcs.n) {
		listens = (struct cli_list){http, 1, 0};
		grpcs = (struct cli_list){grpc, 1, 0};
	}
	address = mem_new(listens.n + grpcs.n, sizeof *address);
	n = add_addresses(address, &listens, COLLECTOR_HTTP);
	n += add_addresses(address + n, &grpcs, COLLECTOR_GRPC);
	stop_catch(true);
	fcntl(out_std.fd, F_SETPIPE_SZ, PIPE); /* if it is one */
	stage_source(&stage, "collect", &out_std, argv);
	collector =
	    collector_new(&loop, &(struct collector_config){.stage = &stage,
				     .only_counts = only_count});
	if (from)
		read_log();
	else
		listen_all(address, n);
	if (only_count)
		tell_counts();
	collector_del(collector);
	stage_end(&stage);
	loop_free(&loop);
	free(address);
	return cli_finish(stage.status);
}
