/*
 * How a program ends. Only a tool prints a failure or picks an exit status;
 * the library returns `struct err`.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

/* Exit statuses, the same in every tool; never reused for another meaning. */
enum {
	EXIT_YES = 0, /* it holds */
	EXIT_NO = 1,  /* it does not: a finding, a failed test, a difference */
	EXIT_INPUT = 2, /* usage, configuration, or input that is wrong */
	EXIT_RUN = 3,	/* could not run, a stream was cut, a write was lost */
	EXIT_NONE = 4,	/* nothing was selected */
	EXIT_BUG = 70,	/* our own mistake */
};

/*
 * The worse of two exit statuses: signals (128 and up), 70, 3, 2, 1, 4, 0.
 */
int exit_worse(int a, int b);

/* Name the program in the lines that follow; `name` is borrowed. */
void die_name(const char *name);

/* Print "NAME: MESSAGE" on standard error. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, then exit with `status`. */
_Noreturn void die(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* An invariant that does not hold: say where, exit 70. */
#define BUG_IF(cond)                                                        \
	do {                                                                \
		if (__builtin_expect(!!(cond), 0))                          \
			die(EXIT_BUG, "bug at %s:%d: %s; please report it", \
			    __FILE__, __LINE__, #cond);                     \
	} while (0)

#endif
