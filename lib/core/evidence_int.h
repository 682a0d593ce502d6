/*
 * What the files of core/evidence share.
 */
#ifndef CORE_EVIDENCE_INT_H
#define CORE_EVIDENCE_INT_H

#include <stdbool.h>

#include "core/evidence.h"

/* Is it a plain span: has it a name and two ids? */
bool evidence_is_plain(const struct value *v);

/* Append the canonical members of one. */
void evidence_plain(const struct value *v, struct json *j);

#endif
