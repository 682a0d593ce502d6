/*
 * What a step finds around it: a fixed, clean environment.
 *
 * src: OpenTelemetry "Environment Variable Specification" and "Environment
 *      Variables as Context Propagation Carriers"; clnrm-exec(1)
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "data/value.h"

/* Where programs are looked up. */
#define WORLD_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct world {
	const char *test, *scenario; /* names */
	const char *home, *tmpdir;   /* as the steps see them */
	const char *run_id;	     /* becomes test.run.id */
	const char *service_name;    /* OTEL_SERVICE_NAME */
	const char *protocol;	     /* of OTLP: "http/protobuf", … */
	uint16_t port;		     /* where it is spoken on 127.0.0.1 */
	bool prints_spans;	     /* rather than to send them */
	const struct value *otel;    /* of the plan; NULL: nothing is asked */
	const struct value *pass;    /* names let in from our environment */

	/* determinism.seed, whole and modulo 2^32; NULL: none */
	const char *seed, *seed_32;
	/* determinism.freeze_clock as it stands, and since the epoch; what is
	   preloaded so that it holds; NULL: the clock goes on */
	const char *freeze_clock, *clock_ns, *clock_s;
	const char *preload;
};

/*
 * The environment of one step.
 *
 * in:  own, a table of the step's variables, which win; NULL for none
 * out: NAME=VALUE texts in the order of their bytes, ended by NULL
 * mem: hangs off *a
 */
char **world_environ(struct arena *a, const struct world *w,
    const char *traceparent, const struct value *own);

/*
 * Is the trace that a step joins a sampled one? Not where the file wants none
 * (otel.sample_ratio = 0); any other ratio is for the traces that begin in it.
 */
bool world_is_sampled(const struct world *w);

#endif
