#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/image_int.h"

struct names {
	char **name;
	size_t n, cap;
};

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is in a directory of the store, in order; nothing is fine. */
static void
read_dir(const struct image_set *set, const char *sub, struct arena *a,
    struct names *to)
{
	AUTO_BUF path = BUF_INIT;
	struct dirent *ent;
	DIR *d;

	buf_addf(&path, "%s/%s", set->store, sub);
	d = opendir(path.s);
	if (!d)
		return;
	while ((ent = readdir(d))) {
		if (*ent->d_name == '.')
			continue;
		to->name =
		    arena_more(a, to->name, to->n, &to->cap, sizeof *to->name);
		to->name[to->n++] = arena_str(a, ent->d_name);
	}
	closedir(d);
	if (to->n)
		qsort(to->name, to->n, sizeof *to->name, by_bytes);
}

/* ---- list */

static void
tell(const struct image_set *set, const char *full, const char *key,
    image_entry_fn *fn, void *arg)
{
	AUTO_BUF name = BUF_INIT;
	struct image_entry entry = {.key = key};
	bool has_owners;

	if (full) {
		image_name_short(full, &name);
		entry.name = name.s;
	}
	image_info_read(set, key, &entry.bytes, &entry.entries, &has_owners);
	fn(arg, &entry);
}

/* Names in order, and the keys that they stand for. */
static void
sort_names(const struct map *names, struct arena *a, struct names *to,
    struct map *keys)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct map_entry *it = &names->entry[i];

		if (!it->value)
			continue;
		to->name =
		    arena_more(a, to->name, to->n, &to->cap, sizeof *to->name);
		to->name[to->n++] = (char *)it->key;
		map_set(keys, it->value, strlen(it->value), it->value);
	}
	if (to->n)
		qsort(to->name, to->n, sizeof *to->name, by_bytes);
}

int
image_list(struct image_set *set, image_entry_fn *fn, void *arg, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_MAP names = {0}, keys = {0};
	struct names sorted = {0}, roots = {0};

	if (image_names_read(set, &a, &names, e) < 0)
		return -1;
	sort_names(&names, &a, &sorted, &keys);
	for (size_t i = 0; i < sorted.n; i++)
		tell(set, sorted.name[i],
		    map_get(&names, sorted.name[i], strlen(sorted.name[i])), fn,
		    arg);
	read_dir(set, "roots", &a, &roots);
	for (size_t i = 0; i < roots.n; i++)
		if (!map_get(&keys, roots.name[i], strlen(roots.name[i])))
			tell(set, NULL, roots.name[i], fn, arg);
	return 0;
}

/* ---- remove and gc */

int
image_remove(struct image_set *set, const char *name, struct err *e)
{
	AUTO_BUF full = BUF_INIT;
	AUTO_ARENA a = {0};
	AUTO_MAP names = {0};
	AUTO_FD lock = -1;

	if (image_name_full(name, &full, e) < 0)
		return -1;
	lock = image_lock(set, LOCK_EX, e);
	if (lock < 0 || image_names_read(set, &a, &names, e) < 0)
		return -1;
	if (!map_del(&names, full.s, full.len)) {
		err_set(e, "'%s' is not in the store", name);
		return err_hint(e, "clnrm images list tells what is");
	}
	return image_names_write(set, &names, e);
}

/* Out of the way at once; what it holds goes later. */
static void
retire(const struct image_set *set, const char *key, struct image_gone *gone)
{
	AUTO_BUF from = BUF_INIT, to = BUF_INIT;
	AUTO_FD held = image_hold(set, key, LOCK_EX);
	int64_t bytes, entries;
	bool has_owners;

	if (held < 0) {
		gone->busy += errno == EWOULDBLOCK;
		return;
	}
	image_info_read(set, key, &bytes, &entries, &has_owners);
	buf_addf(&from, "%s/roots/%s", set->store, key);
	buf_addf(&to, "%s/tmp", set->store);
	mkdir(to.s, 0700);
	buf_addf(&to, "/gone.%s", key);
	file_remove_tree(to.s);
	if (rename(from.s, to.s) < 0)
		return;
	gone->images++;
	gone->bytes += bytes;
}

/* Keys that a file of [images] became, while it is as it was. */
static void
keep_files(const struct image_set *set, struct arena *a, struct map *keys)
{
	struct names files = {0};

	read_dir(set, "files", a, &files);
	for (size_t i = 0; i < files.n; i++) {
		AUTO_BUF path = BUF_INIT;
		char key[HASH_HEX];

		buf_addf(&path, "%s/files/%s", set->store, files.name[i]);
		if (image_file_key(path.s, key) > 0)
			map_set(keys, key, strlen(key), arena_str(a, key));
		else
			unlink(path.s);
	}
}

/* A descriptor that holds it, when it is nobody's: who begins one has the lock.
 */
static int
hold_dead(const struct image_set *set, const char *path)
{
	struct err e = {0};
	AUTO_FD lock = image_lock(set, LOCK_EX, &e);
	AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (lock < 0 || fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return fd_steal(&fd);
}

/* What was begun and will never be done. */
static void
sweep(const struct image_set *set, struct image_gone *gone)
{
	AUTO_ARENA a = {0};
	struct names drafts = {0};

	read_dir(set, "tmp", &a, &drafts);
	for (size_t i = 0; i < drafts.n; i++) {
		AUTO_BUF path = BUF_INIT;
		AUTO_FD fd = -1;

		buf_addf(&path, "%s/tmp/%s", set->store, drafts.name[i]);
		fd = hold_dead(set, path.s);
		if (fd < 0)
			continue;
		gone->partial += !strncmp(drafts.name[i], "draft.", 6);
		file_remove_tree(path.s);
	}
}

static void
sweep_locks(const struct image_set *set)
{
	AUTO_ARENA a = {0};
	struct names locks = {0};

	read_dir(set, "locks", &a, &locks);
	for (size_t i = 0; i < locks.n; i++) {
		AUTO_BUF path = BUF_INIT;
		AUTO_FD fd = -1;

		buf_addf(&path, "%s/locks/%s", set->store, locks.name[i]);
		fd = open(path.s, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlink(path.s);
	}
}

/* Parts of images, but for those that are being fetched. */
static void
sweep_blobs(const struct image_set *set, struct image_gone *gone)
{
	AUTO_ARENA a = {0};
	struct names blobs = {0};

	read_dir(set, "blobs", &a, &blobs);
	for (size_t i = 0; i < blobs.n; i++) {
		AUTO_BUF path = BUF_INIT;
		AUTO_FD fd = -1;

		buf_addf(&path, "%s/blobs/%s", set->store, blobs.name[i]);
		fd = open(path.s, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			gone->partial += unlink(path.s) == 0;
	}
}

static int
retire_all(struct image_set *set, struct image_gone *gone, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_MAP names = {0}, keys = {0};
	AUTO_FD lock = image_lock(set, LOCK_EX, e);
	struct names roots = {0}, sorted = {0};

	if (lock < 0 || image_names_read(set, &a, &names, e) < 0)
		return -1;
	sort_names(&names, &a, &sorted, &keys);
	keep_files(set, &a, &keys);
	read_dir(set, "roots", &a, &roots);
	for (size_t i = 0; i < roots.n; i++)
		if (!map_get(&keys, roots.name[i], strlen(roots.name[i])))
			retire(set, roots.name[i], gone);
	sweep_locks(set);
	return 0;
}

int
image_gc(struct image_set *set, struct image_gone *gone, struct err *e)
{
	*gone = (struct image_gone){0};
	if (retire_all(set, gone, e) < 0)
		return -1;
	sweep(set, gone);
	sweep_blobs(set, gone);
	return 0;
}
