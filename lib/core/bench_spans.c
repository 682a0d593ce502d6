#include <stdlib.h>
#include <string.h>

#include "core/bench.h"
#include "core/spans.h"

enum { DEEPEST = 20 };

/* spans/checkout/charge: the names from the root on. */
static void
path_of(const struct spans *t, uint32_t i, struct buf *to)
{
	uint32_t up[DEEPEST];
	size_t n = 0;

	for (; i != SPAN_NONE && n < DEEPEST; i = t->span[i].up)
		up[n++] = i;
	buf_reset(to);
	buf_adds(to, "spans");
	while (n-- > 0) {
		const struct pull_text *name = &t->span[up[n]].name;

		buf_addc(to, '/');
		for (size_t k = 0; k < name->n; k++)
			buf_addc(to, name->s[k] == '/' ? '_' : name->s[k]);
	}
}

static int
take_span(struct bench_samples *to, const struct span *s, const char *id,
    struct err *e)
{
	AUTO_ARENA a = {0};
	struct value *v = value_new(&a, VALUE_TABLE);
	int64_t took = span_took(s);

	if (took < 0)
		return 0;
	value_put(&a, v, "id", value_text(&a, id));
	value_put(&a, v, "ns", value_int(&a, took));
	return bench_samples_take(to, v, e);
}

int
bench_spans(struct bench_samples *to, const char *path, struct err *e)
{
	struct span_keys keys = {0};
	struct spans t = {.keys = &keys};
	AUTO_BUF id = BUF_INIT;
	int rc = spans_read(&t, path, e);

	for (size_t i = 0; i < t.n && !rc; i++) {
		path_of(&t, (uint32_t)i, &id);
		rc = take_span(to, &t.span[i], id.s, e);
	}
	spans_free(&t);
	span_keys_free(&keys);
	return rc;
}
