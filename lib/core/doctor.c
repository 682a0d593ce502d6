#include "core/doctor.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { PATIENCE_MS = 10000, PORT = 4318, PROCESSES = 64 };

static void
line(struct buf *out, const char *mark, const char *what, const char *text)
{
	buf_addf(out, "%-8s%-20s%s\n", mark, what, text);
}

/* The first event of a sandbox; -1 when none comes. */
static int
first_event(struct sandbox *s, struct sandbox_event *ev, struct err *e)
{
	struct pollfd p = {sandbox_fd(s), POLLIN, 0};
	int got = 0;

	while (!got) {
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return err_set(e, "the cleanroom gives no answer");
		got = sandbox_event(s, ev, e);
	}
	return got > 0 ? 0 : -1;
}

static int
look(struct sandbox_spawner *sp, const char *root, enum sandbox_level level,
    struct sandbox_event *ev, struct err *e)
{
	static const uint16_t port[] = {PORT};
	struct sandbox_plan plan = {.level = level,
	    .project = root,
	    .processes = PROCESSES,
	    .port = port,
	    .ports = COUNT(port)};
	struct sandbox *s = sandbox_new(sp, &plan, e);
	int got;

	if (!s)
		return -1;
	got = first_event(s, ev, e);
	if (!got && ev->kind == SANDBOX_READY)
		for (size_t i = 0; i < ev->listeners; i++)
			close(ev->listener[i].fd);
	else if (!got && ev->kind == SANDBOX_FAILED)
		got = 1;
	sandbox_del(s);
	return got;
}

/* What is less than asked for; what holds no limit says why. */
static void
say_notes(const struct sandbox_event *ev, struct buf *out)
{
	static const char limit[] = "processes: ";

	for (const char *s = ev->notes; *s;) {
		size_t n = strcspn(s, "\n");
		bool is_limit = !strncmp(s, limit, strlen(limit));
		size_t skip = is_limit ? strlen(limit) : 0;

		buf_addf(out, "%-8s%-20s%.*s\n", is_limit ? "missing" : "note",
		    is_limit ? "limits.processes" : "", (int)(n - skip),
		    s + skip);
		s += n + (s[n] == '\n');
	}
}

static int
say_limits(const struct sandbox_event *ev, struct buf *out)
{
	AUTO_BUF text = BUF_INIT;

	if (!*ev->processes_by)
		return 1;
	buf_addf(&text, "by %s", ev->processes_by);
	line(out, "ok", "limits.processes", text.s);
	return 0;
}

int
doctor_look(struct sandbox_spawner *sp, const char *root, struct buf *out,
    struct err *e)
{
	struct sandbox_event ev = {0};
	int got = look(sp, root, SANDBOX_FULL, &ev, e), missing = 0;

	if (got < 0)
		return -1;
	if (!got) {
		line(out, "ok", "isolation: full",
		    "own users, mounts, processes, network, ipc, hostname");
	} else {
		buf_addf(out, "%-8s%-20s%s%s%s\n", "missing", "isolation: full",
		    ev.what, ev.error ? ": " : "",
		    ev.error ? strerror(ev.error) : "");
		line(out, "", "", ev.hint);
		missing++;
		got = look(sp, root, SANDBOX_PROCESS, &ev, e);
		if (got)
			return got < 0 ? -1 : err_set(e, "%s:", ev.what);
		line(out, "ok", "isolation: process",
		    "own process tree, HOME, TMPDIR, environment; for tests "
		    "that accept it, or --allow-degraded");
	}
	missing += say_limits(&ev, out);
	line(out, "ok", "spans", "a listener for OTLP over HTTP waits inside");
	say_notes(&ev, out);
	return missing;
}
