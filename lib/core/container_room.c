/* One cleanroom: messages between the runner and those in the containers. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "core/container_int.h"

enum { PIECE = 64 << 10, POLLS = 4096, SAID_MAX = 4096, FRAME = 8 };

#define S 1000000000LL

/* ---- the end */

static void
send_failure(int control, const struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_FAILED;
	wire_str(&w, e->text);
	wire_int(&w, 0);
	wire_str(&w, e->hint);
	wire_send(control, &w, 0);
}

void
container_refuse(int control, const struct err *e)
{
	send_failure(control, e);
}

static _Noreturn void
leave(struct container_room *r)
{
	const char *id[SANDBOX_ROOMS + 1];
	struct err e = {0};
	size_t n = 0;

	for (size_t i = r->guests; i-- > 0;)
		if (*r->guest[i].id)
			id[n++] = r->guest[i].id;
	_exit(container_remove_all(r->session->daemon, id, n, &e) < 0
		  ? EXIT_RUN
		  : EXIT_YES);
}

static _Noreturn void
fail(struct container_room *r, const struct err *e)
{
	send_failure(r->control, e);
	leave(r);
}

/* ---- from the guests */

static void
to_runner(struct container_room *r, struct wire *w)
{
	if (wire_send(r->control, w, 0) < 0)
		leave(r);
}

/* The first world is all that the runner hears of, once all are there. */
static void
on_ready(struct container_guest *g, struct wire *w)
{
	struct container_room *r = g->of;

	if (!g->room) {
		r->first = *w;
		*w = (struct wire)WIRE_INIT;
	}
	if (!g->is_ready && ++r->ready > r->plan.rooms) {
		to_runner(r, &r->first);
		wire_free(&r->first);
	}
	g->is_ready = true;
}

static void
on_gone(struct container_guest *g, struct wire *w)
{
	struct container_room *r = g->of;
	int how = (int)wire_get_int(w);
	AUTO_WIRE all = WIRE_INIT;

	/* The engine would look through all of the image. */
	g->is_touched = wire_get_int(w) != 0;
	if (how > r->how)
		r->how = how;
	if (++r->gone < r->guests)
		return;
	for (size_t i = 0; i < r->guests; i++)
		if (r->guest[i].is_touched)
			container_tell_writes(&r->guest[i]);
	all.type = WIRE_GONE;
	wire_int(&all, r->how);
	to_runner(r, &all);
	r->gone = 0;
	r->how = 0;
}

/* Where the guest's clock is another machine's, it ended now. */
static void
mend_times(struct wire *w)
{
	size_t at = 4 * sizeof(int64_t);
	int64_t time[2], now = clock_mono_ns();

	if (w->body.len < at + sizeof time)
		return;
	memcpy(time, w->body.s + at, sizeof time);
	if (llabs(now - time[1]) < S)
		return;
	time[0] += now - time[1];
	time[1] = now;
	memcpy(w->body.s + at, time, sizeof time);
}

/* There is one network, and the first guest counts what leaves it. */
static void
count(struct container_room *r, uint32_t step)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_COUNT;
	wire_int(&w, step);
	tunnel_send(&r->guest[0].tunnel, &w);
}

/* What went out before a step is counted: now it may. */
static void
on_counted(struct container_room *r, struct wire *w)
{
	if ((uint32_t)wire_get_int(w) != SANDBOX_NO_STEP || !r->held.type)
		return;
	tunnel_send(&r->guest[r->held_for].tunnel, &r->held);
	wire_free(&r->held);
}

static int
take(void *arg, struct wire *w)
{
	struct container_guest *g = arg;
	struct err e = {0};

	tunnel_flush(&g->tunnel);
	switch ((enum wire_type)w->type) {
	case WIRE_READY:
		on_ready(g, w);
		return 0;
	case WIRE_GONE:
		on_gone(g, w);
		return 0;
	case WIRE_FAILED:
		err_set(
		    &e, "in a container of the engine: %s", wire_get_str(w));
		errno = (int)wire_get_int(w);
		if (errno)
			err_set(&e, "%s:", e.text);
		fail(g->of, &e);
	case WIRE_COUNT:
		on_counted(g->of, w);
		return 0;
	case WIRE_STEP:
		/* A sandbox ends its rooms without a word, too. */
		if (g->room && g->of->is_finishing)
			return 0;
		mend_times(w);
		to_runner(g->of, w);
		if (g->room)
			count(g->of, (uint32_t)wire_get_int(w));
		return 0;
	default:
		to_runner(g->of, w);
		return 0;
	}
}

/* The engine puts a head before what each of its streams brings. */
static int
take_frames(struct container_guest *g, struct err *e)
{
	size_t at = 0;
	int got = 0;

	while (!got && g->frames.len - at >= FRAME) {
		const unsigned char *h =
		    (const unsigned char *)g->frames.s + at;
		size_t n = (size_t)h[4] << 24 | (size_t)h[5] << 16 |
			   (size_t)h[6] << 8 | h[7];

		if (g->frames.len - at - FRAME < n)
			break;
		if (h[0] == 1)
			got = tunnel_feed(
			    &g->tunnel, g->frames.s + at + FRAME, n, e);
		else if (g->said.len < SAID_MAX)
			buf_add(&g->said, g->frames.s + at + FRAME, n);
		at += FRAME + n;
	}
	buf_drop(&g->frames, at);
	return got;
}

static _Noreturn void
on_lost(struct container_guest *g)
{
	struct err e = {0};

	err_set(&e, "a container ended unasked: %.300s",
	    g->said.len ? g->said.s : "the engine has closed its streams");
	fail(g->of, &e);
}

static void
read_guest(struct container_guest *g)
{
	static char piece[PIECE];
	struct err e = {0};
	ssize_t n;

	while ((n = transfer_stream_read(g->stream, piece, sizeof piece)) > 0) {
		buf_add(&g->frames, piece, (size_t)n);
		if (take_frames(g, &e) < 0)
			fail(g->of, &e);
	}
	if (!n || errno != EAGAIN)
		on_lost(g);
}

static void
write_guest(struct container_guest *g)
{
	struct buf *out = &g->tunnel.out;
	ssize_t n;

	while (out->len) {
		n = transfer_stream_write(g->stream, out->s, out->len);
		if (n < 0)
			on_lost(g);
		if (!n)
			return;
		buf_drop(out, (size_t)n);
	}
}

/* ---- from the runner */

static void
to_all(struct container_room *r, struct wire *w)
{
	for (size_t i = 0; i < r->guests; i++)
		tunnel_send(&r->guest[i].tunnel, w);
}

/*
 * Its world is told first. What went out before it begins is not its own, and
 * who counts that is in another container.
 */
static void
to_one(struct container_room *r, struct wire *w)
{
	size_t room = (size_t)wire_get_int(w);

	if (room >= r->guests)
		return;
	if (!room || w->type != WIRE_RUN) {
		tunnel_send(&r->guest[room].tunnel, w);
		return;
	}
	count(r, SANDBOX_NO_STEP);
	r->held = *w;
	r->held_for = room;
	*w = (struct wire)WIRE_INIT;
}

static void
take_order(struct container_room *r)
{
	AUTO_WIRE w = WIRE_INIT;
	int got = wire_receive(r->control, &w, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		leave(r);
	r->is_finishing |= w.type == WIRE_FINISH;
	if (w.type == WIRE_SIGNAL || w.type == WIRE_FINISH)
		to_all(r, &w);
	else if (w.type == WIRE_DIAL)
		tunnel_send(&r->guest[0].tunnel, &w);
	else
		to_one(r, &w);
}

/* ---- both */

struct polled {
	struct pollfd p[POLLS];
	size_t from[SANDBOX_ROOMS + 1], n;
};

static void
look(struct container_room *r, struct polled *p)
{
	p->p[0] = (struct pollfd){.fd = r->control,
	    .events = (r->held.type ? 0 : POLLIN) | POLLRDHUP};
	p->n = 1;
	for (size_t i = 0; i < r->guests; i++) {
		struct container_guest *g = &r->guest[i];

		write_guest(g);
		p->from[i] = p->n;
		p->p[p->n++] =
		    (struct pollfd){.fd = transfer_stream_fd(g->stream),
			.events = POLLIN | (g->tunnel.out.len ? POLLOUT : 0)};
		p->n += tunnel_poll(
		    &g->tunnel, p->p + p->n, POLLS - p->n - SANDBOX_ROOMS);
	}
}

static _Noreturn void
serve(struct container_room *r)
{
	static struct polled p;

	/* What came with the answer to the upgrade is not polled for. */
	for (size_t i = 0; i < r->guests; i++)
		read_guest(&r->guest[i]);
	for (;;) {
		look(r, &p);
		if (poll(p.p, p.n, -1) < 0)
			continue;
		if (wire_has_hung_up(&p.p[0]))
			leave(r);
		for (size_t i = 0; i < r->guests; i++) {
			size_t at = p.from[i];
			size_t end = i + 1 < r->guests ? p.from[i + 1] : p.n;

			tunnel_serve(
			    &r->guest[i].tunnel, p.p + at + 1, end - at - 1);
			if (p.p[at].revents & (POLLIN | POLLHUP | POLLERR))
				read_guest(&r->guest[i]);
		}
		if (p.p[0].revents)
			take_order(r);
	}
}

_Noreturn void
container_room(struct container_session *s, unsigned number, struct wire *plan)
{
	static struct container_room r;
	struct err e = {0};

	r.session = s;
	r.number = number;
	r.is_ahead = plan->type == WIRE_AHEAD;
	r.text = r.first.body = r.held.body = (struct buf)BUF_INIT;
	buf_add(&r.text, plan->body.s, plan->body.len);
	for (size_t i = 0; i <= SANDBOX_ROOMS; i++) {
		struct container_guest *g = &r.guest[i];

		g->frames = g->said = g->tunnel.in = g->tunnel.out =
		    (struct buf)BUF_INIT;
		g->tunnel.take = take;
		g->tunnel.arg = g;
	}
	if (sandbox_plan_parse(plan, &r.a, &r.plan) < 0)
		_exit(EXIT_RUN);
	r.control = wire_get_fd(plan);
	daemon_renew(s->daemon);
	if (container_make(&r, &e) < 0)
		fail(&r, &e);
	serve(&r);
}
