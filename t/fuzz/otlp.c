/*
 * Any bytes as a request: the first one says in which form. What is accepted
 * is JSON, and of what is refused no span is seen.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/die.h"
#include "data/json.h"
#include "data/otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

static void
on_span(void *arg, const struct otlp_span *span)
{
	AUTO_ARENA a = {0};
	AUTO_BUF line = BUF_INIT;

	buf_addc(&line, '{');
	otlp_span_print(span, &line);
	buf_addc(&line, '}');
	BUG_IF(!json_parse(&a, line.s, line.len, NULL));
	++*(size_t *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	struct otlp_result r;
	size_t spans = 0;

	if (!n)
		return 0;
	if (otlp_decode(*s & 1 ? OTLP_JSON : OTLP_PROTOBUF, (const char *)s + 1,
		n - 1, on_span, &spans, &r, NULL) < 0)
		BUG_IF(spans);
	else
		BUG_IF(spans != r.accepted);
	return 0;
}
