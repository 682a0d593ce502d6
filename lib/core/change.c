#include "core/change.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum {
	LARGE = 64 << 20, /* bytes; beyond, size and time alone decide */
	TRIES = 3,	  /* to read a file that is being written */
	HOPS = 16,	  /* directories renamed within renamed directories */
};

/* The clocks of some file systems stand still for two seconds. */
static const int64_t FRESH_NS = 2000000000;

void
change_init(struct change_table *t, struct watch *watch, int own_fd)
{
	struct stat st;

	*t = (struct change_table){.watch = watch, .reached = BUF_INIT};
	if (own_fd >= 0 && !fstat(own_fd, &st) && S_ISREG(st.st_mode)) {
		t->own_dev = st.st_dev;
		t->own_inode = st.st_ino;
	}
}

static int64_t
nano(struct timespec ts)
{
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
describe(const struct stat *st, struct change_file *f)
{
	f->size = st->st_size;
	f->dev = st->st_dev;
	f->mtime_ns = nano(st->st_mtim);
	f->ctime_ns = nano(st->st_ctim);
	f->inode = st->st_ino;
	f->kind = st->st_mode & S_IFMT;
	f->mode = st->st_mode & 07777;
	f->is_fresh = clock_wall_ns() - f->ctime_ns < FRESH_NS;
}

static bool
is_same(const struct change_file *a, const struct change_file *b)
{
	return a->dev == b->dev && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->inode == b->inode && a->kind == b->kind;
}

/*
 * Where a link took the place of a directory, what it leads to may have files
 * of the same names, and they are not the ones that were there.
 */
static bool
is_reached(struct change_table *t, const char *path)
{
	size_t root = t->watch ? watch_root_len(t->watch, path) : 0;
	AUTO_BUF dir = BUF_INIT;
	const char *slash;
	struct stat st;

	buf_adds(&dir, path);
	while ((slash = strrchr(dir.s, '/')) && slash > dir.s + root) {
		buf_cut(&dir, (size_t)(slash - dir.s));
		if (t->reached.len && watch_is_below(t->reached.s, dir.s))
			break;
		if (lstat(dir.s, &st) < 0 || !S_ISDIR(st.st_mode))
			return false;
	}
	slash = strrchr(path, '/');
	buf_reset(&t->reached);
	if (slash)
		buf_add(&t->reached, path, (size_t)(slash - path));
	return true;
}

/* Is there a file of ours to tell of? */
static bool
look(struct change_table *t, const char *path, struct change_file *f)
{
	struct stat st;

	if (!is_reached(t, path) || lstat(path, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
		return false;
	if (t->own_inode && st.st_ino == t->own_inode &&
	    st.st_dev == t->own_dev)
		return false;
	describe(&st, f);
	return true;
}

/* A link is what it says, not what it leads to. */
static bool
read_link(const char *path, struct change_file *f)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof text);

	if (n < 0)
		return false;
	hash_hex(text, (size_t)n, f->sha256);
	return true;
}

/*
 * Hash a file. One that changes meanwhile is read again, and in the end goes
 * back to the dirty set.
 *
 * out: false when it vanished
 */
static bool
read_file(struct change_table *t, const char *path, struct change_file *f)
{
	for (int i = 0; i < TRIES; i++) {
		AUTO_FD fd = open(path,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		struct change_file after = {0};
		struct stat st;

		if (fd < 0)
			return errno != ENOENT && errno != ENOTDIR;
		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			return false;
		describe(&st, f);
		f->sha256[0] = 0;
		if (f->size > LARGE || hash_fd(fd, f->sha256) < 0)
			return true;
		if (fstat(fd, &st) < 0)
			return true;
		describe(&st, &after);
		if (is_same(f, &after))
			return true;
	}
	if (t->watch)
		watch_mark(t->watch, path);
	return true;
}

static bool
hash(struct change_table *t, const char *path, struct change_file *f)
{
	const char *kept;

	f->sha256[0] = 0;
	kept = f->is_fresh ? NULL : change_cache_get(t->cache, f);
	if (kept) {
		memcpy(f->sha256, kept, HASH_HEX);
		return true;
	}
	t->hashed++;
	return S_ISLNK(f->kind) ? read_link(path, f) : read_file(t, path, f);
}

static struct change_file *
known(const struct change_table *t, const char *path)
{
	return map_get(&t->file, path, strlen(path));
}

static void
keep(struct change_table *t, const char *path, const struct change_file *f)
{
	struct change_file *copy = mem_new(1, sizeof *copy);

	*copy = *f;
	free(map_set(&t->file, path, strlen(path), copy));
}

static const char *
text(char to[HASH_HEX], const char *from)
{
	memcpy(to, from, HASH_HEX);
	return *to ? to : NULL;
}

static bool
gone(struct change_table *t, struct change *c)
{
	struct change_file *old =
	    map_del(&t->file, c->source, strlen(c->source));

	if (!old)
		return false;
	c->event = CHANGE_DELETED;
	c->sha256_before = text(t->before, old->sha256);
	free(old);
	return true;
}

/* Was it known by the name it had before, and is it there no longer? */
static bool
did_move(struct change_table *t, const char *from, struct change *c)
{
	struct change_file now, *old;

	if (!from || !known(t, from) || look(t, from, &now))
		return false;
	old = map_del(&t->file, from, strlen(from));
	c->event = CHANGE_MOVED;
	snprintf(t->from, sizeof t->from, "%s", from);
	c->from = t->from;
	c->sha256_before = text(t->before, old->sha256);
	free(old);
	return true;
}

static bool
is_equal(const struct change_file *a, const struct change_file *b)
{
	if (!*a->sha256 || !*b->sha256)
		return is_same(a, b);
	return a->kind == b->kind && a->mode == b->mode &&
	       !strcmp(a->sha256, b->sha256);
}

/* It was there before, and there may be very many: not even read. */
static bool
is_found(
    const struct change_table *t, const char *path, const struct change_file *f)
{
	return t->is_wide && t->is_foreign && f->ctime_ns < t->since_ns &&
	       t->is_foreign(path);
}

static bool
judge(struct change_table *t, const char *from, struct change *c)
{
	struct change_file now = {0}, *old = known(t, c->source);

	if (!look(t, c->source, &now))
		return gone(t, c);
	c->is_written = !old || !is_same(old, &now);
	if (!c->is_written && !old->is_fresh)
		return false;
	if (!old && is_found(t, c->source, &now)) {
		keep(t, c->source, &now);
		return false;
	}
	if (!hash(t, c->source, &now))
		return gone(t, c);
	if (old && is_equal(old, &now)) {
		*old = now;
		return false;
	}
	c->size = now.size;
	c->sha256 = text(t->sha256, now.sha256);
	if (old) {
		c->event = CHANGE_MODIFIED;
		c->sha256_before = text(t->before, old->sha256);
	} else if (!did_move(t, from, c)) {
		c->event = t->is_initial ? CHANGE_INITIAL : CHANGE_CREATED;
	}
	keep(t, c->source, &now);
	return true;
}

/* The directory's rename that explains the path, the nearest one. */
static const struct watch_item *
rename_of(const struct watch_batch *b, const char *path)
{
	const struct watch_item *best = NULL;

	/* What was renamed comes first in a batch. */
	for (size_t i = 0; i < b->n && b->item[i].from; i++) {
		const struct watch_item *it = &b->item[i];

		if (it->is_tree && watch_is_below(path, it->path) &&
		    (!best || strlen(it->path) > strlen(best->path)))
			best = it;
	}
	return best;
}

/* The name that a file had when the directories above it were renamed. */
static void
trace(const struct change_table *t, struct watch_item *item)
{
	AUTO_BUF name = BUF_INIT;

	buf_adds(&name, item->path);
	for (int i = 0; i < HOPS; i++) {
		const struct watch_item *r = rename_of(&t->batch, name.s);
		AUTO_BUF before = BUF_INIT;

		if (!r)
			return;
		buf_addf(&before, "%s%s", r->from, name.s + strlen(r->path));
		buf_reset(&name);
		buf_add(&name, before.s, before.len);
		if (known(t, name.s)) {
			item->from = mem_str(name.s);
			return;
		}
	}
}

/* Every known file below a directory that is dirty as a whole. */
static void
add_known(struct change_table *t, const struct map *tree, size_t n)
{
	struct watch_batch *b = &t->batch;
	size_t cap = b->n;
	AUTO_MAP there = {0};

	for (size_t i = 0; i < n; i++)
		map_set(&there, b->item[i].path, strlen(b->item[i].path), t);
	for (size_t i = 0; i < t->file.n; i++) {
		const struct map_entry *f = &t->file.entry[i];

		if (!f->value || !watch_is_in(tree, f->key) ||
		    map_get(&there, f->key, f->len))
			continue;
		b->item = mem_more(b->item, b->n, &cap, sizeof *b->item);
		b->item[b->n++] = (struct watch_item){
		    .path = mem_str(f->key), .wall_ns = b->item[0].wall_ns};
	}
}

void
change_open(struct change_table *t, struct watch_batch *b)
{
	bool is_renamed = false;
	AUTO_MAP tree = {0};
	size_t n = b->n;

	watch_batch_free(&t->batch);
	t->batch = *b;
	*b = (struct watch_batch){0};
	t->next = 0;
	buf_reset(&t->reached);
	t->is_initial = t->batches++ == 0;
	t->is_wide = t->is_initial || t->is_widened;
	t->is_widened = false;
	for (size_t i = 0; i < n; i++) {
		const struct watch_item *it = &t->batch.item[i];

		if (it->is_tree)
			map_set(&tree, it->path, strlen(it->path), t);
		is_renamed |= it->is_tree && it->from;
	}
	if (tree.alive)
		add_known(t, &tree, n);
	for (size_t i = 0; is_renamed && i < n; i++)
		if (!t->batch.item[i].from)
			trace(t, &t->batch.item[i]);
	if (tree.alive)
		watch_batch_sort(&t->batch);
}

bool
change_is_open(const struct change_table *t)
{
	return t->next < t->batch.n;
}

bool
change_step(struct change_table *t, struct change *c)
{
	const struct watch_item *item = &t->batch.item[t->next++];

	*c = (struct change){
	    .source = item->path, .size = -1, .wall_ns = item->wall_ns};
	return judge(t, item->from, c);
}

const char *
change_event_name(enum change_event event)
{
	static const char *const name[] = {
	    "initial", "created", "modified", "deleted", "moved"};

	return name[event];
}

size_t
change_files(const struct change_table *t)
{
	return t->file.alive;
}

void
change_free(struct change_table *t)
{
	for (size_t i = 0; i < t->file.n; i++)
		free(t->file.entry[i].value);
	map_free(&t->file);
	buf_free(&t->reached);
	watch_batch_free(&t->batch);
}
