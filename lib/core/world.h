/*
 * What a step finds around it: a fixed, clean environment.
 *
 * src: OpenTelemetry "Environment Variable Specification" and "Environment
 *      Variables as Context Propagation Carriers"; clnrm-exec(1)
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include <stdint.h>

#include "data/value.h"

struct world {
	const char *test, *scenario;   /* names */
	const char *home, *tmpdir;     /* as the steps see them */
	const char *run_id;	       /* becomes test.run.id */
	const char *service_name;      /* OTEL_SERVICE_NAME */
	uint16_t port;		       /* of OTLP over HTTP on 127.0.0.1 */
	const struct value *resources; /* of the file; joined, may be NULL */
	const struct value *pass;      /* names let in from our environment */
};

/*
 * The environment of one step.
 *
 * in:  own, a table of the step's variables, which win; NULL for none
 * out: NAME=VALUE texts, ended by NULL
 * mem: hangs off *a
 */
char **world_environ(struct arena *a, const struct world *w,
    const char *traceparent, const struct value *own);

#endif
