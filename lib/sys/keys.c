#include "sys/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_open;

static bool
is_in_front(int fd)
{
	return isatty(fd) && tcgetpgrp(fd) == getpgrp();
}

bool
keys_open(int fd)
{
	struct termios t;

	if (!is_in_front(fd) || tcgetattr(fd, &before) < 0)
		return false;
	t = before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	/* Who is sent to the background reads nothing, and is not stopped. */
	signal(SIGTTIN, SIG_IGN);
	is_open = tcsetattr(fd, TCSANOW, &t) == 0;
	return is_open;
}

int
keys_next(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	unsigned char c;
	ssize_t n;

	if (poll(&p, 1, 0) <= 0)
		return -1;
	n = read(fd, &c, 1);
	if (n == 1)
		return c;
	return n < 0 && (errno == EINTR || errno == EAGAIN) ? -1 : -2;
}

void
keys_close(int fd)
{
	if (is_open && is_in_front(fd))
		tcsetattr(fd, TCSANOW, &before);
	is_open = false;
}
