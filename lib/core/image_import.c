#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/image_int.h"
#include "data/hash_stream.h"
#include "data/json.h"
#include "sys/jobs.h"

enum { LAYERS_AT_ONCE = 4 };

/* uname(2) knows machines by other names than images do. */
const char *
image_architecture(void)
{
	static const char *const other[][2] = {{"x86_64", "amd64"},
	    {"aarch64", "arm64"}, {"i686", "386"}, {"armv7l", "arm"}};
	static _Thread_local struct utsname u;

	uname(&u);
	for (size_t i = 0; i < COUNT(other); i++)
		if (!strcmp(u.machine, other[i][0]))
			return other[i][1];
	return u.machine;
}

void
image_config_print(struct buf *to, const char *digest, const char *cmd)
{
	AUTO_JSON j = JSON_INIT;
	AUTO_BUF id = BUF_INIT;

	buf_addf(&id, "sha256:%s", digest);
	json_open(&j, NULL, '{');
	json_str(&j, "architecture", image_architecture());
	json_str(&j, "os", "linux");
	json_open(&j, "config", '{');
	if (cmd) {
		json_open(&j, "Cmd", '[');
		json_str(&j, NULL, cmd);
		json_close(&j, ']');
	}
	json_close(&j, '}');
	json_open(&j, "rootfs", '{');
	json_str(&j, "type", "layers");
	json_open(&j, "diff_ids", '[');
	json_str(&j, NULL, id.s);
	json_close(&j, ']');
	json_close(&j, '}');
	json_close(&j, '}');
	buf_add(to, j.text.s, j.text.len);
}

/* ---- a root */

static int
tar_import(struct image_set *set, const char *name, struct image_archive *ar,
    struct image_done *done, struct err *e)
{
	__attribute__((cleanup(image_layer_free))) struct image_layer l = {0};
	AUTO_DRAFT d = IMAGE_DRAFT_INIT;
	AUTO_BUF config = BUF_INIT;
	struct stat st;
	int got;

	if (fstat(ar->fd, &st) < 0)
		return err_set(e, "%s:", ar->path);
	l.blob = (struct image_blob){ar->fd, 0, (uint64_t)st.st_size, ar->path};
	if (image_layer_read(&l, set, e) < 0)
		return -1;
	image_config_print(&config, l.diff_id, NULL);
	hash_hex(config.s, config.len, done->key);
	got = image_is_there(set, name, done->key, e);
	if (got)
		return got < 0 ? -1 : 0;
	if (image_draft_begin(&d, set, e) < 0 ||
	    image_layer_apply(&l, &d, e) < 0)
		return -1;
	return image_draft_publish(&d, name, config.s, config.len, done, e);
}

static int
directory_import(struct image_set *set, const char *name, const char *path,
    struct image_done *done, struct err *e)
{
	AUTO_DRAFT d = IMAGE_DRAFT_INIT;
	AUTO_BUF config = BUF_INIT;
	struct hash_stream hash;
	char digest[HASH_HEX];

	hash_stream_begin(&hash);
	if (image_draft_begin(&d, set, e) < 0 ||
	    image_tree_copy(&d, path, "", &hash, e) < 0)
		return -1;
	hash_stream_end(&hash, digest);
	image_config_print(&config, digest, NULL);
	return image_draft_publish(&d, name, config.s, config.len, done, e);
}

int
image_root_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e)
{
	return ar->fd >= 0 ? tar_import(set, name, ar, done, e)
			   : directory_import(set, name, ar->path, done, e);
}

/* ---- a configuration with layers */

/* Is it "sha256:" and then hex[64], or (`digest` NULL) nothing to compare? */
static bool
agrees(const char *digest, const char *hex)
{
	return !digest ||
	       (!strncmp(digest, "sha256:", 7) && !strcmp(digest + 7, hex));
}

static int
check_platform(
    const struct value *config, struct image_done *done, struct err *e)
{
	const char *os = value_str_or(value_get(config, "os"), "linux");
	const char *arch = value_str_or(
	    value_get(config, "architecture"), image_architecture());

	if (strcmp(os, "linux"))
		return err_set(e, "the image is for %.40s, not for linux", os);
	if (strcmp(arch, image_architecture()))
		buf_addf(&done->notes,
		    "its programs are for %.40s, and this machine is %s\n",
		    arch, image_architecture());
	return 0;
}

/* Layers are read side by side, and laid one over the other in order. */
struct unpacking {
	const struct image_recipe *r;
	const struct value *ids;
	struct image_draft draft;
	size_t laid;
	atomic_bool is_over; /* one failed, and what is left is of no use */
	struct err *e;
};

struct piece {
	struct image_layer layer;
	int got;
	struct err e;
};

static int
read_layer(
    const struct unpacking *u, size_t i, struct image_layer *l, struct err *e)
{
	const struct image_recipe *r = u->r;
	const struct image_remote *remote = r->ar->remote;
	const char *diff_id = value_str_or(u->ids->list.item[i], "none");
	int got;

	if (remote &&
	    remote->fetch(remote->arg, r->descriptor[i], IMAGE_LAYER, e) < 0)
		return -1;
	got = image_archive_find(r->ar, r->layer[i], &l->blob, e);
	if (got < 0)
		return -1;
	if (!got) {
		err_set(e, "%s: the layer %.200s is not in it", r->ar->path,
		    r->layer[i]);
		return err_hint(e, "save the image anew, with all its layers");
	}
	l->blob.name = r->layer[i];
	if (image_layer_read(l, u->draft.set, e) < 0)
		return -1;
	if (!agrees(r->digest[i], l->digest))
		return err_set(e, "%s: its digest is sha256:%s, not %.80s",
		    r->layer[i], l->digest, r->digest[i]);
	if (!agrees(diff_id, l->diff_id))
		return err_set(e,
		    "%s: unpacked its digest is sha256:%s, not the diff_id "
		    "%.80s",
		    r->layer[i], l->diff_id, diff_id);
	return 0;
}

static void *
read_piece(void *arg, size_t worker, size_t i)
{
	struct unpacking *u = arg;
	struct piece *p = mem_new(1, sizeof *p);

	(void)worker;
	p->got = u->is_over ? -1 : read_layer(u, i, &p->layer, &p->e);
	if (p->got < 0 && *p->e.text)
		u->is_over = true;
	return p;
}

static void
lay_piece(void *arg, size_t i, void *result)
{
	struct unpacking *u = arg;
	struct piece *p = result;

	/* What was passed over has no word to say; somebody else has. */
	if (p->got == 0 && u->laid == i && !*u->e->text &&
	    image_layer_apply(&p->layer, &u->draft, u->e) == 0)
		u->laid++;
	else if (*p->e.text && !*u->e->text)
		*u->e = p->e;
	u->is_over = u->is_over || u->laid != i + 1;
	image_layer_free(&p->layer);
	free(p);
}

static int
lay_all(struct unpacking *u, struct err *e)
{
	struct jobs jobs = {.n = u->r->layers,
	    .is_long = true,
	    .arg = u,
	    .work = read_piece,
	    .hand_on = lay_piece};

	*e = (struct err){0};
	u->e = e;
	jobs_run(&jobs, LAYERS_AT_ONCE);
	if (u->laid == u->r->layers)
		return 0;
	return *e->text ? -1 : err_set(e, "%s: stopped", u->r->ar->path);
}

static int
unpack(struct image_set *set, const struct image_recipe *r,
    const struct value *ids, struct image_done *done, struct err *e)
{
	struct unpacking u = {.r = r, .ids = ids, .draft = IMAGE_DRAFT_INIT};
	int got = image_draft_begin(&u.draft, set, e) < 0 || lay_all(&u, e) < 0
		    ? -1
		    : image_draft_publish(&u.draft, r->name, r->config.s,
			  r->config.len, done, e);

	image_draft_free(&u.draft);
	return got;
}

int
image_recipe_import(struct image_set *set, const struct image_recipe *r,
    struct image_done *done, struct err *e)
{
	AUTO_ARENA a = {0};
	const struct value *config, *ids;
	struct err why = {0};
	AUTO_FD lock = -1;
	int got;

	config = json_parse(&a, r->config.s, r->config.len, &why);
	ids = value_find(config, "rootfs.diff_ids");
	if (!config)
		return err_set(
		    e, "%s: its configuration: %s", r->ar->path, why.text);
	if (!ids || ids->kind != VALUE_LIST || value_count(ids) != r->layers)
		return err_set(e,
		    "%s: it has %zu layers, and its configuration %zu",
		    r->ar->path, r->layers, value_count(ids));
	if (check_platform(config, done, e) < 0)
		return -1;
	hash_hex(r->config.s, r->config.len, done->key);
	lock = image_key_lock(set, done->key, e);
	if (lock < 0)
		return -1;
	got = image_is_there(set, r->name, done->key, e);
	if (got)
		return got < 0 ? -1 : 0;
	return unpack(set, r, ids, done, e);
}

/* ---- whatever it is */

static int
import_as(struct image_set *set, const char *name, struct image_archive *ar,
    enum image_kind kind, struct image_done *done, struct err *e)
{
	switch (kind) {
	case IMAGE_DOCKER:
		return image_docker_import(set, name, ar, done, e);
	case IMAGE_OCI:
		return image_oci_import(set, name, ar, done, e);
	case IMAGE_ROOT:
		break;
	}
	return image_root_import(set, name, ar, done, e);
}

int
image_import(struct image_set *set, const char *name, const char *path,
    struct image_done *done, struct err *e)
{
	AUTO_ARCHIVE ar = IMAGE_ARCHIVE_INIT;
	AUTO_BUF full = BUF_INIT;
	enum image_kind kind;

	if (name && image_name_full(name, &full, e) < 0)
		return -1;
	if (image_archive_open(&ar, set, path, &kind, e) < 0)
		return -1;
	return import_as(set, name ? full.s : NULL, &ar, kind, done, e);
}

int
image_import_remote(struct image_set *set, const char *name, const char *path,
    const struct image_remote *remote, struct image_done *done, struct err *e)
{
	AUTO_ARCHIVE ar = IMAGE_ARCHIVE_INIT;
	AUTO_BUF full = BUF_INIT;
	enum image_kind kind;

	if (image_name_full(name, &full, e) < 0 ||
	    image_archive_open(&ar, set, path, &kind, e) < 0)
		return -1;
	ar.remote = remote;
	ar.path = name;
	return import_as(set, full.s, &ar, kind, done, e);
}
