#include <string.h>

#include "core/image_int.h"
#include "data/json.h"

enum { HEX = HASH_HEX - 1 };

static int
no_manifest(const struct image_archive *ar, struct err *e, const char *why)
{
	return err_set(e, "%s: manifest.json: %s", ar->path, why);
}

/* Is one of the tags this name in full? */
static bool
has_tag(const struct value *entry, const char *name)
{
	const struct value *tags = value_get(entry, "RepoTags");
	AUTO_BUF full = BUF_INIT;
	struct err why;

	if (!tags || tags->kind != VALUE_LIST)
		return false;
	for (size_t i = 0; i < tags->list.n; i++) {
		const char *tag = value_str_or(tags->list.item[i], "");

		if (!image_name_full(tag, &full, &why) && !strcmp(full.s, name))
			return true;
	}
	return false;
}

/* An archive may hold several images: the one of that name, or the only one. */
static const struct value *
choose(const struct image_archive *ar, const struct value *manifest,
    const char *name, struct err *e)
{
	if (!manifest || manifest->kind != VALUE_LIST || !manifest->list.n) {
		no_manifest(ar, e, "it is no list of images");
		return NULL;
	}
	for (size_t i = 0; name && i < manifest->list.n; i++)
		if (has_tag(manifest->list.item[i], name))
			return manifest->list.item[i];
	if (manifest->list.n == 1)
		return manifest->list.item[0];
	err_set(e, "%s: it holds %zu images, and none has the name %s",
	    ar->path, manifest->list.n, name ? name : "(none is given)");
	err_hint(e, "import it under one of the names that it was saved with");
	return NULL;
}

/*
 * Files that are named for their digest: HEX.json and blobs/sha256/HEX. The
 * digest of others, as ID/layer.tar, is not told.
 */
static const char *
told_digest(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t n = strspn(base, "0123456789abcdef");

	if (n != HEX || (base[n] && strcmp(base + n, ".json") != 0))
		return NULL;
	return arena_fmt(a, "sha256:%.*s", HEX, base);
}

static int
read_config(struct image_archive *ar, const char *path, struct arena *a,
    struct buf *to, struct err *e)
{
	const char *digest = told_digest(a, path);
	char hex[HASH_HEX];

	if (image_archive_text(ar, path, to, e) < 0)
		return -1;
	hash_hex(to->s, to->len, hex);
	if (digest && strcmp(digest + 7, hex))
		return err_set(
		    e, "%s: %s: its digest is sha256:%s", ar->path, path, hex);
	return 0;
}

static int
read_layers(const struct image_archive *ar, const struct value *list,
    struct arena *a, struct image_recipe *r, struct err *e)
{
	size_t n = value_count(list);

	if (!list || list->kind != VALUE_LIST || !n)
		return no_manifest(ar, e, "an image without layers");
	r->layers = n;
	r->layer = arena_alloc(a, n * sizeof *r->layer);
	r->digest = arena_alloc(a, n * sizeof *r->digest);
	for (size_t i = 0; i < n; i++) {
		r->layer[i] = value_str_or(list->list.item[i], "");
		r->digest[i] = told_digest(a, r->layer[i]);
	}
	return 0;
}

int
image_docker_import(struct image_set *set, const char *name,
    struct image_archive *ar, struct image_done *done, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT, config = BUF_INIT;
	struct image_recipe r = {.ar = ar, .name = name};
	const struct value *manifest, *image;
	struct err why = {0};

	if (image_archive_text(ar, "manifest.json", &text, e) < 0)
		return -1;
	manifest = json_parse(&a, text.s, text.len, &why);
	if (!manifest)
		return no_manifest(ar, e, why.text);
	image = choose(ar, manifest, name, e);
	if (!image ||
	    read_config(ar, value_str_or(value_get(image, "Config"), ""), &a,
		&config, e) < 0 ||
	    read_layers(ar, value_get(image, "Layers"), &a, &r, e) < 0)
		return -1;
	r.config = config;
	return image_recipe_import(set, &r, done, e);
}
