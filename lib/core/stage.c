#include "core/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "core/runs.h"

static void
start(struct stage *s, const char *name, struct out *out)
{
	*s = (struct stage){
	    .name = name, .out = out, .start_ns = clock_mono_ns()};
}

void
stage_source(
    struct stage *s, const char *name, struct out *out, char *const argv[])
{
	uint64_t run = 0;
	char id[17];

	start(s, name, out);
	if (getrandom(&run, sizeof run, 0) != sizeof run)
		run = (uint64_t)clock_wall_ns();
	snprintf(id, sizeof id, "%016llx", (unsigned long long)run);
	AUTO_JSON j = stage_record(s, "begin");
	json_int(&j, "v", RECORD_VERSION);
	json_str(&j, "run", id);
	json_open(&j, "argv", '[');
	for (; *argv; argv++)
		json_str(&j, NULL, *argv);
	json_close(&j, ']');
	stage_put(s, &j);
}

int
stage_input(const struct cli *tool, char **operand)
{
	AUTO_BUF run = BUF_INIT;
	struct err e = {0};
	int fd = 0;

	if (*operand && operand[1])
		die(EXIT_INPUT, "one stream at a time; cat joins several");
	if (*operand && strcmp(*operand, "-")) {
		if (runs_find(*operand, &run, &e) < 0)
			die(EXIT_INPUT, "%s", e.text);
		fd = open(run.len ? run.s : *operand, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(EXIT_INPUT, "%s: %s", *operand, strerror(errno));
	}
	if (isatty(fd))
		cli_misuse(tool);
	return fd;
}

void
stage_filter(
    struct stage *s, const char *name, struct out *out, int fd, bool loose)
{
	start(s, name, out);
	s->has_input = true;
	s->is_loose = loose;
	ndjson_open(&s->in, fd, "-");
}

void
stage_measure(struct stage *s)
{
	s->metrics = metrics_new();
}

static void
see(struct metrics *m, const struct json *j)
{
	AUTO_BUF text = BUF_INIT;

	buf_addf(&text, "%s}", j->text.s);
	metric_see(m, text.s, text.len);
}

struct json
stage_record(struct stage *s, const char *type)
{
	s->records++;
	return record_begin(type);
}

void
stage_put(struct stage *s, struct json *j)
{
	if (s->metrics)
		see(s->metrics, j);
	record_end(j, s->out);
	if (s->hear)
		s->hear(s->hear_arg, j->text.s, j->text.len);
}

void
stage_status(struct stage *s, int status)
{
	s->status = exit_worse(s->status, status);
}

static void
place(struct json *j, const char *key, unsigned at)
{
	if (at)
		json_int(j, key, at);
	else
		json_null(j, key);
}

void
stage_diagnose(struct stage *s, const char *source, const char *severity,
    const char *code, const struct err *e)
{
	AUTO_JSON j = stage_record(s, "diagnostic");

	json_str(&j, "stage", s->name);
	json_str(&j, "source", source);
	json_str(&j, "severity", severity);
	json_str(&j, "code", code);
	json_str(&j, "message", err_message(e));
	place(&j, "line", e->line);
	place(&j, "column", e->column);
	json_null(&j, "end_line");
	json_null(&j, "end_column");
	json_str(&j, "hint", *e->hint ? e->hint : NULL);
	stage_put(s, &j);
}

static void
malformed(struct stage *s, const char *code, struct err *e)
{
	stage_diagnose(s, s->in.name, "error", code, e);
	stage_status(s, EXIT_INPUT);
}

/* A stream of a newer version may mean other things by the same words. */
static void
check_version(struct stage *s, const struct record *r)
{
	AUTO_ARENA a = {0};
	int64_t v = value_int_or(value_get(record_value(r, &a), "v"), 0);
	struct err e = {0};

	if (v <= RECORD_VERSION)
		return;
	err_at(&e, NULL, (unsigned)r->number, 1,
	    "records of version %lld; this program knows %d", (long long)v,
	    RECORD_VERSION);
	malformed(s, "E503", &e);
}

int
stage_pull(struct stage *s, struct record *r)
{
	const char *line;
	struct err e;
	size_t len;
	int got;

	for (;;) {
		err_reset(&e);
		got = ndjson_pull(&s->in, &line, &len, &e);
		if (!got)
			return 0;
		r->number = s->in.line;
		s->last_was_end = false;
		if (got == 2) {
			malformed(s, "E504", &e);
			continue;
		}
		if (record_read(line, len, r, &e) < 0) {
			e.line = (unsigned)s->in.line;
			malformed(s, "E502", &e);
			continue;
		}
		s->last_was_end = r->type == RECORD_END;
		if (r->type == RECORD_BEGIN)
			check_version(s, r);
		return 1;
	}
}

void
stage_check_cut(struct stage *s)
{
	struct err e = {0};

	if (s->last_was_end || s->is_loose)
		return;
	if (s->in.line || s->in.is_skipping)
		err_set(&e,
		    "the stream into %s was cut: its last record is no "
		    "\"end\"",
		    s->name);
	else
		err_set(&e, "the stream into %s is empty", s->name);
	err_hint(&e, "a stage before it died; --loose takes a stream that was "
		     "cut by hand");
	stage_diagnose(s, NULL, "error", "E501", &e);
	stage_status(s, EXIT_RUN);
}

/*
 * Wait for input. A reader that has gone is known only by asking, since we
 * may have nothing to write for long: then nobody wants what would come.
 */
static bool
has_reader(struct stage *s)
{
	struct pollfd p[] = {{s->in.fd, POLLIN, 0}, {s->out->fd, 0, 0}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !(p[1].revents & (POLLERR | POLLHUP));
}

int
stage_fill(struct stage *s)
{
	struct err e = {0};

	if (s->in.is_eof)
		return 0;
	out_flush(s->out);
	if (!has_reader(s)) {
		stage_status(s, 128 + SIGPIPE);
		return -1;
	}
	if (ndjson_fill(&s->in, &e) >= 0)
		return 1;
	malformed(s, "E101", &e);
	return 0;
}

static void
put_metrics(struct stage *s)
{
	struct metrics *m = s->metrics;
	size_t at = 0;
	bool more = m;

	s->metrics = NULL;
	while (more) {
		AUTO_JSON j = record_begin("metric");

		json_str(&j, "stage", s->name);
		more = metric_print(m, &at, &j);
		if (!more)
			break;
		s->records++;
		stage_put(s, &j);
	}
	metrics_del(m);
}

int
stage_next(struct stage *s, struct record *r)
{
	int got;

	while (!stage_pull(s, r)) {
		got = stage_fill(s);
		if (got > 0)
			continue;
		if (!got)
			stage_check_cut(s);
		return 0;
	}
	return 1;
}

int
stage_end(struct stage *s)
{
	AUTO_JSON j = JSON_INIT;

	put_metrics(s);
	j = stage_record(s, "end");
	json_str(&j, "stage", s->name);
	json_int(&j, "status", s->status);
	json_int(&j, "records", (int64_t)s->records);
	json_int(&j, "duration_ns", clock_mono_ns() - s->start_ns);
	stage_put(s, &j);
	if (s->has_input)
		ndjson_free(&s->in);
	return s->status;
}
