#include "core/change_cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/change.h"

static const char MAGIC[] = "clnrm-hashes 1 ";
enum { HEAD = sizeof MAGIC - 1 + HASH_HEX, FIELDS = 5 };

struct key {
	uint64_t dev, inode;
};

static struct key
key_of(const struct change_file *f)
{
	return (struct key){f->dev, f->inode};
}

/* One line; false: it is none. */
static bool
parse(char *line, struct change_file *f)
{
	uint64_t field[FIELDS];

	for (size_t i = 0; i < FIELDS; i++) {
		char *end;

		field[i] = strtoull(line, &end, 16);
		if (end == line || *end != ' ')
			return false;
		line = end + 1;
	}
	*f = (struct change_file){.dev = field[0],
	    .inode = field[1],
	    .size = (int64_t)field[2],
	    .mtime_ns = (int64_t)field[3],
	    .ctime_ns = (int64_t)field[4]};
	if (strlen(line) != HASH_HEX - 1)
		return false;
	memcpy(f->sha256, line, HASH_HEX);
	return true;
}

/* Is the text as it was written? */
static bool
is_whole(const struct buf *text)
{
	char digest[HASH_HEX];

	if (text->len < HEAD || memcmp(text->s, MAGIC, sizeof MAGIC - 1) != 0)
		return false;
	hash_hex(text->s + HEAD, text->len - HEAD, digest);
	return !memcmp(text->s + sizeof MAGIC - 1, digest, HASH_HEX - 1);
}

static bool
keep(struct change_cache *c, const struct change_file *f)
{
	struct key key = key_of(f);
	struct change_file *copy;

	if (c->file.alive >= CHANGE_CACHE_MAX)
		return false;
	if (map_get(&c->file, (char *)&key, sizeof key))
		return true;
	copy = mem_new(1, sizeof *copy);
	*copy = *f;
	map_set(&c->file, (char *)&key, sizeof key, copy);
	return true;
}

static void
add_file(struct change_cache *c, const char *path)
{
	AUTO_BUF text = BUF_INIT;
	struct change_file f;
	char *rest, *line;

	if (file_read(path, &text, NULL) < 0 || !is_whole(&text))
		return;
	rest = text.s + HEAD;
	while ((line = strsep(&rest, "\n")))
		if (parse(line, &f) && !keep(c, &f))
			return;
}

void
change_cache_read(struct change_cache *c, const char *path)
{
	*c = (struct change_cache){0};
	add_file(c, path);
}

const char *
change_cache_get(const struct change_cache *c, const struct change_file *f)
{
	struct key key = key_of(f);
	const struct change_file *kept =
	    c ? map_get(&c->file, (char *)&key, sizeof key) : NULL;

	if (!kept || kept->size != f->size || kept->mtime_ns != f->mtime_ns ||
	    kept->ctime_ns != f->ctime_ns)
		return NULL;
	return kept->sha256;
}

static void
print(const struct change_cache *c, struct buf *to)
{
	char digest[HASH_HEX];
	AUTO_BUF body = BUF_INIT;

	for (size_t i = 0; i < c->file.n; i++) {
		const struct change_file *f = c->file.entry[i].value;

		buf_addf(&body,
		    "%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
		    " %s\n",
		    (uint64_t)f->dev, (uint64_t)f->inode, (uint64_t)f->size,
		    (uint64_t)f->mtime_ns, (uint64_t)f->ctime_ns, f->sha256);
	}
	hash_hex(body.s, body.len, digest);
	buf_addf(to, "%s%s\n", MAGIC, digest);
	buf_add(to, body.s, body.len);
}

int
change_cache_write(
    const struct change_table *t, const char *path, struct err *e)
{
	struct change_cache c = {0};
	AUTO_BUF text = BUF_INIT;

	for (size_t i = 0; i < t->file.n; i++) {
		const struct change_file *f = t->file.entry[i].value;

		/* What may have changed since by the same times is no use. */
		if (f && *f->sha256 && !f->is_fresh && !keep(&c, f))
			break;
	}
	add_file(&c, path);
	print(&c, &text);
	change_cache_free(&c);
	return file_replace(path, text.s, text.len, 0666, e);
}

void
change_cache_free(struct change_cache *c)
{
	for (size_t i = 0; i < c->file.n; i++)
		free(c->file.entry[i].value);
	map_free(&c->file);
}
