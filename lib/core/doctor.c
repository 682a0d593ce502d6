#include "core/doctor.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { PATIENCE_MS = 10000, PORT = 4318, PROCESSES = 64 };

void
doctor_line(
    struct buf *out, const char *mark, const char *what, const char *text)
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

/* What each level has, for a person. */
static const char *const has[SANDBOX_LEVELS] = {
    [SANDBOX_FULL] = "own users, mounts, processes, network, ipc, hostname",
    [SANDBOX_NO_PROC] = "own users, mounts, network, ipc, hostname; /proc is "
			"the machine's",
    [SANDBOX_NO_NET] = "own users, mounts, processes, ipc, hostname; the "
		       "network is the machine's",
    [SANDBOX_PROCESS] = "own process tree, HOME, TMPDIR, environment; for "
			"tests that accept it, or --allow-degraded",
};

static int
look(struct sandbox_spawner *sp, const char *root, enum sandbox_level level,
    struct sandbox_event *ev, struct err *e)
{
	static const uint16_t port[] = {PORT};
	struct sandbox_plan plan = {.level = level,
	    .project = root,
	    .limit = {[SANDBOX_PROCESSES] = PROCESSES},
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

	if (!*ev->held_by[SANDBOX_PROCESSES])
		return 1;
	buf_addf(&text, "by %s", ev->held_by[SANDBOX_PROCESSES]);
	doctor_line(out, "ok", "limits.processes", text.s);
	return 0;
}

static void
say_level(struct buf *out, const char *mark, enum sandbox_level level,
    const char *text)
{
	char what[32];

	snprintf(what, sizeof what, "isolation: %s", sandbox_level_name(level));
	doctor_line(out, mark, what, text);
}

static void
say_refusal(
    struct buf *out, enum sandbox_level level, const struct sandbox_event *ev)
{
	AUTO_BUF why = BUF_INIT;

	buf_addf(&why, "%s%s%s", ev->what, ev->error ? ": " : "",
	    ev->error ? strerror(ev->error) : "");
	say_level(out, "missing", level, why.s);
	doctor_line(out, "", "", ev->hint);
}

int
doctor_look(struct sandbox_spawner *sp, const char *root, struct buf *out,
    struct err *e)
{
	enum sandbox_level level = SANDBOX_FULL;
	struct sandbox_event ev = {0};
	int got, missing = 0;

	while ((got = look(sp, root, level, &ev, e)) > 0) {
		if (level == SANDBOX_PROCESS)
			return err_set(e, "%s:", ev.what);
		say_refusal(out, level--, &ev);
		missing++;
	}
	if (got < 0)
		return -1;
	say_level(out, "ok", level, has[level]);
	missing += say_limits(&ev, out);
	doctor_line(
	    out, "ok", "spans", "a listener for OTLP over HTTP waits inside");
	if (*ev.ids)
		doctor_line(out, "note", "", ev.ids);
	say_notes(&ev, out);
	return missing;
}
