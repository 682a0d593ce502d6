#include "sys/watch_int.h"

#include <inotifytools/inotifytools.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"

static const int64_t FRESH_NS = 2000000000;
enum {
	PAIR_NS = 2000000, /* the halves of a rename are at most so far apart */
	AT_ONCE = 64 << 10, /* notices, before others have their turn */
	TO_FORGET = 100000, /* numbers, before the table begins anew */
};

void
watch_move_free(struct watch *w, size_t i)
{
	free(w->move[i].from);
	memmove(
	    &w->move[i], &w->move[i + 1], (--w->moves - i) * sizeof *w->move);
}

static void
moved_from(struct watch *w, const struct watch_root *root, uint32_t cookie,
    const char *path, bool is_dir)
{
	struct watch_move m = {cookie, is_dir, mem_str(path), w->now_ns};

	w->move = mem_more(w->move, w->moves, &w->move_cap, sizeof *w->move);
	w->move[w->moves++] = m;
	if (is_dir)
		watch_to_limbo(w, root, path, cookie);
	else
		watch_dirty(w, path, strlen(path));
}

/* It left what is watched, and takes its notices with it. */
static void
moved_out(struct watch *w, size_t i)
{
	struct watch_move *m = &w->move[i];

	if (m->is_dir) {
		watch_drop_limbo(w, m->cookie);
		watch_dirty(w, m->from, strlen(m->from))->is_tree = true;
	}
	watch_move_free(w, i);
}

/* The other half of a rename, or NULL. */
static struct watch_move *
partner(struct watch *w, uint32_t cookie, bool is_dir)
{
	for (size_t i = 0; i < w->moves; i++)
		if (w->move[i].cookie == cookie && w->move[i].is_dir == is_dir)
			return &w->move[i];
	return NULL;
}

static int
moved_to(struct watch *w, struct watch_root *root, uint32_t cookie,
    const char *path, bool is_dir, struct err *e)
{
	struct watch_move *m = partner(w, cookie, is_dir);

	if (m) {
		watch_renamed(w, m->from, path, is_dir);
		watch_move_free(w, (size_t)(m - w->move));
	}
	if (!is_dir) {
		watch_dirty(w, path, strlen(path));
		return 0;
	}
	if (watch_walk(w, root, path, e) < 0)
		return -1;
	if (m) /* what the walk did not find, or is ignored by its new name */
		watch_drop_limbo(w, cookie);
	return 0;
}

/*
 * A file that is created is closed later, and that notice counts; but links
 * are whole from the beginning and are never closed. One that lost its other
 * name already looks like a file, and gives itself away by silence.
 */
static void
created(struct watch *w, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	if (S_ISLNK(st.st_mode) || st.st_nlink > 1) {
		watch_dirty(w, path, strlen(path));
		return;
	}
	if (!w->fresh.alive)
		w->fresh_ns = w->now_ns + FRESH_NS;
	map_set(&w->fresh, path, strlen(path), w);
}

static bool
is_being_written(const struct watch *w, const char *path)
{
	struct stat st;

	return !lstat(path, &st) &&
	       w->wall_ns - (int64_t)st.st_mtim.tv_sec * 1000000000 < FRESH_NS;
}

/* Those that were never closed are dirty all the same. */
static void
look_at_fresh(struct watch *w)
{
	AUTO_MAP was = w->fresh;

	w->fresh = (struct map){0};
	w->fresh_ns = INT64_MAX;
	for (size_t i = 0; i < was.n; i++) {
		const struct map_entry *f = &was.entry[i];

		if (!f->value)
			continue;
		if (w->is_hasty || !is_being_written(w, f->key))
			watch_dirty(w, f->key, f->len);
		else
			map_set(&w->fresh, f->key, f->len, w);
	}
	if (w->fresh.alive)
		w->fresh_ns = w->now_ns + FRESH_NS;
}

static void
closed(struct watch *w, const char *path)
{
	if (w->fresh.alive)
		map_del(&w->fresh, path, strlen(path));
	if (!w->fresh.alive) {
		map_free(&w->fresh);
		w->fresh_ns = INT64_MAX;
	}
}

static int
on_dir(struct watch *w, const struct watch_dir *d, uint32_t mask,
    uint32_t cookie, const char *path, struct err *e)
{
	struct watch_root *root = d->root;

	if (mask & IN_MOVED_FROM)
		moved_from(w, root, cookie, path, true);
	else if (mask & IN_MOVED_TO)
		return moved_to(w, root, cookie, path, true, e);
	else if (mask & IN_CREATE)
		return watch_walk(w, root, path, e);
	else if (mask & IN_DELETE)
		watch_dirty(w, path, strlen(path))->is_tree = true;
	return 0;
}

static int
on_file(struct watch *w, const struct watch_dir *d, uint32_t mask,
    uint32_t cookie, const char *path, struct err *e)
{
	if (mask & IN_CREATE) {
		created(w, path);
		return 0;
	}
	if (mask & IN_ATTRIB) { /* one that is new is closed later */
		if (!map_get(&w->fresh, path, strlen(path)))
			watch_dirty(w, path, strlen(path));
		return 0;
	}
	closed(w, path);
	if (mask & IN_MOVED_FROM)
		moved_from(w, d->root, cookie, path, false);
	else if (mask & IN_MOVED_TO)
		return moved_to(w, d->root, cookie, path, false, e);
	else if (mask & (IN_CLOSE_WRITE | IN_DELETE))
		watch_dirty(w, path, strlen(path));
	return 0;
}

/* The operand itself went away, or its name did. */
static void
on_self(struct watch *w, struct watch_dir *d)
{
	struct watch_root *root = d->root;

	if (root->wd != d->wd)
		return;
	watch_to_limbo(w, root, root->path, UINT32_MAX);
	watch_drop_limbo(w, UINT32_MAX);
	w->poll_ns = w->now_ns;
	for (size_t i = 0; i < root->only.n; i++) {
		const char *path = root->only.entry[i].value;

		watch_dirty(w, path, strlen(path));
	}
	if (!root->only.alive)
		watch_dirty(w, root->path, strlen(root->path))->is_tree = true;
}

static int
on_name(struct watch *w, struct watch_dir *d, const struct inotify_event *it,
    const char *name, struct err *e)
{
	bool is_dir = it->mask & IN_ISDIR;
	AUTO_BUF path = BUF_INIT;

	if (d->root->only.alive) {
		const char *known = map_get(&d->root->only, name, strlen(name));

		if (known && !is_dir)
			buf_adds(&path, known);
		else
			return 0;
	} else {
		watch_join(&path, d->path, name);
		if (w->opts.skips(w->opts.arg, path.s, is_dir))
			return 0;
	}
	return (is_dir ? on_dir : on_file)(
	    w, d, it->mask, it->cookie, path.s, e);
}

static int
note(struct watch *w, const struct inotify_event *it, const char *name,
    struct err *e)
{
	struct watch_dir *d = NULL;

	if (it->mask & IN_Q_OVERFLOW)
		w->is_lost = true;
	if (it->wd >= 0 && (size_t)it->wd < w->dir_cap)
		d = w->dir[it->wd];
	if (it->mask & IN_IGNORED)
		w->forgotten++;
	if (!d) /* removed by us; its last notices were queued already */
		return 0;
	if (it->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		on_self(w, d);
	else if (it->mask & IN_IGNORED)
		watch_forget(w, d);
	else if (*name)
		return on_name(w, d, it, name, e);
	return 0;
}

static int
drain(struct watch *w, struct err *e)
{
	struct inotify_event *it;

	w->is_more = false;
	if (!w->is_open)
		return 0;
	for (int i = 0; (it = inotifytools_next_events(0, 1)); i++) {
		struct inotify_event head = *it;
		char name[NAME_MAX + 1] = "";

		/* The library's buffer may be filled anew while we walk. */
		if (it->len)
			strncpy(name, it->name, sizeof name - 1);
		if (note(w, &head, name, e) < 0)
			return -1;
		if (i >= AT_ONCE) {
			w->is_more = true;
			return 0;
		}
	}
	return 0;
}

/* Notices were lost: what is true is on the disk alone. */
static int
begin_anew(struct watch *w, struct err *e)
{
	struct err why = {0};

	if (w->is_lost) {
		err_set(&why, "the kernel's queue of notices ran over; the "
			      "tree is read again");
		err_hint(&why, "sysctl fs.inotify.max_queued_events");
		watch_tell(w, NULL, &why);
	}
	return watch_start(w, e);
}

static int
look_for_roots(struct watch *w, struct err *e)
{
	w->poll_ns = INT64_MAX;
	for (size_t i = 0; i < w->roots; i++)
		if (w->root[i]->wd < 0 && !w->root[i]->is_polled &&
		    !w->root[i]->is_covered &&
		    watch_root_start(w, w->root[i], e) < 0)
			return -1;
	return 0;
}

int
watch_read(struct watch *w, struct err *e)
{
	watch_now(w);
	if (drain(w, e) < 0)
		return -1;
	if (!w->is_more && (w->is_lost || w->forgotten >= TO_FORGET))
		return begin_anew(w, e);
	while (w->moves && w->now_ns - w->move[0].mono_ns >= PAIR_NS)
		moved_out(w, 0);
	if (w->now_ns >= w->poll_ns && look_for_roots(w, e) < 0)
		return -1;
	if (w->fresh.alive && (w->is_hasty || w->now_ns >= w->fresh_ns))
		look_at_fresh(w);
	return w->now_ns >= w->scan_ns ? watch_scan(w, e) : 0;
}

int64_t
watch_wake_ns(const struct watch *w)
{
	int64_t at = w->poll_ns < w->scan_ns ? w->poll_ns : w->scan_ns;

	if (w->is_more)
		return 0;
	if (w->fresh_ns < at)
		at = w->fresh_ns;
	if (w->moves && w->move[0].mono_ns + PAIR_NS < at)
		at = w->move[0].mono_ns + PAIR_NS;
	return at;
}
