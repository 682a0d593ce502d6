/*
 * `metric` records on the wire: an ExportMetricsServiceRequest in protobuf.
 *
 * src: opentelemetry-proto 1.11, metrics/v1
 */
#ifndef DATA_OTLP_METRIC_H
#define DATA_OTLP_METRIC_H

#include "base/buf.h"
#include "data/value.h"

struct otlp_metric {
	struct buf metrics; /* fields `metrics` of ScopeMetrics */
	size_t n;
};

#define OTLP_METRIC_INIT    \
	{                   \
		BUF_INIT, 0 \
	}

/* Add one, in: the tree of the record; copied. */
void otlp_metric_add(struct otlp_metric *w, const struct value *record);

/* Append the request of all of them, made by clnrm of that version. */
void otlp_metric_put(
    const struct otlp_metric *w, const char *version, struct buf *to);

/* Forget them; *w can be used again. */
void otlp_metric_reset(struct otlp_metric *w);

#endif
