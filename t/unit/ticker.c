#include "base/ticker.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct out out = {.fd = -1, .pending = BUF_INIT, .is_held = true};

static void
draw(struct ticker *t, const char *s)
{
	ticker_draw(t, s, strlen(s));
}

static void
a_line_is_cut_at_the_width_and_wiped_once(void)
{
	struct ticker t = {.to = &out, .columns = 5};

	buf_reset(&out.pending);
	draw(&t, "abcdef");
	is_str(out.pending.s, "\r\033[Kabcd");
	buf_reset(&out.pending);
	draw(&t, "\303\244\303\266\303\274xy");
	is_str(out.pending.s, "\r\033[K\303\244\303\266\303\274x");
	buf_reset(&out.pending);
	ticker_wipe(&t);
	ticker_wipe(&t);
	is_str(out.pending.s, "\r\033[K");
}

static void
it_is_not_due_again_at_once(void)
{
	struct ticker t = {.to = &out, .columns = 80};

	is_true(ticker_is_due(&t));
	draw(&t, "a");
	t.drawn_ns += 3600 * INT64_C(1000000000); /* this machine may be slow */
	is_true(!ticker_is_due(&t));
	t.drawn_ns -= 3601 * INT64_C(1000000000);
	is_true(ticker_is_due(&t));
}

static void
where_nobody_looks_nothing_is_drawn(void)
{
	struct ticker t = {.to = &out};

	buf_reset(&out.pending);
	is_true(!ticker_is_due(&t));
	draw(&t, "a");
	ticker_wipe(&t);
	is_str(out.pending.s, "");
	is_int(ticker_width(-1), 0);
	setenv("TERM", "xterm", 1);
	unsetenv("CI");
	is_int(ticker_columns(-1), 0);
}

TAP_MAIN(TEST(a_line_is_cut_at_the_width_and_wiped_once),
    TEST(it_is_not_due_again_at_once),
    TEST(where_nobody_looks_nothing_is_drawn))
