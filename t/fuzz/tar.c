/*
 * Any bytes as a tar archive: it is refused, or its names hold no NUL, and
 * contents lie where they are said to; read or passed over, it is the same.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "data/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

static void
check(const struct tar_entry *it, size_t n)
{
	BUG_IF(strlen(it->name) > TAR_PATH_MAX);
	BUG_IF(strlen(it->link) > TAR_PATH_MAX);
	BUG_IF(it->at > n || it->mode > 07777);
	BUG_IF(it->mtime_ns > 999999999);
}

/* How many entries there are; -1 when it is no good archive. */
static long
count(const char *s, size_t n, int is_read)
{
	AUTO_SOURCE *in = source_bytes(s, n, "x");
	struct tar_entry it;
	struct err e;
	char text[700];
	long many = 0;
	AUTO_TAR t;
	int got;

	tar_begin(&t, in);
	while ((got = tar_next(&t, &it, &e)) > 0) {
		check(&it, n);
		many++;
		while (is_read &&
		       (got = (int)tar_read(&t, text, sizeof text, &e)) > 0)
			;
		if (got < 0)
			break;
	}
	return got < 0 ? -1 : many;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *s = n ? (const char *)bytes : "";

	BUG_IF(count(s, n, 0) != count(s, n, 1));
	return 0;
}
