/*
 * Control groups, as far as one may make them: limits on processes, memory and
 * processor time, in the hierarchies of v1 or a delegated part of v2, each
 * where it is to be had.
 */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum cgroup_kind {
	CGROUP_PIDS,   /* processes and threads at once */
	CGROUP_MEMORY, /* bytes; whoever goes beyond is killed */
	CGROUP_CPU,    /* thousandths of a processor */
	CGROUP_KINDS,
};

/* Where groups can be made: {0}, then cgroup_find(). */
struct cgroup_home {
	struct {
		char dir[512]; /* empty: nowhere */
		bool is_v2;
	} of[CGROUP_KINDS];
};

struct cgroup {
	char dir[CGROUP_KINDS][576]; /* empty: none */
};

/*
 * Find where this process may make groups, and remove the groups that dead
 * processes left there.
 *
 * err: -1 and *e when it is nowhere
 */
int cgroup_find(struct cgroup_home *home, struct err *e);

/*
 * Make groups for the limits most[], of which 0 is none and needs none, in the
 * homes that there are. They are named after this process, "clnrm-PID-N".
 *
 * out: g->dir[kind] is empty where the limit has no home
 * err: -1 and *e when a group cannot be made or takes no limit; none is left
 */
int cgroup_make(const struct cgroup_home *home,
    const int64_t most[CGROUP_KINDS], struct cgroup *g, struct err *e);

/* "cgroup v1 memory": who holds a limit of that kind there. */
const char *cgroup_name(const struct cgroup_home *home, enum cgroup_kind kind);

/* Move a process into all of them; its children will be born there. */
int cgroup_add(const struct cgroup *g, pid_t pid, struct err *e);

/* How often the kernel killed for want of memory in the group of CGROUP_MEMORY
 * at `dir`; 0 where that is unknown. */
int64_t cgroup_out_of_memory(const char *dir);

/*
 * Remove them, when their last process is gone. The kernel takes a moment for
 * that: a few tries are made.
 *
 * err: -1 with errno; they are then left to the next cgroup_find()
 */
int cgroup_remove(struct cgroup *g);

#endif
