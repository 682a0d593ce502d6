/*
 * The runner's side of a container engine: who makes cleanrooms there, and
 * which images it has.
 *
 * clnrm-contain does the work, in a process of its own, which is spoken to as
 * the spawner of sandboxes is.
 */
#ifndef CORE_DOCK_H
#define CORE_DOCK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/image.h"
#include "core/image_user.h"
#include "sys/sandbox.h"

struct dock {
	struct sandbox_spawner spawner; /* sandbox_stop() it */
	char name[16];			/* "docker", "podman" */
};

/* Is that a backend: an engine, or "sandbox"? -1 and *e: no. */
int dock_check(const char *backend, struct err *e);

/*
 * Start clnrm-contain, and wait until it has found its engine.
 *
 * in:  engine, "docker", "podman" or "auto"
 * err: -1 and *e
 */
int dock_start(struct dock *d, const char *engine, struct err *e);

/*
 * Have it look for engines, and tell on standard output what there is, a line
 * a finding.
 *
 * in:  engine, as above; "auto" needs none
 * out: whether nothing is missing
 */
bool dock_look(const char *engine);

/*
 * Find an image that the engine has; its `path` is what the engine knows it by.
 *
 * err: -1 and *e
 * mem: texts hang off *a
 */
int dock_image(struct dock *d, const char *name, struct arena *a,
    struct image *to, struct err *e);

/* Who its users are. */
int dock_accounts(struct dock *d, const struct image *image,
    struct image_accounts *to, struct err *e);

#endif
