/*
 * A shop's checkout that traces what it does: an order is reserved, then paid.
 * The spans go out as OTLP over HTTP, written by hand to show how little that
 * is; a real program leaves it to an OpenTelemetry SDK.
 *
 *	checkout [--fail]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A protobuf message that is being written. */
struct message {
	unsigned char s[4096];
	size_t len;
};

enum kind { INTERNAL = 1, CLIENT = 3 };
enum status { UNSET = 0, OK = 1, ERROR = 2 };

struct span {
	unsigned char id[8];
	uint64_t start_ns, end_ns;
};

static unsigned char trace_id[16], caller_id[8];
static bool has_caller;
static struct message spans; /* those that are over */

static void
put(struct message *m, const void *s, size_t n)
{
	if (n > sizeof m->s - m->len) {
		fputs("checkout: the trace is too long\n", stderr);
		exit(3);
	}
	memcpy(m->s + m->len, s, n);
	m->len += n;
}

static void
put_varint(struct message *m, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		put(m, &(unsigned char){(unsigned char)(v | 0x80)}, 1);
	put(m, &(unsigned char){(unsigned char)v}, 1);
}

/* The wire types of protobuf: 0 a number, 1 eight bytes, 2 a length and bytes.
 */
static void
put_number(struct message *m, int field, uint64_t v)
{
	put_varint(m, (uint64_t)field << 3);
	put_varint(m, v);
}

static void
put_time(struct message *m, int field, uint64_t ns)
{
	put_varint(m, (uint64_t)field << 3 | 1);
	for (int i = 0; i < 8; i++, ns >>= 8)
		put(m, &(unsigned char){ns & 0xff}, 1);
}

static void
put_bytes(struct message *m, int field, const void *s, size_t n)
{
	put_varint(m, (uint64_t)field << 3 | 2);
	put_varint(m, n);
	put(m, s, n);
}

static void
put_text(struct message *m, int field, const char *s)
{
	put_bytes(m, field, s, strlen(s));
}

static void
put_message(struct message *m, int field, const struct message *part)
{
	put_bytes(m, field, part->s, part->len);
}

/* KeyValue { key, AnyValue { string_value } }, as `field` of m. */
static void
put_attribute(struct message *m, int field, const char *key, const char *text)
{
	struct message value = {0}, pair = {0};

	put_text(&value, 1, text);
	put_text(&pair, 1, key);
	put_message(&pair, 2, &value);
	put_message(m, field, &pair);
}

static void
put_int_attribute(struct message *m, int field, const char *key, int64_t i)
{
	struct message value = {0}, pair = {0};

	put_number(&value, 3, (uint64_t)i);
	put_text(&pair, 1, key);
	put_message(&pair, 2, &value);
	put_message(m, field, &pair);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
randomize(unsigned char *s, size_t n)
{
	if (getrandom(s, n, 0) != (ssize_t)n)
		exit(3);
}

static struct span
span_begin(void)
{
	struct span s = {.start_ns = now_ns()};

	randomize(s.id, sizeof s.id);
	return s;
}

/* `attributes` are already fields 9 of a Span. */
static void
span_end(struct span *s, const struct span *parent, const char *name,
    enum kind kind, enum status status, const struct message *attributes)
{
	struct message m = {0}, outcome = {0};

	s->end_ns = now_ns();
	put_bytes(&m, 1, trace_id, sizeof trace_id);
	put_bytes(&m, 2, s->id, sizeof s->id);
	if (parent)
		put_bytes(&m, 4, parent->id, sizeof parent->id);
	else if (has_caller)
		put_bytes(&m, 4, caller_id, sizeof caller_id);
	put_text(&m, 5, name);
	put_number(&m, 6, kind);
	put_time(&m, 7, s->start_ns);
	put_time(&m, 8, s->end_ns);
	put(&m, attributes->s, attributes->len);
	put_number(&outcome, 3, status);
	put_message(&m, 15, &outcome);
	put_message(&spans, 2, &m);
}

static bool
unhex(const char *s, unsigned char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sscanf(s + 2 * i, "%2hhx", &to[i]) != 1)
			return false;
	return true;
}

/* 00-<32 hex: trace id>-<16 hex: the caller's span id>-<flags> */
static void
join_trace(void)
{
	const char *s = getenv("TRACEPARENT");

	has_caller = s && strlen(s) == 55 && !strncmp(s, "00-", 3) &&
		     unhex(s + 3, trace_id, 16) && unhex(s + 36, caller_id, 8);
	if (!has_caller)
		randomize(trace_id, sizeof trace_id);
}

/* %41 is A, in place. */
static void
decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned char c;

		if (*s == '%' && sscanf(s + 1, "%2hhx", &c) == 1) {
			*to++ = (char)c;
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

/* OTEL_RESOURCE_ATTRIBUTES=key=value,key=value */
static void
put_resource(struct message *m)
{
	const char *name = getenv("OTEL_SERVICE_NAME");
	const char *list = getenv("OTEL_RESOURCE_ATTRIBUTES");
	struct message resource = {0};
	char *copy = strdup(list ? list : ""), *rest = copy, *pair;

	put_attribute(
	    &resource, 1, "service.name", name && *name ? name : "checkout");
	while ((pair = strsep(&rest, ","))) {
		char *value = strchr(pair, '=');

		if (!value)
			continue;
		*value++ = 0;
		decode(value);
		if (strcmp(pair, "service.name"))
			put_attribute(&resource, 1, pair, value);
	}
	free(copy);
	put_message(m, 1, &resource);
}

/* The whole request: resource, scope, spans. */
static struct message
trace(void)
{
	struct message request = {0}, by_resource = {0}, by_scope = {0};
	struct message scope = {0};

	put_text(&scope, 1, "checkout");
	put_message(&by_scope, 1, &scope);
	put(&by_scope, spans.s, spans.len);
	put_resource(&by_resource);
	put_message(&by_resource, 2, &by_scope);
	put_message(&request, 1, &by_resource);
	return request;
}

/* http://ADDRESS:PORT[/path], the address in digits, or localhost. */
static int
dial(const char *url, char path[256])
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	char host[64], base[200] = "";
	unsigned short port;
	int fd;

	if (sscanf(url, "http://%63[^:/]:%hu%199s", host, &port, base) < 2)
		return -1;
	if (!strcmp(host, "localhost"))
		strcpy(host, "127.0.0.1");
	to.sin_port = htons(port);
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		return -1;
	snprintf(path, 256, "%s%sv1/traces", base,
	    *base && base[strlen(base) - 1] == '/' ? "" : "/");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The order is what matters: a trace that is lost does not fail it. */
static void export(void)
{
	const char *url = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
	struct message body = trace();
	char head[512], path[256] = "", answer[256] = "";
	int fd = dial(url && *url ? url : "http://127.0.0.1:4318", path);

	snprintf(head, sizeof head,
	    "POST %s HTTP/1.1\r\nHost: collector\r\n"
	    "Content-Type: application/x-protobuf\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    path, body.len);
	if (fd < 0 ||
	    send(fd, head, strlen(head), MSG_NOSIGNAL | MSG_MORE) < 0 ||
	    send(fd, body.s, body.len, MSG_NOSIGNAL) != (ssize_t)body.len ||
	    read(fd, answer, sizeof answer - 1) <= 0 ||
	    strncmp(answer, "HTTP/1.1 200", 12))
		fputs("checkout: the trace was not taken\n", stderr);
	if (fd >= 0)
		close(fd);
}

static void
reserve(const struct span *parent)
{
	struct message attributes = {0};
	struct span s = span_begin();

	put_int_attribute(&attributes, 9, "order.items", 3);
	span_end(&s, parent, "checkout.reserve", INTERNAL, UNSET, &attributes);
}

static bool
pay(const struct span *parent, bool is_declined)
{
	struct message attributes = {0};
	struct span s = span_begin();

	put_int_attribute(&attributes, 9, "amount", 1999);
	put_attribute(
	    &attributes, 9, "payment.status", is_declined ? "declined" : "ok");
	span_end(&s, parent, "checkout.pay", CLIENT, is_declined ? ERROR : OK,
	    &attributes);
	return !is_declined;
}

int
main(int argc, char *argv[])
{
	bool fails = argc > 1 && !strcmp(argv[1], "--fail");
	struct message attributes = {0};
	struct span s;
	bool is_paid;

	join_trace();
	s = span_begin();
	put_attribute(&attributes, 9, "order.id", "42");
	reserve(&s);
	is_paid = pay(&s, fails);
	span_end(
	    &s, NULL, "checkout", INTERNAL, is_paid ? OK : ERROR, &attributes);
	export();
	if (is_paid)
		puts("order 42 paid");
	else
		fputs("card declined\n", stderr);
	return is_paid ? 0 : 1;
}
