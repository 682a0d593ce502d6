#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/scenario_int.h"

void
scenario_close_stream(struct scenario_stream *st)
{
	if (st->fd < 0)
		return;
	if (st->scenario)
		loop_drop(st->scenario->host->loop, st->fd);
	close(st->fd);
	st->fd = -1;
	collector_log_del(st->log);
	st->log = NULL;
}

/* The bytes that came; 0 when it would block, -1 at the end. */
static ssize_t
read_stream(struct scenario_stream *st)
{
	char chunk[64 << 10];
	ssize_t n = read(st->fd, chunk, sizeof chunk);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		scenario_close_stream(st);
		return -1;
	}
	if (!st->is_over)
		capture_add(&st->kept, chunk, (size_t)n);
	if (st->log)
		collector_log_feed(st->log, chunk, (size_t)n);
	if (st->service)
		scenario_service_log(st->service, st->is_err, chunk, (size_t)n);
	return n;
}

static void
on_stream(void *arg, int events)
{
	(void)events;
	read_stream(arg);
}

void
scenario_join_stream(struct scenario *s, struct scenario_stream *st)
{
	st->scenario = s;
	st->next = s->streams;
	s->streams = st;
	if (st->fd >= 0)
		loop_add(s->host->loop, st->fd, POLLIN, on_stream, st);
}

struct scenario_stream *
scenario_open_stream(struct scenario *s, int *far, struct err *e)
{
	struct scenario_stream *st;
	int64_t limit;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0) {
		err_set(e, "no pipe for the output:");
		return NULL;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	/* /dev/stdout and /dev/stderr are opened anew, by whoever is inside. */
	fchmod(pair[1], 0222);
	st = mem_new(1, sizeof *st);
	st->fd = pair[0];
	limit = scenario_limit(s, "output_bytes");
	capture_open(&st->kept, limit > 0 ? (size_t)limit : s->host->capture);
	scenario_join_stream(s, st);
	*far = pair[1];
	return st;
}

static void
take_pending(struct scenario_stream *st)
{
	int left = 0;

	/* A child in the background may write faster than we read. */
	if (st->fd >= 0)
		ioctl(st->fd, FIONREAD, &left);
	while (left > 0) {
		ssize_t n = read_stream(st);

		if (n <= 0)
			break;
		left -= (int)n;
	}
}

void
scenario_take_rest(struct scenario_stream *st)
{
	take_pending(st);
	st->is_over = true;
}

void
scenario_part_stream(struct scenario_stream *st)
{
	struct scenario_stream **at = &st->scenario->streams;

	take_pending(st);
	while (*at != st)
		at = &(*at)->next;
	*at = st->next;
	if (st->fd >= 0)
		loop_drop(st->scenario->host->loop, st->fd);
	st->scenario = NULL;
	st->service = NULL;
}

void
scenario_free_stream(struct scenario_stream *st)
{
	if (!st)
		return;
	scenario_close_stream(st);
	capture_free(&st->kept);
	free(st);
}

void
scenario_end_streams(struct scenario *s)
{
	for (struct scenario_stream *st = s->streams; st; st = st->next) {
		if (st->log || st->service)
			scenario_take_rest(st);
		scenario_close_stream(st);
	}
}

bool
scenario_prints_spans(const struct scenario *s)
{
	const struct value *exporter =
	    value_find(s->test->plan, "otel.exporter");

	return !strcasecmp(value_str_or(exporter, ""), "stdout");
}
