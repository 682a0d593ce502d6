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
#include "data/json.h"

static int
flock_whole(int fd, int how)
{
	int got;

	do {
		got = flock(fd, how);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* A file of the store, locked; made when it is missing. */
static int
lock_file(const struct image_set *set, const char *name, int how, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;
	struct err why = {0};

	buf_addf(&path, "%s/%s", set->store, name);
	fd = open(path.s, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT) {
		const char *slash = strrchr(path.s, '/');

		buf_cut(&path, (size_t)(slash - path.s));
		if (file_mkdirs(path.s, 0700, &why) < 0)
			return err_set(e, "the store of images: %s", why.text);
		buf_reset(&path);
		buf_addf(&path, "%s/%s", set->store, name);
		fd = open(path.s, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	}
	if (fd < 0 || flock_whole(fd, how) < 0)
		return err_set(e, "%s:", path.s);
	return fd_steal(&fd);
}

int
image_lock(const struct image_set *set, int how, struct err *e)
{
	return lock_file(set, "lock", how, e);
}

int
image_key_lock(const struct image_set *set, const char *key, struct err *e)
{
	AUTO_BUF name = BUF_INIT;

	buf_addf(&name, "locks/%s", key);
	return lock_file(set, name.s, LOCK_EX, e);
}

int
image_hold(const struct image_set *set, const char *key, int how)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;

	buf_addf(&path, "%s/roots/%s", set->store, key);
	fd = open(path.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock_whole(fd, how | LOCK_NB) < 0)
		return -1;
	return fd_steal(&fd);
}

/* ---- names */

/* "KEY NAME"; a line that is none is passed over. */
static void
take_line(struct arena *a, struct map *names, const char *s, size_t n)
{
	size_t key = HASH_HEX - 1;

	if (n > HASH_HEX && s[key] == ' ')
		map_set(names, s + key + 1, n - key - 1, arena_dup(a, s, key));
}

int
image_names_read(const struct image_set *set, struct arena *a,
    struct map *names, struct err *e)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;

	buf_addf(&path, "%s/names", set->store);
	if (access(path.s, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (file_read(path.s, &text, e) < 0)
		return -1;
	for (const char *s = text.s; *s;) {
		size_t n = strcspn(s, "\n");

		take_line(a, names, s, n);
		s += n + (s[n] == '\n');
	}
	return 0;
}

int
image_names_write(
    const struct image_set *set, const struct map *names, struct err *e)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;

	buf_addf(&path, "%s/names", set->store);
	for (size_t i = 0; i < names->n; i++)
		if (names->entry[i].value)
			buf_addf(&text, "%s %s\n",
			    (const char *)names->entry[i].value,
			    names->entry[i].key);
	return file_replace(path.s, text.s, text.len, 0600, e);
}

int
image_names_add(const struct image_set *set, const char *name, const char *key,
    struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_MAP names = {0};

	if (!name)
		return 0;
	if (image_names_read(set, &a, &names, e) < 0)
		return -1;
	map_set(&names, name, strlen(name), arena_str(&a, key));
	return image_names_write(set, &names, e);
}

int
image_is_there(const struct image_set *set, const char *name, const char *key,
    struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD lock = image_lock(set, LOCK_EX, e);

	if (lock < 0)
		return -1;
	buf_addf(&path, "%s/roots/%s", set->store, key);
	if (access(path.s, F_OK) < 0)
		return 0;
	return image_names_add(set, name, key, e) < 0 ? -1 : 1;
}

void
image_info_read(const struct image_set *set, const char *key, int64_t *bytes,
    int64_t *entries, bool *has_owners)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	AUTO_ARENA a = {0};
	struct err e = {0};
	const struct value *v = NULL;

	buf_addf(&path, "%s/roots/%s/info", set->store, key);
	if (file_read(path.s, &text, &e) == 0)
		v = json_parse(&a, text.s, text.len, &e);
	*bytes = value_int_or(value_get(v, "bytes"), 0);
	*entries = value_int_or(value_get(v, "entries"), 0);
	*has_owners = value_bool_or(value_get(v, "owners"), false);
}

/* ---- a root that is being filled */

/* Made and locked in one go, so that no gc comes between. */
int
image_scratch(const struct image_set *set, const char *kind, struct buf *path,
    struct err *e)
{
	AUTO_FD lock = image_lock(set, LOCK_EX, e), fd = -1;

	if (lock < 0)
		return -1;
	buf_reset(path);
	buf_addf(path, "%s/tmp", set->store);
	if (mkdir(path->s, 0700) < 0 && errno != EEXIST)
		return err_set(e, "%s:", path->s);
	buf_addf(path, "/%s.XXXXXX", kind);
	if (!mkdtemp(path->s))
		return err_set(e, "%s:", path->s);
	fd = open(path->s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock_whole(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, "%s:", path->s);
	return fd_steal(&fd);
}

int
image_draft_begin(
    struct image_draft *d, const struct image_set *set, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	d->set = set;
	d->lock = image_scratch(set, "draft", &path, e);
	if (d->lock < 0)
		return -1;
	d->path = mem_str(path.s);
	buf_adds(&path, "/root");
	if (mkdir(path.s, 0700) < 0 || chmod(path.s, 0755) < 0)
		return err_set(e, "%s:", path.s);
	return rootdir_open(&d->root, path.s, e);
}

int
image_draft_count(struct image_draft *d, uint64_t bytes, struct err *e)
{
	if (bytes > (uint64_t)(d->set->max_bytes - d->bytes)) {
		err_set(e, "the image has more than %lld bytes",
		    (long long)d->set->max_bytes);
		return err_hint(e, "if that is right: --max-size");
	}
	if (d->entries >= d->set->max_entries) {
		err_set(e, "the image has more than %lld files",
		    (long long)d->set->max_entries);
		return err_hint(e, "if that is right: --max-files");
	}
	d->bytes += (int64_t)bytes;
	d->entries++;
	return 0;
}

void
image_draft_time(struct image_draft *d, const char *name, struct timespec mtime)
{
	d->time =
	    arena_more(&d->a, d->time, d->times, &d->cap, sizeof *d->time);
	d->time[d->times++] =
	    (struct image_time){arena_str(&d->a, name), mtime};
}

/* What stands beside the root. */
static int
describe(struct image_draft *d, const char *config, size_t n, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_JSON j = JSON_INIT;

	buf_addf(&path, "%s/config.json", d->path);
	if (file_replace(path.s, config, n, 0600, e) < 0)
		return -1;
	json_open(&j, NULL, '{');
	json_int(&j, "bytes", d->bytes);
	json_int(&j, "entries", d->entries);
	json_bool(&j, "owners", d->root.has_owners);
	json_close(&j, '}');
	buf_reset(&path);
	buf_addf(&path, "%s/info", d->path);
	return file_replace(path.s, j.text.s, j.text.len, 0600, e);
}

/* 1 when it is the entry now, 0 when another was faster. */
static int
move_in(struct image_draft *d, const char *key, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/roots", d->set->store);
	if (mkdir(path.s, 0700) < 0 && errno != EEXIST)
		return err_set(e, "%s:", path.s);
	buf_addf(&path, "/%s", key);
	if (rename(d->path, path.s) == 0) {
		free(d->path);
		d->path = NULL;
		return 1;
	}
	return errno == EEXIST || errno == ENOTEMPTY
		 ? 0
		 : err_set(e, "%s:", path.s);
}

int
image_draft_publish(struct image_draft *d, const char *name, const char *config,
    size_t n, struct image_done *done, struct err *e)
{
	AUTO_FD lock = -1;
	int got;

	for (size_t i = d->times; i-- > 0;)
		rootdir_touch(&d->root, d->time[i].name, d->time[i].mtime);
	if (describe(d, config, n, e) < 0)
		return -1;
	if (syncfs(d->lock) < 0)
		return err_set(e, "%s:", d->path);
	hash_hex(config, n, done->key);
	lock = image_lock(d->set, LOCK_EX, e);
	if (lock < 0)
		return -1;
	got = move_in(d, done->key, e);
	if (got < 0)
		return -1;
	done->is_new = got;
	done->bytes = got ? d->bytes : 0;
	done->entries = got ? d->entries : 0;
	done->devices = d->devices;
	return image_names_add(d->set, name, done->key, e);
}

void
image_draft_free(struct image_draft *d)
{
	rootdir_close(&d->root);
	if (d->path)
		file_remove_tree(d->path);
	fd_close(&d->lock);
	free(d->path);
	d->path = NULL;
	arena_free(&d->a);
}
