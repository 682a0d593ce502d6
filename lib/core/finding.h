/*
 * A `diagnostic` record as a person or an editor reads it.
 */
#ifndef CORE_FINDING_H
#define CORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/out.h"
#include "data/value.h"

enum finding_form {
	FINDING_TEXT,	/* with the source line and a caret below it */
	FINDING_GITHUB, /* path:line:column: severity: message [CODE] */
};

struct finding {
	enum finding_form form;
	struct out *out;
	char *path; /* whose text is at hand, or NULL */
	struct buf text;
	size_t errors, warnings; /* printed so far */
};

/* The text of a file, so that it is not read again for its lines. */
void finding_source(
    struct finding *f, const char *path, const char *s, size_t n);

/*
 * Print a diagnostic. Its source line is looked for in the file that it names;
 * without one, or without a position, it is one line.
 *
 * in:  the record's tree; `file` stands for `source` where the place is in
 *      another file, `rendered` is the line after rendering
 */
void finding_print(struct finding *f, const struct value *diagnostic);

void finding_free(struct finding *f);

#endif
