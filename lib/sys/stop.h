/*
 * The order to stop: SIGINT, SIGTERM or SIGHUP. The first one asks, and the
 * tool ends in good order; the same one again kills.
 */
#ifndef SYS_STOP_H
#define SYS_STOP_H

#include <stdbool.h>

/*
 * Catch the signals, also where SIGINT came ignored, as in a shell's
 * background list. Ask for SIGTERM when the parent is the driver (its pid is
 * in $CLNRM_DRIVER) and dies. SIGPIPE is ignored, so that a reader that goes
 * away is an EPIPE; SIGCHLD is as by default.
 *
 * in:  is_source: a signal also interrupts a blocking read. Filters go on to
 *      the end of their input instead.
 */
void stop_catch(bool is_source);

/*
 * Ask the driver, where it is our parent, to end the pipe and to begin it anew.
 *
 * out: false: there is none
 */
bool stop_begin_anew(void);

/* The signal that came, or 0. */
int stop_signal(void);

/* Readable from the moment a signal has come: for poll(2). */
int stop_fd(void);

#endif
