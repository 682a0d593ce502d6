/*
 * Spans on the wire: an ExportTraceServiceRequest in protobuf or JSON. They are
 * found and held to be well-formed in one pass over the bytes, which keeps no
 * trees; their canonical text is printed for who asks for it.
 *
 * src: opentelemetry-proto 1.11, collector/trace/v1 and trace/v1; canonical
 *      spans: clnrm-records(7)
 */
#ifndef DATA_OTLP_H
#define DATA_OTLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	OTLP_LEVELS = 64,      /* arrays and maps inside one value */
	OTLP_NESTING = 320,    /* of JSON brackets: 64 maps need 266 */
	OTLP_SPAN = 48 << 20,  /* bytes of one canonical span */
	OTLP_TEXT = 256 << 20, /* bytes of all spans of one request */
	OTLP_REASONS = 8,
};

enum otlp_form { OTLP_PROTOBUF, OTLP_JSON };

/* What was let through all the same: bits of otlp_result.warnings. */
enum otlp_warning {
	OTLP_STRINDEX_VALUE = 1 << 0,
	OTLP_STRINDEX_KEY = 1 << 1,
	OTLP_BAD_UTF8 = 1 << 2,
	OTLP_ZERO_PARENT = 1 << 3,
	OTLP_BIG_INT = 1 << 4,
	OTLP_KIND_NAME = 1 << 5,
	OTLP_STATUS_NAME = 1 << 6,
	OTLP_SNAKE_CASE = 1 << 7,
};

struct otlp_span {
	unsigned char trace_id[16], span_id[8], parent_id[8];
	bool has_parent;
	uint64_t start_ns, end_ns; /* since the Unix epoch; 0: not given */
	const char *run; /* run[run_len], of the resource; NULL if none */
	size_t run_len;
};

/* Borrowed for the time of the call, and no copy does for it below. */
typedef void otlp_fn(void *arg, const struct otlp_span *span);

struct otlp_result {
	size_t accepted, rejected;
	char reason[OTLP_REASONS][64]; /* of the first that were rejected */
	unsigned warnings;	       /* enum otlp_warning */
	bool is_too_large;	       /* why it failed: beyond OTLP_TEXT */
};

/*
 * Decode one request and call fn for each accepted span, in the order of the
 * request, after all of it was found to be well-formed.
 *
 * out: 0 and *r
 * err: -1 and *e: malformed, or too large; fn was not called
 */
int otlp_decode(enum otlp_form form, const char *s, size_t n, otlp_fn *fn,
    void *arg, struct otlp_result *r, struct err *e);

/* Append the canonical text of a span: its members, without the braces. */
void otlp_span_print(const struct otlp_span *s, struct buf *to);

/* Equal for a span that is sent again, with its resource and scope, in the same
 * form and byte for byte; else hardly ever. Never 0. */
uint64_t otlp_span_digest(const struct otlp_span *s);

/* One bit in words: "invalid UTF-8 replaced". */
const char *otlp_warning(enum otlp_warning w);

#endif
