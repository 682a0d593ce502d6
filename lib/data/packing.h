/*
 * How a stream is packed: plain, gzip or Zstandard, told by how it begins.
 */
#ifndef DATA_PACKING_H
#define DATA_PACKING_H

#include <stdbool.h>

#include "data/source.h"

/*
 * Is the file packed from its byte `at` on?
 *
 * out: 1 or 0
 * err: -1 and *e when it cannot be read
 */
int packing_is_at(int fd, uint64_t at, const char *name, struct err *e);

/*
 * Part of a file, unpacked.
 *
 * in:  within, gets the digest of the part as it is; or NULL
 * out: the source, or NULL and *e when it cannot be read
 * mem: borrows fd, name and within; source_close() it
 */
struct source *packing_open(int fd, uint64_t at, uint64_t len, const char *name,
    struct hash_stream *within, struct err *e);

#endif
