/*
 * Where words are spoken of in a text: many words in one go, not the text once
 * for each.
 */
#ifndef DATA_MENTION_H
#define DATA_MENTION_H

#include <stdbool.h>
#include <stddef.h>

struct mention {
	const char *s; /* the word */
	size_t n;
	bool is_there;
	size_t first, last; /* where it begins, if it is there */
};

/*
 * Find word[words] in text[n], as parts of longer ones too; an empty word is
 * nowhere. It takes the time of a look at the text for each length of a word.
 *
 * out: is_there, first and last of all words, which are in another order then
 */
void mention_find(
    const char *text, size_t n, struct mention *word[], size_t words);

#endif
