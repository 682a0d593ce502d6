/*
 * The configuration file clnrm.conf: INI, a section a tool.
 */
#ifndef DATA_CONF_H
#define DATA_CONF_H

#include "base/arena.h"
#include "base/err.h"

struct conf_entry {
	const char *section, *key, *value;
	unsigned line;
};

struct conf {
	struct conf_entry *entry; /* entry[n], in the order of the file */
	size_t n, cap;
};

/*
 * Read a file and append what it says.
 *
 * out: 1; 0 when there is no such file
 * err: -1 and *e: unreadable, or "path:line: …" where a line is no INI
 * mem: hangs off *a
 */
int conf_read(const char *path, struct arena *a, struct conf *c, struct err *e);

#endif
