#include "core/freight.h"

#include <signal.h>

#include "scratch.h"
#include "tap.h"

static const char large[200000] = "x";

/* More than a pipe holds is written; who waits for it does so in vain. */
static void
who_gives_up_reading_ends_who_writes(void)
{
	char piece[512];
	pid_t pid = 0;
	struct err e = {0};
	AUTO_FD fd = freight_file("large", 0644, large, sizeof large, &pid, &e);

	signal(SIGPIPE, SIG_IGN);
	is_true(fd >= 0);
	is_int(read(fd, piece, sizeof piece), sizeof piece);
	fd_close(&fd);
	is_int(waitpid(pid, NULL, 0), pid);
}

TAP_MAIN(TEST(who_gives_up_reading_ends_who_writes))
