#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/mem.h"

static struct map_entry *
find(const struct map *m, const char *key, size_t len, uint32_t h)
{
	if (!m->slots)
		return NULL;
	for (size_t i = h & (m->slots - 1);; i = (i + 1) & (m->slots - 1)) {
		struct map_entry *e;

		if (!m->slot[i])
			return NULL;
		e = &m->entry[m->slot[i] - 1];
		if (e->hash == h && e->len == len && !memcmp(e->key, key, len))
			return e;
	}
}

static void
place(struct map *m, size_t index)
{
	size_t i = m->entry[index].hash & (m->slots - 1);

	while (m->slot[i])
		i = (i + 1) & (m->slots - 1);
	m->slot[i] = (uint32_t)index + 1;
}

/* Entries that were removed are forgotten when the table is built anew. */
static void
rebuild(struct map *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->entry[i].value)
			m->entry[n++] = m->entry[i];
		else
			free((char *)m->entry[i].key);
	m->n = n;
	for (m->slots = 16; m->slots < n * 2 + 2; m->slots *= 2)
		;
	free(m->slot);
	m->slot = mem_new(m->slots, sizeof *m->slot);
	for (size_t i = 0; i < n; i++)
		place(m, i);
}

void *
map_get(const struct map *m, const char *key, size_t len)
{
	struct map_entry *e = find(m, key, len, key_hash(key, len));

	return e ? e->value : NULL;
}

void *
map_set(struct map *m, const char *key, size_t len, void *value)
{
	uint32_t h = key_hash(key, len);
	struct map_entry *e = find(m, key, len, h);
	void *old = NULL;

	if (e) {
		old = e->value;
		m->alive += !old;
		e->value = value;
		return old;
	}
	if ((m->n + 1) * 2 > m->slots)
		rebuild(m);
	m->entry = mem_more(m->entry, m->n, &m->cap, sizeof *m->entry);
	m->entry[m->n] = (struct map_entry){mem_dup(key, len), len, h, value};
	place(m, m->n++);
	m->alive++;
	return NULL;
}

void *
map_del(struct map *m, const char *key, size_t len)
{
	struct map_entry *e = find(m, key, len, key_hash(key, len));
	void *old = e ? e->value : NULL;

	if (old) {
		e->value = NULL;
		m->alive--;
	}
	return old;
}

void
map_free(struct map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free((char *)m->entry[i].key);
	free(m->entry);
	free(m->slot);
	*m = (struct map){0};
}
