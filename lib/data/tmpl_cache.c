#include "data/tmpl_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "data/hash.h"
#include "data/tmpl_int.h"

/* One text and what was parsed from it. */
struct kept {
	struct arena arena; /* of all of it */
	char *key;
	size_t key_len;
	struct tmpl_module *module;
	struct kept *newer, *older;
	uint64_t turn; /* in which it was used last */
};

struct tmpl_cache {
	size_t most_bytes, most;
	struct map by_key;
	struct kept *newest, *oldest;
	uint64_t turn;
	struct tmpl_cache_use use;
};

struct tmpl_cache *
tmpl_cache_new(size_t bytes, size_t count)
{
	struct tmpl_cache *c = mem_new(1, sizeof *c);

	c->most_bytes = bytes;
	c->most = count;
	return c;
}

struct tmpl_cache_use
tmpl_cache_use(const struct tmpl_cache *c)
{
	return c->use;
}

static void
unlink_kept(struct tmpl_cache *c, struct kept *k)
{
	*(k->newer ? &k->newer->older : &c->newest) = k->older;
	*(k->older ? &k->older->newer : &c->oldest) = k->newer;
}

static void
put_first(struct tmpl_cache *c, struct kept *k)
{
	k->newer = NULL;
	k->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
	k->turn = c->turn;
}

static void
drop(struct tmpl_cache *c, struct kept *k)
{
	unlink_kept(c, k);
	map_del(&c->by_key, k->key, k->key_len);
	c->use.bytes -= k->arena.size;
	c->use.count--;
	arena_free(&k->arena);
	free(k);
}

void
tmpl_cache_del(struct tmpl_cache *c)
{
	while (c && c->newest)
		drop(c, c->newest);
	if (c)
		map_free(&c->by_key);
	free(c);
}

void
tmpl_cache_turn(struct tmpl_cache *c)
{
	c->turn++;
}

/* Down to the limits, but for what this turn uses. */
static void
trim(struct tmpl_cache *c)
{
	while (c->oldest && c->oldest->turn != c->turn &&
	       (c->use.bytes > c->most_bytes || c->use.count > c->most)) {
		drop(c, c->oldest);
		c->use.dropped++;
	}
}

static struct kept *
find(struct tmpl_cache *c, const char *key, size_t len)
{
	struct kept *k = map_get(&c->by_key, key, len);

	if (!k)
		return NULL;
	unlink_kept(c, k);
	put_first(c, k);
	return k;
}

static struct tmpl_module *
add(struct tmpl_cache *c, struct tmpl *t, struct tmpl_file *f, const char *key,
    struct err *e)
{
	struct kept *k = mem_new(1, sizeof *k);

	k->key_len = strlen(key);
	k->key = arena_dup(&k->arena, key, k->key_len);
	f->text = arena_dup(&k->arena, f->text, f->len);
	k->module = tmpl_parse_text(t, f, &k->arena, e);
	if (!k->module) {
		f->text = arena_dup(t->arena, f->text, f->len);
		arena_free(&k->arena);
		free(k);
		return NULL;
	}
	put_first(c, k);
	map_set(&c->by_key, k->key, k->key_len, k);
	c->use.count++;
	c->use.bytes += k->arena.size;
	trim(c);
	return k->module;
}

struct tmpl_module *
tmpl_cache_parse(
    struct tmpl_cache *c, struct tmpl *t, struct tmpl_file *f, struct err *e)
{
	char *hex = arena_alloc(t->arena, HASH_HEX);
	AUTO_BUF key = BUF_INIT;
	struct kept *k;

	hash_hex(f->text, f->len, hex);
	f->sha256 = hex;
	buf_addf(&key, "%s%s", hex, f->path);
	k = find(c, key.s, key.len);
	if (!k) {
		c->use.misses++;
		return add(c, t, f, key.s, e);
	}
	c->use.hits++;
	f->text = k->module->s;
	f->is_kept = true;
	return k->module;
}
