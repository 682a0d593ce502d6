/*
 * The words that made-up data is made of.
 *
 * A word, as any text here, may be a pattern: `{list}` is a word of that list,
 * `{-list}` the same in small letters, `#` a digit, `!` one of 2 to 9.
 */
#ifndef DATA_FAKE_WORDS_H
#define DATA_FAKE_WORDS_H

#include <stddef.h>

struct fake_list {
	const char *name;
	const char *const *word; /* word[n], n > 0 */
	size_t n;
};

/* The list of name[n], or NULL. */
const struct fake_list *fake_words(const char *name, size_t n);

#endif
