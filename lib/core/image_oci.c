#include <string.h>

#include "base/mem.h"
#include "core/image_int.h"
#include "data/json.h"

enum { HEX = HASH_HEX - 1, DEPTH = 4 };

struct layout {
	struct image_archive *ar;
	struct arena a;
	const char *name; /* of the image, in full; or NULL */
};

static int
is_index(const char *type)
{
	return !strcmp(type, "application/vnd.oci.image.index.v1+json") ||
	       !strcmp(type, "application/vnd.docker.distribution.manifest."
			     "list.v2+json");
}

static bool
is_layer(const char *type)
{
	static const char *const begin[] = {
	    "application/vnd.oci.image.layer.v1.",
	    "application/vnd.oci.image.layer.nondistributable.v1.",
	    "application/vnd.docker.image.rootfs.diff.",
	    "application/vnd.docker.image.rootfs.foreign.diff."};
	static const char *const end[] = {
	    "tar", "tar+gzip", "tar+zstd", "tar.gzip", "tar.zstd"};

	for (size_t i = 0; i < COUNT(begin); i++)
		for (size_t j = 0; j < COUNT(end); j++)
			if (!strncmp(type, begin[i], strlen(begin[i])) &&
			    !strcmp(type + strlen(begin[i]), end[j]))
				return true;
	return false;
}

static const char *
text_of(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), "");
}

/* The file of a descriptor's blob, or NULL and *e. */
static const char *
blob_path(struct layout *l, const struct value *descriptor, struct err *e)
{
	const char *digest = text_of(descriptor, "digest");

	if (strncmp(digest, "sha256:", 7) || strlen(digest) != 7 + HEX ||
	    strspn(digest + 7, "0123456789abcdef") != HEX) {
		err_set(e, "%s: '%.80s' is no digest of sha256", l->ar->path,
		    digest);
		return NULL;
	}
	return arena_fmt(&l->a, "blobs/sha256/%s", digest + 7);
}

/* A blob of JSON, after its digest was checked; NULL and *e. */
static const struct value *
read_blob(struct layout *l, const struct value *descriptor,
    enum image_part part, struct buf *text, struct err *e)
{
	const struct image_remote *remote = l->ar->remote;
	const char *path = blob_path(l, descriptor, e);
	const struct value *v = NULL;
	struct err why = {0};
	char hex[HASH_HEX];

	if (!path ||
	    (remote && remote->fetch(remote->arg, descriptor, part, e) < 0) ||
	    image_archive_text(l->ar, path, text, e) < 0)
		return NULL;
	hash_hex(text->s, text->len, hex);
	if (strcmp(hex, path + strlen("blobs/sha256/"))) {
		err_set(e, "%s: %s: its digest is sha256:%s", l->ar->path, path,
		    hex);
		return NULL;
	}
	v = json_parse(&l->a, text->s, text->len, &why);
	if (!v)
		err_set(e, "%s: %s: %s", l->ar->path, path, why.text);
	return v;
}

/* ---- which of several */

/* Is it named so, whole or by its tag alone? */
static bool
is_named(const struct layout *l, const struct value *it)
{
	const struct value *notes = value_get(it, "annotations");
	const char *ref = text_of(notes, "org.opencontainers.image.ref.name");
	const char *whole = text_of(notes, "io.containerd.image.name");
	const char *tag = l->name ? strrchr(l->name, ':') : NULL;
	AUTO_BUF full = BUF_INIT;
	struct err why;

	if (!tag)
		return false;
	if (!strcmp(ref, tag + 1))
		return true;
	return (!image_name_full(*whole ? whole : ref, &full, &why) &&
		!strcmp(full.s, l->name));
}

static bool
fits_machine(const struct value *it)
{
	const struct value *p = value_get(it, "platform");

	return !strcmp(text_of(p, "os"), "linux") &&
	       !strcmp(text_of(p, "architecture"), image_architecture());
}

/* Attestations and the like are no images. */
static bool
is_image(const struct value *it)
{
	return strcmp(text_of(value_get(it, "platform"), "os"), "unknown");
}

static const struct value *
choose(const struct layout *l, const struct value *list, struct err *e)
{
	const struct value *only = NULL, *fits = NULL;
	size_t images = 0, fitting = 0;

	for (size_t i = 0; i < list->list.n; i++) {
		const struct value *it = list->list.item[i];

		if (!is_image(it))
			continue;
		if (is_named(l, it))
			return it;
		only = it;
		images++;
		if (fits_machine(it) && !fitting++)
			fits = it;
	}
	if (fitting == 1)
		return fits;
	if (images == 1)
		return only;
	err_set(e,
	    "%s: of its %zu images %zu fit linux/%s, and none is named "
	    "%s",
	    l->ar->path, images, fitting, image_architecture(),
	    l->name ? l->name : "so");
	return NULL;
}

/* Down to one manifest; the text is its. */
static const struct value *
find_manifest(struct layout *l, struct buf *text, struct err *e)
{
	struct err why = {0};
	const struct value *v;

	if (image_archive_text(l->ar, "index.json", text, e) < 0)
		return NULL;
	v = json_parse(&l->a, text->s, text->len, &why);
	if (!v) {
		err_set(e, "%s: index.json: %s", l->ar->path, why.text);
		return NULL;
	}
	for (int depth = 0; depth < DEPTH; depth++) {
		const struct value *list = value_get(v, "manifests"), *it;

		if (!list || list->kind != VALUE_LIST) {
			err_set(
			    e, "%s: an index without manifests", l->ar->path);
			return NULL;
		}
		it = choose(l, list, e);
		if (!it)
			return NULL;
		v = read_blob(l, it, IMAGE_MANIFEST, text, e);
		if (!v || !is_index(text_of(it, "mediaType")))
			return v;
	}
	err_set(e, "%s: indexes in indexes in indexes", l->ar->path);
	return NULL;
}

/* ---- what it is made of */

static int
read_layers(struct layout *l, const struct value *list, struct image_recipe *r,
    struct err *e)
{
	if (!list || list->kind != VALUE_LIST || !list->list.n)
		return err_set(e,
		    "%s: a manifest without layers: no image "
		    "that can be run",
		    l->ar->path);
	r->layers = list->list.n;
	r->layer = arena_alloc(&l->a, r->layers * sizeof *r->layer);
	r->digest = arena_alloc(&l->a, r->layers * sizeof *r->digest);
	r->descriptor = arena_alloc(&l->a, r->layers * sizeof *r->descriptor);
	for (size_t i = 0; i < r->layers; i++) {
		const struct value *it = list->list.item[i];

		if (!is_layer(text_of(it, "mediaType")))
			return err_set(e, "%s: '%.80s' is no type of a layer",
			    l->ar->path, text_of(it, "mediaType"));
		r->layer[i] = blob_path(l, it, e);
		if (!r->layer[i])
			return -1;
		r->digest[i] = text_of(it, "digest");
		r->descriptor[i] = it;
	}
	return 0;
}

static int
import(struct image_set *set, struct layout *l, struct image_done *done,
    struct err *e)
{
	AUTO_BUF text = BUF_INIT, config = BUF_INIT;
	struct image_recipe r = {.ar = l->ar, .name = l->name};
	const struct value *manifest = find_manifest(l, &text, e);

	if (!manifest ||
	    !read_blob(
		l, value_get(manifest, "config"), IMAGE_CONFIG, &config, e) ||
	    read_layers(l, value_get(manifest, "layers"), &r, e) < 0)
		return -1;
	r.config = config;
	return image_recipe_import(set, &r, done, e);
}

int
image_oci_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e)
{
	struct layout l = {.ar = ar, .name = name};
	int got = import(set, &l, done, e);

	arena_free(&l.a);
	return got;
}
