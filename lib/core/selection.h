/*
 * Which tests are meant, out of all that there are.
 *
 *	tag:db & !slow | name:pay*
 *
 * A term is KIND:GLOB, where KIND is tag, name (of the test or of a scenario of
 * it) or file; or a word alone, which is a tag or stands within the name. `!`
 * binds first, then `&`, then `|`; parentheses group.
 *
 * src: clnrm-select(1)
 */
#ifndef CORE_SELECTION_H
#define CORE_SELECTION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/value.h"

struct selection; /* an expression that was read */

/*
 * Read an expression.
 *
 * out: in the arena, but for its patterns: selection_free() it
 * err: NULL and *e, which names the column
 */
struct selection *selection_parse(
    struct arena *a, const char *text, struct err *e);

/* Does it take the test of this `plan` record? */
bool selection_takes(const struct selection *s, const struct value *plan);

void selection_free(struct selection *s);

#endif
