/*
 * Cleanrooms in containers of an engine: what the spawner is to sandboxes.
 *
 *	runner <-> clnrm-contain <-> one process a cleanroom <-> the engine
 *
 * It takes the runner's plans, as the spawner does, and begins a process for
 * each, which makes a container for each world of the plan, carries messages,
 * and removes all when the runner goes. Whatever is killed here, the runner's
 * part or ours: containers end by themselves once nobody speaks to them, and
 * each is labelled, so that the next run finds it.
 */
#ifndef CORE_CONTAINER_H
#define CORE_CONTAINER_H

#include "core/daemon.h"

/*
 * Serve the runner on this socket, until it goes and nothing of ours is left.
 *
 * err: -1 and *e: containers are left that the engine does not remove
 */
int container_serve(struct daemon *d, int control, struct err *e);

/* Tell the runner that there is nothing to be served by. */
void container_refuse(int control, const struct err *e);

/*
 * Remove what runs have left behind that are over.
 *
 * out: how many containers
 * err: -1 and *e: the engine does not answer
 */
int container_sweep(struct daemon *d, struct err *e);

#endif
