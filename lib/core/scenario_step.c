/*
 * The steps of a scenario, one after the other or all at once.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "core/scenario_int.h"

void
scenario_take_steps(struct scenario *s)
{
	const struct value *list = value_get(s->spec, "steps");

	s->steps = value_count(list);
	s->step = arena_alloc(&s->arena, (s->steps + 1) * sizeof *s->step);
	for (size_t i = 0; i < s->steps; i++)
		s->step[i] =
		    (struct step){.scenario = s, .spec = list->list.item[i]};
}

size_t
scenario_step_index(const struct step *st)
{
	return (size_t)(st - st->scenario->step);
}

static void
forget_timers(struct step *st)
{
	struct loop *l = st->scenario->host->loop;

	loop_cancel(l, st->timer);
	loop_cancel(l, st->kill_timer);
	st->timer = st->kill_timer = 0;
}

void
scenario_forget_steps(struct scenario *s)
{
	for (size_t i = 0; i < s->begun; i++)
		forget_timers(&s->step[i]);
}

/* A step in a service is where that is. */
static struct service *
service_of(const struct step *st)
{
	return scenario_service_named(
	    st->scenario, value_str_or(value_get(st->spec, "service"), NULL));
}

static struct sandbox *
sandbox_of(const struct step *st)
{
	const struct service *v = service_of(st);

	return v ? scenario_service_sandbox(v) : st->scenario->sandbox;
}

/* ---- stopping */

static void
signal_step(struct step *st, int sig)
{
	struct err e = {0};

	sandbox_signal(
	    sandbox_of(st), (uint32_t)scenario_step_index(st), sig, &e);
}

static void
kill_now(void *arg)
{
	struct step *st = arg;

	st->kill_timer = 0;
	if (st->is_running)
		signal_step(st, SIGKILL);
}

/* TERM, and KILL when it takes too long. */
static void
stop(struct step *st)
{
	struct scenario *s = st->scenario;

	if (!st->is_running)
		return;
	signal_step(st, SIGTERM);
	loop_cancel(s->host->loop, st->kill_timer);
	st->kill_timer =
	    loop_at(s->host->loop, clock_mono_ns() + s->grace_ns, kill_now, st);
}

void
scenario_stop_steps(struct scenario *s)
{
	s->is_halted = true;
	for (size_t i = 0; i < s->begun; i++)
		stop(&s->step[i]);
}

void
scenario_time_out_steps(struct scenario *s)
{
	for (size_t i = 0; i < s->begun; i++)
		s->step[i].is_timed_out |= s->step[i].is_running;
	scenario_stop_steps(s);
}

static void
on_timeout(void *arg)
{
	struct step *st = arg;

	st->timer = 0;
	st->is_timed_out = true;
	scenario_set_status(st->scenario, "timeout");
	stop(st);
}

/* ---- starting */

static int
open_streams(struct step *st, int *out, int *err, struct err *e)
{
	struct scenario *s = st->scenario;

	st->out = scenario_open_stream(s, out, e);
	st->err = st->out ? scenario_open_stream(s, err, e) : NULL;
	if (!st->err)
		return -1;
	if (scenario_prints_spans(s))
		st->out->log = collector_log_new(s->collector, "stdout");
	return 0;
}

static char **
environment(struct step *st, struct service *service)
{
	struct scenario *s = st->scenario;
	const struct value *env = value_get(st->spec, "env");
	char parent[TRACE_PARENT];

	trace_new_span(st->span);
	trace_parent(
	    parent, s->trace_id, st->span, world_is_sampled(&s->world));
	collector_known(s->collector, s->trace_id, st->span);
	if (service)
		env = scenario_service_env(service, st->user, env);
	return world_environ(&s->arena, &s->world, parent, env);
}

static int
start(struct step *st, struct err *e)
{
	struct scenario *s = st->scenario;
	AUTO_FD out = -1;
	AUTO_FD err = -1;
	struct service *service = service_of(st);
	struct sandbox_step step = {
	    .id = (uint32_t)scenario_step_index(st), .in = -1};

	if (open_streams(st, &out, &err, e) < 0)
		return -1;
	if (service)
		step.room = scenario_service_room(service);
	scenario_become(s, st->user, &step);
	step.argv = scenario_arguments(s, value_get(st->spec, "command"));
	step.env = environment(st, service);
	step.cwd = value_str_or(value_get(st->spec, "workdir"), NULL);
	scenario_doubt_clock(st, step.argv, step.env);
	step.out = out;
	step.err = err;
	if (sandbox_run(sandbox_of(st), &step, e) < 0)
		return -1;
	st->is_running = true;
	s->running++;
	st->timer = scenario_timer(
	    s, value_get(st->spec, "timeout_ms"), 0, on_timeout, st);
	return 0;
}

void
scenario_step_on(struct scenario *s)
{
	bool at_once = value_bool_or(value_get(s->spec, "concurrent"), false);
	struct err e = {0};

	s->phase = SCENARIO_STEPPING;
	while (!s->is_halted && s->begun < s->steps && (at_once || !s->running))
		if (start(&s->step[s->begun++], &e) < 0) {
			scenario_refuse(s, "E401", EXIT_RUN, &e);
			return;
		}
	if (!s->running)
		scenario_finish(s);
}

/* ---- ending */

static bool
is_as_expected(const struct step *st, const struct sandbox_event *ev)
{
	int64_t want = value_int_or(value_get(st->spec, "exit_code"), 0);

	if (st->is_timed_out || st->scenario->is_cancelled)
		return false;
	if (ev->error)
		return want == (ev->error == ENOENT ? 127 : 126);
	return WIFEXITED(ev->status) && WEXITSTATUS(ev->status) == want;
}

static void
add_usage(struct rusage *sum, const struct rusage *one)
{
	timeradd(&sum->ru_utime, &one->ru_utime, &sum->ru_utime);
	timeradd(&sum->ru_stime, &one->ru_stime, &sum->ru_stime);
	if (one->ru_maxrss > sum->ru_maxrss)
		sum->ru_maxrss = one->ru_maxrss;
}

static void
tell(struct step *st, const struct sandbox_event *ev, bool ok)
{
	struct scenario *s = st->scenario;

	if (!s->is_cancelled) {
		scenario_write_step(st, ev, ok);
		if (!ok)
			scenario_set_status(s, "failed");
	}
	add_usage(&s->usage, &ev->usage);
	scenario_keep_output(st);
	capture_free(&st->out->kept);
	capture_free(&st->err->kept);
}

void
scenario_step_ended(struct scenario *s, const struct sandbox_event *ev)
{
	struct step *st = &s->step[ev->step];
	bool ok;

	if (ev->step >= s->begun || !st->is_running)
		return;
	ok = is_as_expected(st, ev);
	st->is_running = false;
	s->running--;
	forget_timers(st);
	scenario_take_rest(st->out);
	scenario_take_rest(st->err);
	tell(st, ev, ok);
	if (st->is_timed_out ||
	    !(ok || value_bool_or(
			value_get(st->spec, "continue_on_failure"), false)))
		s->is_halted = true;
	scenario_step_on(s);
}
