#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

/*
 * What was written is what stands in the private layers. What an entry of a
 * layer means shows beside the one of that name below it.
 */
enum { LISTED_MAX = 1000, DEPTH_MAX = 64 };

/*
 * A directory that what is written shows in. The base's own are layers, too:
 * files in them were copied, or they were empty.
 */
struct layer {
	char *path;	  /* where it is seen: "", "/usr", … */
	int lower, upper; /* lower -1: nothing is below */
	unsigned room;
	bool is_overlay;
	off_t bare; /* of an overlay: the size of its directory when empty */
	struct timespec since; /* its time when the world was built */
};

static struct {
	struct layer *layer;
	size_t n, cap;
	int64_t since_ns; /* when the world was built, on the wall's clock */
	/* Of the walk: */
	const struct layer *at;
	const struct world *w;
	struct wire *to;
	int64_t listed, found;
} me;

static void
keep(const struct layer *l)
{
	me.layer = mem_more(me.layer, me.n, &me.cap, sizeof *me.layer);
	me.layer[me.n++] = *l;
}

void
layer_note(const char *path, int lower, int upper, bool is_overlay)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	struct layer l = {
	    .path = mem_str(path), .lower = -1, .is_overlay = is_overlay};
	struct stat st;

	if (lower >= 0)
		l.lower = openat(lower, ".", flags);
	l.upper = openat(upper, ".", flags);
	if (!fstat(l.upper, &st))
		l.bare = st.st_size;
	keep(&l);
}

void
layer_begin(void)
{
	struct stat st;

	me.since_ns = clock_wall_ns();
	for (size_t i = 0; i < me.n; i++)
		if (!fstat(me.layer[i].upper, &st))
			me.layer[i].since = st.st_mtim;
}

/* A room has one, below its image. */
void
layer_give(struct wire *m)
{
	wire_int(m, me.n > 0);
	if (me.n) {
		wire_fd(m, me.layer[0].lower);
		wire_fd(m, me.layer[0].upper);
		wire_int(m, me.layer[0].bare);
	}
}

void
layer_take(struct wire *m, unsigned room)
{
	struct layer l = {.room = room, .is_overlay = true};

	if (!wire_get_int(m))
		return;
	l.path = mem_str("");
	l.lower = wire_get_fd(m);
	l.upper = wire_get_fd(m);
	l.bare = wire_get_int(m);
	keep(&l);
}

/* ---- what may be written */

enum claim { NOT_OURS, ON_THE_WAY, DECLARED };

/* `path` against a place: it, below it, or above it. */
static enum claim
claim_of(const char *path, const char *place)
{
	size_t n = strlen(place), len = strlen(path);

	if (!strncmp(path, place, n) && (!path[n] || path[n] == '/'))
		return DECLARED;
	return !strncmp(path, place, len) && place[len] == '/' ? ON_THE_WAY
							       : NOT_OURS;
}

static enum claim
claim(const char *path)
{
	static const char *const places[] = {
	    "/home/clnrm", "/tmp", "/var/tmp", "/dev", "/proc", "/sys"};
	const struct world_room *r =
	    me.at->room ? &me.w->room[me.at->room - 1] : NULL;
	enum claim best = claim_of(path, me.w->project), got;

	for (size_t i = 0; i < COUNT(places); i++)
		best = best > (got = claim_of(path, places[i])) ? best : got;
	for (size_t i = 0; r && i < r->volumes; i++)
		best = best > (got = claim_of(path, r->inside[i])) ? best : got;
	/* Ours is mounted on it. */
	if (me.w->hosts && !strcmp(path, "/etc/hosts"))
		return DECLARED;
	if (me.w->hosts && !strcmp(path, "/etc") && best < ON_THE_WAY)
		return ON_THE_WAY;
	return best;
}

/* ---- the walk */

static void
tell(const char *path, enum sandbox_op op)
{
	me.found++;
	if (me.listed == LISTED_MAX)
		return;
	me.listed++;
	wire_int(me.to, op);
	wire_str(me.to, path);
}

static int64_t
written_ns(const struct stat *st)
{
	return st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec;
}

/* To be opened for writing is enough to be copied up, with the old times. */
static bool
is_changed(const struct stat *st, const struct stat *old)
{
	if (st->st_mode != old->st_mode)
		return true;
	if (S_ISREG(st->st_mode) && st->st_size != old->st_size)
		return true;
	if (!me.at->is_overlay)
		return S_ISREG(st->st_mode) && written_ns(st) > me.since_ns;
	return written_ns(st) != written_ns(old) || st->st_uid != old->st_uid ||
	       st->st_gid != old->st_gid;
}

static bool
is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && !st->st_rdev;
}

/* Made anew where one was deleted: nothing below shines through. */
static bool
is_opaque(int dir)
{
	char path[64], is = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	return getxattr(path, "user.overlay.opaque", &is, 1) == 1 && is == 'y';
}

static int
open_dir(int at, const char *name)
{
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void walk(int upper, int lower, char *path, size_t len, int depth);

enum { QUICK = -1 }; /* depth of a walk that looks at files alone */

/* `old` NULL: there is none below. */
static void
enter(int upper, int lower, const char *name, const struct stat *old,
    char *path, int depth)
{
	AUTO_FD up = open_dir(upper, name);
	AUTO_FD low = old && S_ISDIR(old->st_mode) ? open_dir(lower, name) : -1;

	if (up >= 0 && low >= 0 && is_opaque(up)) {
		tell(path, SANDBOX_DELETED);
		fd_close(&low);
	} else if (low < 0 && claim(path) == NOT_OURS)
		tell(path, old ? SANDBOX_CHANGED : SANDBOX_CREATED);
	if (up >= 0 && depth < DEPTH_MAX)
		walk(up, low, path, strlen(path), depth + 1);
}

static bool
is_layer(const char *path)
{
	for (size_t i = 0; i < me.n; i++)
		if (&me.layer[i] != me.at && me.layer[i].room == me.at->room &&
		    !strcmp(me.layer[i].path, path))
			return true;
	return false;
}

static void
look(int upper, int lower, const char *name, dev_t dev, char *path, int depth)
{
	struct stat st, old;
	bool has;

	if (claim(path) == DECLARED || is_layer(path) ||
	    fstatat(upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_dev != dev)
		return;
	has = lower >= 0 && !fstatat(lower, name, &old, AT_SYMLINK_NOFOLLOW);
	if (S_ISDIR(st.st_mode))
		enter(upper, lower, name, has ? &old : NULL, path, depth);
	else if (is_whiteout(&st) && !has)
		; /* made and deleted */
	else if (is_whiteout(&st))
		tell(path, SANDBOX_DELETED);
	else if (!has)
		tell(path, SANDBOX_CREATED);
	else if (is_changed(&st, &old))
		tell(path, SANDBOX_CHANGED);
}

/* `path` has room for PATH_MAX bytes. */
static void
walk(int upper, int lower, char *path, size_t len, int depth)
{
	DIR *d = fdopendir(dup(upper));
	struct dirent *ent;
	struct stat st;
	bool is_there = !fstat(upper, &st);

	while (d && is_there && (ent = readdir(d))) {
		size_t n = strlen(ent->d_name);

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..") ||
		    len + n + 2 > PATH_MAX)
			continue;
		if (depth == QUICK && ent->d_type != DT_REG)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, ent->d_name, n + 1);
		look(upper, lower, ent->d_name, st.st_dev, path, depth);
		path[len] = 0;
	}
	if (d)
		closedir(d);
}

/* Has an entry come or gone? Of an overlay's, none was there. */
static bool
is_touched(const struct layer *l)
{
	struct stat st;

	if (fstat(l->upper, &st) < 0)
		return false;
	/* On a tmpfs the size of a directory grows with its entries. */
	if (l->is_overlay)
		return st.st_size > l->bare;
	return memcmp(&st.st_mtim, &l->since, sizeof l->since) != 0 ||
	       (*l->path && claim_of(l->path, me.w->project) == ON_THE_WAY);
}

bool
layer_is_touched(const struct world *w)
{
	bool is = false;

	me.w = w;
	for (size_t i = 0; i < me.n && !is; i++)
		is = is_touched(&me.layer[i]);
	return is;
}

static void
walk_layer(const struct layer *l)
{
	bool is_quick = !is_touched(l);
	char path[PATH_MAX];
	AUTO_FD upper = -1;

	if (is_quick && (l->is_overlay || l->lower < 0))
		return;
	upper = openat(l->upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return;
	me.at = l;
	snprintf(path, sizeof path, "%s", l->path);
	walk(upper, l->lower, path, strlen(path), is_quick ? QUICK : 0);
}

static void
send_room(unsigned room, int control)
{
	AUTO_WIRE list = WIRE_INIT;
	AUTO_WIRE m = WIRE_INIT;

	me.to = &list;
	me.listed = me.found = 0;
	for (size_t i = 0; i < me.n; i++)
		if (me.layer[i].room == room)
			walk_layer(&me.layer[i]);
	if (!me.found)
		return;
	m.type = WIRE_WRITES;
	wire_int(&m, room);
	wire_int(&m, me.found - me.listed);
	wire_int(&m, me.listed);
	wire_raw(&m, list.body.s, list.body.len);
	wire_send(control, &m, 0);
}

void
layer_send(const struct world *w, int control)
{
	me.w = w;
	for (unsigned room = 0; room <= w->rooms; room++)
		send_room(room, control);
}
