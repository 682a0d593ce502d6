/*
 * Linked around the renderer by bench/gate.sh: each rendering takes PLANT
 * percent more of the processor's time.
 */
#include <time.h>

#include "data/tmpl.h"

int __real_tmpl_render(struct tmpl *t, const struct value *context,
    struct buf *out, struct tmpl_map *map, struct err *e);
int __wrap_tmpl_render(struct tmpl *t, const struct value *context,
    struct buf *out, struct tmpl_map *map, struct err *e);

static long
used_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

int
__wrap_tmpl_render(struct tmpl *t, const struct value *context, struct buf *out,
    struct tmpl_map *map, struct err *e)
{
	long from = used_ns(), until;
	int rc = __real_tmpl_render(t, context, out, map, e);

	until = used_ns() + (used_ns() - from) * PLANT / 100;
	while (used_ns() < until)
		;
	return rc;
}
