#include "core/scenario_int.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"

void
scenario_write_start(struct scenario *s, const char *level)
{
	AUTO_JSON j = stage_record(s->host->stage, "scenario.start");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(
	    &j, "backend", s->host->dock ? s->host->dock->name : "sandbox");
	json_str(&j, "isolation", level);
	json_int(&j, "worker", s->worker);
	json_str(&j, "trace_id", s->trace_id);
	stage_put(s->host->stage, &j);
}

static int64_t
ns(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

static void
write_usage(struct json *j, const struct rusage *u)
{
	json_open(j, "usage", '{');
	json_int(j, "user_ns", ns(u->ru_utime));
	json_int(j, "system_ns", ns(u->ru_stime));
	json_int(j, "max_rss", (int64_t)u->ru_maxrss * 1024);
	json_close(j, '}');
}

/* As a shell would answer, so that `expected_exit_code = 127` can be said. */
static int
exit_of_errno(int error)
{
	return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

static void
write_result(
    struct json *j, const struct step *st, const struct sandbox_event *ev)
{
	if (ev->error)
		json_int(j, "exit_code", exit_of_errno(ev->error));
	else if (WIFEXITED(ev->status))
		json_int(j, "exit_code", WEXITSTATUS(ev->status));
	else
		json_null(j, "exit_code");
	if (!ev->error && WIFSIGNALED(ev->status))
		json_int(j, "signal", WTERMSIG(ev->status));
	else
		json_null(j, "signal");
	json_bool(j, "timed_out", st->is_timed_out);
}

static void
write_streams(struct json *j, const struct step *st)
{
	AUTO_BUF out = BUF_INIT;
	AUTO_BUF err = BUF_INIT;

	capture_text(&st->out->kept, &out);
	capture_text(&st->err->kept, &err);
	json_strn(j, "stdout", out.s, out.len);
	json_strn(j, "stderr", err.s, err.len);
	json_open(j, "truncated", '{');
	json_int(j, "stdout", (int64_t)st->out->kept.dropped);
	json_int(j, "stderr", (int64_t)st->err->kept.dropped);
	json_close(j, '}');
}

static void
write_error(
    struct json *j, const struct step *st, const struct sandbox_event *ev)
{
	const struct scenario *s = st->scenario;
	const struct value *argv = value_get(st->spec, "command");
	const char *program = value_str_or(argv->list.item[0], "?");
	AUTO_BUF text = BUF_INIT;

	if (scenario_is_starved(s, ev)) {
		buf_addf(&text,
		    "killed: out of memory, limits.memory_mb is %lld",
		    (long long)scenario_limit(s, "memory_mb"));
		json_str(j, "error", text.s);
		return;
	}
	if (!ev->error) {
		json_null(j, "error");
		return;
	}
	if (ev->is_cwd)
		buf_addf(&text, "cannot enter workdir %s: %s",
		    value_str_or(value_get(st->spec, "workdir"), "."),
		    strerror(ev->error));
	else
		buf_addf(&text, "cannot start %s: %s", program,
		    ev->error == EACCES && scenario_forbids(s, program)
			? "disallowed by policy"
			: strerror(ev->error));
	json_str(j, "error", text.s);
}

/* As a shell would tell it. */
static int
exit_of(const struct sandbox_event *ev)
{
	if (ev->error)
		return exit_of_errno(ev->error);
	return WIFSIGNALED(ev->status) ? 128 + WTERMSIG(ev->status)
				       : WEXITSTATUS(ev->status);
}

/* src: clnrm-exec(1), Spans. What could not be started was never executed. */
static void
write_span(struct step *st, const struct sandbox_event *ev, bool ok,
    int64_t start_ns, int64_t end_ns)
{
	struct scenario *s = st->scenario;
	AUTO_BUF name = BUF_INIT;
	AUTO_BUF exit = BUF_INIT;
	const char *step = value_str_or(value_get(st->spec, "name"), "");
	const struct value *argv = value_get(st->spec, "command");
	struct trace_event life[3] = {
	    {"container.start", start_ns, "container.id", s->key.id},
	    {"container.exec", start_ns, "process.command",
		value_str_or(argv->list.item[0], "")},
	};
	size_t n = ev->error ? 1 : 2;

	buf_addf(&name, "clnrm.step:%s", step);
	buf_addf(&exit, "%d", exit_of(ev));
	life[n++] =
	    (struct trace_event){"container.stop", end_ns, "exit_code", exit.s};
	trace_write(s->host->stage, &s->key,
	    &(struct trace_span){.trace_id = s->trace_id,
		.span_id = st->span,
		.parent_id = s->span_id,
		.name = name.s,
		.start_ns = start_ns,
		.end_ns = end_ns,
		.is_error = !ok,
		.message = "",
		.key = {"result", "step.name"},
		.value = {ok ? "pass" : "fail", step},
		.event = life,
		.events = n});
}

void
scenario_write_step(struct step *st, const struct sandbox_event *ev, bool ok)
{
	struct scenario *s = st->scenario;
	AUTO_JSON j = stage_record(s->host->stage, "step");
	int64_t to_wall = clock_wall_ns() - clock_mono_ns();

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "step", value_str_or(value_get(st->spec, "name"), ""));
	json_value(&j, "command", value_get(st->spec, "command"));
	write_result(&j, st, ev);
	write_streams(&j, st);
	json_nano(&j, "start_unix_nano", (uint64_t)(ev->start_ns + to_wall));
	json_int(&j, "duration_ns", ev->end_ns - ev->start_ns);
	write_usage(&j, &ev->usage);
	json_int(&j, "index", (int64_t)scenario_step_index(st));
	write_error(&j, st, ev);
	stage_put(s->host->stage, &j);
	write_span(st, ev, ok, ev->start_ns + to_wall, ev->end_ns + to_wall);
}

/* A list of texts, one a line in `lines`. */
static void
write_lines(struct json *j, const char *key, const char *lines)
{
	json_open(j, key, '[');
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		json_strn(j, NULL, lines, n);
		lines += n + (lines[n] == '\n');
	}
	json_close(j, ']');
}

static void
add_lines(struct buf *b, const char *text)
{
	if (*text)
		buf_addf(b, "%s%s", b->len ? "\n" : "", text);
}

static void
write_isolation(struct json *j, const struct scenario *s)
{
	static const char *const missing[SANDBOX_LEVELS] = {
	    "users\nmounts\nprocesses\nnetwork\nipc\nhostname", "network",
	    "proc", ""};
	const struct err *why = &s->host->why[s->level + 1];
	AUTO_BUF notes = BUF_INIT;

	json_open(j, "isolation", '{');
	json_str(
	    j, "level", s->collector ? sandbox_level_name(s->level) : NULL);
	write_lines(j, "missing", missing[s->level]);
	add_lines(&notes, s->ready.ids);
	add_lines(&notes, s->ready.notes);
	if (s->level < SANDBOX_FULL)
		add_lines(&notes, why->text);
	if (s->level < SANDBOX_FULL && *why->hint)
		buf_addf(&notes, "; %s", why->hint);
	scenario_add_policy_notes(s, &notes);
	scenario_add_user_notes(s, &notes);
	scenario_add_clock_notes(s, &notes);
	scenario_add_observe_notes(s, &notes);
	write_lines(j, "notes", notes.s);
	if (s->test->has_reuse)
		scenario_write_reused(s, j);
	json_close(j, '}');
}

static void
write_run_span(struct scenario *s)
{
	bool ok = !strcmp(s->status, "ok");

	trace_write(s->host->stage, &s->key,
	    &(struct trace_span){.trace_id = s->trace_id,
		.span_id = s->span_id,
		.parent_id = "",
		.name = "clnrm.run",
		.start_ns = s->start_unix_ns,
		.end_ns = s->start_unix_ns + clock_mono_ns() - s->start_ns,
		.is_error = !ok,
		.message = ok ? "" : s->status,
		.key = {"result", "test.name"},
		.value = {ok ? "pass" : "fail", s->test->name}});
}

void
scenario_write_end(struct scenario *s)
{
	AUTO_JSON j = JSON_INIT;

	if (s->collector)
		write_run_span(s);
	j = stage_record(s->host->stage, "scenario.end");
	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "status", s->status);
	json_open(&j, "complete", '{');
	json_bool(&j, "processes", s->is_gone && !s->was_killed && !s->leaves);
	json_bool(&j, "connections", s->is_gone && !s->has_connections);
	json_bool(
	    &j, "parents", s->is_gone && collector_parents_found(s->collector));
	json_close(&j, '}');
	write_isolation(&j, s);
	scenario_write_enforced(s, &j);
	if (s->host->observe)
		json_bool(&j, "inputs_whole", s->inputs_whole);
	if (*s->replay_key) {
		json_open(&j, "cache", '{');
		json_str(&j, "key", s->replay_key);
		json_bool(&j, "unchanged", s->is_unchanged);
		json_str(&j, "unstored", scenario_unstored(s));
		json_close(&j, '}');
	}
	json_bool(&j, "cached", false);
	json_int(&j, "duration_ns", clock_mono_ns() - s->start_ns);
	write_usage(&j, &s->usage);
	stage_put(s->host->stage, &j);
}
