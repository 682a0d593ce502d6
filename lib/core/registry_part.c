#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/registry_int.h"
#include "data/hash_stream.h"
#include "sys/stop.h"

enum {
	TRIES = 4, /* in a row that bring nothing */
	MOST_TRIES = 100,
	PAUSE_MS = 200,
	LOCK_MS = 20,
};

/*
 * STORE/blobs/HEX.part, locked by who fills it; STORE/blobs/HEX once it is
 * whole. Layouts have links to that, so who fetched it may remove it again.
 */
struct part {
	struct visit *v;
	const char *hex;
	int64_t size, have;
	struct buf whole, path; /* their names */
	struct hash_stream hash;
	int fd;
	bool was_there; /* some of it, from a time before */
	bool is_long;
	int error; /* errno of the write that failed */
};

static void
tick(const struct visit *v)
{
	const struct registry_how *how = &v->r->how;

	if (how->tick)
		how->tick(how->arg);
}

/* ---- the file */

static bool
is_still(const struct part *p)
{
	struct stat open, there;

	return fstat(p->fd, &open) == 0 && stat(p->path.s, &there) == 0 &&
	       open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

/* Wait for others who fetch the same. */
static int
lock_part(struct part *p, struct err *e)
{
	for (;;) {
		p->fd = open(p->path.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (p->fd < 0)
			return err_set(e, "%s:", p->path.s);
		while (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK && errno != EINTR)
				return err_set(e, "%s:", p->path.s);
			if (stop_signal())
				return err_set(e, "stopped");
			registry_pause(LOCK_MS);
			tick(p->v);
		}
		if (is_still(p))
			return 0;
		fd_close(&p->fd);
	}
}

static int
begin_anew(struct part *p, struct err *e)
{
	p->v->r->progress.here -= p->have;
	p->have = 0;
	p->was_there = false;
	hash_stream_begin(&p->hash);
	if (ftruncate(p->fd, 0) < 0)
		return err_set(e, "%s:", p->path.s);
	return 0;
}

/* What is there of it from a time before, and its digest so far. */
static int
take_old(struct part *p, struct err *e)
{
	char chunk[64 << 10];
	ssize_t n;

	hash_stream_begin(&p->hash);
	while ((n = pread(p->fd, chunk, sizeof chunk, p->have)) > 0) {
		hash_stream_add(&p->hash, chunk, (size_t)n);
		p->have += n;
	}
	p->was_there = p->have > 0;
	p->v->r->progress.here += p->have;
	return n < 0 || p->have > p->size ? begin_anew(p, e) : 0;
}

/* ---- what comes */

static int
take_bytes(void *arg, bool is_part, const char *s, size_t n)
{
	struct part *p = arg;
	struct registry_progress *all = &p->v->r->progress;
	struct err e;

	if (!is_part && p->was_there && begin_anew(p, &e) < 0)
		return -1;
	p->was_there = p->was_there && is_part;
	if ((int64_t)n > p->size - p->have) {
		p->is_long = true;
		return -1;
	}
	for (size_t done = 0; done < n;) {
		ssize_t got =
		    pwrite(p->fd, s + done, n - done, p->have + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			p->error = got < 0 ? errno : ENOSPC;
			return -1;
		}
		done += (size_t)got;
	}
	hash_stream_add(&p->hash, s, n);
	p->have += (int64_t)n;
	p->v->came += (int64_t)n;
	all->came += (int64_t)n;
	all->here += (int64_t)n;
	tick(p->v);
	return 0;
}

static int
not_taken(const struct part *p, struct err *e)
{
	if (p->is_long)
		return err_set(e,
		    "%s: sha256:%s is longer than the %" PRId64
		    " bytes that it "
		    "should have",
		    p->v->asked, p->hex, p->size);
	errno = p->error;
	err_set(e, "%s:", p->path.s);
	if (p->error != ENOSPC && p->error != EDQUOT)
		return -1;
	return err_hint(e, "clnrm images gc makes room; --store names "
			   "another place");
}

static int
ask(struct part *p, struct transfer_reply *reply, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	struct asking it = {.take = take_bytes, .arg = p};

	buf_addf(&path, "%s/blobs/sha256:%s", p->v->path, p->hex);
	it.path = path.s;
	if (p->have) {
		it.from = (uint64_t)p->have;
		it.end = (uint64_t)p->size;
	}
	return visit_ask(p->v, &it, reply, e);
}

/*
 * One try.
 *
 * out: 1: try again, *e says why; 0: a good reply came, if not all of it
 */
static int
try(struct part *p, struct err *e)
{
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	AUTO_BUF what = BUF_INIT;

	/* Not of this reply, but of one before. */
	p->was_there = p->have > 0;
	if (ask(p, &reply, e) < 0) {
		if (reply.why == TRANSFER_TAKER)
			return not_taken(p, e);
		return reply.why == TRANSFER_CUT ||
			       reply.why == TRANSFER_REFUSED
			 ? 1
			 : -1;
	}
	if (reply.status == 200 || reply.status == 206)
		return 0;
	if (reply.status == 416 && p->have)
		return begin_anew(p, e);
	buf_addf(&what, "a part of %s", p->v->name);
	return visit_refused(p->v, what.s, &reply, e);
}

static int
fill(struct part *p, struct err *e)
{
	int idle = 0, got;

	for (int i = 0; p->have < p->size; i++) {
		int64_t before = p->have;

		err_set(e,
		    "%s: sha256:%s broke off after %" PRId64 " of %" PRId64
		    " bytes",
		    p->v->asked, p->hex, p->have, p->size);
		got = try(p, e);
		if (got < 0)
			return -1;
		idle = p->have > before ? 0 : idle + 1;
		if (idle >= TRIES || i >= MOST_TRIES)
			return err_hint(e, "what came is kept: try again");
		if (stop_signal())
			return err_set(e, "stopped");
		if (p->have < p->size)
			registry_pause(PAUSE_MS << idle);
	}
	return 0;
}

static int
check(struct part *p, struct err *e)
{
	char hex[HASH_HEX];

	hash_stream_end(&p->hash, hex);
	if (!strcmp(hex, p->hex))
		return 0;
	if (begin_anew(p, e) < 0)
		return -1;
	unlink(p->path.s);
	err_set(e, "%s: what came as sha256:%s has the digest sha256:%s",
	    p->v->asked, p->hex, hex);
	return err_hint(e, "the registry's copy is broken, or it was changed "
			   "on the way: nothing of it is kept");
}

/* ---- a part */

static int
fetch_whole(struct part *p, struct err *e)
{
	struct err why;
	bool is_old;

	if (take_old(p, e) < 0)
		return -1;
	is_old = p->was_there;
	if (fill(p, e) < 0)
		return -1;
	if (check(p, &why) < 0) {
		/* What was kept from before may be to blame. */
		if (!is_old) {
			*e = why;
			return -1;
		}
		fd_close(&p->fd);
		if (lock_part(p, e) < 0 || begin_anew(p, e) < 0 ||
		    fill(p, e) < 0 || check(p, e) < 0)
			return -1;
	}
	if (rename(p->path.s, p->whole.s) < 0)
		return err_set(e, "%s:", p->whole.s);
	return 0;
}

static int
give(const struct part *p, struct err *e)
{
	AUTO_BUF to = BUF_INIT;

	buf_addf(&to, "%s/blobs/sha256/%s", p->v->dir, p->hex);
	if (link(p->whole.s, to.s) < 0 && errno != EEXIST)
		return err_set(e, "%s:", to.s);
	return 0;
}

static int
fetch_part(struct part *p, struct err *e)
{
	if (lock_part(p, e) < 0)
		return -1;
	if (access(p->whole.s, F_OK) == 0) {
		unlink(p->path.s);
		p->v->r->progress.here += p->size;
	} else if (fetch_whole(p, e) < 0) {
		return -1;
	}
	return give(p, e);
}

/* It is to be removed in the end. */
static void
note(struct visit *v, const char *hex)
{
	pthread_mutex_lock(&v->lock);
	map_set(v->parts, hex, strlen(hex), v);
	pthread_mutex_unlock(&v->lock);
}

static int
fetch_blob(struct visit *v, const char *hex, int64_t size, struct err *e)
{
	struct part p = {.v = v,
	    .hex = hex,
	    .size = size,
	    .whole = BUF_INIT,
	    .path = BUF_INIT,
	    .fd = -1};
	int got;

	buf_addf(&p.whole, "%s/blobs/%s", v->r->set->store, hex);
	buf_addf(&p.path, "%s.part", p.whole.s);
	v->r->progress.wanted += size;
	got = file_mkparent(p.path.s, e);
	if (got == 0)
		got = fetch_part(&p, e);
	if (got == 0)
		note(v, hex);
	fd_close(&p.fd);
	buf_free(&p.whole);
	buf_free(&p.path);
	return got;
}

/* What is one of several that an index names. */
static int
fetch_manifest(struct visit *v, const char *hex, struct err *e)
{
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	AUTO_BUF path = BUF_INIT, to = BUF_INIT;
	struct asking it = {
	    .accept = registry_manifests, .limit = REGISTRY_MANIFEST};

	buf_addf(&path, "%s/manifests/sha256:%s", v->path, hex);
	it.path = path.s;
	if (visit_ask(v, &it, &reply, e) < 0)
		return -1;
	if (reply.status != 200)
		return visit_refused(v, v->name, &reply, e);
	buf_addf(&to, "%s/blobs/sha256/%s", v->dir, hex);
	return file_replace(to.s, reply.body.s, reply.body.len, 0600, e);
}

static int
check_size(
    const struct visit *v, int64_t size, enum image_part part, struct err *e)
{
	int64_t most =
	    part == IMAGE_CONFIG ? REGISTRY_CONFIG : v->r->set->max_bytes;

	if (size >= 0 && size <= most)
		return 0;
	if (size < 0)
		return err_set(
		    e, "%s: a part of the image has no size", v->asked);
	err_set(
	    e, "%s: a part of the image has %" PRId64 " bytes", v->asked, size);
	return part == IMAGE_LAYER ? err_hint(e, "if that is right: --max-size")
				   : -1;
}

int
visit_fetch(void *visit, const struct value *descriptor, enum image_part part,
    struct err *e)
{
	struct visit *v = visit;
	const char *hex = value_str_or(value_get(descriptor, "digest"), "") + 7;
	int64_t size = value_int_or(value_get(descriptor, "size"), -1);
	AUTO_BUF there = BUF_INIT;

	buf_addf(&there, "%s/blobs/sha256/%s", v->dir, hex);
	if (access(there.s, F_OK) == 0)
		return 0;
	if (part == IMAGE_MANIFEST)
		return fetch_manifest(v, hex, e);
	return check_size(v, size, part, e) < 0 ? -1
						: fetch_blob(v, hex, size, e);
}
