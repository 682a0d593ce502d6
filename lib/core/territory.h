/*
 * What is watched: operands, perhaps with the whole project around them, and
 * the patterns that leave something out.
 */
#ifndef CORE_TERRITORY_H
#define CORE_TERRITORY_H

#include "base/cli.h"
#include "core/ignore.h"
#include "sys/watch.h"

struct territory {
	char **operand;	   /* NULL at the end; as given, or the project */
	bool has_around;   /* all of the operands' project is in it */
	bool has_volumes;  /* and so are those of its tests */
	const char *given; /* the value of --root, or NULL */
	const struct cli_list *ignored; /* patterns that go before all */

	/* Something is wrong with a file of patterns. */
	void (*tell)(const char *path, const struct err *e);

	struct buf root; /* the project's */
	struct ignore ignore;
	char *here; /* the working directory, real */
	char **own; /* own[owns]: where operands lie in the project */
	size_t owns, own_cap;
	char *name;    /* of the project, as paths begin with it; "": `.` */
	char **volume; /* volume[volumes] of its tests, outside of it */
	size_t volumes, volume_cap;
};

extern const char TERRITORY_PATTERNS[]; /* ".clnrmignore" */

/*
 * Find the project.
 *
 * in:  *t, whose first members are set
 * err: -1 and *e: the first operand is not there, or its project is too wide
 */
int territory_find(struct territory *t, struct err *e);

/* Add all of it to a watch; -1 and *e when an operand is not there. */
int territory_add(struct territory *t, struct watch *w, struct err *e);

/* Read all patterns again. */
void territory_read(struct territory *t);

/* A directory is about to be listed; `arg` is a territory. For watch_opts. */
void territory_enters(void *arg, const char *dir, bool has_patterns);
bool territory_skips(void *arg, const char *path, bool is_dir);

/* The name of a path that was found, as its user would write it. */
const char *territory_shown(const struct territory *t, const char *path);

/* What territory_shown() would make of the result is `path`. */
void territory_found(
    const struct territory *t, const char *path, struct buf *to);

/* Is the path in the project, and in none of the operands? */
bool territory_is_beside(const struct territory *t, const char *path);

/*
 * Add the volumes that tests had (core/inputs.h) and that lie outside of the
 * project, where all of it is watched.
 *
 * out: how many are new
 */
size_t territory_widen(struct territory *t, struct watch *w);

/* Is the path that list of volumes? */
bool territory_is_list(const struct territory *t, const char *path);

/* Is it in such a volume, and not in the project? */
bool territory_is_foreign(const struct territory *t, const char *path);

/* Is it the project's own file of that name, such as clnrm.conf? */
bool territory_is_own(
    const struct territory *t, const char *path, const char *name);

void territory_free(struct territory *t);

#endif
