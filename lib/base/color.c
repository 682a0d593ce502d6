#include "base/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_set(const char *name)
{
	const char *text = getenv(name);

	return text && *text;
}

bool
color_is_on(int fd)
{
	const char *term = getenv("TERM");

	if (is_set("NO_COLOR"))
		return false;
	if (is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE"))
		return true;
	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

void
color_add(struct buf *b, bool has_color, const char *color, const char *text)
{
	if (has_color)
		buf_addf(b, "\033[%sm%s\033[0m", color, text);
	else
		buf_adds(b, text);
}
