#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/watch_int.h"

/*
 * Where files change without a notice to us: by another machine, by the
 * kernel itself.
 */
static const struct {
	uint32_t magic;
	const char *name;
} remote[] = {{0x6969, "nfs"}, {0x517b, "smb"}, {0xff534d42, "cifs"},
    {0xfe534d42, "smb"}, {0x01021997, "9p"}, {0x65735546, "fuse"},
    {0x00c36400, "ceph"}, {0x5346414f, "afs"}, {0x73757245, "coda"},
    {0x786f4256, "vboxsf"}, {0x9fa0, "proc"}, {0x62656572, "sysfs"}};

static const int64_t AGAIN = 1000000000;

static long
sysctl(const char *name)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;

	buf_addf(&path, "/proc/sys/fs/inotify/%s", name);
	return file_read(path.s, &text, NULL) < 0 ? 0 : atol(text.s);
}

static void
tell_limit(struct watch *w, const char *name, const struct err *e)
{
	struct err why = *e;

	err_hint(&why,
	    "ignore what need not be watched, or: sysctl fs.inotify.%s=%ld",
	    name, sysctl(name) * 2);
	if (!w->is_limited)
		watch_tell(w, NULL, &why);
	w->is_limited = true;
}

void
watch_no_instance(struct watch *w)
{
	static const char name[] = "max_user_instances";
	struct err e = {0};

	err_set(&e,
	    "too many inotify instances (fs.inotify.%s is %ld); "
	    "files are polled instead",
	    name, sysctl(name));
	tell_limit(w, name, &e);
}

void
watch_no_room(struct watch *w)
{
	static const char name[] = "max_user_watches";
	struct err e = {0};

	err_set(&e,
	    "inotify limit reached (%zu watches of ours; fs.inotify.%s is "
	    "%ld for all programs); the other directories are polled",
	    w->dirs, name, sysctl(name));
	tell_limit(w, name, &e);
}

int
watch_poll(struct watch *w, struct watch_root *root, const char *path)
{
	bool is_root = !strcmp(path, root->path);
	const char *name = *path ? path : ".";
	struct stat st;

	if ((is_root ? stat(name, &st) : lstat(name, &st)) < 0 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	root->is_polled |= is_root;
	map_set(&w->polled, path, strlen(path), root);
	return 1;
}

void
watch_poll_remote(struct watch *w, struct watch_root *root)
{
	struct err e = {0};
	struct statfs fs;

	if (root->is_polled || statfs(*root->path ? root->path : ".", &fs) < 0)
		return;
	for (size_t i = 0; i < COUNT(remote); i++) {
		if (remote[i].magic != (uint32_t)fs.f_type)
			continue;
		err_set(&e,
		    "%s is on %s, which does not tell all changes; it is "
		    "polled too",
		    *root->path ? root->path : ".", remote[i].name);
		watch_tell(w, root->path, &e);
		watch_poll(w, root, root->path);
		return;
	}
}

void
watch_plan_scan(struct watch *w)
{
	bool is_never = w->opts.poll_ns == INT64_MAX;

	w->scan_ns = INT64_MAX;
	if (w->polled.alive && !is_never)
		w->scan_ns = w->now_ns + w->opts.poll_ns;
	else if (w->looks_again)
		w->scan_ns = w->now_ns + AGAIN;
	w->looks_again = false;
}

/* All of an operand, or of what is polled of it. */
static int
scan_tree(
    struct watch *w, struct watch_root *root, const char *path, struct err *e)
{
	if (root->only.alive || !strcmp(path, root->path)) {
		root->is_polled = false;
		return watch_root_start(w, root, e);
	}
	watch_dirty(w, path, strlen(path))->is_tree = true;
	return watch_walk(w, root, path, e);
}

int
watch_scan(struct watch *w, struct err *e)
{
	/* A look puts nothing off that is due already. */
	int64_t last = w->dirty.alive ? w->last_ns : w->now_ns;
	AUTO_MAP old = w->polled, top = {0};
	int got = 0;

	w->polled = (struct map){0};
	for (size_t i = 0; i < old.n && got >= 0; i++) {
		const struct map_entry *d = &old.entry[i];

		/* What is above another is found before it. */
		if (!d->value || watch_is_in(&top, d->key))
			continue;
		map_set(&top, d->key, d->len, d->value);
		got = scan_tree(w, d->value, d->key, e);
	}
	w->last_ns = last;
	watch_plan_scan(w);
	return got < 0 ? -1 : 0;
}

void
watch_look(struct watch *w)
{
	watch_now(w);
	w->scan_ns = w->now_ns;
}
