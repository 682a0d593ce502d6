/*
 * One running of one scenario: its world is built, its steps run in order, its
 * spans are waited for, and nothing of it stays.
 *
 * It lives in the host's loop, and is over when its `scenario.end` is written.
 */
#ifndef CORE_SCENARIO_H
#define CORE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dock.h"
#include "core/image.h"
#include "core/pool.h"
#include "core/reading.h"
#include "core/stage.h"
#include "core/test.h"
#include "sys/loop.h"
#include "sys/sandbox.h"

struct scenario;

/* What all scenarios of a run share. */
struct scenario_host {
	struct loop *loop;
	struct stage *stage;
	struct sandbox_spawner *spawner;
	struct dock *dock; /* an engine, whose spawner that is; or NULL */
	const char *image; /* there, of steps without a service; or NULL */
	struct pool *pool;
	const char *root;   /* the project's root, or NULL: found upwards */
	int64_t timeout_ns; /* of a scenario that sets none */
	int64_t grace_ns;   /* between TERM and KILL */
	size_t capture;	    /* bytes kept of a stream */
	bool observe;	    /* tell what scenarios read, and whom they call */
	struct reading_digests digests;
	struct replay *replay;	       /* NULL: nothing is stored */
	struct scenario *stored;       /* those that may be, and run */
	const struct earlier *earlier; /* traces that were seen before */
	bool allow_degraded;	 /* run below the level that a test asks for */
	struct image_set images; /* once one is asked for: */
	bool has_images;
	int refused; /* levels, from full down, that cannot be had here, */
	struct err why[SANDBOX_LEVELS]; /* and why; asked once a run */
};

/* mem: scenario_del() it; before it is over that drops all of it, unwritten */
struct scenario *scenario_start(
    struct scenario_host *h, struct test *t, size_t index, int worker);

/* The images of the host's project and user; NULL and *e. */
struct image_set *scenario_images(struct scenario_host *h, struct err *e);

/* The test that it belongs to. */
const struct test *scenario_test(const struct scenario *s);

/* A record was put: it is stored with the scenario, of `host`, that has it. */
void scenario_hear(void *host, const char *line, size_t n);

bool scenario_is_over(const struct scenario *s);

/* No other scenario of the test comes: end what is kept for it. */
void scenario_end_reuse(struct test *t);

/* What its steps have used; and how long it has been there, in nanoseconds. */
int64_t scenario_used(const struct scenario *s, struct rusage *usage);

/* End it early, as `cancelled`: TERM to the step, KILL after the grace. */
void scenario_cancel(struct scenario *s, int64_t grace_ns);

void scenario_del(struct scenario *s);

#endif
