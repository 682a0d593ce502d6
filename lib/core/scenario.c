#include "core/scenario_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/project.h"
#include "data/json.h"

enum { OTLP_PORT = 4318, GRPC_PORT = 4317 };

static void on_sandbox(void *arg, int events);
static void begin(struct scenario *s);

const struct test *
scenario_test(const struct scenario *s)
{
	return s->test;
}

bool
scenario_is_over(const struct scenario *s)
{
	return s->phase == SCENARIO_ENDED;
}

int64_t
scenario_used(const struct scenario *s, struct rusage *usage)
{
	*usage = s->usage;
	return clock_mono_ns() - s->start_ns;
}

static struct stage *
stage(const struct scenario *s)
{
	return s->host->stage;
}

/* The worst thing that happened stays. */
void
scenario_set_status(struct scenario *s, const char *status)
{
	if (!strcmp(s->status, "ok") || !strcmp(status, "error"))
		s->status = status;
}

static void
drop_sandbox(struct scenario *s)
{
	if (!s->sandbox)
		return;
	loop_drop(s->host->loop, sandbox_fd(s->sandbox));
	sandbox_del(s->sandbox);
	s->sandbox = NULL;
}

static void
cancel_timers(struct scenario *s)
{
	struct loop *l = s->host->loop;

	loop_cancel(l, s->timer);
	scenario_forget_steps(s);
}

static void
end(struct scenario *s)
{
	s->phase = SCENARIO_ENDED;
	cancel_timers(s);
	if (s->is_cancelled)
		s->status = "cancelled";
	scenario_end_streams(s);
	scenario_end_services(s);
	scenario_write_artifacts(s);
	scenario_write_inputs(s);
	scenario_write_end(s);
	scenario_store(s);
	drop_sandbox(s);
}

void
scenario_refuse(
    struct scenario *s, const char *code, int status, const struct err *e)
{
	stage_diagnose(stage(s), s->key.source, "error", code, e);
	stage_status(stage(s), status);
	s->status = "error";
	end(s);
}

static void
fail_at_once(
    struct scenario *s, const char *code, int status, const struct err *e)
{
	scenario_write_start(s, NULL);
	scenario_refuse(s, code, status, e);
}

void
scenario_finish(struct scenario *s)
{
	struct err e = {0};

	if (scenario_collect(s))
		return;
	s->phase = SCENARIO_FINISHING;
	if (sandbox_finish(s->sandbox, 0, s->grace_ns, &e) < 0)
		scenario_refuse(s, "E401", EXIT_RUN, &e);
}

static void
on_timeout(void *arg)
{
	struct scenario *s = arg;
	struct err e = {0};

	s->timer = 0;
	scenario_set_status(s, "timeout");
	if (s->running) {
		scenario_time_out_steps(s);
	} else if (s->phase == SCENARIO_SERVING) {
		scenario_finish(s);
	} else if (s->phase == SCENARIO_BUILDING) {
		err_set(
		    &e, "the cleanroom of %s was not ready in time", s->name);
		scenario_write_start(s, NULL);
		scenario_refuse(s, "E401", EXIT_RUN, &e);
	}
}

uint64_t
scenario_timer(struct scenario *s, const struct value *ms, int64_t otherwise_ns,
    void (*fn)(void *arg), void *arg)
{
	int64_t wait_ns = value_int_or(ms, -1);

	wait_ns = wait_ns < 0 ? otherwise_ns : wait_ns * 1000000;
	if (wait_ns <= 0)
		return 0;
	return loop_at(s->host->loop, clock_mono_ns() + wait_ns, fn, arg);
}

char **
scenario_arguments(struct scenario *s, const struct value *list)
{
	char **argv =
	    arena_alloc(&s->arena, (value_count(list) + 1) * sizeof *argv);

	for (size_t i = 0; i < value_count(list); i++)
		argv[i] = (char *)value_str_or(list->list.item[i], "");
	return argv;
}

/* The clock is seen to: services, then steps. */
static void
serve(struct scenario *s)
{
	s->phase = SCENARIO_SERVING;
	scenario_serve(s);
}

void
scenario_served(struct scenario *s)
{
	scenario_step_on(s);
}

/* The port that was got for the one asked for. */
static uint16_t
port_of(const struct sandbox_event *ready, uint16_t asked)
{
	for (size_t i = 0; i < ready->listeners; i++)
		if (ready->listener[i].asked == asked)
			return ready->listener[i].got;
	return 0;
}

static const char *
protocol_of(const struct value *otel)
{
	static const char *const known[] = {"grpc", "http/json"};
	const char *asked = value_str_or(value_get(otel, "protocol"), "");

	if (!strcasecmp(
		value_str_or(value_get(otel, "exporter"), ""), "otlp-grpc"))
		asked = "grpc";
	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcasecmp(asked, known[i]))
			return known[i];
	return "http/protobuf";
}

static void
make_world(struct scenario *s)
{
	const struct value *plan = s->test->plan;
	const struct sandbox_event *ready = &s->ready;
	const char *protocol = protocol_of(value_get(plan, "otel"));

	s->world = (struct world){
	    .test = s->test->name,
	    .scenario = s->name,
	    .home = ready->home,
	    .tmpdir = ready->tmpdir,
	    .run_id = s->id,
	    .service_name = value_str_or(
		value_find(plan, "otel.service_name"), s->test->name),
	    .protocol = protocol,
	    .port = port_of(
		ready, strcmp(protocol, "grpc") ? OTLP_PORT : GRPC_PORT),
	    .prints_spans = scenario_prints_spans(s),
	    .otel = value_get(plan, "otel"),
	    .pass = value_get(plan, "pass_env"),
	};
}

static void
place_clock(struct scenario *s)
{
	struct err e = {0};

	s->phase = SCENARIO_PLACING;
	if (scenario_place_clock(s, &e) < 0)
		scenario_refuse(s, "E401", EXIT_RUN, &e);
}

static void
on_clock_placed(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};

	if (scenario_clock_placed(s, ev, &e) < 0)
		scenario_refuse(s, "E401", EXIT_RUN, &e);
	else if (strcmp(s->status, "ok") != 0)
		scenario_finish(s);
	else if (s->placed++ < s->rooms)
		place_clock(s);
	else
		serve(s);
}

static void
on_span(void *arg, const char *span, size_t n)
{
	struct scenario *s = arg;
	const char *name;
	size_t len;

	scenario_keep_span(s, span, n);
	if (!json_peek(span, n, "name", &name, &len, NULL) && name)
		scenario_service_span(s, name, len);
}

static void
make_collector(struct scenario *s)
{
	s->collector = collector_new(
	    s->host->loop, &(struct collector_config){.stage = stage(s),
			       .key = s->key,
			       .trace_id = s->trace_id,
			       .parent_id = s->span_id,
			       .run_id = s->id,
			       .trusts_listener = s->level >= SANDBOX_NO_PROC &&
						  !s->world.preload &&
						  !scenario_has_host_net(s),
			       .from_unix_nano = s->start_unix_ns,
			       .earlier = s->host->earlier,
			       .drops_signals = true,
			       .on_span = on_span,
			       .arg = s});
	for (size_t i = 0; i < s->ready.listeners; i++)
		collector_listen(s->collector, s->ready.listener[i].fd,
		    s->ready.listener[i].asked == GRPC_PORT ? COLLECTOR_GRPC
							    : COLLECTOR_HTTP);
}

static void
on_ready(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};
	bool is_time;

	s->ready = *ev;
	scenario_watch(s);
	scenario_begin_store(s);
	scenario_write_start(s, sandbox_level_name(s->level));
	make_world(s);
	is_time = !scenario_set_clock(s, &e);
	make_collector(s);
	if (!is_time)
		scenario_refuse(s, "E304", EXIT_INPUT, &e);
	else if (scenario_check_limits(s, &e) < 0)
		scenario_refuse(s, "E403", EXIT_RUN, &e);
	else if (s->world.preload)
		place_clock(s);
	else
		serve(s);
}

/* The least that will do. */
static int
least_level(const struct scenario *s)
{
	return s->host->allow_degraded
		 ? SANDBOX_PROCESS
		 : sandbox_level_of(
		       value_str_or(value_get(s->spec, "isolation"), "full"));
}

static int
build(struct scenario *s, struct err *e)
{
	static const uint16_t ports[] = {OTLP_PORT, GRPC_PORT};
	AUTO_BUF root = BUF_INIT;
	struct sandbox_event ready;
	bool is_ready = false;
	struct sandbox_plan plan = {
	    .level = s->level,
	    .limit = {[SANDBOX_PROCESSES] = scenario_asked(s, "processes"),
		[SANDBOX_MEMORY] = scenario_limit(s, "memory_mb") << 20,
		[SANDBOX_CPU] = scenario_limit(s, "cpu_millicores")},
	    .open_files = scenario_limit(s, "open_files"),
	    .disk_bytes = scenario_limit(s, "disk_mb") << 20,
	    .port = ports,
	    .ports = COUNT(ports),
	    .is_observed = s->host->observe,
	};

	if (project_root(s->key.source, s->host->root, &root, e) < 0)
		return -1;
	plan.project = s->project = arena_str(&s->arena, root.s);
	scenario_plan_rooms(s, &plan);
	scenario_plan_policy(s, &plan);
	if (scenario_choose_root(s, &plan, e) < 0)
		return -1;
	s->sandbox = pool_take(s->host->pool, &plan, &ready, &is_ready);
	if (!s->sandbox)
		s->sandbox = sandbox_new(s->host->spawner, &plan, e);
	if (!s->sandbox)
		return -1;
	loop_add(s->host->loop, sandbox_fd(s->sandbox), POLLIN, on_sandbox, s);
	if (is_ready)
		on_ready(s, &ready);
	return 0;
}

static void
explain_failure(
    enum sandbox_level level, const struct sandbox_event *ev, struct err *e)
{
	err_set(e, "no %s isolation on this machine: %s%s%s",
	    sandbox_level_name(level), ev->what, ev->error ? ": " : "",
	    ev->error ? strerror(ev->error) : "");
	err_hint(e, "%s", ev->hint);
}

/* The level that the test wants is not to be had. */
static void
fail_below(struct scenario *s)
{
	const struct err *why = &s->host->why[least_level(s)];
	struct err e = *why;

	err_hint(&e, "%s%s--allow-degraded runs it without", why->hint,
	    *why->hint ? "; " : "");
	fail_at_once(s, "E402", EXIT_RUN, &e);
}

/* An engine has no lower level; it may fail at any time. */
static void
on_engine_failed(struct scenario *s, const struct err *e)
{
	if (s->phase == SCENARIO_BUILDING)
		scenario_write_start(s, NULL);
	scenario_refuse(s, "E401", EXIT_RUN, e);
}

static void
on_failed(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};

	drop_sandbox(s);
	if (s->host->dock) {
		err_set(&e, "%s", ev->what);
		if (*ev->hint)
			err_hint(&e, "%s", ev->hint);
		on_engine_failed(s, &e);
		return;
	}
	if (s->level > SANDBOX_PROCESS) {
		explain_failure(s->level, ev, &s->host->why[s->level]);
		/* Another may have come further down meanwhile. */
		if (s->host->refused < SANDBOX_LEVELS - (int)s->level)
			s->host->refused = SANDBOX_LEVELS - (int)s->level;
		begin(s);
		return;
	}
	err_set(&e, "%s: %s", ev->what, strerror(ev->error));
	err_hint(&e, "%s", ev->hint);
	fail_at_once(s, "E402", EXIT_RUN, &e);
}

static void
on_gone(struct scenario *s, const struct sandbox_event *ev)
{
	s->is_gone = true;
	s->was_killed = ev->gone == SANDBOX_GONE_KILL;
	/* Their ends of the connections are closed: what is left is all. */
	s->has_connections = collector_drain(s->collector) > 0;
	end(s);
}

static void
on_lost(struct scenario *s, const char *what)
{
	struct err e = {0};

	err_set(&e, "the cleanroom of %s died: %s", s->name, what);
	if (s->phase == SCENARIO_BUILDING)
		scenario_write_start(s, NULL);
	scenario_refuse(s, "E401", EXIT_RUN, &e);
}

static void
on_event(struct scenario *s, const struct sandbox_event *ev)
{
	switch (ev->kind) {
	case SANDBOX_READY:
		on_ready(s, ev);
		break;
	case SANDBOX_FAILED:
		on_failed(s, ev);
		break;
	case SANDBOX_STEP_DONE:
		if (scenario_service_event(s, ev))
			break;
		if (s->phase == SCENARIO_PLACING)
			on_clock_placed(s, ev);
		else
			scenario_step_ended(s, ev);
		break;
	case SANDBOX_DIALED:
		if (!scenario_service_event(s, ev))
			fd_close(&(int){ev->fd});
		break;
	case SANDBOX_OPENED:
		if (scenario_collected(s, ev))
			scenario_finish(s);
		break;
	case SANDBOX_STRAYS:
		scenario_tell_strays(s, ev);
		break;
	case SANDBOX_WRITES:
		scenario_tell_writes(s, ev);
		break;
	case SANDBOX_GONE:
		on_gone(s, ev);
		break;
	case SANDBOX_CLOSED:
	case SANDBOX_LOST:
		on_lost(s, "it was killed from outside");
		break;
	}
}

static void
on_sandbox(void *arg, int events)
{
	struct scenario *s = arg;
	struct sandbox_event ev;
	struct err e = {0};
	int got;

	(void)events;
	while (s->phase != SCENARIO_ENDED && s->sandbox &&
	       (got = sandbox_event(s->sandbox, &ev, &e)) != 0) {
		if (got < 0)
			on_lost(s, e.text);
		else
			on_event(s, &ev);
	}
}

static void
begin(struct scenario *s)
{
	struct err e = {0};

	if (!s->service) {
		if (scenario_take_services(s, &e) < 0) {
			fail_at_once(s, "E408", EXIT_RUN, &e);
			return;
		}
		if (scenario_take_users(s, &e) < 0) {
			fail_at_once(s, "E304", EXIT_INPUT, &e);
			return;
		}
	}
	if (SANDBOX_FULL - s->host->refused < least_level(s)) {
		fail_below(s);
		return;
	}
	s->level = (enum sandbox_level)(SANDBOX_FULL - s->host->refused);
	if (s->rooms && s->level == SANDBOX_PROCESS) {
		err_set(&e, "images need mounts of their own, which level "
			    "process has not");
		err_hint(&e, "[images] of clnrm.conf can map them to host");
		fail_at_once(s, "E402", EXIT_RUN, &e);
		return;
	}
	if (scenario_check_policy(s, &e) < 0) {
		fail_at_once(s, "E402", EXIT_RUN, &e);
		return;
	}
	if (build(s, &e) < 0)
		fail_at_once(s, "E401", EXIT_RUN, &e);
}

struct scenario *
scenario_start(
    struct scenario_host *h, struct test *t, size_t index, int worker)
{
	struct scenario *s = mem_new(1, sizeof *s);

	s->host = h;
	s->test = test_hold(t);
	s->spec = t->scenarios->list.item[index];
	s->index = index;
	s->name = value_str_or(value_get(s->spec, "name"), "");
	s->worker = worker;
	s->status = "ok";
	s->unfrozen = s->emitted = (struct buf)BUF_INIT;
	s->script = s->inputs = s->unstored = (struct buf)BUF_INIT;
	s->printed[0] = s->printed[1] = (struct buf)BUF_INIT;
	s->level = SANDBOX_FULL;
	s->grace_ns = h->grace_ns;
	s->start_ns = clock_mono_ns();
	s->start_unix_ns = clock_wall_ns();
	trace_new_span(s->id);
	trace_new_id(s->trace_id);
	trace_new_span(s->span_id);
	s->key = (struct record_key){s->id, t->source, t->gen, t->variant};
	scenario_take_steps(s);
	s->timer = scenario_timer(
	    s, value_get(s->spec, "timeout_ms"), h->timeout_ns, on_timeout, s);
	begin(s);
	return s;
}

void
scenario_cancel(struct scenario *s, int64_t grace_ns)
{
	struct err e = {0};

	if (s->phase == SCENARIO_ENDED || s->is_cancelled)
		return;
	s->is_cancelled = true;
	s->grace_ns = grace_ns;
	if (s->phase == SCENARIO_BUILDING) {
		scenario_write_start(s, NULL);
		end(s);
	} else if (s->running) {
		scenario_stop_steps(s);
	} else if (s->phase == SCENARIO_SERVING) {
		scenario_finish(s);
	} else if (s->phase != SCENARIO_PLACING &&
		   sandbox_finish(s->sandbox, 0, grace_ns, &e) < 0) {
		end(s);
	}
}

void
scenario_del(struct scenario *s)
{
	cancel_timers(s);
	drop_sandbox(s);
	for (struct scenario_stream *st = s->streams; st; st = st->next) {
		scenario_close_stream(st);
		capture_free(&st->kept);
	}
	scenario_drop_services(s);
	scenario_drop_artifacts(s);
	scenario_unwatch(s);
	collector_del(s->collector);
	scenario_end_store(s);
	test_release(s->test);
	arena_free(&s->arena);
	buf_free(&s->unfrozen);
	buf_free(&s->script);
	buf_free(&s->inputs);
	buf_free(&s->unstored);
	free(s);
}
