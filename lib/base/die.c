#include "base/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *program = "clnrm";

int
exit_worse(int a, int b)
{
	static const int order[] = {
	    EXIT_BUG, EXIT_RUN, EXIT_INPUT, EXIT_NO, EXIT_NONE};

	if (a >= 128 || b >= 128)
		return a >= 128 ? a : b;
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_YES;
}

void
die_name(const char *name)
{
	program = name;
}

static void
say(const char *fmt, va_list ap)
{
	char line[2048];

	vsnprintf(line, sizeof line, fmt, ap);
	fprintf(stderr, "%s: %s\n", program, line);
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(status);
}
