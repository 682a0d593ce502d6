#include "core/scenario_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/json.h"

/* An SDK that goes on has sent what it had by then: three times its delay. */
enum { FLUSH_NS = 300000000 };

static void on_sandbox(void *arg, int events);
static void on_reuse(void *arg, int events);
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
drop_reuse(struct scenario *s)
{
	struct sandbox *its = scenario_reuse_sandbox(s);

	if (its)
		loop_drop(s->host->loop, sandbox_fd(its));
	scenario_drop_reuse(s);
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
	if (s->leaves && scenario_leaves(s)) {
		loop_drop(s->host->loop, sandbox_fd(scenario_reuse_sandbox(s)));
		scenario_leave(s);
	}
	scenario_end_streams(s);
	scenario_end_services(s);
	scenario_write_artifacts(s);
	scenario_write_inputs(s);
	scenario_write_end(s);
	scenario_store(s);
	drop_sandbox(s);
	drop_reuse(s);
	if (!s->test->owed)
		scenario_end_reuse(s->test);
}

void
scenario_refuse(
    struct scenario *s, const char *code, int status, const struct err *e)
{
	stage_diagnose(stage(s), s->key.source, "error", code, e);
	stage_status(stage(s), status);
	s->status = "error";
	s->leaves = false;
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
	else if (s->placed++, !scenario_clock_is_placed(s))
		place_clock(s);
	else
		serve(s);
}

static void
on_ready(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};
	bool is_time;

	s->ready = *ev;
	if (s->reuse)
		scenario_reuse_listen(s);
	scenario_watch(s);
	scenario_begin_store(s);
	scenario_write_start(s, sandbox_level_name(s->level));
	scenario_tell_late(s);
	scenario_make_world(s);
	is_time = !scenario_set_clock(s, &e);
	scenario_collector(s);
	if (!is_time)
		scenario_refuse(s, "E304", EXIT_INPUT, &e);
	else if (scenario_check_limits(s, &e) < 0)
		scenario_refuse(s, "E403", EXIT_RUN, &e);
	else if (s->world.preload)
		place_clock(s);
	else
		serve(s);
}

static int
build(struct scenario *s, struct err *e)
{
	struct sandbox_event ready;
	struct sandbox_plan plan;
	bool is_ready = false;

	if (scenario_plan(s, false, &plan, e) < 0)
		return -1;
	if (s->reuse && *scenario_reuse_ready(s)->address)
		plan.joins = scenario_reuse_ready(s)->address;
	else
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

/* First what others may have left, or will find; its network is ours. */
static int
build_reuse(struct scenario *s, struct err *e)
{
	struct sandbox_plan plan;

	if (scenario_plan(s, true, &plan, e) < 0 ||
	    scenario_take_reuse(s, &plan, e) < 0)
		return -1;
	loop_add(s->host->loop, sandbox_fd(scenario_reuse_sandbox(s)), POLLIN,
	    on_reuse, s);
	if (!scenario_reuse_is_unfit(s))
		return scenario_was_left(s) ? build(s, e) : 0;
	if (!sandbox_finish(scenario_reuse_sandbox(s), 0, s->grace_ns, e))
		return 0;
	drop_reuse(s);
	return build_reuse(s, e);
}

static void
on_reuse_ready(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};

	scenario_reuse_built(s, ev);
	if (build(s, &e) < 0)
		fail_at_once(s, "E401", EXIT_RUN, &e);
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
	drop_reuse(s);
	if (s->host->dock) {
		err_set(&e, "%s", ev->what);
		if (*ev->hint)
			err_hint(&e, "%s", ev->hint);
		on_engine_failed(s, &e);
		return;
	}
	if (scenario_lower_level(s, ev)) {
		begin(s);
		return;
	}
	err_set(&e, "%s: %s", ev->what, strerror(ev->error));
	err_hint(&e, "%s", ev->hint);
	fail_at_once(s, "E402", EXIT_RUN, &e);
}

/* Their ends of the connections are closed: what is left is all. */
static void
take_last(void *arg)
{
	struct scenario *s = arg;

	s->timer = 0;
	s->is_gone = true;
	s->has_connections = collector_drain(s->collector) > 0;
	end(s);
}

/* Is anything to come of those that go on? */
static bool
may_flush(const struct scenario *s)
{
	return value_count(value_get(s->test->plan, "expect")) ||
	       collector_drain(s->collector);
}

static void
wait_for_flush(struct scenario *s)
{
	struct loop *l = s->host->loop;

	loop_cancel(l, s->timer);
	s->timer = loop_at(l, clock_mono_ns() + FLUSH_NS, take_last, s);
}

static void
on_gone(struct scenario *s, const struct sandbox_event *ev)
{
	struct sandbox *its = scenario_reuse_sandbox(s);
	struct err e = {0};

	s->was_killed |= ev->gone == SANDBOX_GONE_KILL;
	s->leaves = scenario_leaves(s);
	if (s->leaves && may_flush(s))
		wait_for_flush(s);
	else if (s->leaves || !its)
		take_last(s);
	else if (sandbox_finish(its, 0, s->grace_ns, &e) < 0)
		scenario_refuse(s, "E401", EXIT_RUN, &e);
}

static void
on_reuse_gone(struct scenario *s, const struct sandbox_event *ev)
{
	struct err e = {0};

	if (scenario_reuse_is_unfit(s)) {
		drop_reuse(s);
		if (build_reuse(s, &e) < 0)
			fail_at_once(s, "E401", EXIT_RUN, &e);
		return;
	}
	s->was_killed |= ev->gone == SANDBOX_GONE_KILL;
	take_last(s);
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
		scenario_tell_writes(s, false, ev);
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

/* What is tried to reach outside is counted by who joins the network. */
static void
on_reuse_event(struct scenario *s, struct sandbox_event *ev)
{
	switch (ev->kind) {
	case SANDBOX_READY:
		on_reuse_ready(s, ev);
		break;
	case SANDBOX_STRAYS:
		break;
	case SANDBOX_WRITES:
		if (scenario_reuse_is_unfit(s))
			scenario_keep_writes(s, ev);
		else
			scenario_tell_writes(s, true, ev);
		break;
	case SANDBOX_GONE:
		on_reuse_gone(s, ev);
		break;
	default:
		on_event(s, ev);
	}
}

static void
on_reuse(void *arg, int events)
{
	struct scenario *s = arg;
	struct sandbox_event ev;
	struct err e = {0};
	int got;

	(void)events;
	while (s->phase != SCENARIO_ENDED && s->reuse &&
	       (got = sandbox_event(scenario_reuse_sandbox(s), &ev, &e)) != 0) {
		if (got < 0)
			on_lost(s, e.text);
		else
			on_reuse_event(s, &ev);
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
	if (scenario_take_level(s, &e) < 0) {
		fail_at_once(s, "E402", EXIT_RUN, &e);
		return;
	}
	if ((s->test->has_reuse ? build_reuse(s, &e) : build(s, &e)) < 0)
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
	drop_reuse(s);
	for (struct scenario_stream *st = s->streams, *next; st; st = next) {
		next = st->next;
		scenario_free_stream(st);
	}
	scenario_drop_services(s);
	scenario_drop_artifacts(s);
	scenario_drop_late(s);
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
