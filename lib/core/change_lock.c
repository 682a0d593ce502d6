#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/change.h"

enum { AGE = 10, SECOND = 1000000000 };

static bool
is_new(const char *path)
{
	struct stat st;

	return !lstat(path, &st) &&
	       clock_wall_ns() / SECOND - st.st_mtim.tv_sec < AGE;
}

static bool
has_lock(const char *dir, size_t n)
{
	static const char *const lock[] = {".git/index.lock", ".hg/wlock"};

	for (size_t i = 0; i < COUNT(lock); i++) {
		AUTO_BUF path = BUF_INIT;

		buf_add(&path, dir, n);
		buf_addf(&path, "/%s", lock[i]);
		if (is_new(path.s))
			return true;
	}
	return false;
}

bool
change_is_locked(const char *dir)
{
	size_t n = strlen(dir);

	for (;;) {
		if (has_lock(dir, n))
			return true;
		while (n && dir[n - 1] != '/')
			n--;
		if (!n--)
			return false;
	}
}
