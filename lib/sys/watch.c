#include "sys/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/watch_int.h"

/*
 * Measured on real saves and checkouts: 20 ms keep the files of one save-all
 * together, 50 ms those of a checkout on a loaded machine.
 */
enum { FEW = 16 };
static const int64_t QUIET_FEW = 20000000, QUIET_MANY = 50000000,
		     CALM = 500000000;

void
watch_now(struct watch *w)
{
	w->now_ns = clock_mono_ns();
	w->wall_ns = clock_wall_ns();
}

void
watch_join(struct buf *to, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	buf_reset(to);
	buf_add(to, dir, n);
	if (n && dir[n - 1] != '/')
		buf_addc(to, '/');
	buf_adds(to, name);
}

bool
watch_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (!n)
		return *path != '/';
	return !strncmp(path, dir, n) &&
	       (!path[n] || path[n] == '/' || dir[n - 1] == '/');
}

bool
watch_is_in(const struct map *dirs, const char *path)
{
	size_t n = strlen(path);

	for (;;) {
		if (map_get(dirs, path, n))
			return true;
		if (!n)
			return false;
		while (n && path[n - 1] != '/')
			n--;
		if (n == 1)
			return map_get(dirs, "/", 1);
		n -= n > 0;
	}
}

void
watch_tell(struct watch *w, const char *path, const struct err *e)
{
	if (w->opts.tell)
		w->opts.tell(w->opts.arg, path, e);
}

struct watch_item *
watch_dirty(struct watch *w, const char *path, size_t len)
{
	struct watch_item *item = map_get(&w->dirty, path, len);

	if (!w->dirty.alive) {
		w->first_ns = w->now_ns;
		w->is_lone = w->now_ns - w->last_ns >= CALM;
	}
	w->last_ns = w->now_ns;
	if (w->opts.cookie && !strcmp(path, w->opts.cookie))
		w->is_hasty = true;
	if (item)
		return item;
	item = mem_new(1, sizeof *item);
	item->path = mem_dup(path, len);
	item->wall_ns = w->wall_ns;
	map_set(&w->dirty, path, len, item);
	return item;
}

static void
item_free(struct watch_item *item)
{
	free(item->path);
	free(item->from);
}

static struct watch_item *
steal(struct watch *w, const char *path)
{
	return map_del(&w->dirty, path, strlen(path));
}

/* What was dirty under the old name is so under the new one. */
static void
carry(struct watch *w, struct watch_item *old, const char *path)
{
	struct watch_item *item = watch_dirty(w, path, strlen(path));

	item->is_tree |= old->is_tree;
	if (old->wall_ns < item->wall_ns)
		item->wall_ns = old->wall_ns;
	if (old->from && !item->from) {
		item->from = old->from;
		old->from = NULL;
	}
	item_free(old);
	free(old);
}

static void
carry_below(struct watch *w, const char *from, const char *to)
{
	AUTO_BUF path = BUF_INIT;
	size_t end = w->dirty.n, len = strlen(from);
	char **below = mem_new(end, sizeof *below);
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		if (w->dirty.entry[i].value &&
		    watch_is_below(w->dirty.entry[i].key, from) &&
		    w->dirty.entry[i].len > len)
			below[n++] = mem_str(w->dirty.entry[i].key);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s%s", to, below[i] + len);
		carry(w, steal(w, below[i]), path.s);
		free(below[i]);
	}
	free(below);
}

void
watch_renamed(struct watch *w, const char *from, const char *to, bool is_dir)
{
	struct watch_item *a = watch_dirty(w, from, strlen(from));
	struct watch_item *b = watch_dirty(w, to, strlen(to));

	/* Renamed twice: the first name is the one that is known. */
	free(b->from);
	b->from = a->from ? a->from : mem_str(from);
	a->from = NULL;
	if (!is_dir)
		return;
	a->is_tree = b->is_tree = true;
	carry_below(w, from, to);
}

static int64_t
quiet(const struct watch *w)
{
	if (w->opts.quiet_ns >= 0)
		return w->opts.quiet_ns;
	if (w->is_lone && w->dirty.alive == 1 && w->opts.lone_ns >= 0)
		return w->opts.lone_ns;
	return w->dirty.alive < FEW ? QUIET_FEW : QUIET_MANY;
}

int64_t
watch_due_ns(const struct watch *w)
{
	int64_t silent = w->last_ns + quiet(w);
	int64_t cap = w->first_ns + w->opts.cap_ns;

	if (!w->dirty.alive)
		return INT64_MAX;
	if (w->is_hasty)
		return w->first_ns;
	return silent < cap ? silent : cap;
}

static int
by_turn(const void *a, const void *b)
{
	const struct watch_item *x = a, *y = b;

	if (!x->from != !y->from)
		return x->from ? -1 : 1;
	return strcmp(x->path, y->path);
}

void
watch_batch_sort(struct watch_batch *b)
{
	qsort(b->item, b->n, sizeof *b->item, by_turn);
}

static bool
is_held(const struct watch *w, int64_t at)
{
	return w->opts.holds && !w->is_hasty &&
	       at < w->first_ns + w->opts.cap_ns && w->opts.quiet_ns &&
	       w->opts.holds(w->opts.arg);
}

bool
watch_take(struct watch *w, bool now, struct watch_batch *b)
{
	int64_t at = clock_mono_ns();

	if (!w->dirty.alive || (!now && (w->moves || at < watch_due_ns(w))))
		return false;
	if (!now && is_held(w, at)) {
		w->last_ns = at;
		return false;
	}
	*b = (struct watch_batch){
	    .item = mem_new(w->dirty.alive, sizeof *b->item),
	    .is_partial = !now && !w->is_hasty && at < w->last_ns + quiet(w),
	    .quiet_ns = quiet(w),
	};
	for (size_t i = 0; i < w->dirty.n; i++) {
		struct watch_item *item = w->dirty.entry[i].value;

		if (!item)
			continue;
		b->item[b->n++] = *item;
		free(item);
	}
	map_free(&w->dirty);
	w->is_hasty = false;
	watch_batch_sort(b);
	return true;
}

void
watch_mark(struct watch *w, const char *path)
{
	watch_now(w);
	watch_dirty(w, path, strlen(path));
}

struct watch *
watch_new(const struct watch_opts *opts)
{
	struct watch *w = mem_new(1, sizeof *w);

	w->opts = *opts;
	w->fd = -1;
	w->poll_ns = w->scan_ns = w->fresh_ns = INT64_MAX;
	return w;
}

static char *
without_slash(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n == 1 && *path == '.' ? mem_str("") : mem_dup(path, n);
}

/* The operand for the directory that a file is in, made when it is new. */
static struct watch_root *
root_of(struct watch *w, char *path, char *real, bool is_file)
{
	struct watch_root *r;

	for (size_t i = 0; i < w->roots; i++)
		if (!strcmp(w->root[i]->real, real) &&
		    !w->root[i]->only.alive == !is_file) {
			free(path);
			free(real);
			return w->root[i];
		}
	r = mem_new(1, sizeof *r);
	*r = (struct watch_root){.path = path, .real = real, .wd = -1};
	w->root = mem_more(w->root, w->roots, &w->root_cap, sizeof *w->root);
	w->root[w->roots++] = r;
	return r;
}

int
watch_add(struct watch *w, const char *path, struct err *e)
{
	char *dir = without_slash(path), *slash, *real;
	struct watch_root *r;
	struct stat st;

	if (stat(*dir ? dir : ".", &st) < 0) {
		free(dir);
		return err_set(e, "cannot watch %s:", path);
	}
	if (S_ISDIR(st.st_mode)) {
		real = realpath(*dir ? dir : ".", NULL);
		root_of(w, dir, real ? real : mem_str(dir), false);
		return 0;
	}
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	else
		*dir = 0;
	real = realpath(*dir ? dir : ".", NULL);
	r = root_of(w, dir, real ? real : mem_str(dir), true);
	slash = strrchr(path, '/');
	slash = mem_str(slash ? slash + 1 : path);
	free(map_set(&r->only, slash, strlen(slash), mem_str(path)));
	free(slash);
	return 0;
}

/* Inside another operand that is a directory, not a file alone. */
static bool
is_covered(const struct watch *w, const struct watch_root *r)
{
	for (size_t i = 0; i < w->roots; i++)
		if (w->root[i] != r && !w->root[i]->only.alive &&
		    watch_is_below(r->real, w->root[i]->real))
			return true;
	return false;
}

int
watch_start(struct watch *w, struct err *e)
{
	watch_now(w);
	watch_shut(w);
	if (watch_open(w, e) < 0)
		return -1;
	w->is_lost = w->is_limited = false;
	for (size_t i = 0; i < w->roots; i++) {
		w->root[i]->is_covered = is_covered(w, w->root[i]);
		if (!w->root[i]->is_covered &&
		    watch_root_start(w, w->root[i], e) < 0)
			return -1;
	}
	w->is_started = true;
	watch_plan_scan(w);
	return watch_read(w, e);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

size_t
watch_root_len(const struct watch *w, const char *path)
{
	size_t longest = 0;

	for (size_t i = 0; i < w->roots; i++) {
		size_t n = strlen(w->root[i]->path);

		if (n > longest && watch_is_below(path, w->root[i]->path))
			longest = n;
	}
	return longest;
}

size_t
watch_dirs(const struct watch *w)
{
	return w->dirs + w->polled.alive;
}

void
watch_batch_free(struct watch_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		item_free(&b->item[i]);
	free(b->item);
	*b = (struct watch_batch){0};
}

static void
root_free(struct watch_root *r)
{
	for (size_t i = 0; i < r->only.n; i++)
		free(r->only.entry[i].value);
	map_free(&r->only);
	free(r->path);
	free(r->real);
	free(r);
}

void
watch_free(struct watch *w)
{
	struct watch_batch b;

	if (!w)
		return;
	watch_shut(w);
	fd_close(&w->fd);
	if (watch_take(w, true, &b))
		watch_batch_free(&b);
	map_free(&w->dirty);
	map_free(&w->polled);
	for (size_t i = 0; i < w->roots; i++)
		root_free(w->root[i]);
	free(w->root);
	free(w->dir);
	free(w->move);
	free(w);
}
