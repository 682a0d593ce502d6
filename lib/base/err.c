#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
append(struct err *e, const char *fmt, va_list ap, int saved)
{
	size_t used = strlen(e->text);

	vsnprintf(e->text + used, sizeof e->text - used, fmt, ap);
	used = strlen(e->text);
	if (*fmt && fmt[strlen(fmt) - 1] == ':')
		snprintf(e->text + used, sizeof e->text - used, " %s",
		    strerror(saved));
}

int
err_set(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (!e)
		return -1;
	*e = (struct err){0};
	va_start(ap, fmt);
	append(e, fmt, ap, saved);
	va_end(ap);
	return -1;
}

int
err_at(struct err *e, const char *path, unsigned line, unsigned column,
    const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	int n = 0;

	if (!e)
		return -1;
	*e = (struct err){.line = line, .column = column};
	if (path && line && column)
		n = snprintf(e->text, sizeof e->text / 2, "%s:%u:%u: ", path,
		    line, column);
	else if (path && line)
		n = snprintf(
		    e->text, sizeof e->text / 2, "%s:%u: ", path, line);
	else if (path)
		n = snprintf(e->text, sizeof e->text / 2, "%s: ", path);
	if (n >= (int)sizeof e->text / 2)
		n = sizeof e->text / 2 - 1;
	e->message = (unsigned)n;
	va_start(ap, fmt);
	append(e, fmt, ap, saved);
	va_end(ap);
	return -1;
}

int
err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
	return -1;
}
