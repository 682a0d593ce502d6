/*
 * The spans and the metrics of a stream on their way to somebody's backend,
 * over OTLP/HTTP in protobuf. What cannot be sent is dropped and counted: it
 * never fails a run, and never holds one up for long.
 *
 * src: OpenTelemetry protocol exporter specification; clnrm-collect(1)
 */
#ifndef CORE_EXPORT_H
#define CORE_EXPORT_H

#include "core/stage.h"
#include "sys/loop.h"

struct export;

/*
 * in:  the base URL, to which /v1/traces and /v1/metrics are added; it may end
 *      in the first of them; headers,
 *      compression and time-out are those of OTEL_EXPORTER_OTLP_*
 * out: export_close() it
 * err: NULL and *e: no URL that can be posted to, or a bad variable
 */
struct export *export_new(
    struct loop *l, struct stage *st, const char *url, struct err *e);

/* Take a `span` or a `metric` record; of others see when to send. */
void export_take(struct export *x, const struct record *r);

/* No more comes: send what is left, without trying again for long. */
void export_flush(struct export *x);

/* Is there anything left to be sent or answered? */
bool export_is_done(const struct export *x);

/* Write what was dropped as a `diagnostic` note, and free it all. */
void export_close(struct export *x);

#endif
