/*
 * Registries: images fetched over the network into the store.
 *
 * What comes is bounded by what was announced, checked against its digest, and
 * taken in by the importer of OCI layouts (core/image.h). A part that broke
 * off goes on where it ended, also in a later process.
 *
 *	[registries] of clnrm.conf, a line a host:
 *	docker.io      = mirror=cache.example:5000 mirror=other.example/hub
 *	localhost:5000 = insecure
 *	ghcr.example   = ca=certs/own.pem
 *
 * src: OCI Distribution Specification 1.1; Docker Registry HTTP API V2, Token
 *      Authentication
 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/daemon.h"
#include "core/image.h"

struct registry;

/* How far it is, over all images; read at any time. */
struct registry_progress {
	atomic_llong wanted; /* bytes of all parts known so far */
	atomic_llong here;   /* of these, come or there before */
	atomic_llong came;   /* over the network */
};

struct registry_how {
	int64_t stall_ns; /* silence that is borne */
	/* Called now and then while bytes come, on any thread; or NULL. */
	void (*tick)(void *arg);
	void *arg;
};

/*
 * Read [registries].
 *
 * in:  set, which lives as long
 * err: NULL and *e: a line that is none
 * mem: registry_del() it
 */
struct registry *registry_new(
    struct image_set *set, const struct registry_how *how, struct err *e);

void registry_del(struct registry *r);

struct registry_progress *registry_progress(struct registry *r);

/*
 * Fetch an image into the store. On any thread, several at a time.
 *
 * out: *done, and what came over the network in *came
 * err: -1 and *e, which says how to mend it
 */
int registry_pull(struct registry *r, const char *name, struct image_done *done,
    int64_t *came, struct err *e);

/*
 * Have an engine fetch an image for itself: as who we are to the registry; with
 * Podman, insecurely where clnrm.conf says so. Mirrors are the engine's own.
 *
 * in:  d, of this thread alone; is_update: also one that is there
 * out: *done: its key is the engine's id, without "sha256:"
 * err: -1 and *e, which says how to mend it
 */
int registry_order(struct registry *r, struct daemon *d, const char *name,
    bool is_update, struct image_done *done, struct err *e);

#endif
