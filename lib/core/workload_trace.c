#include <stdlib.h>

#include "base/mem.h"
#include "core/workload_int.h"

enum { DEPTH = 20, SERVICES = 5, OPERATIONS = 50 };

static const char *const service[SERVICES] = {
    "gateway", "orders", "stock", "mail", "billing"};

/* What became of a span in the changed copy. */
enum fate { KEPT, CHANGED, REMOVED, ADDED };

struct maker {
	struct buf *to;
	const struct workload *w;
	struct rng change;
	uint64_t trace[2];
	int64_t *depth;
};

static enum fate
fate_of(struct maker *m, int64_t i)
{
	double at = rng_float(&m->change) * 100;
	uint32_t which = rng_below32(&m->change, 3);

	if (!i || at >= m->w->mutate)
		return KEPT;
	return which == 0 ? CHANGED : which == 1 ? REMOVED : ADDED;
}

static void
add_span(struct maker *m, int64_t id, int64_t parent, int64_t op,
    int64_t start_ns, int64_t took_ns, int64_t key)
{
	buf_addf(m->to,
	    "{\"trace_id\":\"%016llx%016llx\",\"span_id\":\"%016llx\"",
	    (unsigned long long)m->trace[0], (unsigned long long)m->trace[1],
	    (unsigned long long)id + 1);
	if (parent >= 0)
		buf_addf(m->to, ",\"parent_span_id\":\"%016llx\"",
		    (unsigned long long)parent + 1);
	buf_addf(m->to,
	    ",\"name\":\"op%lld\",\"kind\":\"internal\","
	    "\"start_time_unix_nano\":\"%lld\",\"end_time_unix_nano\":\"%lld\","
	    "\"attributes\":{\"key\":%lld,\"part\":\"p%lld\"},"
	    "\"resource\":{\"service.name\":\"%s\"}}\n",
	    (long long)op, (long long)start_ns, (long long)(start_ns + took_ns),
	    (long long)key, (long long)op % 7, service[op % SERVICES]);
}

/* One of those before it that is not too deep. */
static int64_t
choose_parent(struct maker *m, struct rng *r, int64_t i)
{
	int64_t parent = i ? (int64_t)rng_below64(r, (uint64_t)i) : -1;

	if (parent >= 0 && m->depth[parent] + 1 >= DEPTH)
		parent = 0;
	m->depth[i] = parent < 0 ? 0 : m->depth[parent] + 1;
	return parent;
}

/* The draws are the same with and without changes, so that both copies agree
 * in what is kept. Children of a span that is removed stay, as orphans. */
void
workload_trace(struct buf *to, const struct workload *w, struct rng *r)
{
	struct maker m = {.to = to, .w = w};

	rng_seed(&m.change, w->seed + 1);
	m.depth = mem_new((size_t)w->size, sizeof *m.depth);
	m.trace[0] = rng_u64(r);
	m.trace[1] = rng_u64(r);
	for (int64_t i = 0; i < w->size; i++) {
		int64_t parent = choose_parent(&m, r, i);
		int64_t op = (int64_t)rng_below64(r, OPERATIONS);
		int64_t key = (int64_t)rng_below64(r, 1000);
		int64_t took = 1000 + (int64_t)rng_below64(r, 100000000);
		int64_t start = 1700000000000000000 + i * 1000;
		enum fate fate = fate_of(&m, i);

		if (fate != REMOVED)
			add_span(&m, i, parent, op, start, took,
			    fate == CHANGED ? key + 1000 : key);
		if (fate == ADDED)
			add_span(&m, w->size + i, i, op, start, took, key);
	}
	free(m.depth);
}
