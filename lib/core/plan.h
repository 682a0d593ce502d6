/*
 * A `plan` record as a tree, to be changed and written again.
 *
 * src: clnrm-records(7), the plan
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "data/value.h"

/* Give it the digest of what it says now. */
void plan_digest(struct arena *a, struct value *plan);

/*
 * Keep one of several scenarios. What is expected of the file is then left
 * out: it is about all of them.
 */
void plan_narrow(struct arena *a, struct value *plan, const char *scenario);

#endif
