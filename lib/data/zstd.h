/*
 * A Zstandard stream, unpacked as it is read: frames and nothing else.
 *
 * src: RFC 8878
 */
#ifndef DATA_ZSTD_H
#define DATA_ZSTD_H

#include "data/source.h"

/*
 * Windows above 128 MiB are refused, so that memory is bounded.
 *
 * mem: takes over `in`; source_close() the result
 */
struct source *zstd_source(struct source *in);

#endif
