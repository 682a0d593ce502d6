#include "data/mention.h"

#include "base/mem.h"
#include "tap.h"

/* "first,last" of a word, or "-". */
static const char *
place(const struct mention *m)
{
	static char text[64];

	if (!m->is_there)
		return "-";
	snprintf(text, sizeof text, "%zu,%zu", m->first, m->last);
	return text;
}

static void
each_word_has_its_first_and_its_last_place(void)
{
	static const char text[] = "db db_1 web\ndb_12 80 8080";
	struct mention m[] = {
	    {.s = "db", .n = 2},
	    {.s = "db_1", .n = 4},
	    {.s = "80", .n = 2},
	    {.s = "web", .n = 3},
	    {.s = "db", .n = 2},
	    {.s = "db_2", .n = 4},
	    {.s = "", .n = 0},
	    {.s = "80", .n = 1},
	};
	static const char *const want[] = {
	    "0,12", "3,12", "18,23", "8,8", "0,12", "-", "-", "18,23"};
	struct mention *word[COUNT(m)];

	for (size_t i = 0; i < COUNT(m); i++)
		word[i] = &m[i];
	mention_find(text, sizeof text - 1, word, COUNT(m));
	for (size_t i = 0; i < COUNT(m); i++)
		is_str(place(&m[i]), want[i]);
}

static void
a_word_longer_than_the_text_is_nowhere(void)
{
	struct mention m = {.s = "longer", .n = 6}, *word = &m;

	mention_find("long", 4, &word, 1);
	is_true(!m.is_there);
	mention_find("longer", 6, &word, 1);
	is_str(place(&m), "0,0");
	mention_find("", 0, NULL, 0);
}

/* As a search for each alone finds them, in a text of few letters. */
static void
many_words_are_found_as_each_alone(void)
{
	enum { WORDS = 300, TEXT = 4000 };
	static char text[TEXT], letters[WORDS][8];
	static struct mention m[WORDS], *word[WORDS];
	unsigned seed = 1;

	for (size_t i = 0; i < TEXT; i++)
		text[i] = "abc"[(seed = seed * 1103515245 + 12345) >> 16 & 1];
	for (size_t i = 0; i < WORDS; i++) {
		m[i] = (struct mention){.s = letters[i], .n = 1 + i % 8};
		for (size_t k = 0; k < 8; k++)
			letters[i][k] =
			    "abc"[(seed = seed * 1103515245 + 12345) >> 16 & 1];
		word[i] = &m[i];
	}
	mention_find(text, TEXT, word, WORDS);
	for (size_t i = 0; i < WORDS; i++) {
		const char *at = memmem(text, TEXT, m[i].s, m[i].n);

		is_true(m[i].is_there == (at != NULL));
		is_true(!at || m[i].first == (size_t)(at - text));
		is_true(!at || !memmem(text + m[i].last + 1,
				   TEXT - m[i].last - 1, m[i].s, m[i].n));
	}
}

TAP_MAIN(TEST(each_word_has_its_first_and_its_last_place),
    TEST(a_word_longer_than_the_text_is_nowhere),
    TEST(many_words_are_found_as_each_alone))
