#include "data/mention.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEP = 257 };

/* Words of one length, by their hashes. */
struct slots {
	struct mention **word; /* NULL: free */
	size_t mask;
};

static int
by_length(const void *left, const void *right)
{
	const struct mention *const *a = left, *const *b = right;

	if ((*a)->n != (*b)->n)
		return (*a)->n < (*b)->n ? -1 : 1;
	return memcmp((*a)->s, (*b)->s, (*a)->n);
}

static uint64_t
hash(const char *s, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = h * STEP + (unsigned char)s[i];
	return h;
}

/* The slot of what is at s, or the free one for it. */
static struct mention **
find(const struct slots *all, uint64_t h, const char *s, size_t n)
{
	size_t at = (size_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		struct mention **w = &all->word[at & all->mask];

		if (!*w || !memcmp((*w)->s, s, n))
			return w;
	}
}

static void
hit(struct mention *w, size_t at)
{
	w->first = w->is_there ? w->first : at;
	w->last = at;
	w->is_there = true;
}

/* One window over all of the text. */
static void
slide(const struct slots *all, const char *text, size_t len, size_t n)
{
	uint64_t h = hash(text, n), out = 1;

	for (size_t i = 1; i < n; i++)
		out *= STEP;
	for (size_t at = 0;; at++) {
		struct mention *w = *find(all, h, text + at, n);

		if (w)
			hit(w, at);
		if (at + n == len)
			return;
		h -= out * (unsigned char)text[at];
		h = h * STEP + (unsigned char)text[at + n];
	}
}

/* Words that are equal come one after another; the first is looked for. */
static void
find_length(const char *text, size_t len, struct mention *word[], size_t words)
{
	struct slots all = {.mask = 15};
	size_t n = (*word)->n;

	while (all.mask < words * 2)
		all.mask = all.mask * 2 + 1;
	all.word = mem_new(all.mask + 1, sizeof(struct mention *));
	for (size_t i = 0; i < words; i++) {
		struct mention **w =
		    find(&all, hash(word[i]->s, n), word[i]->s, n);

		*w = *w ? *w : word[i];
	}
	slide(&all, text, len, n);
	for (size_t i = 1; i < words; i++)
		if (!memcmp(word[i]->s, word[i - 1]->s, n)) {
			word[i]->is_there = word[i - 1]->is_there;
			word[i]->first = word[i - 1]->first;
			word[i]->last = word[i - 1]->last;
		}
	free(all.word);
}

void
mention_find(const char *text, size_t n, struct mention *word[], size_t words)
{
	size_t end;

	for (size_t i = 0; i < words; i++)
		word[i]->is_there = false;
	if (words)
		qsort(word, words, sizeof *word, by_length);
	for (size_t i = 0; i < words; i = end) {
		for (end = i; end < words && word[end]->n == word[i]->n;)
			end++;
		if (word[i]->n && word[i]->n <= n)
			find_length(text, n, word + i, end - i);
	}
}
