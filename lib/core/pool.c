#include "core/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sys/machine.h"

enum { PER_WORLD = 32 << 20 }; /* bytes free on the machine for each */

/* A cleanroom that waits, or will. */
struct waiting {
	struct pool *pool;
	struct sandbox *sandbox;
	char *key;
	size_t len;
	bool is_ready;
	struct sandbox_event ready;
	struct waiting *next; /* the one that was made before */
};

struct pool {
	struct loop *loop;
	struct sandbox_spawner *spawner;
	size_t most, n;
	struct waiting *newest;
	struct buf plan; /* as it was asked for last */
	struct buf key;	 /* it, and what it names on the machine */
};

struct pool *
pool_new(struct loop *loop, struct sandbox_spawner *spawner, size_t most)
{
	struct pool *p = mem_new(1, sizeof *p);
	int64_t room = machine_memory() / PER_WORLD;

	p->loop = loop;
	p->spawner = spawner;
	p->most = room < (int64_t)most ? (size_t)room : most;
	p->plan = p->key = (struct buf)BUF_INIT;
	return p;
}

/* ---- its key */

/* A directory that was made anew is another one. */
static void
add_identity(struct buf *key, const char *path)
{
	struct statx st = {0};

	/* Numbers are given anew, births are not. */
	if (!statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &st))
		buf_addf(key, "%x:%x:%llx:%llx:%x ", st.stx_dev_major,
		    st.stx_dev_minor, (unsigned long long)st.stx_ino,
		    (unsigned long long)st.stx_btime.tv_sec,
		    st.stx_btime.tv_nsec);
}

static void
make_key(struct pool *p, const struct sandbox_plan *plan)
{
	buf_reset(&p->plan);
	buf_reset(&p->key);
	sandbox_plan_print(plan, &p->plan);
	add_identity(&p->key, plan->project);
	for (size_t i = 0; i < plan->rooms; i++)
		for (size_t k = 0; k < plan->room[i].volumes; k++)
			add_identity(&p->key, plan->room[i].volume[k].host);
	buf_add(&p->key, p->plan.s, p->plan.len);
}

static bool
is_alike(const struct pool *p, const struct waiting *w)
{
	return w->len == p->key.len && !memcmp(w->key, p->key.s, w->len);
}

/* ---- what waits */

/* Take it off the list; its sandbox stays. */
static void
unlink_one(struct waiting *w)
{
	struct pool *p = w->pool;
	struct waiting **at = &p->newest;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	p->n--;
	loop_drop(p->loop, sandbox_fd(w->sandbox));
}

static void
drop(struct waiting *w)
{
	unlink_one(w);
	sandbox_event_close(&w->ready);
	sandbox_del(w->sandbox);
	free(w->key);
	free(w);
}

static void
on_sandbox(void *arg, int events)
{
	struct waiting *w = arg;
	struct pool *p = w->pool;
	struct sandbox_event ev;
	struct err e = {0};
	int got = sandbox_event(w->sandbox, &ev, &e);

	(void)events;
	if (!got)
		return;
	if (got > 0 && ev.kind == SANDBOX_READY) {
		w->ready = ev;
		w->is_ready = true;
		return;
	}
	/* It failed or died. Who asks for one himself is told why. */
	drop(w);
	buf_reset(&p->plan);
}

static bool
add(struct pool *p)
{
	struct err e = {0};
	struct sandbox *s = sandbox_new_ahead(p->spawner, &p->plan, &e);
	struct waiting *w;

	if (!s)
		return false;
	w = mem_new(1, sizeof *w);
	w->pool = p;
	w->sandbox = s;
	w->key = mem_dup(p->key.s, p->key.len);
	w->len = p->key.len;
	w->next = p->newest;
	p->newest = w;
	p->n++;
	loop_add(p->loop, sandbox_fd(s), POLLIN, on_sandbox, w);
	return true;
}

/* The oldest that is of another kind, or NULL. */
static struct waiting *
oldest_other(struct pool *p)
{
	struct waiting *found = NULL;

	for (struct waiting *w = p->newest; w; w = w->next)
		if (!is_alike(p, w))
			found = w;
	return found;
}

struct sandbox *
pool_take(struct pool *p, const struct sandbox_plan *plan,
    struct sandbox_event *ready, bool *is_ready)
{
	struct waiting *best = NULL;
	struct sandbox *s;

	make_key(p, plan);
	for (struct waiting *w = p->newest; w; w = w->next)
		if (is_alike(p, w) && (!best || w->is_ready >= best->is_ready))
			best = w;
	if (!best)
		return NULL;
	unlink_one(best);
	s = best->sandbox;
	sandbox_claim(s);
	*ready = best->ready;
	*is_ready = best->is_ready;
	free(best->key);
	free(best);
	return s;
}

void
pool_fill(struct pool *p, size_t n)
{
	size_t have = 0;

	if (!p->plan.len)
		return;
	for (struct waiting *w = p->newest; w; w = w->next)
		have += is_alike(p, w);
	for (; have < n && have < p->most; have++) {
		struct waiting *other = p->n < p->most ? NULL : oldest_other(p);

		if (other)
			drop(other);
		if (!add(p))
			break;
	}
}

void
pool_del(struct pool *p)
{
	while (p->newest)
		drop(p->newest);
	buf_free(&p->plan);
	buf_free(&p->key);
	free(p);
}
