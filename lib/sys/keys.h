/*
 * Single keys, as they are pressed at a terminal.
 */
#ifndef SYS_KEYS_H
#define SYS_KEYS_H

#include <stdbool.h>

/*
 * Have the terminal hand over each key at once, and show none. The keys that
 * send signals go on doing so.
 *
 * out: false where fd is no terminal, or one that another job is in front of
 */
bool keys_open(int fd);

/* The next key, -1 when none waits, -2 when none will ever come. */
int keys_next(int fd);

/* Put the terminal back as it was. */
void keys_close(int fd);

#endif
