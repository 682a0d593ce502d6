#include <stdlib.h>
#include <string.h>

#include "core/image.h"

enum { LONGEST = 255 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			      "WXYZ0123456789._-/:@";

static int
check(const char *name, struct err *e)
{
	size_t n = strlen(name);

	if (n && n <= LONGEST && strspn(name, letters) == n &&
	    !strchr("/:@.-", name[0]) && !strchr("/:@", name[n - 1]) &&
	    !strstr(name, "//") && !strstr(name, ".."))
		return 0;
	err_set(e, "'%.80s' is no name of an image", name);
	return err_hint(e, "names are as in redis, redis:7 or "
			   "ghcr.io/team/tool:1.2");
}

/* Is what stands before the first slash a host? Then its length, else 0. */
static size_t
registry(const char *name)
{
	size_t n = strcspn(name, "/");

	if (!name[n])
		return 0;
	if (memchr(name, '.', n) || memchr(name, ':', n) ||
	    (n == 9 && !strncmp(name, "localhost", 9)))
		return n;
	return 0;
}

int
image_name_full(const char *name, struct buf *to, struct err *e)
{
	size_t host = registry(name);
	const char *rest = host ? name + host + 1 : name, *last;

	if (check(name, e) < 0)
		return -1;
	buf_reset(to);
	if (!host || (host == 15 && !strncmp(name, "index.docker.io", 15)))
		buf_adds(to, "docker.io");
	else
		buf_add(to, name, host);
	if (!strcmp(to->s, "docker.io") && !strchr(rest, '/'))
		buf_adds(to, "/library");
	buf_addf(to, "/%s", rest);
	last = strrchr(to->s, '/');
	if (!strpbrk(last, ":@"))
		buf_adds(to, ":latest");
	return 0;
}

void
image_name_short(const char *full, struct buf *to)
{
	static const char *const usual[] = {"docker.io/library/", "docker.io/"};

	buf_reset(to);
	for (int i = 0; i < 2; i++)
		if (!strncmp(full, usual[i], strlen(usual[i]))) {
			buf_adds(to, full + strlen(usual[i]));
			return;
		}
	buf_adds(to, full);
}
