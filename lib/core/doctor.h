/*
 * What this machine can do for a cleanroom: found out by building one.
 */
#ifndef CORE_DOCTOR_H
#define CORE_DOCTOR_H

#include "base/buf.h"
#include "sys/sandbox.h"

/*
 * Build a bare cleanroom and append what came of it, a line a finding, to
 * *out: words for a person, what is missing with its cure.
 *
 * in:  root, a directory that may be seen inside
 * out: the number of things that are missing
 * err: -1 and *e when not even level `process` can be had
 */
int doctor_look(struct sandbox_spawner *sp, const char *root, struct buf *out,
    struct err *e);

/* Append a finding: "ok", "note", "missing" or nothing; of what; how so. */
void doctor_line(
    struct buf *out, const char *mark, const char *what, const char *text);

#endif
