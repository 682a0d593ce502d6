/*
 * A gzip stream, inflated as it is read: one or more members and nothing
 * else.
 *
 * src: RFC 1952
 */
#ifndef DATA_GZIP_SOURCE_H
#define DATA_GZIP_SOURCE_H

#include "data/source.h"

/* mem: takes over `in`; source_close() the result */
struct source *gzip_source(struct source *in);

#endif
