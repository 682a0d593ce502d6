/*
 * Options, --help, --version, and the checked way out. One table a tool gives
 * the parsing, the help, the settings of core/setting and the manual check.
 */
#ifndef BASE_CLI_H
#define BASE_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum cli_kind {
	CLI_FLAG, /* int *: 1 when given; counts where it is repeated */
	CLI_TEXT, /* const char **: borrowed from argv or the settings */
	CLI_LIST, /* struct cli_list *: repeatable */
	CLI_INT,  /* long *: a whole number, 0 or more */
	CLI_TIME, /* int64_t *: nanoseconds; the text has a unit: ms s m h */
	CLI_SIZE, /* int64_t *: bytes; a unit K M G (1024) may follow */
	CLI_WORD, /* const char **: one of the words in `arg`, "text|ndjson" */
};

struct cli_opt {
	char letter; /* 0: long form only */
	const char
	    *name; /* the long form, without dashes; NULL ends the table */
	const char *arg;  /* what stands for the value in the help */
	const char *help; /* lower case, no full stop */
	enum cli_kind kind;
	void *to;
};

struct cli_list {
	const char **item; /* item[n]; borrowed texts */
	size_t n, cap;
};

struct cli {
	const char *name;     /* "clnrm-lint" */
	const char *does;     /* one line: what it is for */
	const char *operands; /* "[FILE ... | -]"; "" when there are none */
	const char *examples; /* lines for -h, each ended by \n */
	const struct cli_opt *opts;
	bool has_own_keys; /* its section of clnrm.conf holds others too */
};

/*
 * Parse argv; options and operands mix, `--` ends the options. -h, --help, -V
 * and --version print and exit 0. What is wrong is told on standard error with
 * the nearest option, exit 2.
 *
 * out: the operands, ended by NULL
 * mem: the array lives until the process ends; texts are those of argv
 */
char **cli_start(const struct cli *tool, int argc, char *argv[]);

/*
 * Give one option its value from a text; `text` NULL for a flag.
 *
 * in:  opt of the table; text must outlive the process' use of it
 * err: -1 and *e, which says what a good value looks like
 */
int cli_set(const struct cli_opt *opt, const char *text, struct err *e);

/* The option of that long name, or NULL. */
const struct cli_opt *cli_find(const struct cli_opt *opts, const char *name);

/* Was this option on the command line? Then settings do not touch it. */
bool cli_was_given(const struct cli_opt *opts, const struct cli_opt *opt);

/*
 * The word of words[n] nearest to `word`, or NULL when none is near (more than
 * a third of its letters would have to change).
 */
const char *cli_nearest(const char *word, const char *const words[], size_t n);

/* Print the short help on standard error and exit 2. */
_Noreturn void cli_misuse(const struct cli *tool);

/*
 * Flush standard output and exit with `status`, or with 3 when a write was
 * lost (but quietly by `status` when the reader has gone).
 */
int cli_finish(int status);

#endif
