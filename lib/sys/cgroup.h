/*
 * Control groups, as far as one may make them: a limit on the number of
 * processes, in the v1 pids hierarchy or in a delegated part of v2.
 */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Where groups can be made: {0}, then cgroup_find(). */
struct cgroup_home {
	char dir[512]; /* empty: not found */
	bool is_v2;
};

struct cgroup {
	char dir[576]; /* empty: none */
};

/*
 * Find where this process may make groups with a pids controller, and remove
 * the groups that dead processes left there.
 *
 * err: -1 and *e, which says what is missing
 */
int cgroup_find(struct cgroup_home *home, struct err *e);

/*
 * Make a group in which `most` processes and threads may live. It is named
 * after this process, "clnrm-PID-N".
 *
 * err: -1 and *e when it cannot be made or takes no limit
 */
int cgroup_make(
    const struct cgroup_home *home, long most, struct cgroup *g, struct err *e);

/* Move a process into it; its children will be born there. */
int cgroup_add(const struct cgroup *g, pid_t pid, struct err *e);

/*
 * Remove it, when its last process is gone. The kernel takes a moment for
 * that: a few tries are made.
 *
 * err: -1 with errno; it is then left to the next cgroup_find()
 */
int cgroup_remove(struct cgroup *g);

#endif
