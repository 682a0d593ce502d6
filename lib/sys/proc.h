/*
 * Programs run and timed, one after the other, by a small helper process.
 *
 * The kernel gives a new program its parent's peak of memory to begin with,
 * so it is a helper, forked while we are small, that starts them; and it runs
 * a whole schedule before it needs us again, so that nobody else works while a
 * program runs. What a program leaves behind in its process group ends with it,
 * and the rest with the helper.
 */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

enum proc_output {
	PROC_NULL,    /* to /dev/null */
	PROC_PIPE,    /* read, and summed up in proc_run.sum */
	PROC_INHERIT, /* to our standard error */
	PROC_KEEP,    /* read, and kept in proc.kept; its errors are ours */
};

enum { PROC_COMMANDS = 64, PROC_KEPT = 64 << 20 };

struct proc_command {
	const char *const
	    *argv;	     /* ended by NULL; argv[0] is looked for in PATH */
	const char *program; /* a file to run in its place; NULL: none */
	const char *input;   /* a file; NULL: /dev/null */
	enum proc_output output;
	int64_t timeout_ns; /* then all of it is killed; 0: never */
};

/* What one running took. */
struct proc_run {
	int64_t wall_ns; /* from before its start until it was reaped */
	int64_t user_ns, system_ns; /* with all children it waited for */
	int64_t peak_kb;	    /* resident, of the largest process */
	uint64_t sum;		    /* of its output, where that is read */
	int64_t output;		    /* bytes of it */
	int64_t kept;		    /* bytes of it in proc.kept */
	int status;		    /* as of waitpid(2) */
	int error; /* errno: why it did not start; EFBIG: it wrote more than
		      PROC_KEPT; 0 */
	bool timed_out;
	int64_t instructions; /* of user code, all processes; -1: not known */
};

struct proc {
	pid_t pid;
	int fd; /* to the helper; -1: not open */
	unsigned commands;
	struct buf
	    kept; /* PROC_KEEP: what was written in the last proc_run() */
	bool has_counters; /* of instructions, once asked for */
};

/*
 * Fork the helper; do it early.
 *
 * in:  cpu, where it and all programs run; -1: anywhere
 * err: -1 and *e
 */
int proc_open(struct proc *p, int cpu, struct err *e);

/*
 * Tell it of a command.
 *
 * out: its number
 * err: -1 and *e: no such program, no such file, the helper is gone
 */
int proc_add(struct proc *p, const struct proc_command *c, struct err *e);

/*
 * Run the commands of these numbers, in this order.
 *
 * out: run[n]
 * err: -1 and *e: the helper is gone, or a signal came to us (errno EINTR)
 */
int proc_run(struct proc *p, const unsigned char number[], size_t n,
    struct proc_run run[], struct err *e);

/*
 * From now on count instructions, where the processor lets us.
 *
 * err: -1 and *e: it does not, or the kernel does not
 */
int proc_count(struct proc *p, struct err *e);

/*
 * End the helper, and whatever descends from what it ran. When we die, it does
 * so by itself, however we die.
 */
void proc_close(struct proc *p);

#define AUTO_PROC __attribute__((cleanup(proc_close))) struct proc

/*
 * Where the program is that a command's first word names.
 *
 * err: -1 and *e
 */
int proc_find(const char *name, char *path, size_t size, struct err *e);

#endif
