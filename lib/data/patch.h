/*
 * What makes one text of another, as a unified diff.
 */
#ifndef DATA_PATCH_H
#define DATA_PATCH_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append the diff that patch(1) takes; nothing where the texts are the same.
 * It is the shortest, but where more than a thousand lines differ it may be
 * one hunk.
 *
 * in:  path, for both headings; a[an] before, b[bn] after
 */
void patch_print(struct buf *to, const char *path, const char *a, size_t an,
    const char *b, size_t bn);

#endif
