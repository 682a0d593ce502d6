/*
 * Inside of core/scenario: the state, and how it is written as records.
 */
#ifndef CORE_SCENARIO_INT_H
#define CORE_SCENARIO_INT_H

#include "core/capture.h"
#include "core/collector.h"
#include "core/scenario.h"
#include "core/trace.h"
#include "core/world.h"
#include "data/hash.h"

/* One end of a step's output; it outlives the step, whose children may write
   on. */
struct scenario_stream {
	struct scenario *scenario; /* NULL: between two */
	int fd;			   /* -1: at its end */
	bool is_over; /* the step has ended: what comes is let go */
	struct capture kept;
	struct collector_log *log; /* spans are read from it; or NULL */
	struct service *service;   /* whose it is, or NULL: a step's */
	bool is_err;
	struct scenario_stream *next;
};

/* A step, from its start on. */
struct step {
	struct scenario *scenario;
	const struct value *spec;      /* its entry in the plan */
	const struct image_user *user; /* or NULL: 0 */
	char span[TRACE_SPAN];
	struct scenario_stream *out, *err;
	bool is_running, is_timed_out;
	uint64_t timer, kill_timer;
};

enum scenario_phase {
	SCENARIO_BUILDING,
	SCENARIO_PLACING, /* what stops the clock, into the cleanroom */
	SCENARIO_SERVING, /* the services begin */
	SCENARIO_STEPPING,
	SCENARIO_COLLECTING, /* files that are kept */
	SCENARIO_FINISHING,
	SCENARIO_ENDED,
};

enum { SCENARIO_PLACING_ID = -1 }; /* of that step, which is none of the test */

struct scenario {
	struct scenario_host *host;
	struct test *test;
	const struct value *spec; /* its entry in the plan */
	size_t index;
	const char *name;
	struct arena arena;
	struct record_key key;
	int worker;
	enum scenario_phase phase;
	const char *status; /* "ok", "failed", … */
	int64_t start_ns, start_unix_ns;
	char id[TRACE_SPAN], trace_id[TRACE_ID], span_id[TRACE_SPAN];

	struct sandbox *sandbox;
	enum sandbox_level level;
	struct sandbox_event ready; /* what was built */
	struct world world;
	const char *project; /* its root */
	struct buf unfrozen; /* programs whose clock goes on, a line each */
	struct collector *collector;

	struct service *service; /* service[services] */
	size_t services;
	size_t rooms;	 /* how many of them have a world of their own; */
	size_t lodgers;	 /* the same, of those that outlive us */
	size_t placed;	 /* our own world, rooms, and what outlives us, whose
			    clock is stopped */
	bool is_serving; /* scenario_serve() is at it */

	struct reuse *reuse; /* where services are that outlive us, or NULL */
	struct sandbox_event *late; /* late[lates]: what an unfit one wrote */
	size_t lates, late_cap;

	struct step *step; /* step[steps] */
	size_t steps, begun, running;
	bool is_halted; /* none is begun any more */
	bool is_cancelled;
	struct scenario_stream *streams; /* all that are open */
	int64_t grace_ns;
	uint64_t timer;

	size_t artifact;       /* the next one of the plan's */
	struct buf printed[2]; /* by all steps, where that is kept */
	struct buf emitted;    /* spans, a line each */

	struct scenario_watch *watch; /* NULL: not observed */
	bool inputs_whole;

	char replay_key[HASH_HEX];    /* "": it is not stored */
	struct scenario *next_stored; /* of the host's */
	bool is_unchanged;	      /* all is as when it was last stored */
	struct buf unstored;	      /* why it cannot be; empty: it can */
	struct buf script;	      /* its records */
	struct buf inputs; /* what they are on the disk; empty: not known */

	struct rusage usage; /* of all steps */
	bool is_gone;	     /* no process is left, and we have looked at: */
	bool was_killed, has_connections;
	bool leaves; /* services to the next one */
};

/*
 * A pipe that the loop reads into `kept`; its far end is for the step.
 *
 * err: NULL and *e
 * mem: the scenario's; scenario_free_stream() it, unless it was parted
 */
struct scenario_stream *scenario_open_stream(
    struct scenario *s, int *far, struct err *e);

/* The step has ended: what it wrote is in the pipe, take it, wait for no more.
 */
void scenario_take_rest(struct scenario_stream *st);

void scenario_close_stream(struct scenario_stream *st);
void scenario_free_stream(struct scenario_stream *st);

/* It goes on after the scenario, whose all that came is; another one takes what
   comes. */
void scenario_part_stream(struct scenario_stream *st);
void scenario_join_stream(struct scenario *s, struct scenario_stream *st);

/* Take what the open ones hold, for its spans, and close them. */
void scenario_end_streams(struct scenario *s);

/* Are spans read from what the steps print? */
bool scenario_prints_spans(const struct scenario *s);

/* A number that the file asks for, in `limits` or a policy; 0: none. */
int64_t scenario_asked(const struct scenario *s, const char *name);

/* The same, or what its security level has. */
int64_t scenario_limit(const struct scenario *s, const char *name);

/* Was the step killed for want of memory? */
bool scenario_is_starved(
    const struct scenario *s, const struct sandbox_event *ev);

/*
 * Does somebody hold every limit that was asked for and is not optional?
 *
 * err: -1 and *e, which names the first that nobody holds
 */
int scenario_check_limits(const struct scenario *s, struct err *e);

/*
 * Prepare `world` for determinism.seed and determinism.freeze_clock.
 *
 * err: -1 and *e when the clock is no time
 */
int scenario_set_clock(struct scenario *s, struct err *e);

/* The machine is in the way, or the test: its verdict is an error. */
void scenario_refuse(
    struct scenario *s, const char *code, int status, const struct err *e);

/* The worst thing that happened stays. */
void scenario_set_status(struct scenario *s, const char *status);

/* Call fn once after so many milliseconds, else `otherwise_ns`; 0: never. */
uint64_t scenario_timer(struct scenario *s, const struct value *ms,
    int64_t otherwise_ns, void (*fn)(void *arg), void *arg);

/* Its steps are done: keep what is to be kept, and end all processes. */
void scenario_finish(struct scenario *s);

/* ---- steps: scenario_step.c */

void scenario_take_steps(struct scenario *s);

/* Begin the next step, or all of them; scenario_finish() when none is left. */
void scenario_step_on(struct scenario *s);

void scenario_step_ended(struct scenario *s, const struct sandbox_event *ev);

/* TERM to those that run, KILL after the grace; no other begins. */
void scenario_stop_steps(struct scenario *s);
void scenario_time_out_steps(struct scenario *s);

/* Nothing is to happen any more. */
void scenario_forget_steps(struct scenario *s);

/* Its place in the plan. */
size_t scenario_step_index(const struct step *st);

/* A list of texts as an argument vector. */
char **scenario_arguments(struct scenario *s, const struct value *list);

/* ---- its level: scenario_level.c */

/*
 * Take the best there is.
 *
 * err: -1 and *e when that is less than the scenario accepts
 */
int scenario_take_level(struct scenario *s, struct err *e);

/* It could not be built: no other tries this level. False: there is no lower.
 */
bool scenario_lower_level(struct scenario *s, const struct sandbox_event *ev);

/* ---- what is around it: scenario_plan.c */

/*
 * The cleanroom of the scenario, or that of services that outlive it.
 *
 * err: -1 and *e when there is no root for it
 * mem: of the scenario's arena
 */
int scenario_plan(
    struct scenario *s, bool reused, struct sandbox_plan *plan, struct err *e);

/* It is built: what steps find in their environment; who hears their spans. */
void scenario_make_world(struct scenario *s);
void scenario_collector(struct scenario *s);

/* ---- services: scenario_service.c */

struct service;

/* Find the images of all; -1 and *e when one is not there. */
int scenario_take_services(struct scenario *s, struct err *e);

/* Begin those that can; when all are ready scenario_served() is called. */
void scenario_serve(struct scenario *s);
void scenario_served(struct scenario *s);

/* The service of that name, or NULL; its room; the variables of a step in it.
 */
struct service *scenario_service_named(
    const struct scenario *s, const char *name);
unsigned scenario_service_room(const struct service *v);
struct sandbox *scenario_service_sandbox(const struct service *v);
const struct value *scenario_service_env(
    struct service *v, const struct image_user *user, const struct value *step);

/* What it printed. */
void scenario_service_log(
    struct service *v, bool is_err, const char *s, size_t n);

/* A span has come. */
void scenario_service_span(struct scenario *s, const char *name, size_t n);

/* Is the event about a service? Then it is seen to. */
bool scenario_service_event(struct scenario *s, const struct sandbox_event *ev);

/* Write what is left to be told; let go of all. */
void scenario_end_services(struct scenario *s);
void scenario_drop_services(struct scenario *s);

/* ---- services that outlive it: scenario_reuse.c */

/*
 * Take what another scenario of the test has left, or begin to make it. Which
 * of the two was it? What is not as planned, or does not run any more, is
 * unfit: it is to be ended, and another one to be made.
 *
 * err: -1 and *e
 */
int scenario_take_reuse(
    struct scenario *s, const struct sandbox_plan *plan, struct err *e);
bool scenario_was_left(const struct scenario *s);
bool scenario_reuse_is_unfit(const struct scenario *s);

/* What it has written, until the scenario has a record; then that is told. */
void scenario_keep_writes(struct scenario *s, const struct sandbox_event *ev);
void scenario_tell_late(struct scenario *s);
void scenario_drop_late(struct scenario *s);

/* It is built; what was; it, or NULL. */
void scenario_reuse_built(
    struct scenario *s, const struct sandbox_event *ready);
const struct sandbox_event *scenario_reuse_ready(const struct scenario *s);
struct sandbox *scenario_reuse_sandbox(const struct scenario *s);

/* Have our collector listen there. */
void scenario_reuse_listen(struct scenario *s);

/* Is it to be left for the next one? Then leave it. Or end it. */
bool scenario_leaves(const struct scenario *s);
void scenario_leave(struct scenario *s);
void scenario_drop_reuse(struct scenario *s);

/* The member `reused` of its isolation: their names. */
void scenario_write_reused(const struct scenario *s, struct json *j);

/* ---- what it should not: scenario_violation.c */

/* Tell of attempts to reach outside. */
void scenario_tell_strays(struct scenario *s, const struct sandbox_event *ev);

/* A record of one in the making: its key to its count. */
struct json scenario_violation(
    struct scenario *s, const char *step, const char *kind, int64_t count);

/* Tell of files that were written outside of the places for it; frees them. */
void scenario_tell_writes(
    struct scenario *s, bool reused, const struct sandbox_event *ev);

/* ---- what it does: scenario_observe.c */

/* Its world is built: serve its listeners, if it is to be observed. */
void scenario_watch(struct scenario *s);

/* Tell who called whom outside, since this was last told; how often? */
int64_t scenario_name_strays(struct scenario *s, const char *step);

/* It is over: tell what it read, and how well that is known. */
void scenario_write_inputs(struct scenario *s);
void scenario_add_observe_notes(const struct scenario *s, struct buf *notes);
void scenario_unwatch(struct scenario *s);

/* ---- that it need not run again: scenario_store.c */

/* Its level is known. */
void scenario_begin_store(struct scenario *s);
void scenario_end_store(struct scenario *s);

/* All inputs are told: what are they on the disk? */
void scenario_take_inputs(struct scenario *s, const struct reading *in);
/* Why nothing is stored of it, now that it is over; NULL: it is. */
const char *scenario_unstored(struct scenario *s);

void scenario_store(struct scenario *s);

/* The name of the service that has a room of ours, or of what outlives us; or
   NULL. */
const char *scenario_room_name(
    const struct scenario *s, bool reused, unsigned room);

/* ---- users: scenario_user.c */

struct image_user;

/* Find those of services and steps; -1 and *e when one is not there. */
int scenario_take_users(struct scenario *s, struct err *e);

/* Have a step run as a user, if there is one. */
void scenario_become(const struct scenario *s, const struct image_user *user,
    struct sandbox_step *step);

/* Append which of them there is no id for, a line each. */
void scenario_add_user_notes(const struct scenario *s, struct buf *notes);

/* ---- artifacts: scenario_artifact.c */

/* Begin to copy files out; false when there is none to wait for. */
bool scenario_collect(struct scenario *s);

/* One was opened; true when it was the last. */
bool scenario_collected(struct scenario *s, const struct sandbox_event *ev);

/* Keep what the step printed that has just ended; a span, as one line. */
void scenario_keep_output(const struct step *st);
void scenario_keep_span(struct scenario *s, const char *span, size_t n);

void scenario_write_artifacts(struct scenario *s);
void scenario_drop_artifacts(struct scenario *s);

/* Where what stops the clock is in a cleanroom. */
const char *scenario_clock_place(
    struct scenario *s, const struct sandbox_event *ready);

/* Is it in all rooms? Begin to put it into the next one … */
bool scenario_clock_is_placed(const struct scenario *s);
int scenario_place_clock(struct scenario *s, struct err *e);

/* … and see that it is there. */
int scenario_clock_placed(
    const struct scenario *s, const struct sandbox_event *ev, struct err *e);

/* Keep in mind which programs of a step the stopped clock does not reach. */
void scenario_doubt_clock(
    struct step *st, char *const argv[], char *const env[]);

/* Append what was kept in mind to notes, a line each. */
void scenario_add_clock_notes(const struct scenario *s, struct buf *notes);

/* The member `enforced`: the limits that are held, and by whom. */
void scenario_write_enforced(const struct scenario *s, struct json *j);

/* ---- the policy: scenario_policy.c */

/* Is it, or a service of it, in the host's network? */
bool scenario_has_host_net(const struct scenario *s);

/* The limit that the security level has where the file has none; 0: none. */
int64_t scenario_policy_limit(const struct scenario *s, const char *name);

/* May the program, as a step names it, not be started? */
bool scenario_forbids(const struct scenario *s, const char *program);

void scenario_plan_policy(struct scenario *s, struct sandbox_plan *plan);

/* Can it be held at the level of the scenario? -1 and *e. */
int scenario_check_policy(const struct scenario *s, struct err *e);

/* Append what a reader of its isolation should know, a line each. */
void scenario_add_policy_notes(const struct scenario *s, struct buf *notes);

/* "scenario.start", with level NULL when there is no world. */
void scenario_write_start(struct scenario *s, const char *level);

/* "step", for the one that has just ended, and its span. */
void scenario_write_step(
    struct step *st, const struct sandbox_event *ev, bool ok);

/* "scenario.end". */
void scenario_write_end(struct scenario *s);

#endif
