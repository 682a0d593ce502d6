/*
 * Attempts to leave a cleanroom, or to change what is outside of it. Nothing
 * here does harm where it works: values are written as they were.
 */
#ifndef ESCAPE_ATTEMPT_H
#define ESCAPE_ATTEMPT_H

#include <sys/types.h>

struct attempt {
	const char *name;
	long (*make)(void); /* -1 with errno when it has failed */
};

/* Each ends with a name that is NULL. */
extern const struct attempt attempt_mounts[], attempt_processes[],
    attempt_kernel[], attempt_reach[];

/* Of the host: a process; a port, also the key of a segment of memory; and the
 * name of files and sockets. */
extern pid_t host_pid;
extern int host_port;
extern const char *host_name;

/* Open a file, which becomes nobody's terminal. */
int may_open(const char *path, int flags);

#endif
