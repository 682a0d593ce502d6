/*
 * The runs that are owed: plans come in, their scenarios run side by side,
 * records go out, and an `end` passes when all before it is done.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "core/scenario.h"

/*
 * Take records from the stage's input until its end, and run what they plan.
 *
 * in:  host, with its loop, stage and spawner; jobs, scenarios at a time,
 *      0: as many as the machine bears
 * out: 0; or a signal's number, or SIGPIPE when the reader of our output has
 *      gone, after all that ran was stopped. The stage's status is raised as
 *      things go wrong.
 */
int engine_run(struct scenario_host *host, size_t jobs);

/* Fill in of the host's `replay` what is the same for all its runs. */
void engine_store(struct scenario_host *host);

#endif
