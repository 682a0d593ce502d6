#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "core/image_int.h"
#include "data/packing.h"
#include "data/tar.h"

/* Say of which entry of which layer it is. */
static int
of_entry(const struct image_layer *l, const struct tar_entry *it, struct err *e,
    const struct err *why)
{
	AUTO_BUF name = BUF_INIT;

	utf8_print(&name, it->name, strnlen(it->name, 200));
	err_set(e, "%s: '%s': %s", l->blob.name, name.s, why->text);
	if (*why->hint)
		err_hint(e, "%s", why->hint);
	return -1;
}

/* ---- whiteouts */

/* 1 when the name is a whiteout, 0 when not. */
static int
is_whiteout(const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	for (const char *s = name; s < base; s = strchr(s, '/') + 1)
		if (!strncmp(s, ".wh.", 4))
			return err_set(e, "a file below a whiteout");
	if (strncmp(base, ".wh.", 4))
		return 0;
	if (!base[4] || !strcmp(base + 4, ".") || !strcmp(base + 4, ".."))
		return err_set(e, "a whiteout of no file");
	return 1;
}

static void
add_whiteout(struct image_layer *l, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	int dir = (int)(base - name);

	l->whiteout = arena_more(
	    &l->a, l->whiteout, l->whiteouts, &l->cap, sizeof *l->whiteout);
	if (!strcmp(base, ".wh..wh..opq"))
		l->whiteout[l->whiteouts++] =
		    arena_fmt(&l->a, "%.*s/", dir ? dir - 1 : 0, name);
	else if (strncmp(base, ".wh..wh.", 8)) /* else of AUFS, for itself */
		l->whiteout[l->whiteouts++] =
		    arena_fmt(&l->a, "%.*s%s", dir, name, base + 4);
}

/* They are for what lies below, wherever in the layer they stand. */
static int
apply_whiteouts(
    const struct image_layer *l, struct image_draft *d, struct err *e)
{
	for (size_t i = 0; i < l->whiteouts; i++) {
		char *name = l->whiteout[i];
		size_t n = strlen(name);
		int got;

		if (name[n - 1] == '/') {
			name[n - 1] = 0;
			got = rootdir_empty(&d->root, name, e);
			name[n - 1] = '/';
		} else {
			got = rootdir_remove(&d->root, name, e);
		}
		if (got < 0)
			return -1;
	}
	return 0;
}

/* ---- reading it through */

static int
check_entry(struct image_layer *l, const struct tar_entry *it, struct err *e)
{
	AUTO_BUF name = BUF_INIT, link = BUF_INIT;
	int got;

	if (rootdir_name(it->name, &name, e) < 0)
		return -1;
	if (!name.len && it->kind != TAR_DIR)
		return err_set(e, "the root itself, but no directory");
	if (it->kind == TAR_SYMLINK && !*it->link)
		return err_set(e, "a link to nothing");
	if (it->kind == TAR_LINK &&
	    (rootdir_name(it->link, &link, e) < 0 || !link.len))
		return err_set(e, "a hard link to no file within");
	got = is_whiteout(name.s, e);
	if (got > 0)
		add_whiteout(l, name.s);
	return got < 0 ? -1 : 0;
}

static int
check_entries(struct image_layer *l, struct source *in,
    const struct image_set *set, struct err *e)
{
	struct image_draft counted = {.set = set};
	struct tar_entry it;
	struct err why = {0};
	AUTO_TAR t;
	int got;

	tar_begin(&t, in);
	while ((got = tar_next(&t, &it, e)) > 0)
		if (check_entry(l, &it, &why) < 0 ||
		    image_draft_count(&counted, it.size, &why) < 0)
			return of_entry(l, &it, e, &why);
	return got;
}

int
image_layer_read(
    struct image_layer *l, const struct image_set *set, struct err *e)
{
	const struct image_blob *b = &l->blob;
	struct hash_stream within, unpacked;
	AUTO_SOURCE *in = NULL;

	hash_stream_begin(&within);
	hash_stream_begin(&unpacked);
	in = packing_open(b->fd, b->at, b->len, b->name, &within, e);
	if (!in)
		return -1;
	in->limit =
	    (uint64_t)set->max_bytes + (uint64_t)set->max_entries * 1024;
	in->hash = &unpacked;
	if (check_entries(l, in, set, e) < 0 || source_drain(in, e) < 0)
		return -1;
	hash_stream_end(&unpacked, l->diff_id);
	if (in->in)
		hash_stream_end(&within, l->digest);
	else
		strcpy(l->digest, l->diff_id);
	return 0;
}

/* ---- writing it */

static int
write_file(struct image_draft *d, const char *name, struct tar *t,
    const struct rootdir_meta *meta, struct err *e)
{
	AUTO_FD fd = rootdir_file(&d->root, name, e);
	char chunk[64 << 10];
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = tar_read(t, chunk, sizeof chunk, e)) > 0)
		if (fd_write(fd, chunk, (size_t)n) < 0)
			return err_set(e, "it cannot be written:");
	return n < 0 ? -1 : rootdir_seal(&d->root, fd, name, meta, e);
}

static int
write_link(
    struct image_draft *d, const char *name, const char *to, struct err *e)
{
	AUTO_BUF target = BUF_INIT;

	if (rootdir_name(to, &target, e) < 0)
		return -1;
	return rootdir_link(&d->root, name, target.s, e);
}

static int
write_entry(struct image_draft *d, struct tar *t, const struct tar_entry *it,
    const char *name, struct err *e)
{
	const struct rootdir_meta meta = {.mode = it->mode,
	    .uid = it->uid,
	    .gid = it->gid,
	    .mtime = {it->mtime_s, it->mtime_ns}};

	switch (it->kind) {
	case TAR_FILE:
		return write_file(d, name, t, &meta, e);
	case TAR_LINK:
		return write_link(d, name, it->link, e);
	case TAR_SYMLINK:
		return rootdir_symlink(&d->root, name, it->link, &meta, e);
	case TAR_FIFO:
		return rootdir_fifo(&d->root, name, &meta, e);
	case TAR_DIR:
		image_draft_time(d, name, meta.mtime);
		return rootdir_dir(&d->root, name, &meta, e);
	case TAR_DEVICE: /* a sandbox brings its own */
		d->devices++;
	}
	return 0;
}

static int
take_entry(struct image_draft *d, struct tar *t, const struct tar_entry *it,
    struct err *e)
{
	AUTO_BUF name = BUF_INIT;
	int got;

	if (rootdir_name(it->name, &name, e) < 0)
		return -1;
	got = is_whiteout(name.s, e);
	if (got)
		return got < 0 ? -1 : 0;
	if (image_draft_count(d, it->size, e) < 0)
		return -1;
	return write_entry(d, t, it, name.s, e);
}

int
image_layer_apply(
    const struct image_layer *l, struct image_draft *d, struct err *e)
{
	const struct image_blob *b = &l->blob;
	AUTO_SOURCE *in = packing_open(b->fd, b->at, b->len, b->name, NULL, e);
	struct tar_entry it;
	struct err why = {0};
	AUTO_TAR t;
	int got;

	tar_begin(&t, in);
	if (!in || apply_whiteouts(l, d, e) < 0)
		return -1;
	while ((got = tar_next(&t, &it, e)) > 0)
		if (take_entry(d, &t, &it, &why) < 0)
			return of_entry(l, &it, e, &why);
	return got;
}

void
image_layer_free(struct image_layer *l)
{
	arena_free(&l->a);
}
