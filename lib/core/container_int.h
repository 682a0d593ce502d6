/*
 * Inside of core/container: one cleanroom, a container for each of its worlds.
 */
#ifndef CORE_CONTAINER_INT_H
#define CORE_CONTAINER_INT_H

#include "core/container.h"
#include "data/json.h"
#include "sys/sandbox.h"
#include "sys/tunnel.h"

enum { CONTAINER_ID = 80, CONTAINER_SESSION = 17 };

/* Whose containers are ours. */
struct container_session {
	struct daemon *daemon;
	char id[CONTAINER_SESSION];
	char host[64];	 /* of this boot of this machine */
	char runner[64]; /* its pid, and when it began */
	bool holds_memory, holds_cpu, holds_processes;
};

/* Who we are, and what the engine can hold. */
int container_session_begin(
    struct container_session *s, struct daemon *d, struct err *e);

/* The labels of ours, as a member of a container that is created. */
void container_session_label(const struct container_session *s, struct json *j);

/* Remove all that this session has left. How many? -1 and *e. */
int container_session_end(struct container_session *s, struct err *e);

/* Remove one; one that is gone is fine. */
int container_remove(struct daemon *d, const char *id, struct err *e);

/* All of these at the same time, over a connection each. */
int container_remove_all(
    struct daemon *d, const char *const id[], size_t n, struct err *e);

/* One world, and who speaks to it. */
struct container_guest {
	struct container_room *of;
	unsigned room; /* of the plan; 0: the first world */
	char id[CONTAINER_ID];
	struct transfer_stream *stream;
	struct tunnel tunnel;
	struct buf frames; /* of the engine's, not yet whole */
	struct buf said;   /* on its standard error */
	bool is_ready, is_touched;
};

struct container_room {
	struct container_session *session;
	struct arena a;
	struct buf text; /* the plan, as it came */
	struct sandbox_plan plan;
	int control;	   /* to the runner */
	unsigned number;   /* of the session */
	struct wire first; /* READY of the first world, till all are */
	struct wire held;  /* a RUN, until all before it is counted; */
	size_t held_for;   /* of which guest */
	struct container_guest guest[SANDBOX_ROOMS + 1];
	size_t guests, ready, gone;
	int how;       /* the worst that GONE told */
	bool is_ahead; /* nothing is copied yet, nor started */
	bool is_finishing;
};

/* One cleanroom, from its plan on, in a process of its own. Never returns. */
_Noreturn void container_room(
    struct container_session *s, unsigned number, struct wire *plan);

/*
 * Make all containers, and begin to speak to them: container_make.c.
 *
 * err: -1 and *e; what was made is in guest[guests]
 */
int container_make(struct container_room *r, struct err *e);

/* Tell what was written outside of the places for it: container_write.c. */
void container_tell_writes(struct container_guest *g);

/* ---- images: container_image.c */

void container_tell_image(struct daemon *d, int control, struct wire *w);
void container_tell_users(
    struct container_session *s, int control, struct wire *w);

#endif
