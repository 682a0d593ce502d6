#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

/* A pipe that would rather fail than block. */
static void
open_pipe(int pair[2], struct out *o)
{
	if (pipe2(pair, O_NONBLOCK | O_CLOEXEC) < 0)
		abort();
	*o = (struct out){.fd = pair[1], .pending = BUF_INIT};
}

static void
close_pipe(int pair[2], struct out *o)
{
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	out_free(o);
}

static size_t
readable(int fd, char *to, size_t n)
{
	ssize_t got = read(fd, to, n);

	return got < 0 ? 0 : (size_t)got;
}

static void
nothing_is_written_before_the_flush(void)
{
	char text[64] = "";
	int pair[2];
	struct out o;

	open_pipe(pair, &o);
	out_add(&o, "one ", 4);
	out_add(&o, "two", 3);
	is_int(readable(pair[0], text, sizeof text), 0);
	is_int(out_pending(&o), 7);
	is_int(out_flush(&o), 0);
	is_int(readable(pair[0], text, sizeof text), 7);
	is_str(text, "one two");
	is_int(out_pending(&o), 0);
	close_pipe(pair, &o);
}

static void
much_that_gathers_is_written_by_itself(void)
{
	static char large[64 << 10];
	int pair[2];
	struct out o;

	open_pipe(pair, &o);
	out_add(&o, large, sizeof large - 1);
	is_int(out_pending(&o), sizeof large - 1);
	out_add(&o, "x", 1);
	is_int(out_pending(&o), 0);
	close_pipe(pair, &o);
}

static void
held_output_waits_and_trickles(void)
{
	static char large[100 << 10], back[100 << 10];
	int pair[2];
	struct out o;

	open_pipe(pair, &o);
	o.is_held = true;
	memset(large, 'x', sizeof large);
	out_add(&o, large, sizeof large);
	is_int(out_pending(&o), sizeof large);
	is_int(out_trickle(&o), 0);
	is_int(out_pending(&o), sizeof large - PIPE_BUF);
	for (int i = 0; i < 100; i++)
		is_int(out_trickle(&o), 0); /* the pipe is full: no loss */
	is_true(out_pending(&o) > 0);
	while (out_pending(&o)) {
		if (!readable(pair[0], back, sizeof back))
			break;
		out_trickle(&o);
	}
	is_int(out_pending(&o), 0);
	is_int(o.lost, 0);
	close_pipe(pair, &o);
}

static void
a_reader_that_has_gone_is_remembered(void)
{
	int pair[2];
	struct out o;

	signal(SIGPIPE, SIG_IGN);
	open_pipe(pair, &o);
	fd_close(&pair[0]);
	out_add(&o, "x", 1);
	is_int(out_flush(&o), -1);
	is_int(o.lost, EPIPE);
	out_add(&o, "y", 1);
	is_int(out_pending(&o), 0);
	is_int(out_flush(&o), -1);
	is_int(out_trickle(&o), -1);
	is_int(o.lost, EPIPE);
	close_pipe(pair, &o);
}

static void
a_trickle_finds_out_too(void)
{
	int pair[2];
	struct out o;

	signal(SIGPIPE, SIG_IGN);
	open_pipe(pair, &o);
	fd_close(&pair[0]);
	out_add(&o, "x", 1);
	is_int(out_trickle(&o), -1);
	is_int(o.lost, EPIPE);
	close_pipe(pair, &o);
}

static void
a_full_disk_is_a_lost_write_even_when_later_ones_succeed(void)
{
	struct out o = {.fd = open("/dev/full", O_WRONLY), .pending = BUF_INIT};
	int full = o.fd;

	out_add(&o, "x", 1);
	is_int(out_flush(&o), -1);
	is_int(o.lost, ENOSPC);
	o.fd = open("/dev/null", O_WRONLY);
	out_add(&o, "y", 1);
	is_int(out_flush(&o), -1);
	is_int(o.lost, ENOSPC);
	close(o.fd);
	close(full);
	out_free(&o);
}

TAP_MAIN(TEST(nothing_is_written_before_the_flush),
    TEST(much_that_gathers_is_written_by_itself),
    TEST(held_output_waits_and_trickles),
    TEST(a_reader_that_has_gone_is_remembered), TEST(a_trickle_finds_out_too),
    TEST(a_full_disk_is_a_lost_write_even_when_later_ones_succeed))
