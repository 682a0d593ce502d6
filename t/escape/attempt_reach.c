#include <arpa/inet.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attempt.h"

/* Sockets. */

static long
connect_to(int family, const void *address, size_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : connect(fd, address, (socklen_t)size);
}

static long
connect_unix(const char *prefix)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = snprintf(a.sun_path + !*prefix, 100, "%s%s", prefix, host_name);

	return connect_to(AF_UNIX, &a,
	    offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
}

static long
connect_abstract(void)
{
	return connect_unix("");
}

static long
connect_project_socket(void)
{
	return connect_unix("./");
}

static long
connect_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)host_port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect_to(AF_INET, &a, sizeof a);
}

static long
connect_far(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(80),
	    .sin_addr.s_addr = htonl(0xc0000201)}; /* 192.0.2.1 */

	return connect_to(AF_INET, &a, sizeof a);
}

static long
reach_hypervisor(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static long
see_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long
share_memory(void)
{
	return shmget((key_t)host_port, 0, 0);
}

/* Files. */

static long
open_host_file(void)
{
	char path[256];

	snprintf(path, sizeof path, "/tmp/%s", host_name);
	return may_open(path, O_RDONLY);
}

static long
follow_link_out(void)
{
	return may_open("link-out", O_RDONLY);
}

static long
use_inherited_descriptor(void)
{
	return fchdir(9);
}

const struct attempt attempt_reach[] = {
    {"abstract-socket", connect_abstract},
    {"project-socket", connect_project_socket},
    {"loopback", connect_port},
    {"network", connect_far},
    {"vsock", reach_hypervisor},
    {"packet", see_packets},
    {"shared-memory", share_memory},
    {"host-file", open_host_file},
    {"link-out", follow_link_out},
    {"descriptor", use_inherited_descriptor},
    {NULL, NULL},
};
