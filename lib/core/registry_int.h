/*
 * The inside of registries: who is asked, how one is let in, and parts.
 */
#ifndef CORE_REGISTRY_INT_H
#define CORE_REGISTRY_INT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/map.h"
#include "core/registry.h"
#include "sys/transfer.h"

enum {
	REGISTRY_IDLE = 64,	     /* connections that are kept */
	REGISTRY_MANIFEST = 4 << 20, /* bytes, as registries have it too */
	REGISTRY_CONFIG = 8 << 20,
};

/* What clnrm.conf says of a host. */
struct registry_site {
	const char *host;
	const char **mirror; /* mirror[mirrors], HOST[:PORT][/PREFIX] */
	size_t mirrors, cap;
	const char *ca; /* or NULL */
	bool is_insecure;
};

struct registry {
	struct image_set *set;
	struct registry_how how;
	struct registry_site *site;
	size_t sites, cap;
	struct registry_progress progress;
	pthread_mutex_t lock; /* on what follows */
	struct transfer *idle[REGISTRY_IDLE];
	size_t idles;
	struct arena a;
};

/* Read [registries]; -1 and *e. */
int registry_sites_read(struct registry *r, struct err *e);

/* What is said of a host, or NULL. */
const struct registry_site *registry_site(
    const struct registry *r, const char *host);

/* One image, and who is asked for it. */
struct visit {
	struct registry *r;
	const char *name;	/* as given */
	const char *host;	/* "docker.io" */
	const char *repository; /* "library/redis" */
	const char *reference;	/* "7", or "sha256:…" */
	/* Who is asked: */
	const char *asked;		  /* its host; a mirror's, too */
	const char *path;		  /* of the repository there */
	char *base;			  /* "https://registry-1.docker.io" */
	const struct registry_site *site; /* or NULL */
	pthread_mutex_t lock;		  /* on what follows */
	struct buf authorization;	  /* header; "": none */
	bool has_login;			  /* and it was shown */
	const char *dir;		  /* the layout */
	atomic_llong came;
	struct map *parts; /* digests that were fetched, under the lock */
	struct arena a;
};

/* The types of manifests, as a header. */
extern const char registry_manifests[];

/* Wait, but for a signal to stop. */
void registry_pause(int ms);

/* A connection of one's own for a while. */
struct transfer *registry_take(struct registry *r);
void registry_give(struct registry *r, struct transfer *t);

/* What is to be asked of the visit's host. */
struct asking {
	const char *path; /* behind /v2/ */
	const char *accept;
	size_t limit;
	uint64_t from, end;
	int (*take)(void *arg, bool is_part, const char *s, size_t n);
	void *arg;
};

/*
 * Ask, let in where one must be, and wait where one is told to.
 *
 * out: 0: a reply of whatever status but 401 with a way in, or 429
 * err: -1, *e, and reply->why
 */
int visit_ask(struct visit *v, const struct asking *it,
    struct transfer_reply *reply, struct err *e);

/* What a reply that was not wanted means. Always -1. */
int visit_refused(const struct visit *v, const char *what,
    const struct transfer_reply *reply, struct err *e);

/*
 * Do what a 401 asks for: sets v->authorization.
 *
 * in:  challenge, a line each
 * err: -1 and *e
 */
int visit_let_in(struct visit *v, const char *challenge, struct err *e);

/*
 * Turn to a mirror (HOST[:PORT][/PREFIX]), or with NULL to the host itself; on
 * 0 there is a registry.
 */
int visit_begin(struct visit *v, const char *mirror, struct err *e);

/* Put a part among the blobs of the layout: image_remote's fetch(). */
int visit_fetch(void *visit, const struct value *descriptor,
    enum image_part part, struct err *e);

#endif
