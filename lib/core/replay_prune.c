#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/replay.h"

struct entry {
	char *path;
	int64_t used_ns, bytes;
};

struct entries {
	struct entry *entry;
	size_t n, cap;
};

static void
add(struct entries *all, const char *dir, const char *name)
{
	AUTO_BUF path = BUF_INIT;
	struct stat st;

	buf_addf(&path, "%s/%s", dir, name);
	if (lstat(path.s, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	all->entry =
	    mem_more(all->entry, all->n, &all->cap, sizeof *all->entry);
	all->entry[all->n++] = (struct entry){mem_str(path.s),
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
	    (int64_t)st.st_blocks * 512};
}

static int
newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->used_ns < y->used_ns) - (x->used_ns > y->used_ns);
}

void
replay_prune(
    const char *dir, int64_t bytes, int64_t age_ns, struct replay_size *size)
{
	struct entries all = {0};
	int64_t now = clock_wall_ns();
	DIR *d = opendir(dir);
	struct dirent *ent;

	*size = (struct replay_size){0};
	while (d && (ent = readdir(d)))
		add(&all, dir, ent->d_name);
	if (d)
		closedir(d);
	if (all.n)
		qsort(all.entry, all.n, sizeof *all.entry, newest_first);
	for (size_t i = 0; i < all.n; i++) {
		struct entry *it = &all.entry[i];

		if ((now - it->used_ns > age_ns ||
			size->bytes + it->bytes > bytes) &&
		    !unlink(it->path)) {
			size->removed++;
			size->removed_bytes += it->bytes;
		} else {
			size->files++;
			size->bytes += it->bytes;
		}
		free(it->path);
	}
	free(all.entry);
}
