#include "base/ticker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

static const char wipe[] = "\r\033[K";

unsigned
ticker_width(int fd)
{
	struct winsize w = {0};

	if (!isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

unsigned
ticker_columns(int fd)
{
	const char *term = getenv("TERM"), *ci = getenv("CI");

	if (!term || !strcmp(term, "dumb") || (ci && *ci))
		return 0;
	return ticker_width(fd);
}

bool
ticker_is_due(const struct ticker *t)
{
	return t->columns && clock_mono_ns() - t->drawn_ns >= TICKER_NS;
}

/* Bytes of the text that stand in so many columns. */
static size_t
fitting(const char *s, size_t len, unsigned columns)
{
	size_t n = 0;

	for (unsigned i = 0; i < columns && n < len; i++) {
		uint32_t c;
		size_t more = utf8_next(s + n, len - n, &c);

		n += more ? more : 1;
	}
	return n;
}

void
ticker_draw(struct ticker *t, const char *s, size_t n)
{
	if (!t->columns)
		return;
	out_add(t->to, wipe, sizeof wipe - 1);
	out_add(t->to, s, fitting(s, n, t->columns - 1));
	t->is_drawn = true;
	t->drawn_ns = clock_mono_ns();
}

void
ticker_wipe(struct ticker *t)
{
	if (t->is_drawn)
		out_add(t->to, wipe, sizeof wipe - 1);
	t->is_drawn = false;
}
