#include "sys/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/stop.h"

enum {
	AHEAD = 16,  /* results that wait, for each thread */
	WORTH_IT = 8 /* pieces that cost as much as a thread */
};

struct slot {
	bool is_done;
	void *result;
};

struct crew {
	const struct jobs *j;
	pthread_mutex_t lock;
	pthread_cond_t room;
	size_t next, handed; /* pieces begun, and handed on */
	size_t workers;
	struct slot *slot; /* slot[slots], a ring from `handed` on */
	size_t slots;
};

int
jobs_count(const char *text, size_t *to, struct err *e)
{
	long n;
	char *end;

	errno = 0;
	if (!text || !strcmp(text, "auto")) {
		n = sysconf(_SC_NPROCESSORS_ONLN);
		n = n < 1 ? 1 : n;
	} else {
		n = strtol(text, &end, 10);
		if (errno || *end || end == text || n < 1)
			return err_set(e,
			    "--jobs: '%s' is no number from 1, nor auto", text);
	}
	*to = n > JOBS_MAX ? JOBS_MAX : (size_t)n;
	return 0;
}

/*
 * Who finds the next result done hands it on; the others go on working, since
 * its slot is not done for them, and `handed` stays until it is through.
 */
static void
hand_on(struct crew *c)
{
	struct slot *s;

	while ((s = &c->slot[c->handed % c->slots])->is_done) {
		s->is_done = false;
		pthread_mutex_unlock(&c->lock);
		c->j->hand_on(c->j->arg, c->handed, s->result);
		pthread_mutex_lock(&c->lock);
		c->handed++;
		pthread_cond_broadcast(&c->room);
	}
}

static bool
begin(struct crew *c, size_t *i)
{
	while (c->next < c->j->n && c->next - c->handed >= c->slots)
		pthread_cond_wait(&c->room, &c->lock);
	if (c->next == c->j->n || stop_signal())
		return false;
	*i = c->next++;
	return true;
}

static void *
work(void *arg)
{
	struct crew *c = arg;
	size_t worker, i;

	pthread_mutex_lock(&c->lock);
	worker = c->workers++;
	while (begin(c, &i)) {
		struct slot *s = &c->slot[i % c->slots];
		void *result;

		pthread_mutex_unlock(&c->lock);
		result = c->j->work(c->j->arg, worker, i);
		pthread_mutex_lock(&c->lock);
		s->result = result;
		s->is_done = true;
		hand_on(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

size_t
jobs_run(const struct jobs *j, size_t threads)
{
	struct crew c = {.j = j,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .room = PTHREAD_COND_INITIALIZER};
	pthread_t thread[JOBS_MAX];
	size_t others = 0, most = j->is_long ? j->n : j->n / WORTH_IT + 1;

	if (threads > most)
		threads = most;
	if (!threads)
		return 0;
	c.slots = threads * AHEAD;
	c.slot = mem_new(c.slots, sizeof *c.slot);
	while (others + 1 < threads &&
	       !pthread_create(&thread[others], NULL, work, &c))
		others++;
	work(&c);
	while (others)
		pthread_join(thread[--others], NULL);
	free(c.slot);
	return c.handed;
}
