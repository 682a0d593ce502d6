/*
 * Processes by descent: who was started by whom, however far down. What a dead
 * parent leaves behind descends from the next subreaper above, see prctl(2).
 */
#ifndef SYS_KIN_H
#define SYS_KIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Signal all that descend from `ancestor`, itself excepted. How many? */
size_t kin_signal(pid_t ancestor, int sig);

/* Signal all of a session, and all that descend from its leader. */
size_t kin_signal_session(pid_t leader, int sig);

/* As the first, but for children that are spared, and who descends from them.
 */
size_t kin_signal_but(pid_t ancestor, bool (*is_spared)(pid_t child), int sig);

#endif
