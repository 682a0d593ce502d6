/*
 * The canonical layout of a TOML text. It works on the text, not on the tree,
 * so comments, the order of keys and the spelling of values stay: in all that
 * is done, only blanks and ends of lines come and go (with `sort`, lines move).
 *
 * One blank on both sides of `=`, none before a key or a header, one empty line
 * before a header, never two; arrays of several lines keep their lines,
 * indented by four blanks a level. Lines end as the first one does.
 */
#ifndef DATA_LAYOUT_H
#define DATA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/toml.h"

enum layout_kind {
	LAYOUT_TOML,
	LAYOUT_TEMPLATE, /* no TOML yet: blanks at ends of lines, empty lines */
	LAYOUT_KEPT,	 /* a template that even this might change: untouched */
	LAYOUT_WRONG,	 /* no TOML, and no template */
	LAYOUT_BUG,	 /* the result does not mean what the text did */
};

/*
 * Lay a text out, and prove that it means the same: its bytes but for blanks
 * and ends of lines are the same, and so is the tree that is parsed of it.
 *
 * in:  s[n]; path, for the messages; with `sort`, keys that follow each other
 *      without an empty line are put in the order of their bytes, each with
 *      the comment above it (never in a text with template tags)
 * out: *to, what it held is gone; empty with LAYOUT_WRONG and LAYOUT_BUG
 * err: *e says why with LAYOUT_KEPT and LAYOUT_BUG; found->errors is not 0
 *      with LAYOUT_WRONG
 * mem: what was found hangs off *a
 */
enum layout_kind layout_text(struct arena *a, const char *path, const char *s,
    size_t n, bool sort, struct buf *to, struct toml_finds *found,
    struct err *e);

#endif
