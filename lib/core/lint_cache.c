#include "core/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/hash.h"

struct lint_kept {
	struct lint_kept *newer, *older;
	char digest[HASH_HEX];
	char *said; /* said[len], the records that were written */
	size_t len;
	size_t gen_at, gen_len; /* its digits; gen_at 0: none */
	size_t found;
	uint64_t records;
	int status;
};

/*
 * All that lint_text() reads but for `gen`, which it writes and does not look
 * at. The digest of the record is not taken on trust, and a change of the
 * template can move places without changing the text.
 */
static void
digest_of(const struct lint *l, char digest[HASH_HEX])
{
	const struct value *const trees[] = {
	    l->src.map, l->src.deps, l->includes};
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '[');
	json_str(&j, NULL, l->src.path);
	json_str(&j, NULL, l->src.variant);
	json_bool(&j, NULL, l->is_strict);
	json_bool(&j, NULL, l->has_plan);
	for (size_t i = 0; i < COUNT(trees); i++)
		if (trees[i])
			json_value(&j, NULL, trees[i]);
		else
			json_null(&j, NULL);
	json_close(&j, ']');
	buf_add(&j.text, l->s, l->n);
	hash_hex(j.text.s, j.text.len, digest);
}

static size_t
size_of(const struct lint_kept *k)
{
	return sizeof *k + k->len;
}

static void
unlink_kept(struct lint_cache *c, struct lint_kept *k)
{
	*(k->newer ? &k->newer->older : &c->newest) = k->older;
	*(k->older ? &k->older->newer : &c->oldest) = k->newer;
	k->newer = k->older = NULL;
}

static void
link_newest(struct lint_cache *c, struct lint_kept *k)
{
	k->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
}

static void
forget(struct lint_cache *c, struct lint_kept *k)
{
	map_del(&c->by_digest, k->digest, HASH_HEX - 1);
	unlink_kept(c, k);
	c->entries--;
	c->bytes -= size_of(k);
	free(k->said);
	free(k);
}

/* A quote in a JSON string is escaped, so these bytes are in none. */
static void
find_gen(struct lint_kept *k, int64_t gen)
{
	static const char key[] = ",\"gen\":";
	const char *s = memmem(k->said, k->len, key, sizeof key - 1);

	if (!s)
		return;
	k->gen_at = (size_t)(s - k->said) + sizeof key - 1;
	k->gen_len = (size_t)snprintf(NULL, 0, "%lld", (long long)gen);
}

static void
give(const struct lint_kept *k, struct stage *st, int64_t gen)
{
	size_t rest = k->gen_at + k->gen_len;
	AUTO_BUF digits = BUF_INIT;

	out_add(st->out, k->said, k->gen_at);
	if (k->gen_at)
		buf_addf(&digits, "%lld", (long long)gen);
	out_add(st->out, digits.s, digits.len);
	out_add(st->out, k->said + rest, k->len - rest);
	st->records += k->records;
	stage_status(st, k->status);
}

static struct lint_kept *
make(const struct lint *l, const char *name)
{
	struct out said = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = name, .out = &said};
	struct lint_kept *k = mem_new(1, sizeof *k);

	k->found = lint_text(&st, l);
	k->len = said.pending.len;
	k->said = buf_steal(&said.pending);
	k->records = st.records;
	k->status = st.status;
	if (l->has_plan)
		find_gen(k, l->src.gen);
	return k;
}

static void
keep(struct lint_cache *c, struct lint_kept *k)
{
	map_set(&c->by_digest, k->digest, HASH_HEX - 1, k);
	link_newest(c, k);
	c->entries++;
	c->bytes += size_of(k);
	while (c->entries > c->max_entries || c->bytes > c->max_bytes)
		forget(c, c->oldest);
}

size_t
lint_cached(struct lint_cache *c, struct stage *st, const struct lint *l)
{
	char digest[HASH_HEX];
	struct lint_kept *k;
	int64_t start_ns = clock_mono_ns();
	size_t found;

	digest_of(l, digest);
	k = map_get(&c->by_digest, digest, HASH_HEX - 1);
	metric_try(st->metrics, "cache.hit_rate", "cache", "lint", k);
	if (k) {
		c->hits++;
		unlink_kept(c, k);
		link_newest(c, k);
		give(k, st, l->src.gen);
		return k->found;
	}
	k = make(l, st->name);
	memcpy(k->digest, digest, sizeof digest);
	give(k, st, l->src.gen);
	found = k->found;
	keep(c, k);
	metric_sample(st->metrics, "lint.duration_ms",
	    (double)(clock_mono_ns() - start_ns) / 1e6);
	return found;
}

void
lint_cache_free(struct lint_cache *c)
{
	while (c->oldest)
		forget(c, c->oldest);
	map_free(&c->by_digest);
}
