/*
 * Services that outlive a scenario: they have a cleanroom of their own, whose
 * network each scenario of the test joins. It is handed from one to the next,
 * and ends with the last, or with one that did not come to a good end.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/scenario_service.h"

/* What a service has between two scenarios. */
struct lodger {
	bool is_running;
	int image; /* held, so that nobody removes it; or -1 */
	struct scenario_stream *out, *err;
	struct buf line[2];
	bool has_log, has_span;
};

struct reuse {
	struct buf plan;
	struct sandbox *sandbox;
	struct sandbox_event ready;
	bool was_left;	       /* by another scenario, for this one */
	bool is_unfit;	       /* for this one, which only ends it */
	struct lodger *lodger; /* lodger[lodgers], as the test's services */
	size_t lodgers;
};

static void
free_reuse(struct reuse *r)
{
	for (size_t i = 0; i < r->lodgers; i++) {
		struct lodger *l = &r->lodger[i];

		scenario_free_stream(l->out);
		scenario_free_stream(l->err);
		buf_free(&l->line[0]);
		buf_free(&l->line[1]);
		fd_close(&l->image);
	}
	sandbox_event_close(&r->ready);
	sandbox_del(r->sandbox);
	buf_free(&r->plan);
	free(r->lodger);
	free(r);
}

void
scenario_end_reuse(struct test *t)
{
	if (t->reuse)
		free_reuse(t->reuse);
	t->reuse = NULL;
}

/* ---- taking it */

/* Has anything ended since it was left? */
static bool
is_alive(struct reuse *r)
{
	struct sandbox_event ev;
	struct err e = {0};
	bool is = true;
	int got;

	while ((got = sandbox_event(r->sandbox, &ev, &e)) > 0) {
		is &= ev.kind != SANDBOX_LOST && ev.kind != SANDBOX_FAILED &&
		      !(ev.kind == SANDBOX_STEP_DONE && ev.step >= SERVICE_ID &&
			  ev.step % 2 == 0);
		sandbox_event_close(&ev);
	}
	return is && !got;
}

/* What another has left, if it is as this one would have it made. */
static struct reuse *
take(struct scenario *s, const struct buf *plan)
{
	struct reuse *r = s->test->reuse;
	bool is_equal;

	if (!r)
		return NULL;
	is_equal =
	    r->plan.len == plan->len && !memcmp(r->plan.s, plan->s, plan->len);
	s->test->reuse = NULL;
	r->is_unfit = !is_alive(r) || !is_equal;
	r->was_left = !r->is_unfit;
	return r;
}

static struct reuse *
make(struct scenario *s, const struct buf *plan, struct err *e)
{
	struct sandbox *sandbox = sandbox_new_of(s->host->spawner, plan, e);
	struct reuse *r;

	if (!sandbox)
		return NULL;
	r = mem_new(1, sizeof *r);
	r->sandbox = sandbox;
	r->plan = (struct buf)BUF_INIT;
	buf_add(&r->plan, plan->s, plan->len);
	return r;
}

int
scenario_take_reuse(
    struct scenario *s, const struct sandbox_plan *plan, struct err *e)
{
	AUTO_BUF text = BUF_INIT;

	sandbox_plan_print(plan, &text);
	s->reuse = take(s, &text);
	if (!s->reuse)
		s->reuse = make(s, &text, e);
	return s->reuse ? 0 : -1;
}

bool
scenario_reuse_is_unfit(const struct scenario *s)
{
	return s->reuse->is_unfit;
}

struct sandbox *
scenario_reuse_sandbox(const struct scenario *s)
{
	return s->reuse ? s->reuse->sandbox : NULL;
}

const struct sandbox_event *
scenario_reuse_ready(const struct scenario *s)
{
	return &s->reuse->ready;
}

void
scenario_reuse_built(struct scenario *s, const struct sandbox_event *ready)
{
	s->reuse->ready = *ready;
}

/* Its listeners hear the spans of all who share the network. */
void
scenario_reuse_listen(struct scenario *s)
{
	const struct sandbox_event *from = &s->reuse->ready;

	for (size_t i = 0; i < from->listeners; i++) {
		struct sandbox_listener l = from->listener[i];

		l.fd = fcntl(l.fd, F_DUPFD_CLOEXEC, 0);
		if (l.fd >= 0)
			s->ready.listener[s->ready.listeners++] = l;
	}
}

bool
scenario_was_left(const struct scenario *s)
{
	return s->reuse && s->reuse->was_left;
}

void
scenario_adopt(struct service *v)
{
	struct scenario *s = v->scenario;
	struct lodger *l = &s->reuse->lodger[v - s->service];

	v->is_running = l->is_running;
	v->probe.has_log = l->has_log;
	v->probe.has_span = l->has_span;
	v->out = l->out;
	v->err = l->err;
	for (int i = 0; i < 2; i++) {
		buf_free(&v->line[i]);
		v->line[i] = l->line[i];
		l->line[i] = (struct buf)BUF_INIT;
	}
	l->out = l->err = NULL;
	fd_close(&l->image);
	if (!v->out)
		return;
	v->out->service = v->err->service = v;
	scenario_join_stream(s, v->out);
	scenario_join_stream(s, v->err);
}

/* ---- leaving it */

/* Is it as the next one needs it? */
bool
scenario_leaves(const struct scenario *s)
{
	if (!s->reuse || !s->test->owed || s->is_cancelled ||
	    (strcmp(s->status, "ok") != 0 && strcmp(s->status, "failed") != 0))
		return false;
	for (size_t i = 0; i < s->services; i++) {
		const struct service *v = &s->service[i];

		if (v->is_reused &&
		    (v->state != SERVICE_READY || v->is_running != !!v->out))
			return false;
	}
	return true;
}

static void
leave(struct service *v, struct lodger *l)
{
	*l = (struct lodger){.is_running = v->is_running,
	    .image = v->image.held < 0
		       ? -1
		       : fcntl(v->image.held, F_DUPFD_CLOEXEC, 0),
	    .has_log = v->probe.has_log,
	    .has_span = v->probe.has_span,
	    .out = v->out,
	    .err = v->err,
	    .line = {v->line[0], v->line[1]}};
	v->line[0] = v->line[1] = (struct buf)BUF_INIT;
	v->out = v->err = NULL;
	if (!l->out)
		return;
	scenario_part_stream(l->out);
	scenario_part_stream(l->err);
}

void
scenario_leave(struct scenario *s)
{
	struct reuse *r = s->reuse;

	s->reuse = NULL;
	free(r->lodger);
	r->lodgers = s->services;
	r->lodger = mem_new(s->services, sizeof *r->lodger);
	for (size_t i = 0; i < s->services; i++) {
		struct lodger *l = &r->lodger[i];

		*l = (struct lodger){.image = -1, .line = {BUF_INIT, BUF_INIT}};
		if (s->service[i].is_reused)
			leave(&s->service[i], l);
	}
	r->was_left = false;
	s->test->reuse = r;
}

/* The scenario has no record yet, while what is unfit for it ends. */
void
scenario_keep_writes(struct scenario *s, const struct sandbox_event *ev)
{
	s->late = mem_more(s->late, s->lates, &s->late_cap, sizeof *s->late);
	s->late[s->lates++] = *ev;
}

void
scenario_tell_late(struct scenario *s)
{
	for (size_t i = 0; i < s->lates; i++)
		scenario_tell_writes(s, true, &s->late[i]);
	s->lates = 0;
}

void
scenario_drop_late(struct scenario *s)
{
	for (size_t i = 0; i < s->lates; i++)
		sandbox_event_close(&s->late[i]);
	free(s->late);
}

void
scenario_drop_reuse(struct scenario *s)
{
	if (s->reuse)
		free_reuse(s->reuse);
	s->reuse = NULL;
}

void
scenario_write_reused(const struct scenario *s, struct json *j)
{
	json_open(j, "reused", '[');
	for (size_t i = 0; i < s->services; i++)
		if (s->service[i].is_reused)
			json_str(j, NULL, s->service[i].name);
	json_close(j, ']');
}
