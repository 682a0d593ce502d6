/* When is a service ready? One check after the other, tried again and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/scenario_service.h"

enum { MS = 1000000, FIRST_MS = 5, MOST_MS = 100, TRY_MS = 1000 };
enum { ANSWER = 4096 }; /* bytes of one, for its first line */

static void try_now(void *arg);

static const struct value *
ready(const struct service *v)
{
	return value_get(v->spec, "ready");
}

static struct loop *
loop(const struct service *v)
{
	return v->scenario->host->loop;
}

static void
drop_http(struct service *v)
{
	struct service_probe *p = &v->probe;

	if (p->fd >= 0)
		loop_drop(loop(v), p->fd);
	fd_close(&p->fd);
	buf_reset(&p->answer);
}

void
scenario_probe_stop(struct service *v)
{
	loop_cancel(loop(v), v->probe.timer);
	loop_cancel(loop(v), v->probe.try_timer);
	v->probe.timer = v->probe.try_timer = 0;
	v->probe.is_begun = false;
	drop_http(v);
}

static bool
is_at(const struct service *v, enum service_check check)
{
	return v->state == SERVICE_STARTING && v->probe.at == check &&
	       v->probe.is_begun;
}

/* ---- what comes of a try */

static void
try_later(struct service *v)
{
	int64_t most = value_int_or(value_get(ready(v), "interval_ms"), 0) * MS;
	struct service_probe *p = &v->probe;

	scenario_probe_stop(v);
	if (most)
		p->wait_ns = most;
	p->timer = loop_at(loop(v), clock_mono_ns() + p->wait_ns, try_now, v);
	p->wait_ns =
	    p->wait_ns * 2 < MOST_MS * MS ? p->wait_ns * 2 : MOST_MS * MS;
}

static void
failed(struct service *v, const char *what, const char *why)
{
	snprintf(v->probe.last, sizeof v->probe.last, "%s: %s", what, why);
	try_later(v);
}

static void
held(struct service *v)
{
	scenario_probe_stop(v);
	v->probe.at++;
	v->probe.last[0] = 0;
	v->probe.wait_ns = FIRST_MS * MS;
	try_now(v);
}

/* ---- ports */

static const struct value *
ports(const struct service *v)
{
	return value_get(ready(v), "tcp");
}

static void
try_tcp(struct service *v)
{
	struct err e = {0};
	int64_t port;

	if (v->probe.port == value_count(ports(v))) {
		held(v);
		return;
	}
	port = value_int_or(ports(v)->list.item[v->probe.port], 0);
	v->probe.is_begun = true;
	if (sandbox_dial(v->scenario->sandbox, v->id + 1, (uint16_t)port, &e) <
	    0)
		failed(v, "tcp", e.text);
}

static void
tcp_dialed(struct service *v, const struct sandbox_event *ev)
{
	char what[32];

	if (ev->fd >= 0) {
		v->probe.port++;
		try_tcp(v);
		return;
	}
	snprintf(what, sizeof what, "port %lld",
	    (long long)value_int_or(ports(v)->list.item[v->probe.port], 0));
	failed(v, what, strerror(ev->error));
}

/* ---- HTTP */

/* http://HOST[:PORT][/PATH]: the host is the cleanroom, whatever its name. */
static long
split_url(const char *url, const char **path, int *host_len)
{
	const char *host = url + strlen("http://");
	size_t n = strcspn(host, "/"), name = strcspn(host, ":/");

	*path = host[n] ? host + n : "/";
	*host_len = (int)n;
	return host[name] == ':' ? strtol(host + name + 1, NULL, 10) : 80;
}

static void
try_http(struct service *v)
{
	const char *url = value_str_or(value_get(ready(v), "http"), NULL);
	struct err e = {0};
	const char *path;
	int len;

	if (!url) {
		held(v);
		return;
	}
	v->probe.is_begun = true;
	if (sandbox_dial(v->scenario->sandbox, v->id + 1,
		(uint16_t)split_url(url, &path, &len), &e) < 0)
		failed(v, url, e.text);
}

static void
on_answer(void *arg, int events)
{
	struct service *v = arg;
	struct buf *b = &v->probe.answer;
	const char *url = value_str_or(value_get(ready(v), "http"), "");
	ssize_t n = read(v->probe.fd, buf_room(b, ANSWER), ANSWER);
	int status = 0;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		b->s[b->len += (size_t)n] = 0;
	if (sscanf(b->s, "HTTP/%*s %3d", &status) == 1 && status >= 100) {
		char word[32];

		snprintf(word, sizeof word, "status %d", status);
		if (status < 400)
			held(v);
		else
			failed(v, url, word);
	} else if (n <= 0 || b->len > ANSWER) {
		failed(v, url, "no answer of HTTP");
	}
}

static void
on_slow(void *arg)
{
	struct service *v = arg;

	v->probe.try_timer = 0;
	failed(v, value_str_or(value_get(ready(v), "http"), ""),
	    "no answer in a second");
}

static void
http_dialed(struct service *v, const struct sandbox_event *ev)
{
	const char *url = value_str_or(value_get(ready(v), "http"), ""), *path;
	struct service_probe *p = &v->probe;
	AUTO_BUF ask = BUF_INIT;
	int len;

	if (ev->fd < 0) {
		failed(v, url, strerror(ev->error));
		return;
	}
	split_url(url, &path, &len);
	buf_addf(&ask,
	    "GET %s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: clnrm\r\n"
	    "Accept: */*\r\nConnection: close\r\n\r\n",
	    path, len, url + strlen("http://"));
	p->fd = dup(ev->fd);
	if (p->fd < 0 ||
	    send(p->fd, ask.s, ask.len, MSG_NOSIGNAL) != (ssize_t)ask.len) {
		failed(v, url, strerror(errno));
		return;
	}
	loop_add(loop(v), p->fd, POLLIN, on_answer, v);
	p->try_timer =
	    loop_at(loop(v), clock_mono_ns() + TRY_MS * MS, on_slow, v);
}

void
scenario_probe_dialed(struct service *v, const struct sandbox_event *ev)
{
	int fd = ev->fd;

	if (is_at(v, CHECK_TCP))
		tcp_dialed(v, ev);
	else if (is_at(v, CHECK_HTTP))
		http_dialed(v, ev);
	fd_close(&fd);
}

/* ---- a command */

static void
on_try_limit(void *arg)
{
	struct service *v = arg;
	struct err e = {0};

	v->probe.try_timer = 0;
	sandbox_signal(scenario_service_sandbox(v), v->id + 1, SIGKILL, &e);
}

static void
try_command(struct service *v)
{
	const struct value *command = value_get(ready(v), "command");
	int64_t most = value_int_or(value_get(ready(v), "try_ms"), 0);
	struct scenario *s = v->scenario;
	struct sandbox_step step = {
	    .id = v->id + 1, .room = v->room, .in = -1, .out = -1, .err = -1};
	struct err e = {0};

	if (!value_count(command)) {
		held(v);
		return;
	}
	step.argv = scenario_arguments(s, command);
	step.env = world_environ(&s->arena, &s->world, "",
	    scenario_service_env(v, v->user, value_get(v->spec, "env")));
	scenario_become(s, v->user, &step);
	v->probe.is_begun = true;
	if (sandbox_run(scenario_service_sandbox(v), &step, &e) < 0)
		failed(v, "ready.command", e.text);
	else if (most)
		v->probe.try_timer = loop_at(
		    loop(v), clock_mono_ns() + most * MS, on_try_limit, v);
}

void
scenario_probe_ran(struct service *v, const struct sandbox_event *ev)
{
	char why[64] = "killed";

	if (!is_at(v, CHECK_COMMAND))
		return;
	if (ev->error)
		snprintf(why, sizeof why, "%.60s", strerror(ev->error));
	else if (WIFEXITED(ev->status))
		snprintf(
		    why, sizeof why, "ended with %d", WEXITSTATUS(ev->status));
	if (!ev->error && WIFEXITED(ev->status) && !WEXITSTATUS(ev->status))
		held(v);
	else
		failed(v, "its command", why);
}

/* ---- what is printed, and what is emitted */

static void
try_seen(struct service *v, bool has_it, const char *key, const char *why)
{
	const char *wanted = value_str_or(value_get(ready(v), key), NULL);

	v->probe.is_begun = true;
	if (!wanted || has_it)
		held(v);
	else
		snprintf(v->probe.last, sizeof v->probe.last, "%s %.100s", why,
		    wanted);
}

void
scenario_probe_log(struct service *v, const char *line, size_t n)
{
	struct service_probe *p = &v->probe;

	if (!p->log || match_find(p->log, line, n, NULL, NULL) != 1)
		return;
	p->has_log = true;
	if (is_at(v, CHECK_LOG))
		held(v);
}

void
scenario_probe_span(struct service *v, const char *name, size_t n)
{
	struct service_probe *p = &v->probe;

	if (!p->span || match_find(p->span, name, n, NULL, NULL) != 1)
		return;
	p->has_span = true;
	if (is_at(v, CHECK_SPAN))
		held(v);
}

/* ---- all of it */

static void
try_now(void *arg)
{
	struct service *v = arg;

	v->probe.timer = 0;
	switch (v->probe.at) {
	case CHECK_LOG:
		try_seen(v, v->probe.has_log, "log", "it has not printed");
		break;
	case CHECK_TCP:
		try_tcp(v);
		break;
	case CHECK_HTTP:
		try_http(v);
		break;
	case CHECK_COMMAND:
		try_command(v);
		break;
	case CHECK_SPAN:
		try_seen(v, v->probe.has_span, "span", "no span of the name");
		break;
	case CHECKS:
		scenario_service_ready(v);
	}
}

static struct match *
compile(const struct service *v, const char *key, enum match_kind kind)
{
	const struct value *pattern = value_get(ready(v), key);

	return pattern && pattern->kind == VALUE_STR
		 ? match_compile(
		       kind, pattern->str.s, pattern->str.len, NULL, NULL)
		 : NULL;
}

void
scenario_probe_begin(struct service *v)
{
	struct service_probe *p = &v->probe;

	p->wait_ns = FIRST_MS * MS;
	p->log = compile(v, "log", MATCH_REGEX);
	p->span = compile(v, "span", MATCH_GLOB);
	/* Not from here: what begins it is still at its list of services. */
	p->timer = loop_at(loop(v), clock_mono_ns(), try_now, v);
}
