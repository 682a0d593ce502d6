/*
 * Canonical spans put back on the wire: an ExportTraceServiceRequest in
 * protobuf, its spans grouped by resource and scope.
 *
 * src: opentelemetry-proto 1.11, trace/v1
 */
#ifndef DATA_OTLP_WRITE_H
#define DATA_OTLP_WRITE_H

#include "base/buf.h"
#include "base/map.h"
#include "data/value.h"

struct otlp_write {
	struct otlp_group *group; /* group[n], a resource with a scope each */
	size_t n, cap;
	struct map by_key; /* resource and scope in JSON: index + 1 */
	size_t spans, bytes;
};

/* Add a span, in: the tree of a `span` record; copied. */
void otlp_write_add(struct otlp_write *w, const struct value *span);

/* Append the request of all of them. */
void otlp_write_put(const struct otlp_write *w, struct buf *to);

/* Forget them; *w can be used again. */
void otlp_write_reset(struct otlp_write *w);

#endif
