/*
 * The traces of earlier runs, as far as the project keeps them (core/runs.h):
 * a span that bears such an id is a replay, whatever its times say.
 */
#ifndef CORE_EARLIER_H
#define CORE_EARLIER_H

#include <stdbool.h>
#include <stddef.h>

enum { EARLIER_ID = 16 }; /* bytes of the id of a trace */

struct earlier {
	unsigned char (*id)[EARLIER_ID]; /* id[n], ascending */
	size_t n, cap;
};

/* What the project of the working directory keeps; what cannot be read has
 * none. */
void earlier_read(struct earlier *to);

bool earlier_has(const struct earlier *e, const unsigned char id[EARLIER_ID]);

void earlier_free(struct earlier *e);

#endif
