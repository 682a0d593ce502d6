/*
 * Where the time goes: the stack at each tick of the processor time that is
 * used, a line of addresses, into the file that KIT_PROFILE names.
 *
 * It needs no rights and no other program. bench/flame.sh draws it.
 */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

enum {
	PROFILE_DEPTH = 64,
	PROFILE_MOST = 20000,
	PROFILE_TICK_US = 1000,
	PROFILE_OWN = 2, /* frames of the tick itself */
};

struct profile_stack {
	void *at[PROFILE_DEPTH];
	int n;
};

static struct profile_stack *profile_stack;
static volatile sig_atomic_t profile_stacks;

static void
profile_tick(int number)
{
	struct profile_stack *s;

	(void)number;
	if (profile_stacks == PROFILE_MOST)
		return;
	s = &profile_stack[profile_stacks];
	s->n = backtrace(s->at, PROFILE_DEPTH);
	profile_stacks = profile_stacks + 1;
}

static inline bool
profile_is_on(void)
{
	return profile_stack;
}

/* Stop, and write it down. */
static inline void
profile_end(void)
{
	struct itimerval never = {0};
	FILE *f;

	if (!profile_stack)
		return;
	setitimer(ITIMER_PROF, &never, NULL);
	f = fopen(getenv("KIT_PROFILE"), "we");
	for (int i = 0; f && i < profile_stacks; i++) {
		for (int k = PROFILE_OWN; k < profile_stack[i].n; k++)
			fprintf(f, "%p ", profile_stack[i].at[k]);
		putc('\n', f);
	}
	if (f)
		fclose(f);
}

/* Begin, where it is asked for. */
static inline void
profile_begin(void)
{
	struct sigaction tick = {
	    .sa_handler = profile_tick, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, PROFILE_TICK_US}, {0, PROFILE_TICK_US}};
	void *some[4];

	if (!getenv("KIT_PROFILE"))
		return;
	profile_stack = calloc(PROFILE_MOST, sizeof *profile_stack);
	if (!profile_stack)
		return;
	backtrace(some, 4); /* the first call allocates */
	sigaction(SIGPROF, &tick, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
}

#endif
