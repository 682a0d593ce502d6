#include "base/slots.h"

#include <stdlib.h>

#include "base/mem.h"

enum { FEWEST = 64 };

void
slots_make_room(struct slots *x, size_t more)
{
	struct slots old = *x;

	if ((x->n + more) * 2 <= x->room)
		return;
	for (x->room = FEWEST; x->room < (x->n + more) * 2;)
		x->room *= 2;
	x->slot = mem_new(x->room, sizeof *x->slot);
	for (size_t i = 0; i < old.room; i++) {
		size_t at = old.slot[i].hash;

		if (!old.slot[i].number)
			continue;
		while (x->slot[at & (x->room - 1)].number)
			at++;
		x->slot[at & (x->room - 1)] = old.slot[i];
	}
	free(old.slot);
}

void
slots_free(struct slots *x)
{
	free(x->slot);
	*x = (struct slots){0};
}
