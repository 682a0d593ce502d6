/*
 * The table of the test file's keys, for others to read.
 */
#ifndef CORE_RULE_PRINT_H
#define CORE_RULE_PRINT_H

#include "base/buf.h"

/*
 * Append the JSON Schema of a generation of the test file: "0.4", "0.6",
 * "1.0", or NULL for whatever clnrm-lint takes without a warning.
 *
 * src: JSON Schema draft 7
 * err: -1: there is no such generation
 */
int rule_print_json(struct buf *b, const char *version);

/* Append the reference part of clnrm.toml(5), as mdoc. */
void rule_print_manual(struct buf *b);

/*
 * Append each key on a line of its own, PATH TAB TYPE TAB TEXT, for completion:
 * "expect.span[].name	string	The name, or a pattern."
 */
void rule_print_keys(struct buf *b);

#endif
