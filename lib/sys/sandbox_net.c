#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

int
net_up(struct world *w)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		return world_fails(w, "loopback");
	return 0;
}

static socklen_t
loopback(union address *a, bool is_v6, uint16_t port)
{
	*a = (union address){0};
	if (!is_v6) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof a->v4;
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	a->v6.sin6_addr = in6addr_loopback;
	return sizeof a->v6;
}

static int
listen_at(struct sandbox_listener *l, uint16_t port)
{
	int family = l->is_v6 ? AF_INET6 : AF_INET, on = 1;
	AUTO_FD fd =
	    socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	union address a;
	socklen_t size = loopback(&a, l->is_v6, port);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (l->is_v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, &a.any, size) < 0 || listen(fd, 128) < 0 ||
	    getsockname(fd, &a.any, &size) < 0)
		return -1;
	l->got = ntohs(l->is_v6 ? a.v6.sin6_port : a.v4.sin_port);
	l->fd = fd_steal(&fd);
	return 0;
}

int
net_listen(
    struct world *w, struct sandbox_listener to[SANDBOX_LISTENERS], size_t *n)
{
	for (size_t i = 0; i < w->ports; i++) {
		uint16_t port = world_has_net(w) ? w->port[i] : 0;

		to[*n] = (struct sandbox_listener){.asked = w->port[i]};
		if (listen_at(&to[*n], port) < 0)
			return world_fails(
			    w, "listener on 127.0.0.1:%u", (unsigned)port);
		port = to[(*n)++].got;
		/* Not every kernel has the sixth version. */
		to[*n] = (struct sandbox_listener){
		    .asked = w->port[i], .is_v6 = true};
		if (!listen_at(&to[*n], port))
			++*n;
	}
	return 0;
}

/* Loopback answers at once; only a full backlog makes us wait, not for long. */
enum { DIAL_MS = 50 };

static int
dial(uint16_t port, bool is_v6)
{
	AUTO_FD fd = socket(is_v6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	union address a;
	socklen_t size = loopback(&a, is_v6, port);
	int error = ETIMEDOUT;

	if (fd < 0)
		return -1;
	if (connect(fd, &a.any, size) < 0) {
		if (errno != EINPROGRESS)
			return -1;
		size = sizeof error;
		if (poll(&p, 1, DIAL_MS) > 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
		errno = error;
		if (error)
			return -1;
	}
	return fd_steal(&fd);
}

int
net_dial(uint16_t port)
{
	int fd = dial(port, false), why = errno;

	if (fd < 0)
		fd = dial(port, true);
	if (fd < 0)
		errno = why;
	return fd;
}

/* What had no route, by the kernel's own count. Both names are in the first
 * lines of their files. */
enum { COUNTERS_MAX = 2048 };

static int counters[2] = {-1, -1};
static int64_t before; /* of a network that is not new */

static int64_t count_all(void);

void
net_look(void)
{
	static const char *const path[] = {"/proc/net/snmp", "/proc/net/snmp6"};

	/* Not every kernel has the sixth version. */
	for (size_t i = 0; i < COUNT(path); i++)
		counters[i] = open(path[i], O_RDONLY | O_CLOEXEC);
	before = count_all();
}

/* A line of names, and one of numbers in the same order. */
static int64_t
count_v4(const char *names)
{
	const char *at = strstr(names, " OutNoRoutes");
	const char *numbers = strchr(names, '\n');

	if (!at || !numbers || at > numbers)
		return 0;
	for (; numbers && names <= at; names++)
		if (*names == ' ')
			numbers = strchr(numbers + 1, ' ');
	return numbers ? strtoll(numbers, NULL, 10) : 0;
}

static int64_t
count_v6(const char *text)
{
	static const char name[] = "Ip6OutNoRoutes";
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static int64_t
count_all(void)
{
	static int64_t (*const count[])(const char *) = {count_v4, count_v6};
	int64_t sum = 0;

	for (size_t i = 0; i < COUNT(count); i++) {
		char text[COUNTERS_MAX];
		ssize_t n = counters[i] < 0
			      ? 0
			      : pread(counters[i], text, sizeof text - 1, 0);

		if (n <= 0)
			continue;
		text[n] = 0;
		sum += count[i](text);
	}
	return sum;
}

int64_t
net_count_lost(void)
{
	return count_all() - before;
}
