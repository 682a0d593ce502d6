/*
 * One connection's HTTP/2, without its socket: bytes are pushed in as they
 * come, bytes to send are pulled out.
 */
#ifndef SYS_H2D_INT_H
#define SYS_H2D_INT_H

#include <stdint.h>

#include "sys/h2d.h"

struct h2d_session;

struct h2d_session *h2d_session_new(h2d_fn *fn, void *arg);

/*
 * Take s[n], and answer the calls that it makes whole. What comes after the
 * end (see below) is passed over.
 */
void h2d_session_read(struct h2d_session *s, const char *bytes, size_t n);

/* Append what is to be sent now; about as much as `out` lacks to H2D_PENDING.
 */
void h2d_session_write(struct h2d_session *s, struct buf *out);

/* No more calls are taken; those that are open may end. */
void h2d_session_leave(struct h2d_session *s);

/* Refuse the open calls that are not answered, with a code of gRPC. */
void h2d_session_refuse(
    struct h2d_session *s, enum h2d_status status, const char *why);

/* Nothing that comes matters any more, and all that is to be sent has been
 * pulled. */
bool h2d_session_is_over(const struct h2d_session *s);

/* Calls that are not answered yet, the bytes of their messages, and a count
 * that grows whenever one of them comes forward. */
size_t h2d_session_calls(const struct h2d_session *s);
size_t h2d_session_held(const struct h2d_session *s);
uint64_t h2d_session_progress(const struct h2d_session *s);

void h2d_session_del(struct h2d_session *s);

#endif
