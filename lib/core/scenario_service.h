/*
 * Inside of core/scenario: its services, and how they are found to be ready.
 */
#ifndef CORE_SCENARIO_SERVICE_H
#define CORE_SCENARIO_SERVICE_H

#include "core/image.h"
#include "core/image_user.h"
#include "core/scenario_int.h"
#include "data/match.h"

/* Ids of sandbox steps: a service's own is even, that of its probe follows. */
enum { SERVICE_ID = 0x40000000, SERVICE_LINE = 64 << 10 };

enum service_state {
	SERVICE_WAITING, /* for those that it depends on */
	SERVICE_STARTING,
	SERVICE_READY,
	SERVICE_FAILED,
};

/* What must hold comes one after the other, in this order. */
enum service_check {
	CHECK_LOG,
	CHECK_TCP,
	CHECK_HTTP,
	CHECK_COMMAND,
	CHECK_SPAN,
	CHECKS,
};

struct service_probe {
	enum service_check at;
	size_t port;	   /* of tcp, the next one */
	bool is_begun;	   /* a try is on its way */
	int fd;		   /* of http; -1: none */
	struct buf answer; /* of http */
	struct match *log, *span;
	bool has_log, has_span; /* it was seen */
	int64_t wait_ns;	/* before the next try */
	uint64_t timer, try_timer;
	char last[200]; /* why the last try failed */
};

struct service {
	struct scenario *scenario;
	const struct value *spec; /* its entry in the plan */
	const char *name;
	uint32_t id;
	bool is_reused; /* its sandbox is that of `reuse` */
	unsigned room;	/* of the sandbox; 0: the scenario's own world */
	struct image image;
	bool has_image;		       /* that is not the host's root */
	const struct image_user *user; /* or NULL: 0 */
	enum service_state state;
	bool is_running;
	struct scenario_stream *out, *err; /* NULL: not begun */
	struct buf line[2];		   /* of each, what has no end yet */
	uint64_t limit_timer;
	struct service_probe probe;
};

/* ---- scenario_ready.c: the probes of a service that is starting */

void scenario_probe_begin(struct service *v);
void scenario_probe_stop(struct service *v);
void scenario_probe_log(struct service *v, const char *line, size_t n);
void scenario_probe_span(struct service *v, const char *name, size_t n);
void scenario_probe_dialed(struct service *v, const struct sandbox_event *ev);
void scenario_probe_ran(struct service *v, const struct sandbox_event *ev);

/* ---- scenario_service.c, for them */

void scenario_service_ready(struct service *v);
void scenario_service_failed(struct service *v, const char *why);

/* An image of the engine's, or of the host's; -1 and *e when there is none. */
int scenario_find_image(
    struct scenario *s, const char *name, struct image *to, struct err *e);

/* ---- scenario_reuse.c: it runs, since another scenario */

void scenario_adopt(struct service *v);

#endif
