#include "data/mention.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slots.h"

enum { STEP = 257 };

/* Words of one length, by their hashes. */
struct words {
	struct mention **word;
	struct slots slots; /* of words: index + 1 */
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
static struct slot *
find(const struct words *all, uint64_t h, const char *s, size_t n)
{
	struct slot *slot = slots_first(
	    &all->slots, (uint32_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> 32));

	while (slot->number && memcmp(all->word[slot->number - 1]->s, s, n))
		slot = slots_next(&all->slots, slot);
	return slot;
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
slide(const struct words *all, const char *text, size_t len, size_t n)
{
	uint64_t h = hash(text, n), out = 1;

	for (size_t i = 1; i < n; i++)
		out *= STEP;
	for (size_t at = 0;; at++) {
		uint32_t number = find(all, h, text + at, n)->number;

		if (number)
			hit(all->word[number - 1], at);
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
	struct words all = {.word = word};
	size_t n = (*word)->n;

	slots_make_room(&all.slots, words);
	for (size_t i = 0; i < words; i++) {
		struct slot *w = find(&all, hash(word[i]->s, n), word[i]->s, n);

		if (!w->number)
			slots_put(&all.slots, w, (uint32_t)i + 1);
	}
	slide(&all, text, len, n);
	for (size_t i = 1; i < words; i++)
		if (!memcmp(word[i]->s, word[i - 1]->s, n)) {
			word[i]->is_there = word[i - 1]->is_there;
			word[i]->first = word[i - 1]->first;
			word[i]->last = word[i - 1]->last;
		}
	slots_free(&all.slots);
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
