/*
 * What the processes under a seccomp listener do with files and addresses: a
 * report, never a guard. A call goes on whatever is seen of it, and what it
 * meant is read before; a program that changes its words meanwhile can lie.
 *
 * As long as a listener is there somebody must take its calls: until then the
 * processes wait.
 *
 * src: seccomp_unotify(2)
 */
#ifndef SYS_OBSERVE_H
#define SYS_OBSERVE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum observe_kind {
	OBSERVE_OPEN,
	OBSERVE_RUN,  /* executed */
	OBSERVE_LOOK, /* asked whether it is there, or what it is */
	OBSERVE_LINK, /* asked where a link leads */
	OBSERVE_NAME, /* given another name, or a link made to it */
	OBSERVE_CALL, /* an address outside of the loopback */
};

struct observe_seen {
	enum observe_kind kind;
	pid_t pid;
	char path[2 * PATH_MAX]; /* as the process sees it, absolute, but with
				    links, "." and ".." as they were said; of a
				    CALL the program */
	bool is_made;		 /* OPEN: it begins empty, whatever was there */
	bool is_place;		 /* OPEN: no more than a name for it (O_PATH) */
	char target[80]; /* CALL: "192.0.2.1:80", "[2001:db8::1]:53/udp" */
};

/*
 * Take the next call, and let it go on. Call it when the listener can be read.
 *
 * in:  listener; own, the process that is not to be told of
 * out: 1 and *seen; 0: nothing worth a word; -2: a call could not be read
 * err: -1: nobody is under the listener any more
 */
int observe_next(int listener, pid_t own, struct observe_seen *seen);

/* The process of a pidfd, or -1. */
pid_t observe_pid(int pidfd);

#endif
