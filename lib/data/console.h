/*
 * Spans that programs print between their log lines: found by their shape,
 * whatever stands around them, and turned into canonical spans.
 *
 *	{"resourceSpans":[…]}	one request of OTLP a line
 *	js	console.dir or JSON.stringify of ConsoleSpanExporter
 *	python	ConsoleSpanExporter, indented or one a line
 *	go	stdouttrace, pretty or not
 *	cpp	OStreamSpanExporter
 *
 * An object opens with a brace at the beginning of a line, or at its end; the
 * lines inside are indented, so that others which another writer puts between
 * them are passed over. Bounds: CONSOLE_* below.
 *
 * src: the exporters' sources; what each leaves out: clnrm-records(7)
 */
#ifndef DATA_CONSOLE_H
#define DATA_CONSOLE_H

#include <stddef.h>

#include "base/err.h"
#include "data/otlp.h"

enum {
	CONSOLE_LINE = 16 << 20, /* bytes; a longer one is passed over */
	CONSOLE_SPAN = 2 << 20,	 /* bytes of one printed span */
};

enum console_form {
	CONSOLE_OTLP,
	CONSOLE_JS,
	CONSOLE_PYTHON,
	CONSOLE_GO,
	CONSOLE_CPP,
	CONSOLE_FORMS
};

/* "otlp", "js", … */
const char *console_form_name(enum console_form form);

/* Who listens: to spans, and to what was one and cannot be read: cut off, too
 * long, malformed. Everything is borrowed. */
struct console_user {
	void (*span)(
	    void *arg, enum console_form form, const struct otlp_span *span);
	void (*lost)(void *arg, const struct err *e);
	void *arg;
};

struct console;

struct console *console_new(const struct console_user *user);

/* Read on, in pieces of any size; a span is told when its last line ends. */
void console_feed(struct console *c, const char *s, size_t n);

/* There is no more: a last line needs no end, a span that is open is lost. */
void console_end(struct console *c);

/* NULL is fine. */
void console_del(struct console *c);

#endif
