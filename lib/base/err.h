/*
 * What went wrong, and where: a plain value that the caller owns, filled only
 * on failure, at the place that knows most, and passed up untouched.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	char text[1024];  /* "path:line:col: message", or just the message */
	unsigned message; /* where in `text` the message itself begins */
	unsigned line;	  /* from 1; 0 when there is no position */
	unsigned column;  /* in characters, from 1; 0 when unknown */
	char hint[256];	  /* how to mend it; may be empty */
};

/* Nothing is wrong yet: for who asks so often that to clear all of it, as {0}
 * does, would be felt. */
static inline void
err_reset(struct err *e)
{
	e->text[0] = e->hint[0] = 0;
	e->message = e->line = e->column = 0;
}

/*
 * Fill *e; a format that ends in ':' gets " " and strerror(errno) appended.
 *
 * out: always -1, so that a caller can `return err_set(...)`
 * mem: keeps nothing; a NULL `e` is allowed
 */
int err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with a position; `path` NULL or line 0 leave their part out. */
int err_at(struct err *e, const char *path, unsigned line, unsigned column,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Add how to mend it. Returns -1 too. */
int err_hint(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The message without the position before it. */
static inline const char *
err_message(const struct err *e)
{
	return e->text + e->message;
}

#endif
