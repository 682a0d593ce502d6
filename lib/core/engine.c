#include "core/engine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "core/inputs.h"
#include "core/load.h"
#include "core/pool.h"
#include "core/replay.h"
#include "sys/stop.h"

enum {
	MAX_PENDING = 8 << 20,	  /* bytes of output that may wait */
	STOP_GRACE_NS = 300000000 /* a pipe that is told to stop is quick */
};

/* A scenario that waits for its turn. */
struct job {
	struct test *test; /* NULL: taken, or fallen to a newer plan */
	size_t index;
	int64_t priority;
	uint64_t number; /* counts up */
};

/* A record that may not pass before what is owed for what came before it. */
struct barrier {
	char *line;
	size_t len;
	enum record_type type;
	int64_t gen; /* of a batch */
	uint64_t number;
};

struct running {
	struct scenario *scenario;
	size_t index;
	struct need need;
	uint64_t number;
};

struct engine {
	struct scenario_host *host;
	struct job *job;
	size_t jobs, job_cap;
	struct barrier *barrier;
	size_t barriers, barrier_cap;
	struct running *running; /* running[workers]; scenario NULL: free */
	size_t workers;
	struct inputs inputs;
	struct load load;
	uint64_t last_number;
	bool is_live; /* more comes whenever somebody saves a file */
	bool is_stopping, is_reader_gone;
};

static struct stage *
stage(const struct engine *g)
{
	return g->host->stage;
}

static void
add_jobs(struct engine *g, struct test *t)
{
	AUTO_ARENA a = {0};
	size_t n = t->scenarios->list.n;
	bool *runs = arena_alloc(&a, n * sizeof *runs);

	for (size_t i = 0; i < n; i++)
		runs[i] = true;
	if (g->host->replay)
		replay_test(g->host->replay, t,
		    sandbox_level_name(
			(enum sandbox_level)(SANDBOX_FULL - g->host->refused)),
		    runs);
	for (size_t i = 0; i < n; i++) {
		if (!runs[i])
			continue;
		g->job = mem_more(g->job, g->jobs, &g->job_cap, sizeof *g->job);
		t->owed++;
		g->job[g->jobs++] = (struct job){test_hold(t), i,
		    value_int_or(
			value_get(t->scenarios->list.item[i], "priority"), 0),
		    ++g->last_number};
	}
}

/* It is not to run; then nobody may be left for whom something is kept. */
static void
drop_job(struct job *job)
{
	struct test *t = job->test;

	job->test = NULL;
	if (!--t->owed)
		scenario_end_reuse(t);
	test_release(t);
}

/* What was to run of an older generation is stale. */
static void
forget(struct engine *g, const char *source, const char *variant, bool all,
    int64_t before)
{
	for (size_t i = 0; i < g->jobs; i++) {
		struct test *t = g->job[i].test;

		if (t && t->gen < before &&
		    test_is_of(t, source, all ? t->variant : variant))
			drop_job(&g->job[i]);
	}
	for (size_t i = 0; i < g->workers; i++) {
		struct scenario *s = g->running[i].scenario;
		const struct test *t = s ? scenario_test(s) : NULL;

		if (t && t->gen < before &&
		    test_is_of(t, source, all ? t->variant : variant))
			scenario_cancel(s, 0);
	}
}

static void
on_plan(struct engine *g, const struct record *r)
{
	struct err e = {0};
	struct test *t = test_new(r, &e);

	if (!t) {
		e.line = (unsigned)r->number;
		stage_diagnose(stage(g), "-", "error", "E502", &e);
		stage_status(stage(g), EXIT_INPUT);
		return;
	}
	forget(g, t->source, t->variant, false, t->gen);
	inputs_set(&g->inputs, t);
	if (!g->is_stopping)
		add_jobs(g, t);
	test_release(t);
}

static void
on_change(struct engine *g, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *v = record_value(r, &a);
	const char *source = value_str_or(value_get(v, "source"), NULL);
	int64_t gen = value_int_or(value_get(v, "gen"), 0);

	if (!source)
		return;
	forget(g, source, NULL, true, gen);
	inputs_change(&g->inputs, source, gen);
}

/* A generation that a test is to be run for once more. */
struct again {
	struct engine *engine;
	int64_t gen;
};

/* The same plan, as of now, for who judges it too. */
static void
plan_again(void *arg, struct test *t, const char *by, const char *how)
{
	const struct again *a = arg;
	struct stage *s = stage(a->engine);
	AUTO_JSON why = stage_record(s, "affected");
	AUTO_BUF line = BUF_INIT;
	struct record r;
	struct err e;

	json_str(&why, "source", t->source);
	json_int(&why, "gen", a->gen);
	json_str(&why, "by", by);
	json_str(&why, "how", how);
	stage_put(s, &why);
	test_plan(t, a->gen, &line);
	if (record_read(line.s, line.len, &r, &e) < 0)
		return;
	record_pass(&r, s->out);
	on_plan(a->engine, &r);
}

static void
on_batch(struct engine *g, const struct record *r)
{
	struct again a = {.engine = g};
	AUTO_ARENA tree = {0};
	struct err e = {0};

	g->is_live = true;
	if (g->host->replay)
		g->host->replay->is_asked = false;
	a.gen = value_int_or(value_get(record_value(r, &tree), "gen"), 0);
	inputs_due(&g->inputs, a.gen, plan_again, &a);
	if (inputs_keep(&g->inputs, &e) < 0)
		stage_diagnose(stage(g), NULL, "warning", "W401", &e);
}

/* Who asks for all wants them run. */
static void
on_request(struct engine *g, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *v = record_value(r, &a);

	if (g->host->replay &&
	    !strcmp(value_str_or(value_get(v, "what"), ""), "all"))
		g->host->replay->is_asked = true;
}

static void
hold(struct engine *g, const struct record *r)
{
	AUTO_ARENA a = {0};
	struct barrier b = {.line = mem_dup(r->line, r->len),
	    .len = r->len,
	    .type = r->type,
	    .number = g->last_number};

	b.gen = value_int_or(value_get(record_value(r, &a), "gen"), 0);
	g->barrier = mem_more(
	    g->barrier, g->barriers, &g->barrier_cap, sizeof *g->barrier);
	g->barrier[g->barriers++] = b;
}

static bool
is_owed(const struct barrier *b, uint64_t number, const struct test *t)
{
	return t && number <= b->number &&
	       (b->type == RECORD_END || t->gen <= b->gen);
}

static bool
may_pass(const struct engine *g, const struct barrier *b)
{
	for (size_t i = 0; i < g->jobs; i++)
		if (is_owed(b, g->job[i].number, g->job[i].test))
			return false;
	for (size_t i = 0; i < g->workers; i++)
		if (g->running[i].scenario &&
		    is_owed(b, g->running[i].number,
			scenario_test(g->running[i].scenario)))
			return false;
	return true;
}

static void
release_barriers(struct engine *g)
{
	size_t n = 0;

	while (n < g->barriers && may_pass(g, &g->barrier[n])) {
		struct barrier *b = &g->barrier[n++];

		record_pass(&(struct record){.line = b->line, .len = b->len},
		    stage(g)->out);
		free(b->line);
	}
	if (!n)
		return;
	g->barriers -= n;
	memmove(g->barrier, g->barrier + n, g->barriers * sizeof *g->barrier);
}

static void
on_record(struct engine *g, const struct record *r)
{
	switch (r->type) {
	case RECORD_PLAN:
		record_pass(r, stage(g)->out);
		on_plan(g, r);
		break;
	case RECORD_CHANGE:
		record_pass(r, stage(g)->out);
		on_change(g, r);
		break;
	case RECORD_BATCH:
		on_batch(g, r);
		hold(g, r);
		break;
	case RECORD_END:
		hold(g, r);
		break;
	case RECORD_REQUEST:
		on_request(g, r);
		record_pass(r, stage(g)->out);
		break;
	default:
		record_pass(r, stage(g)->out);
	}
}

static void
on_input(void *arg, int events)
{
	struct engine *g = arg;
	struct stage *s = stage(g);
	struct record r;
	struct err e = {0};

	(void)events;
	if (ndjson_fill(&s->in, &e) < 0) {
		stage_diagnose(s, NULL, "error", "E501", &e);
		stage_status(s, EXIT_RUN);
		s->in.is_eof = true;
	}
	while (stage_pull(s, &r))
		on_record(g, &r);
	if (!s->in.is_eof)
		return;
	if (!g->is_stopping)
		stage_check_cut(s);
	loop_drop(g->host->loop, s->in.fd);
}

static void
stop(struct engine *g)
{
	g->is_stopping = true;
	for (size_t i = 0; i < g->jobs; i++)
		if (g->job[i].test)
			drop_job(&g->job[i]);
	g->jobs = 0;
	for (size_t i = 0; i < g->workers; i++)
		if (g->running[i].scenario)
			scenario_cancel(g->running[i].scenario, STOP_GRACE_NS);
}

static void
on_stop(void *arg, int events)
{
	struct engine *g = arg;

	(void)events;
	loop_drop(g->host->loop, stop_fd());
	stop(g);
}

static void
on_output(void *arg, int events)
{
	struct engine *g = arg;
	struct out *out = stage(g)->out;

	if (events & POLLOUT && !out_trickle(out))
		return;
	if (!(events & (POLLERR | POLLHUP)) && !out->lost)
		return;
	g->is_reader_gone = true;
	if (out->lost && out->lost != EPIPE)
		stage_status(stage(g), EXIT_RUN);
	loop_drop(g->host->loop, out->fd);
	stop(g);
}

static struct running *
free_worker(struct engine *g)
{
	for (size_t i = 0; i < g->workers; i++)
		if (!g->running[i].scenario)
			return &g->running[i];
	return NULL;
}

/* Does a run of an older plan of the same test still wind up; or one that has
   what the test's others are to have? */
static bool
is_in_the_way(const struct engine *g, const struct test *t)
{
	for (size_t i = 0; i < g->workers; i++) {
		const struct scenario *s = g->running[i].scenario;
		const struct test *old = s ? scenario_test(s) : NULL;

		if (old && old->gen < t->gen &&
		    test_is_of(old, t->source, t->variant))
			return true;
		if (old == t && t->has_reuse)
			return true;
	}
	return false;
}

/* Of those that may start the first of the highest priority; the jobs before
   it that went are dropped. */
static struct job *
next_job(struct engine *g)
{
	struct job *best = NULL;
	size_t n = 0;

	while (n < g->jobs && !g->job[n].test)
		n++;
	if (n > g->jobs / 2) {
		g->jobs -= n;
		memmove(g->job, g->job + n, g->jobs * sizeof *g->job);
		n = 0;
	}
	for (size_t i = n; i < g->jobs; i++) {
		struct job *job = &g->job[i];

		if (job->test && (!best || job->priority > best->priority) &&
		    !is_in_the_way(g, job->test))
			best = job;
	}
	return best;
}

static void
start_jobs(struct engine *g)
{
	struct running *w;
	struct job *job;

	if (out_pending(stage(g)->out) > MAX_PENDING)
		return;
	while ((w = free_worker(g)) && (job = next_job(g))) {
		struct test *t = job->test;

		w->need = load_need(&g->load, t, job->index);
		if (!load_admits(&g->load, &w->need))
			return;
		load_add(&g->load, &w->need);
		job->test = NULL;
		t->owed--;
		w->index = job->index;
		w->number = job->number;
		w->scenario = scenario_start(
		    g->host, t, job->index, (int)(w - g->running));
		test_release(t);
	}
}

/* Its place is free; what it has used is kept in mind. */
static void
leave(struct engine *g, struct running *w)
{
	struct rusage usage;
	int64_t duration_ns = scenario_used(w->scenario, &usage);

	load_sub(&g->load, &w->need);
	load_learn(&g->load, scenario_test(w->scenario), w->index, &usage,
	    duration_ns);
	scenario_del(w->scenario);
	w->scenario = NULL;
}

static bool
sweep(struct engine *g)
{
	bool freed = false;

	for (size_t i = 0; i < g->workers; i++) {
		struct scenario *s = g->running[i].scenario;

		if (!s || !scenario_is_over(s))
			continue;
		leave(g, &g->running[i]);
		freed = true;
	}
	return freed;
}

static bool
is_idle(const struct engine *g)
{
	for (size_t i = 0; i < g->workers; i++)
		if (g->running[i].scenario)
			return false;
	return !g->jobs;
}

/* Read on unless too much waits to be written: then the pipe holds it. */
static void
set_watches(struct engine *g)
{
	size_t pending = out_pending(stage(g)->out);
	struct stage *s = stage(g);

	if (!g->is_reader_gone)
		loop_set(g->host->loop, s->out->fd, pending ? POLLOUT : 0);
	loop_set(g->host->loop, s->in.fd, pending > MAX_PENDING ? 0 : POLLIN);
}

static bool
is_over(const struct engine *g)
{
	if (!is_idle(g))
		return false;
	return g->is_reader_gone || g->is_stopping || stage(g)->in.is_eof;
}

/* Cleanrooms for those that wait; where nothing does, for the next save. */
static void
set_up_ahead(struct engine *g)
{
	size_t n = 0;

	if (g->is_stopping || g->is_reader_gone)
		return;
	for (size_t i = 0; i < g->jobs; i++)
		n += g->job[i].test != NULL;
	if (!n && g->is_live && is_idle(g))
		n = g->load.least;
	pool_fill(g->host->pool, n);
}

static void
turn(struct engine *g)
{
	do {
		if (!g->is_stopping)
			start_jobs(g);
	} while (sweep(g));
	release_barriers(g);
	set_up_ahead(g);
	set_watches(g);
}

static struct image_set *
images(void *arg, struct err *e)
{
	return scenario_images(arg, e);
}

void
engine_store(struct scenario_host *host)
{
	struct replay *r = host->replay;

	r->stage = host->stage;
	r->root = host->root;
	r->digests = &host->digests;
	r->images = images;
	r->images_arg = host;
	buf_addf(&r->options, "%d %lld %lld %zu", host->allow_degraded,
	    (long long)host->timeout_ns, (long long)host->grace_ns,
	    host->capture);
	host->stage->hear = scenario_hear;
	host->stage->hear_arg = host;
}

int
engine_run(struct scenario_host *host, size_t jobs)
{
	struct engine g = {.host = host,
	    .inputs = {.root = host->root, .list = BUF_INIT, .kept = BUF_INIT}};
	struct stage *s = host->stage;

	load_open(&g.load, jobs);
	g.workers = g.load.most;
	host->pool = pool_new(host->loop, host->spawner, 2 * g.workers);
	g.running = mem_new(g.workers, sizeof *g.running);
	s->out->is_held = true;
	if (host->replay)
		engine_store(host);
	loop_add(host->loop, s->in.fd, POLLIN, on_input, &g);
	loop_add(host->loop, stop_fd(), POLLIN, on_stop, &g);
	loop_add(host->loop, s->out->fd, 0, on_output, &g);
	for (;;) {
		turn(&g);
		if (is_over(&g))
			break;
		if (loop_once(host->loop, -1) < 0)
			die(EXIT_RUN, "poll: %s", strerror(errno));
	}
	for (size_t i = 0; i < g.barriers; i++)
		free(g.barrier[i].line);
	pool_del(host->pool);
	load_close(&g.load);
	inputs_free(&g.inputs);
	free(g.barrier);
	free(g.job);
	free(g.running);
	if (stop_signal())
		return stop_signal();
	return g.is_reader_gone && !s->status ? SIGPIPE : 0;
}
