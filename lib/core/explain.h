/*
 * The codes of findings, in words. Each has one meaning for ever.
 */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include "base/buf.h"

/*
 * Append what a code such as "E204" means, why it is told and how to mend it,
 * in any case of its letter; "all" is a line for each code.
 *
 * err: -1: there is no such code
 */
int explain(struct buf *b, const char *code);

#endif
