/*
 * How an export is sent, by the variables that every OTLP exporter reads.
 */
#ifndef CORE_EXPORT_INT_H
#define CORE_EXPORT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/http.h"

struct export_setting {
	char *headers; /* lines, each with its end */
	bool is_gzip;
	int64_t timeout_ns; /* of a request, over all tries */
};

/*
 * Read OTEL_EXPORTER_OTLP_HEADERS, _COMPRESSION and _TIMEOUT, or their names
 * with TRACES.
 *
 * err: -1 and *e: a header that is none
 * mem: free() the headers
 * src: OpenTelemetry specification, OTLP exporter configuration
 */
int export_setting(struct export_setting *to, struct err *e);

/*
 * The base URL, or what is for traces, as that of the signal `tail`.
 *
 * err: -1 and *e: too long, or has a query
 */
int export_path(struct http_url *url, const char *tail, struct err *e);

#endif
