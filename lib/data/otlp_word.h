/*
 * The words of a JSON body, pulled one after the other; strict, and never
 * deeper than OTLP_NESTING. Of data/otlp only.
 *
 * Every function returns -1 and sets *o->e where the body is not as asked.
 *
 * src: RFC 8259
 */
#ifndef DATA_OTLP_WORD_H
#define DATA_OTLP_WORD_H

#include <string.h>

#include "data/otlp_int.h"

/* Borrowed from the body, or from o->scratch until the next word. */
struct otlp_word {
	const char *s;
	size_t n;
};

/* The beginning of the one object, in UTF-8; nothing may follow its end. */
int otlp_start(struct otlp *o);
int otlp_stop(struct otlp *o);

int otlp_open(struct otlp *o, char bracket);

/*
 * The next member or item; `more` when one came before.
 *
 * out: 1, and the reader stands at its key or value; 0: the bracket has closed
 */
int otlp_next(struct otlp *o, bool more);
int otlp_item(struct otlp *o, bool more);

/* Pass over a key and the colon. */
int otlp_key(struct otlp *o, struct otlp_word *key);

/* The character that is next, -1 at the end. */
static inline int
otlp_peek(struct otlp *o)
{
	for (; o->at < o->n; o->at++) {
		unsigned char c = (unsigned char)o->s[o->at];

		if (c > ' ' ||
		    (c != ' ' && c != '\t' && c != '\n' && c != '\r'))
			return c;
	}
	return -1;
}

/* Pass over both where a quote is next, if they are name[n], written as most
 * programs do. */
static inline bool
otlp_key_is(struct otlp *o, const char *name, size_t n)
{
	const char *s = o->s + o->at + 1;

	if (o->n - o->at < n + 3 || *s != *name || s[n] != '"' ||
	    s[n + 1] != ':' || memcmp(s, name, n) != 0)
		return false;
	o->at += n + 3;
	return true;
}

/* Pass over a word if it is there. */
bool otlp_take(struct otlp *o, const char *word);

static inline bool
otlp_take_null(struct otlp *o)
{
	return otlp_peek(o) == 'n' && otlp_take(o, "null");
}

/* Pass over a value, whatever it is. */
int otlp_skip(struct otlp *o);

/* A string, its escapes resolved; a lone surrogate is U+FFFD. */
int otlp_string(struct otlp *o, struct otlp_word *w);

int otlp_bool(struct otlp *o, bool *yes);

/* Is the next one a string that cannot be a number? */
bool otlp_is_word(struct otlp *o);

/* A whole number, bare or in quotes, with point and exponent or without. */
struct otlp_whole {
	uint64_t magnitude;
	bool is_negative, is_large; /* is_large: beyond 64 bits */
};

/* out: *w; its text in o->number where it is above INT64_MAX */
int otlp_whole(struct otlp *o, struct otlp_whole *w);

/* A number, or one of "NaN", "Infinity", "-Infinity". */
int otlp_double(struct otlp *o, double *d);

/* Standard or URL-safe base64, padded or not; in o->number. */
int otlp_base64(struct otlp *o, struct otlp_word *w);

#endif
