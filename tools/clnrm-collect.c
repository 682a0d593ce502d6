/*
 * Take in spans from the network.
 */
#include <arpa/inet.h>
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
#include "core/setting.h"
#include "core/stage.h"
#include "sys/loop.h"
#include "sys/stop.h"

static struct cli_list listens;
static long max_spans = -1;
static int64_t timeout_ns = -1;

static const struct cli_opt opts[] = {
    {0, "listen", "ADDR:PORT", "where (127.0.0.1:4318); repeatable", CLI_LIST,
	&listens},
    {0, "max-spans", "N", "end after so many spans", CLI_INT, &max_spans},
    {0, "timeout", "TIME", "end after so long", CLI_TIME, &timeout_ns},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-collect",
    .does = "take in spans from the network",
    .operands = "",
    .examples = "  clnrm-collect >spans.ndjson\n"
		"  clnrm-collect --listen 127.0.0.1:0 --max-spans 1\n"
		"  clnrm-collect | jq -r 'select(.type == \"span\") | .name'\n",
    .opts = opts,
};

static struct stage stage;
static struct loop loop;
static struct collector *collector;
static bool reader_is_gone, is_over;

struct address {
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

	*a = (struct address){0};
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
parse_address(const char *text, struct address *a)
{
	const char *colon = strrchr(text, ':');
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
listen_at(struct address *a, const char *text, struct err *e)
{
	AUTO_FD fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return err_set(e, "cannot listen on %s:", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	if (bind(fd, &a->any, a->len) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, &a->any, &a->len) < 0) {
		err_set(e, "cannot listen on %s:", text);
		return err_hint(e, "--listen 127.0.0.1:0 takes a free port");
	}
	return fd_steal(&fd);
}

static void
tell_listening(const struct address *a)
{
	bool is_v6 = a->any.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN], http[80];

	inet_ntop(a->any.sa_family,
	    is_v6 ? (const void *)&a->v6.sin6_addr
		  : (const void *)&a->v4.sin_addr,
	    host, sizeof host);
	snprintf(http, sizeof http, is_v6 ? "[%s]:%u" : "%s:%u", host,
	    ntohs(is_v6 ? a->v6.sin6_port : a->v4.sin_port));
	AUTO_JSON j = stage_record(&stage, "listening");
	json_str(&j, "http", http);
	stage_put(&stage, &j);
}

/* All the sockets, or none: then no `listening` is told. */
static int
open_sockets(struct address address[], struct err *e)
{
	for (size_t i = 0; i < listens.n; i++) {
		int fd = listen_at(&address[i], listens.item[i], e);

		if (fd < 0)
			return -1;
		collector_listen(collector, fd);
	}
	for (size_t i = 0; i < listens.n; i++)
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
	while (!stop_signal() && !reader_is_gone && !is_over && !has_enough()) {
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
	if (is_over && max_spans >= 0 && !has_enough())
		stage_status(&stage, EXIT_NO);
	if (stop_signal())
		stage_status(&stage, 128 + stop_signal());
}

static void
run(struct address address[])
{
	struct err e = {0};

	collector =
	    collector_new(&loop, &(struct collector_config){.stage = &stage});
	if (open_sockets(address, &e) < 0) {
		stage_diagnose(&stage, NULL, "error", "E407", &e);
		stage_status(&stage, EXIT_RUN);
	} else {
		collect();
	}
	collector_del(collector);
}

static void
check_addresses(struct address address[])
{
	for (size_t i = 0; i < listens.n; i++)
		if (parse_address(listens.item[i], &address[i]) < 0)
			die(EXIT_INPUT,
			    "--listen %s: not an address such as "
			    "127.0.0.1:4318 or [::1]:4318",
			    listens.item[i]);
}

int
main(int argc, char *argv[])
{
	static const char *otherwise[] = {"127.0.0.1:4318"};
	struct address *address;

	if (*setting_start(&tool, argc, argv))
		cli_misuse(&tool);
	if (!listens.n)
		listens = (struct cli_list){otherwise, 1, 0};
	address = mem_new(listens.n, sizeof *address);
	check_addresses(address);
	stop_catch(true);
	stage_source(&stage, "collect", &out_std, argv);
	run(address);
	stage_end(&stage);
	loop_free(&loop);
	free(address);
	return cli_finish(stage.status);
}
