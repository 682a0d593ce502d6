#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

/*
 * Each block is four times the last one: the largest is three quarters of all,
 * and malloc() keeps freed memory up to twice the largest block that it had to
 * map. So a parse after another takes no new pages from the kernel, even where
 * other memory is freed with it.
 */
enum { BLOCK_MIN = 16 << 10, BLOCK_MAX = 4 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(ARENA_ALIGN) char bytes[];
};

static struct arena_block *
block_new(size_t size)
{
	struct arena_block *b;

	if (size > SIZE_MAX - sizeof *b)
		die(EXIT_RUN, "out of memory");
	b = mem_resize(NULL, sizeof *b + size);
	b->size = size;
	return b;
}

void *
arena_grow(struct arena *a, size_t n)
{
	size_t need = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	size_t size = a->block ? a->block->size * 4 : BLOCK_MIN;
	struct arena_block *b;

	if (need < n)
		die(EXIT_RUN, "out of memory");
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	/* A large one goes behind, so that the open block stays open */
	if (need > BLOCK_MIN / 4 && a->block) {
		b = block_new(need);
		a->size += need;
		b->next = a->block->next;
		a->block->next = b;
		return b->bytes;
	}
	b = block_new(need > size ? need : size);
	a->size += b->size;
	b->next = a->block;
	a->block = b;
	a->at = b->bytes + need;
	a->left = b->size - need;
	return b->bytes;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return memset(arena_take(a, n), 0, n);
}

char *
arena_dup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_take(a, n + 1);

	if (n)
		memcpy(p, s, n);
	p[n] = 0;
	return p;
}

char *
arena_str(struct arena *a, const char *s)
{
	return s ? arena_dup(a, s, strlen(s)) : NULL;
}

char *
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = arena_take(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void *
arena_more(struct arena *a, void *p, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *q;

	if (n < *cap)
		return p;
	q = arena_alloc(a, want * size);
	if (n)
		memcpy(q, p, n * size);
	*cap = want;
	return q;
}

void
arena_free(struct arena *a)
{
	for (struct arena_block *b = a->block, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}
