/*
 * What a command runs, as far as it can be seen from outside the cleanroom.
 */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H

#include "base/buf.h"

struct program {
	const char *path; /* where its name is looked for: "/usr/bin:/bin" */
	const char *dir;  /* where it runs: absolute */
};

/*
 * Does a library that is preloaded reach all that the command names: its
 * program, the interpreter of that, the words of `sh -c`? What these start in
 * turn is not seen.
 *
 * out: appends to *why a line each for what it does not reach:
 *      "/bin/x is static"
 */
void program_escapes(
    const struct program *p, char *const argv[], struct buf *why);

#endif
